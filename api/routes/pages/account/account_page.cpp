#include "api/routes/pages/account/account_page.hpp"

#include <algorithm>

#include "api/routes/pages/passkey_forms.hpp"
#include "api/routes/reading.hpp"
#include "api/routes/refusals.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/devices/devices.hpp"
#include "commands/factors/change_factors.hpp"
#include "commands/passkeys/passkey_challenges.hpp"
#include "domain/sessions/session.hpp"
#include "projections/models/sessions.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;

// At a time; whoever ends all others ends those, too, that are on further pages.
constexpr std::int32_t kMostSessions = 50;

// What the page tells of.
struct Account {
    commands::UserAtHead known;
    commands::ListedFactors factors;
    std::vector<rows::SessionRow> sessions;
    std::optional<Position> older;  // sessions that are not shown are before it
    std::vector<Devices::Known> devices;
    std::optional<commands::AskedPasskey> passkey{};  // one question for all forms; it is answered once
};

Section password_section(const Call& call, const HiddenField& token) {
    Section section{Text::kPassword, {Text::kOtherSessionsEndThen}};
    Form form = own_form(kPasswordForm, "/account/password", Text::kChangePassword, token);
    form.fields = {own_password_field(), new_password_field(call, "new_password")};
    section.forms.push_back(std::move(form));
    return section;
}

bool has(const Account& account, FactorKind kind) {
    const auto& factors = account.factors.factors;
    return std::ranges::find(factors, kind, &commands::ListedFactors::One::kind) != factors.end();
}

Phrase name_of(const commands::ListedFactors::One& factor) {
    if (!factor.name.empty()) return Phrase::as_it_is(factor.name);
    return factor.kind == FactorKind::kPasskey ? Text::kPasskey : Text::kAuthenticatorApp;
}

// With the password and what they have; and once more by a passkey, which is both.
void add_with_proof(Section& section, Form form, const Account& account, Text by_passkey) {
    std::optional<Form> by;
    if (account.passkey) {
        by = passkey_form(form.id + "-by-passkey", form.action, by_passkey, *account.passkey, form.hidden);
        if (form.look == Form::Look::kGrave) by->look = form.look;
    }
    form.fields.push_back(own_password_field());
    if (!account.factors.factors.empty()) form.fields.push_back(own_factor_field(has(account, FactorKind::kTotp)));
    section.forms.push_back(std::move(form));
    if (by) section.forms.push_back(std::move(*by));
}

Section factors_section(const Call& call, const Account& account, const HiddenField& token) {
    Section section{Text::kSecondFactor};
    const bool has_factor = !account.factors.factors.empty();
    section.sentences = {has_factor
                             ? Phrase(Text::kRecoveryCodesLeft, std::to_string(account.factors.recovery_codes_left))
                             : Phrase(Text::kNoSecondFactorYet)};
    for (const auto& factor : account.factors.factors)
        section.things.push_back({name_of(factor), told_time(factor.enrolled_at)});
    const auto add = [&](Form form, Text by_passkey) { add_with_proof(section, std::move(form), account, by_passkey); };
    add(own_form(kAddFactorForm, "/account/factors", Text::kAddApp, token), Text::kAddAppByPasskey);
    if (commands::offers_passkeys(call.services())) {
        Form passkey = own_form(kAddPasskeyForm, "/account/passkeys", Text::kMakePasskey, token);
        passkey.look = Form::Look::kOther;
        add(std::move(passkey), Text::kMakeAnotherByPasskey);
    }
    if (!has_factor) return section;
    Form codes = own_form(kRecoveryCodesForm, "/account/recovery-codes", Text::kNewRecoveryCodes, token);
    codes.look = Form::Look::kOther;
    add(std::move(codes), Text::kNewCodesByPasskey);
    Form remove = own_form(kRemoveFactorsForm, "/account/factors/remove", Text::kRemoveFactors, token);
    remove.look = Form::Look::kGrave;
    add(std::move(remove), Text::kRemoveFactorsByPasskey);
    return section;
}

Phrase name_of(const rows::SessionRow& session, const std::vector<Devices::Known>& devices) {
    const auto device = std::ranges::find_if(
        devices, [&](const Devices::Known& one) { return session.device_id && one.device_id == *session.device_id; });
    if (device != devices.end() && device->name) return Phrase::as_it_is(*device->name);
    if (device != devices.end() && device->agent) return Phrase::as_it_is(*device->agent);
    return Text::kUnknownDevice;
}

Section sessions_section(const Account& account, const SessionId& current, const HiddenField& token) {
    Section section{Text::kSessions};
    for (const rows::SessionRow& session : account.sessions) {
        Thing thing{name_of(session, account.devices), told_time(session.started_at)};
        for (const auto& more : {session.city, session.country, session.client_address})
            if (more) thing.about += " · " + *more;
        if (session.id == current) {
            thing.name = Phrase(Text::kThisSession);
        } else {
            Form end = own_form("end-" + session.id.to_string(), "/account/sessions/end", Text::kEndSession, token);
            end.hidden.push_back({"session", session.id.to_string()});
            end.look = Form::Look::kOther;
            thing.form = std::move(end);
        }
        section.things.push_back(std::move(thing));
    }
    Form others = own_form(kSessionsForm, "/account/sessions/end", Text::kEndOtherSessions, token);
    others.look = Form::Look::kOther;
    section.forms.push_back(std::move(others));
    return section;
}

Section erase_section(const HiddenField& token) {
    Section section{Text::kEraseAccount, {Text::kEraseAccountMeans}};
    Form form = own_form(kEraseForm, "/account/erase", Text::kEraseAccount, token);
    form.look = Form::Look::kGrave;
    form.fields = {own_password_field()};
    section.forms.push_back(std::move(form));
    return section;
}

// The field that it is about, in the form that was sent; a passkey has none.
void mark(Page& page, std::string_view form_id, RefusalRef refusal) {
    if (refusal == refusals::kWrongPasskey) return;
    const std::string_view name = refusal->kind == RefusalKind::kRejected ? "new_password"
                                  : refusal == refusals::kWrongSecondFactor || refusal == refusals::kFactorNotPresented
                                      ? "factor_code"
                                      : "current_password";
    for (Section& section : page.sections)
        for (Form& form : section.forms)
            for (FormField& field : form.fields) field.is_faulty = form.id == form_id && field.name == name;
}

boost::asio::awaitable<Result<Account, Response>> account_of(Call& call, const commands::Bearer& browser,
                                                             std::optional<Position> before) {
    const auto refused = [&](const CommandError& error) {
        if (error.refusal == refusals::kInvalidToken) return Unexpected(to_own_log_in(call));
        return Unexpected(refuse(call, error));
    };
    commands::Services& services = call.services();
    auto known = co_await commands::bearer_at_head(services, browser, call.request.deadline);
    if (!known) co_return refused(known.error());
    auto factors = co_await commands::list_factors(services, browser, caller_of(call.request));
    if (!factors) co_return refused(factors.error());
    auto waited = co_await wait_for_head(call.context, call.request, rows::kSessionsModel);
    if (!waited) co_return refused(CommandError(refusals::kUnavailable));
    rows::SessionFilter filter;
    filter.user = browser.user_id;
    filter.live = rows::SessionFilter::LiveAt{services.clock.now(), services.settings.lifetimes.idle};
    std::optional<rows::SessionCursor> place;
    if (before) place.emplace().before = *before;
    auto sessions =
        co_await rows::list_sessions(call.context.queries, filter, place, kMostSessions, call.request.deadline);
    if (!sessions) co_return refused(CommandError(refusals::kUnavailable));
    auto devices = co_await commands::devices_of_user(services, browser.user_id, call.request.deadline);
    if (!devices) co_return refused(devices.error());
    Account account{std::move(*known), std::move(*factors), std::move(sessions->items), {}, std::move(*devices)};
    if (sessions->next) account.older = sessions->next->before;
    if (has(account, FactorKind::kPasskey) && commands::offers_passkeys(services)) {
        // Without it there is still what can be typed.
        auto asked = co_await commands::ask_for_own_passkey(services, browser, caller_of(call.request));
        if (asked) account.passkey = std::move(*asked);
    }
    co_return account;
}

}  // namespace

Reply show_account(Call& call, int status, const AccountNews& news, std::optional<Position> before) {
    const auto browser = browser_of(call.context, call.request);
    if (!browser) co_return to_own_log_in(call);
    const auto account = co_await account_of(call, *browser, before);
    if (!account) co_return account.error();
    const HiddenField token = form_token(call.context, *browser);
    Page page = part_of_account(Text::kYourAccount, kLogInPart);
    if (const auto& email = account->known.user.email) page.sentences = {Phrase::as_it_is(*email)};
    page.done = news.done;
    page.sections = {password_section(call, token), factors_section(call, *account, token),
                     sessions_section(*account, browser->session_id, token), erase_section(token)};
    if (account->passkey) prepare_for_passkeys(page, *account->passkey);
    if (account->older) page.links.insert(page.links.begin(), link_to_older(kLogInPart, *account->older));
    if (news.fault) {
        page.fault = advice_of(call, *news.fault);
        mark(page, news.form, news.fault->refusal);
    }
    co_return show(call, status, page);
}

}  // namespace keyledger::api::routes

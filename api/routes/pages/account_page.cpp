#include "api/routes/pages/account_page.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "api/routes/oauth/authorization_answer.hpp"
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

// More are not shown; whoever ends all others ends those, too.
constexpr std::int32_t kMostSessions = 50;

// What the page tells of.
struct Account {
    commands::UserAtHead known;
    commands::ListedFactors factors;
    std::vector<rows::SessionRow> sessions;
    std::vector<Devices::Known> devices;
};

FormField password_field() { return {"current_password", Text::kPassword, FormField::Kind::kPassword}; }
FormField factor_field() { return {"factor_code", Text::kCodeOrRecoveryCode, FormField::Kind::kFactor}; }

Form form_of(std::string_view id, std::string action, Phrase button, const HiddenField& token) {
    Form form{std::move(action), std::move(button), {token}};
    form.id = id;
    return form;
}

Section password_section(const Call& call, const HiddenField& token) {
    Section section{Text::kPassword, {Text::kOtherSessionsEndThen}};
    Form form = form_of(kPasswordForm, "/account/password", Text::kChangePassword, token);
    form.fields = {password_field(), new_password_field(call, "new_password")};
    section.forms.push_back(std::move(form));
    return section;
}

Phrase name_of(const commands::ListedFactors::One& factor) {
    if (!factor.name.empty()) return Phrase::as_it_is(factor.name);
    return factor.kind == FactorKind::kPasskey ? Text::kPasskey : Text::kAuthenticatorApp;
}

Section factors_section(const Call& call, const Account& account, const HiddenField& token) {
    Section section{Text::kSecondFactor};
    const bool has_factor = !account.factors.factors.empty();
    section.sentences = {has_factor
                             ? Phrase(Text::kRecoveryCodesLeft, std::to_string(account.factors.recovery_codes_left))
                             : Phrase(Text::kNoSecondFactorYet)};
    for (const auto& factor : account.factors.factors)
        section.things.push_back({name_of(factor), told_time(factor.enrolled_at)});
    const auto with_proof = [&](Form form) {
        form.fields.push_back(password_field());
        if (has_factor) form.fields.push_back(factor_field());
        return form;
    };
    section.forms.push_back(with_proof(form_of(kAddFactorForm, "/account/factors", Text::kAddApp, token)));
    if (commands::offers_passkeys(call.services())) {
        Form passkey = form_of(kAddPasskeyForm, "/account/passkeys", Text::kMakePasskey, token);
        passkey.look = Form::Look::kOther;
        section.forms.push_back(with_proof(std::move(passkey)));
    }
    if (!has_factor) return section;
    Form codes = form_of(kRecoveryCodesForm, "/account/recovery-codes", Text::kNewRecoveryCodes, token);
    codes.look = Form::Look::kOther;
    section.forms.push_back(with_proof(std::move(codes)));
    Form remove = form_of(kRemoveFactorsForm, "/account/factors/remove", Text::kRemoveFactors, token);
    remove.look = Form::Look::kGrave;
    section.forms.push_back(with_proof(std::move(remove)));
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
            Form end = form_of("end-" + session.id.to_string(), "/account/sessions/end", Text::kEndSession, token);
            end.hidden.push_back({"session", session.id.to_string()});
            end.look = Form::Look::kOther;
            thing.form = std::move(end);
        }
        section.things.push_back(std::move(thing));
    }
    Form others = form_of(kSessionsForm, "/account/sessions/end", Text::kEndOtherSessions, token);
    others.look = Form::Look::kOther;
    section.forms.push_back(std::move(others));
    return section;
}

Section erase_section(const HiddenField& token) {
    Section section{Text::kEraseAccount, {Text::kEraseAccountMeans}};
    Form form = form_of(kEraseForm, "/account/erase", Text::kEraseAccount, token);
    form.look = Form::Look::kGrave;
    form.fields = {password_field()};
    section.forms.push_back(std::move(form));
    return section;
}

// The field that it is about, in the form that was sent.
void mark(Page& page, std::string_view form_id, RefusalRef refusal) {
    const std::string_view name = refusal->kind == RefusalKind::kRejected ? "new_password"
                                  : refusal == refusals::kWrongSecondFactor || refusal == refusals::kFactorNotPresented
                                      ? "factor_code"
                                      : "current_password";
    for (Section& section : page.sections)
        for (Form& form : section.forms)
            for (FormField& field : form.fields) field.is_faulty = form.id == form_id && field.name == name;
}

boost::asio::awaitable<Result<Account, Response>> account_of(Call& call, const commands::Bearer& browser) {
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
    auto sessions =
        co_await rows::list_sessions(call.context.queries, filter, std::nullopt, kMostSessions, call.request.deadline);
    if (!sessions) co_return refused(CommandError(refusals::kUnavailable));
    auto devices = co_await commands::devices_of_user(services, browser.user_id, call.request.deadline);
    if (!devices) co_return refused(devices.error());
    co_return Account{std::move(*known), std::move(*factors), std::move(sessions->items), std::move(*devices)};
}

}  // namespace

std::string told_time(Instant at) {
    namespace chrono = std::chrono;
    const chrono::sys_seconds second(chrono::seconds(at.whole_seconds()));
    const auto day = chrono::floor<chrono::days>(second);
    const chrono::year_month_day date(day);
    const chrono::hh_mm_ss clock(second - day);
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d UTC", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()));
    return text.data();
}

Response to_own_log_in(Call& call, std::string leads_to) {
    const FlowCookie cookie = flow_cookie_of(call.context, call.request);
    commands::AuthorizationFlow flow;
    flow.request.made_at = call.services().clock.now();
    flow.browser = commands::digest_of_flow_cookie(cookie.value);
    flow.leads_to = std::move(leads_to);
    const auto sealed = commands::seal_flow(sealed_by(call.context), flow);
    return with_flow_cookie(see_other("/login?flow=" + sealed.value_or("")), cookie);
}

Reply show_account(Call& call, int status, const AccountNews& news) {
    const auto browser = browser_of(call.context, call.request);
    if (!browser) co_return to_own_log_in(call);
    const auto account = co_await account_of(call, *browser);
    if (!account) co_return account.error();
    const HiddenField token = form_token(call.context, *browser);
    Page page{Text::kYourAccount};
    if (const auto& email = account->known.user.email) page.sentences = {Phrase::as_it_is(*email)};
    page.done = news.done;
    page.sections = {password_section(call, token), factors_section(call, *account, token),
                     sessions_section(*account, browser->session_id, token), erase_section(token)};
    page.links = {{"/oauth2/logout", Text::kLogOut}};
    if (news.fault) {
        page.fault = advice_of(call, *news.fault);
        mark(page, news.form, news.fault->refusal);
    }
    co_return show(call, status, page);
}

}  // namespace keyledger::api::routes

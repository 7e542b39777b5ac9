#include "api/routes/pages/account/own_pages.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <limits>

#include "api/routes/factors/read_factor.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/passkey_forms.hpp"
#include "api/routes/refusals.hpp"
#include "commands/access/step_up.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/factors/change_factors.hpp"
#include "commands/sessions/reauthenticate.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

constexpr std::size_t kMaxDoneBytes = 16;

struct WayToLogIn {
    std::string location;
    FlowCookie cookie;
};
WayToLogIn way_to_own_log_in(Call& call, std::string leads_to, std::vector<Prompt> prompts = {}) {
    FlowCookie cookie = flow_cookie_of(call.context, call.request);
    commands::AuthorizationFlow flow;
    flow.request.made_at = call.services().clock.now();
    flow.browser = commands::digest_of_flow_cookie(cookie.value);
    flow.request.prompts = std::move(prompts);
    flow.leads_to = std::move(leads_to);
    const auto sealed = commands::seal_flow(sealed_by(call.context), flow);
    return {"/login?flow=" + sealed.value_or(""), std::move(cookie)};
}

// What was wrong with a proof, not that there was none.
bool is_fault(RefusalRef refusal) {
    return refusal == refusals::kWrongPassword || refusal == refusals::kWrongSecondFactor ||
           refusal == refusals::kFactorNotPresented || refusal == refusals::kFactorUnknown;
}

Form proof_form(AskAgain again, const HiddenField& token, bool has_app, RefusalRef refusal) {
    Form form = own_form("proof", std::move(again.action), std::move(again.button), token);
    for (HiddenField& one : again.hidden) form.hidden.push_back(std::move(one));
    form.fields = {own_password_field()};
    // No recovery code: it does for a factor that is lost, and for nothing else.
    if (has_app) form.fields.push_back({"factor_code", Text::kCode, FormField::Kind::kCode});
    const std::string_view at_fault = refusal == refusals::kWrongPassword ? "current_password" : "factor_code";
    for (FormField& field : form.fields) field.is_faulty = field.name == at_fault;
    return form;
}

}  // namespace

// ---- pages -----------------------------------------------------------------------------------------------------
Page part_of_account(Phrase title, const char* part) {
    Page page{std::move(title)};
    page.navigation = {{kLogInPart, Text::kLogInAndSessions},
                       {kProfilePart, Text::kProfile},
                       {kDevicesPart, Text::kDevices},
                       {kApplicationsPart, Text::kApplications},
                       {kProvidersPart, Text::kLinkedAccounts}};
    page.here = part;
    page.links = {{"/oauth2/logout", Text::kLogOut}};
    return page;
}

Form own_form(std::string_view id, std::string action, Phrase button, const HiddenField& token) {
    Form form{std::move(action), std::move(button), {token}};
    form.id = id;
    return form;
}

std::string told_day(Instant at) { return told_time(at).substr(0, std::string_view("2026-11-30").size()); }

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
    const WayToLogIn way = way_to_own_log_in(call, std::move(leads_to));
    return with_flow_cookie(see_other(way.location), way.cookie);
}

Response back_to(const char* part, std::string_view done) {
    return see_other(std::string(part) + "?done=" + std::string(done));
}

std::optional<Phrase> news_of(FormFields& query, std::initializer_list<Done> words) {
    const std::string done = query.optional_string("done", kMaxDoneBytes).value_or("");
    for (const Done& one : words)
        if (one.done == done) return Phrase(one.words);
    return std::nullopt;
}

std::optional<Position> place_in(FormFields& query) {
    return query.optional_integer("before", 1, std::numeric_limits<Position>::max());
}

Link link_to_older(const char* part, Position before) {
    return {std::string(part) + "?before=" + std::to_string(before), Text::kShowOlder};
}

boost::asio::awaitable<Result<Owner, Response>> owner_of(Call& call) {
    const auto browser = browser_of(call.context, call.request);
    if (!browser) co_return Unexpected(to_own_log_in(call));
    auto known = co_await commands::bearer_at_head(call.services(), *browser, call.request.deadline);
    if (!known) co_return Unexpected(refuse_part(call, known.error()));
    co_return Owner{*browser, std::move(*known)};
}

Response show_with(Call& call, Page page, PartNews news) {
    page.done = std::move(news.done);
    if (news.fault) page.fault = advice_of(call, *news.fault);
    return show(call, news.fault ? kFaultyForm : 200, page);
}

std::optional<Response> answer_instead(Call& call, const CommandError& error) {
    if (error.refusal == refusals::kInvalidToken) return to_own_log_in(call);
    if (status_of(error.refusal->kind) >= 429) return refuse(call, error);
    return std::nullopt;
}

Response refuse_part(Call& call, const CommandError& error) {
    auto instead = answer_instead(call, error);
    return instead ? std::move(*instead) : refuse(call, error);
}

Reply refuse_form_of(Reply (*part)(Call&, PartNews), Call& call, CommandError error) {
    if (auto instead = answer_instead(call, error)) co_return std::move(*instead);
    PartNews news;
    news.fault = std::move(error);
    Response response = co_await part(call, std::move(news));
    co_return response;
}

// ---- forms -----------------------------------------------------------------------------------------------------
Result<Own, Response> own(Call& call, FormFields& form) {
    const auto browser = browser_of(call.context, call.request);
    if (!browser) return Unexpected(to_own_log_in(call));
    if (!has_form_token(call.context, form, *browser)) {
        Page page{Text::kNotDone, {Text::kNotOfThisSession}};
        page.links = {{kLogInPart, Text::kYourAccount}};
        return Unexpected(show(call, kFaultyForm, page));
    }
    Own own{*browser, caller_of(call.request).acting_as(browser->user_id)};
    own.caller.session_id = browser->session_id;
    return own;
}

FormField own_password_field() { return {"current_password", Text::kPassword, FormField::Kind::kPassword}; }
FormField own_factor_field(bool has_app) {
    return {"factor_code", has_app ? Text::kCodeOrRecoveryCode : Text::kRecoveryCode, FormField::Kind::kFactor};
}

commands::OwnProof read_proof(FormFields& form) {
    commands::OwnProof proof;
    if (brings_passkey(form)) {
        proof.present = {ProofMethod::kPasskey, Secret(), read_passkey_form(form)};
        return proof;
    }
    proof.current_password = form.required_secret("current_password", kMaxPasswordBytes);
    auto factor = form.optional_string("factor_code", kMaxFactorCodeBytes);
    if (factor) proof.present = typed_factor(Secret::take(std::move(*factor)));
    return proof;
}

// ---- step-up ---------------------------------------------------------------------------------------------------
std::optional<commands::OwnProof> read_typed_proof(FormFields& form) {
    auto password = form.optional_string("current_password", kMaxPasswordBytes);
    auto factor = form.optional_string("factor_code", kMaxFactorCodeBytes);
    if (!password && !factor) return std::nullopt;
    commands::OwnProof proof;
    if (password) proof.current_password = Secret::take(std::move(*password));
    if (factor) proof.present = typed_factor(Secret::take(std::move(*factor)));
    return proof;
}

boost::asio::awaitable<Result<void, CommandError>> prove_again(Call& call, Own& self,
                                                               std::optional<commands::OwnProof> proof) {
    if (!proof) co_return Result<void, CommandError>{};
    commands::Reauthentication request;
    request.proof = std::move(*proof);
    request.bearer = self.browser;
    request.client = browser_client();
    auto grant = co_await commands::reauthenticate(call.services(), std::move(request), self.caller);
    if (!grant) co_return Unexpected(grant.error());
    self.browser = {grant->user_id, grant->session_id, grant->security_stamp, call.services().clock.now()};
    self.renewed = std::move(*grant);
    co_return Result<void, CommandError>{};
}

bool wants_proof(const CommandError& error) {
    return error.refusal == refusals::kPasswordNotRecent || error.refusal == refusals::kSecondFactorNotRecent ||
           error.refusal == refusals::kProviderNotRecent || is_fault(error.refusal);
}

Reply ask_for_proof(Call& call, const Own& self, AskAgain again, CommandError error) {
    const auto known = co_await commands::bearer_at_head(call.services(), self.browser, call.request.deadline);
    if (!known) co_return refuse_part(call, known.error());
    Page page{Text::kConfirmItIsYou, {Text::kConfirmItIsYouMeans}};
    const WayToLogIn way = way_to_own_log_in(call, again.part, {Prompt::kLogin});
    page.links = {{way.location, Text::kLogInAgainInstead}, {again.part, Text::kCancel}};
    const auto held = co_await commands::list_factors(call.services(), self.browser, self.caller);
    if (!held) co_return refuse_part(call, held.error());
    const auto app = std::ranges::find(held->factors, FactorKind::kTotp, &commands::ListedFactors::One::kind);
    const bool has_app = app != held->factors.end();
    if (is_fault(error.refusal)) page.fault = advice_of(call, error);
    // Whoever has a passkey alone has no code to type: they log in again by it.
    if (!known->user.credential_id.is_nil() && (has_app || held->factors.empty()))
        page.form = proof_form(std::move(again), form_token(call.context, self.browser), has_app, error.refusal);
    Response response = with_flow_cookie(show(call, page.fault ? kFaultyForm : 200, page), way.cookie);
    co_return with_renewed(call, std::move(response), self);
}

Response with_renewed(Call& call, Response response, const Own& self) {
    return self.renewed ? with_browser(call.context, std::move(response), *self.renewed) : std::move(response);
}

}  // namespace keyledger::api::routes

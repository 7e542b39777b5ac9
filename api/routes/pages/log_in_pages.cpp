// The pages on the way to a code: log in, second factor, consent. They change nothing of the request that they belong
// to, and go back to it.
#include "api/pages/page.hpp"
#include "api/routes/call.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/browser.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/cookies.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "commands/sessions/log_in.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

using commands::AuthorizationFlow;
using commands::CommandError;

// The pre-authentication token of a log-in that is half way there. It is sealed, and good for minutes.
constexpr std::string_view kHalfCookie = "__Host-keyledger-log-in";
constexpr std::size_t kMaxFactorBytes = 64;

// A flow as it came with a page, and what it says.
struct Flow {
    std::string sealed;
    AuthorizationFlow opened;
};
std::optional<Flow> read_flow(Call& call, FormFields& fields) {
    Flow flow;
    flow.sealed = fields.required_string("flow", kMaxFlowBytes);
    auto opened = flow_of(call.context, call.request, flow.sealed);
    if (!opened) return std::nullopt;
    flow.opened = std::move(*opened);
    return flow;
}
Response go_on(const Flow& flow) { return see_other("/oauth2/authorize/continue?flow=" + flow.sealed); }

Page page_of(const Flow& flow, std::string title, std::string action, std::string button) {
    Page page{std::move(title)};
    page.form = Form{std::move(action), std::move(button), {{"flow", flow.sealed}}, {}};
    page.leads_to = origin_of(flow.opened.request.redirect_uri);
    return page;
}

// ---- logging in ------------------------------------------------------------------------------------------------
Page log_in_page(const Flow& flow, std::string identifier) {
    Page page = page_of(flow, "Log in", "/login", "Log in");
    page.form->fields.push_back(
        {"identifier", "E-mail address or user name", FormField::Kind::kUsername, std::move(identifier)});
    page.form->fields.push_back({"password", "Password", FormField::Kind::kPassword});
    return page;
}

Reply show_log_in(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    const auto flow = read_flow(call, query);
    if (!flow) co_return took_too_long();
    co_return show(200, log_in_page(*flow, flow->opened.request.login_hint));
}

// The session that the browser had before does not go on behind the new one's back: nobody could log out of it here.
Reply logged_in(Call& call, const Flow& flow, const commands::Grant& grant) {
    if (const auto before = browser_of(call.context, call.request)) {
        commands::Caller caller = caller_of(call.request).acting_as(before->user_id);
        caller.session_id = before->session_id;
        auto ended = co_await commands::log_out(call.services(), *before, std::move(caller));
        if (!ended && ended.error().refusal != refusals::kInvalidToken) co_return refuse(call, ended.error());
    }
    co_return with_device(with_browser(call.context, go_on(flow), grant), grant.device);
}

// What a refusal becomes on a page that can be sent again; what nobody can do anything about stays a problem.
Response show_again(Call& call, Page page, const CommandError& error) {
    const int status = status_of(error.refusal->kind);
    if (status >= 429) return refuse(call, error);
    page.fault = error.refusal->advice;
    return show(400, page);
}

Reply log_in_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const auto flow = read_flow(call, form);
    const std::string identifier = form.required_string("identifier", kMaxTypedUsernameBytes);
    commands::LogIn login;
    login.password = form.required_secret("password", kMaxPasswordBytes);
    login.client = browser_client();
    if (!flow) co_return took_too_long();
    const bool is_whole = form.finish().has_value();
    Page page = log_in_page(*flow, identifier);
    if (!is_whole) co_return show_again(call, std::move(page), CommandError(refusals::kInvalidCredentials));
    (identifier.find('@') == std::string::npos ? login.username : login.email) = identifier;
    auto grant = co_await commands::log_in(call.services(), std::move(login), caller_of(call.request));
    if (!grant && grant.error().go_on && grant.error().refusal == refusals::kSecondFactorNeeded) {
        Response response = see_other("/login/factor?flow=" + flow->sealed);
        response.headers.add("Set-Cookie",
                             host_cookie(kHalfCookie, grant.error().go_on->token, std::chrono::minutes(5)));
        co_return response;
    }
    if (!grant) co_return show_again(call, std::move(page), grant.error());
    Response response = co_await logged_in(call, *flow, *grant);
    co_return response;
}

// ---- second factor ---------------------------------------------------------------------------------------------
Page factor_page(const Flow& flow) {
    Page page = page_of(flow, "Second factor", "/login/factor", "Continue");
    page.sentences = {"Enter the code that your authenticator app shows."};
    page.form->fields.push_back({"code", "Code", FormField::Kind::kCode});
    return page;
}

Reply show_factor(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    const auto flow = read_flow(call, query);
    if (!flow) co_return took_too_long();
    co_return show(200, factor_page(*flow));
}

Reply factor_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const auto flow = read_flow(call, form);
    commands::SecondStep second;
    second.present = {ProofMethod::kTotp, form.required_secret("code", kMaxFactorBytes)};
    const auto half = cookie_of(call.request.headers, kHalfCookie);
    if (!flow || !half) co_return took_too_long();
    if (!form.finish().has_value())
        co_return show_again(call, factor_page(*flow), CommandError(refusals::kWrongSecondFactor));
    second.token = Secret(*half);
    auto completed = co_await commands::complete_log_in(call.services(), std::move(second), caller_of(call.request));
    if (!completed && completed.error().refusal == refusals::kHalfLoginOver)
        co_return see_other("/login?flow=" + flow->sealed);
    if (!completed) co_return show_again(call, factor_page(*flow), completed.error());
    Response response = co_await logged_in(call, *flow, completed->grant);
    response.headers.add("Set-Cookie", host_cookie(kHalfCookie, "", std::chrono::seconds(0)));
    co_return response;
}

// ---- consent ---------------------------------------------------------------------------------------------------
std::string_view sentence_of(std::string_view scope) {
    if (scope == kScopeOpenid) return "know that it is you";
    if (scope == kScopeProfile) return "see your name and user name";
    if (scope == kScopeEmail) return "see your e-mail address";
    if (scope == kScopePhone) return "see your telephone number";
    if (scope == kScopeOfflineAccess) return "have this also while you are not logged in here";
    if (scope == kScopeAccount) return "change your account";
    if (scope == kScopeAdmin) return "do what you may do as an administrator";
    return scope;
}

Reply show_consent(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    const auto flow = read_flow(call, query);
    if (!flow) co_return took_too_long();
    const AuthorizationRequest& request = flow->opened.request;
    const auto browser = browser_of(call.context, call.request);
    auto view =
        co_await commands::view_authorization(call.services(), request.application_id, browser, call.request.deadline);
    if (!view) co_return refuse(call, view.error());
    Page page = page_of(*flow, view->application.definition.name + " asks", "/consent", "Allow");
    page.sentences = {"The application " + view->application.definition.name + " would like to:"};
    for (const std::string& scope : request.scope) page.sentences.push_back("– " + std::string(sentence_of(scope)));
    page.form->hidden.push_back({"decision", "allow"});
    page.other_form = Form{"/consent", "Cancel", {{"flow", flow->sealed}, {"decision", "deny"}}, {}};
    co_return show(200, page);
}

Reply consent_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const auto flow = read_flow(call, form);
    const std::string decision = form.required_string("decision", 8);
    const auto browser = browser_of(call.context, call.request);
    if (!flow || !form.finish().has_value()) co_return took_too_long();
    const AuthorizationRequest& request = flow->opened.request;
    if (!browser) co_return go_on(*flow);
    if (decision != "allow") {
        auto view = co_await commands::view_authorization(call.services(), request.application_id, browser,
                                                          call.request.deadline);
        if (!view) co_return refuse(call, view.error());
        if (!redirect_uri_matches(view->application, request.redirect_uri)) co_return took_too_long();
        co_return authorization_error(call, request, "access_denied", "The user did not agree.");
    }
    auto given = co_await commands::give_consent(call.services(), *browser, request, caller_of(call.request));
    if (!given && given.error().refusal != refusals::kInvalidToken) co_return refuse(call, given.error());
    co_return go_on(*flow);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showLogInPage", kGet, "/login", show_log_in, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"logInByPage", kPost, "/login", log_in_by_page, kPasswords, kAnybody, {.input = Input::kBody}},
    {"showFactorPage", kGet, "/login/factor", show_factor, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"factorByPage", kPost, "/login/factor", factor_by_page, kPasswords, kAnybody, {.input = Input::kBody}},
    {"showConsentPage", kGet, "/consent", show_consent, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"consentByPage", kPost, "/consent", consent_by_page, kOrdinary, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable log_in_page_routes() { return kRows; }

}  // namespace keyledger::api::routes

// The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2): where an application sends a
// browser, and from where the browser goes back with a code. What it needs on the way (a log-in, a consent) are pages
// of their own, which come back to /oauth2/authorize/continue.
#include "api/routes/call.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/oauth/authorization_request.hpp"
#include "api/routes/oauth/request_object.hpp"
#include "api/routes/pages/browser.hpp"
#include "api/routes/pages/showing.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/text.hpp"
#include "commands/authorization/issue_code.hpp"

namespace keyledger::api::routes {
namespace {

using commands::AuthorizationFlow;
using commands::AuthorizationView;

// Where nothing says that the redirect can be trusted (RFC 6749 section 4.1.2.1).
Response not_known(const Call& call) { return show(call, 400, {Text::kLinkDoesNotWork, {Text::kApplicationNotKnown}}); }

boost::asio::awaitable<Result<AuthorizationView, commands::CommandError>> view_of(Call& call,
                                                                                  const ApplicationId& application_id) {
    const auto browser = browser_of(call.context, call.request);
    auto view = co_await commands::view_authorization(call.services(), application_id, browser, call.request.deadline);
    co_return view;
}

bool is_trusted(const Application& application, std::string_view redirect_uri) {
    return application.status == Application::Status::kEnabled && redirect_uri_matches(application, redirect_uri);
}

// To a page of this service, which comes back here when it is done.
Response to_page(Call& call, std::string_view page, AuthorizationFlow flow) {
    const FlowCookie cookie = flow_cookie_of(call.context, call.request);
    flow.browser = commands::digest_of_flow_cookie(cookie.value);
    const auto sealed = commands::seal_flow(sealed_by(call.context), flow);
    if (!sealed) return authorization_error(call, flow.request, "invalid_request", "The request is too long: push it.");
    return with_flow_cookie(see_other(std::string(page) + "?flow=" + *sealed), cookie);
}

Reply grant(Call& call, AuthorizationView view, AuthorizationRequest request) {
    const auto code = co_await commands::issue_code(call.services(), std::move(view), request, caller_of(call.request));
    if (!code && code.error().refusal == refusals::kRequestUriUsed)
        co_return authorization_error(call, request, "invalid_request_uri",
                                      "This request got its code before: push another one.");
    if (!code) co_return refuse(call, code.error());
    co_return authorization_code(call, request, commands::seal_code(sealed_by(call.context), *code));
}

// What pages say of the application is of now, also where the request goes on.
void dress(AuthorizationFlow& flow, const ApplicationDefinition& definition) {
    flow.application_name = definition.name;
    flow.accent_color = definition.accent_color.value_or("");
    flow.accent_color_dark = definition.accent_color_dark.value_or("");
    flow.logo_uri = definition.logo_uri.value_or("");
}

// Ignored where a browser says that its user sees no page of this (Fetch Metadata): an application on a sibling domain,
// to whose frames cookies are sent, would find out by guesses who is logged in.
LoginHints hints_of(const Request& request) {
    const std::string_view destination = request.header("Sec-Fetch-Dest").value_or("document");
    return destination == "document" ? LoginHints::kHeard : LoginHints::kIgnored;
}

Reply advance(Call& call, AuthorizationView view, AuthorizationFlow flow) {
    const AuthorizationRequest& request = flow.request;
    if (!request.pushed && view.application.definition.pushed_requests == PushedRequests::kRequired)
        co_return authorization_error(call, request, "invalid_request",
                                      "The application pushes its requests (RFC 9126).");
    if (!may_have(view.application, request.scope, request.resources))
        co_return authorization_error(call, request, "invalid_scope", "The application may not have this any more.");
    dress(flow, view.application.definition);
    auto facts = commands::facts_of(view, call.services(), flow.chosen);
    facts.hints = hints_of(call.request);
    const AuthorizationStep step = authorization_step(request, facts);
    // A stranger's picture stands above no password, and its host learns of nobody who has not logged in.
    if (step != AuthorizationStep::kAskConsent && !view.application.is_first_party()) flow.logo_uri.clear();
    switch (step) {
        case AuthorizationStep::kLogIn: co_return to_page(call, "/login", std::move(flow));
        case AuthorizationStep::kChooseAccount: co_return to_page(call, "/login/choose", std::move(flow));
        case AuthorizationStep::kAskConsent: co_return to_page(call, "/consent", std::move(flow));
        case AuthorizationStep::kGranted: break;
        case AuthorizationStep::kLoginRequired:
            co_return authorization_error(call, request, error_of(step), "Nobody is logged in here.");
        case AuthorizationStep::kConsentRequired:
            co_return authorization_error(call, request, error_of(step), "The user has not agreed to this.");
        case AuthorizationStep::kNotStrong:
            co_return authorization_error(call, request, error_of(step), "The user has proven no second factor.");
    }
    Response response = co_await grant(call, std::move(view), std::move(flow.request));
    co_return response;
}

// What stands beside it in the address says nothing (RFC 9101 section 5).
Reply begin_pushed(Call& call, AuthorizationView view, const ApplicationId& application_id,
                   const std::string& request_uri) {
    auto request = commands::open_pushed(sealed_by(call.context), request_uri);
    if (!request || request->application_id != application_id || !is_trusted(view.application, request->redirect_uri))
        co_return not_known(call);
    // It is the browser's request from now on: what was proven before it came here was not proven for it.
    request->made_at = call.services().clock.now();
    if (!commands::may_begin(*request->pushed, request->made_at))
        co_return authorization_error(call, *request, "invalid_request_uri", "This request is too old: push it again.");
    AuthorizationFlow flow{std::move(*request)};
    Response response = co_await advance(call, std::move(view), std::move(flow));
    co_return response;
}

// What of a request that is refused says how it is to be told.
AuthorizationRequest way_back(const AskedAuthorization& asked) {
    const WayBack objects = way_back_of(asked.request);
    AuthorizationRequest back;
    back.redirect_uri = asked.redirect_uri;
    back.state = objects.state.value_or(asked.state);
    back.ui_locales = asked.ui_locales;
    back.response_mode = stored_value<ResponseMode>(asked.response_mode).value_or(ResponseMode::kQuery);
    if (objects.response_mode) back.response_mode = *objects.response_mode;
    return back;
}

Reply begin(Call& call, AskedAuthorization asked) {
    const auto application_id = ApplicationId::parse(asked.client_id);
    if (!application_id) co_return not_known(call);
    auto view = co_await view_of(call, *application_id);
    if (!view) co_return refuse(call, view.error());
    if (asked.request_uri.starts_with(commands::kRequestUriPrefix)) {
        Response response = co_await begin_pushed(call, std::move(*view), *application_id, asked.request_uri);
        co_return response;
    }
    if (!is_trusted(view->application, asked.redirect_uri)) co_return not_known(call);
    const PkceFor pkce = call.context.pkce_for_all ? PkceFor::kAll : PkceFor::kPublic;
    auto checked =
        checked_authorization(asked, view->application, call.context.tokens, call.services().clock.now(), pkce);
    if (!checked) {
        co_return authorization_error(call, way_back(asked), checked.error().error, checked.error().description);
    }
    checked->application_id = *application_id;
    AuthorizationFlow flow{std::move(*checked)};
    Response response = co_await advance(call, std::move(*view), std::move(flow));
    co_return response;
}

Reply authorize(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    AskedAuthorization asked = read_authorization(query);
    Response response = co_await begin(call, std::move(asked));
    co_return response;
}

// A POST from another site brings no cookies: the browser is sent here once more, by GET (section 3.1.2.1 wants both).
Reply authorize_by_form(Call& call) {
    FormFields form = FormFields::of_body(call.request, "resource");
    const auto form_fault = form.fault();
    if (form_fault) co_return show(call, 400, {Text::kLinkDoesNotWork, {Text::kRequestMalformed}});
    const AskedAuthorization asked = read_authorization(form);
    if (asked.fault) co_return show(call, 400, {Text::kLinkDoesNotWork, {Text::kRequestMalformed}});
    co_return see_other("/oauth2/authorize?" + query_of(asked));
}

Reply go_on(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    auto flow = flow_of(call.context, call.request, query.required_string("flow", kMaxFlowBytes));
    if (!flow) co_return took_too_long(call);
    if (flow->request.application_id == ApplicationId{})  // to no application
        co_return see_other(flow->leads_to.empty() ? "/account" : flow->leads_to);
    auto view = co_await view_of(call, flow->request.application_id);
    if (!view) co_return refuse(call, view.error());
    if (!is_trusted(view->application, flow->request.redirect_uri)) co_return not_known(call);
    Response response = co_await advance(call, std::move(*view), std::move(*flow));
    co_return response;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

constexpr const char* kAuthorize = "/oauth2/authorize";

// clang-format off
constexpr RouteRow kRows[] = {
    {"authorize", kGet, kAuthorize, authorize, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"authorizeByForm", kPost, kAuthorize, authorize_by_form, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"continueAuthorization", kGet, "/oauth2/authorize/continue", go_on, kOrdinary, kAnybody, {.input = Input::kQuery}},
};
// clang-format on

}  // namespace

RouteTable authorization_routes() { return kRows; }

}  // namespace keyledger::api::routes

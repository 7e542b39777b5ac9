#include "api/routes/pages/browser.hpp"

#include <chrono>

#include "api/pages/theme_style.hpp"
#include "api/routes/pages/showing.hpp"
#include "api/wire/cookies.hpp"
#include "domain/base/color.hpp"
#include "domain/sessions/grounds.hpp"

namespace keyledger::api::routes {
namespace {

constexpr std::string_view kSessionCookie = "__Host-keyledger-session";
constexpr std::string_view kFlowCookie = "__Host-keyledger-flow";
constexpr std::string_view kNewFlowCookie = "flow cookie";
constexpr std::size_t kMaxCookieBytes = 1024;
constexpr std::string_view kOfForms = "form of a browser session";
constexpr const char* kFormTokenField = "csrf";
constexpr std::size_t kMaxFormTokenBytes = 512;

std::chrono::seconds kept_for(Duration duration) { return std::chrono::seconds(duration.whole_seconds()); }

}  // namespace

commands::SealedBy sealed_by(Context& context) { return {context.cursors, context.log_id}; }

std::optional<commands::Bearer> browser_of(Context& context, const Request& request) {
    const auto shown = cookie_of(request.headers, kSessionCookie);
    if (!shown || shown->size() > kMaxCookieBytes) return std::nullopt;
    return commands::open_browser(sealed_by(context), *shown);
}

Response with_browser(Context& context, Response response, const commands::Grant& grant) {
    const commands::Services& services = context.services;
    const commands::Bearer bearer{grant.user_id, grant.session_id, grant.security_stamp, services.clock.now()};
    const std::string cookie = commands::seal_browser(sealed_by(context), bearer);
    const Duration lasts = services.settings.lifetimes.absolute;
    response.headers.add("Set-Cookie", host_cookie(kSessionCookie, cookie, kept_for(lasts)));
    return response;
}

Response without_browser(Response response) {
    response.headers.add("Set-Cookie", host_cookie(kSessionCookie, "", kept_for(Duration())));
    return response;
}

commands::Client browser_client() { return commands::Client{std::string(kBrowserClientId), {}}; }

HiddenField form_token(Context& context, const commands::Bearer& browser) {
    return {kFormTokenField, context.cursors.seal(kOfForms, browser.session_id.to_string())};
}

// It was opened by a key of ours: there is nothing to time.
bool has_form_token(Context& context, FormFields& form, const commands::Bearer& browser) {
    const std::string shown = form.optional_string(kFormTokenField, kMaxFormTokenBytes).value_or("");
    const auto session = context.cursors.open(kOfForms, shown);
    return session && *session == browser.session_id.to_string();
}

FlowCookie flow_cookie_of(Context& context, const Request& request) {
    const auto shown = cookie_of(request.headers, kFlowCookie);
    if (shown && !shown->empty() && shown->size() <= kMaxCookieBytes) return {std::string(*shown), false};
    // Sealed anew it is another value each time, which nobody can guess.
    return {context.cursors.seal(kNewFlowCookie, {}), true};
}

Response with_flow_cookie(Response response, const FlowCookie& cookie) {
    if (cookie.is_new) response.headers.add("Set-Cookie", host_cookie(kFlowCookie, cookie.value, kept_for(days(1))));
    return response;
}

Response took_too_long(const Call& call) {
    Page page{Text::kTookTooLong, {Text::kGoBackAndBeginAgain}};
    page.links = {{"/account", Text::kYourAccount}};
    return show(call, 400, page);
}

void dress(Page& page, const commands::AuthorizationFlow& flow) {
    page.logo = flow.logo_uri;
    const auto accent = parse_color(flow.accent_color);
    if (accent) page.theme = theme_path(*accent, parse_color(flow.accent_color_dark).value_or(dark_accent_of(*accent)));
}

std::optional<commands::AuthorizationFlow> flow_of(Context& context, const Request& request, std::string_view sealed) {
    auto flow = commands::open_flow(sealed_by(context), sealed, context.services.clock.now());
    const FlowCookie cookie = flow_cookie_of(context, request);
    // Of digests there is nothing to time.
    if (!flow || cookie.is_new || commands::digest_of_flow_cookie(cookie.value) != flow->browser) return std::nullopt;
    return flow;
}

}  // namespace keyledger::api::routes

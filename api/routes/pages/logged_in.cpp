#include "api/routes/pages/logged_in.hpp"

#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/browser.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/cookies.hpp"
#include "commands/account_services.hpp"
#include "commands/providers/kept_identity.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "commands/sessions/half_log_in.hpp"

namespace keyledger::api::routes {
namespace {

// The pre-authentication token of a log-in that is half way there. It is sealed, and good for minutes.
constexpr std::string_view kHalfCookie = "__Host-keyledger-log-in";
constexpr std::string_view kIdentityCookie = "__Host-keyledger-identity";

}  // namespace

Reply logged_in(Call& call, Response response, const commands::Grant& grant) {
    if (const auto before = browser_of(call.context, call.request)) {
        commands::Caller caller = caller_of(call.request).acting_as(before->user_id);
        caller.session_id = before->session_id;
        auto ended = co_await commands::log_out(call.services(), *before, std::move(caller));
        if (!ended && ended.error().refusal != refusals::kInvalidToken) co_return refuse(call, ended.error());
    }
    co_return with_device(with_browser(call.context, std::move(response), grant), grant.device);
}

std::optional<Response> to_what_is_missing(const commands::CommandError& error, const std::string& flow) {
    const bool is_to_enrol = error.refusal == refusals::kEnrolmentNeeded;
    if (!error.go_on || (!is_to_enrol && error.refusal != refusals::kSecondFactorNeeded)) return std::nullopt;
    Response response = see_other((is_to_enrol ? "/login/enrol?flow=" : "/login/factor?flow=") + flow);
    response.headers.add("Set-Cookie", host_cookie(kHalfCookie, error.go_on->token, std::chrono::minutes(5)));
    return response;
}

std::optional<std::string_view> half_log_in_of(const Request& request) {
    return cookie_of(request.headers, kHalfCookie);
}

Response without_half_log_in(Response response) {
    response.headers.add("Set-Cookie", host_cookie(kHalfCookie, "", std::chrono::seconds(0)));
    return response;
}

Response with_kept_identity(Response response, const std::string& sealed) {
    const std::chrono::seconds kept_for(sealed.empty() ? 0 : commands::kKeptIdentityLasts.whole_seconds());
    response.headers.add("Set-Cookie", host_cookie(kIdentityCookie, sealed, kept_for));
    return response;
}

std::optional<std::string_view> kept_identity_of(const Request& request) {
    const auto kept = cookie_of(request.headers, kIdentityCookie);
    return kept && kept->size() <= kMaxKeptIdentityBytes ? kept : std::nullopt;
}

std::vector<Link> ways_by_providers(const Call& call, const std::string& flow) {
    std::vector<Link> links;
    if (call.services().accounts.providers == nullptr) return links;
    for (const commands::ProviderOffer& offer : call.services().accounts.providers->offers())
        links.push_back({"/login/providers/" + offer.name + "?flow=" + flow, Phrase(Text::kLogInWith, offer.title)});
    return links;
}

}  // namespace keyledger::api::routes

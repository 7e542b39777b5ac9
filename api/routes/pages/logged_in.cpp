#include "api/routes/pages/logged_in.hpp"

#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/browser.hpp"
#include "api/wire/cookies.hpp"
#include "commands/account_services.hpp"
#include "commands/providers/kept_identity.hpp"
#include "commands/sessions/end_session_before.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "commands/sessions/half_way.hpp"

namespace keyledger::api::routes {
namespace {

// The pre-authentication token of a log-in that is half way there, with what says of which request it is. The token is
// sealed, and good for minutes.
constexpr std::string_view kHalfCookie = "__Host-keyledger-log-in";
constexpr std::string_view kIdentityCookie = "__Host-keyledger-identity";

}  // namespace

Reply logged_in(Call& call, Response response, const commands::Grant& grant) {
    if (const auto before = browser_of(call.context, call.request)) {
        auto ending = commands::end_session_before(call.services(), *before, caller_of(call.request));
        co_await std::move(ending);
    }
    response = with_device(with_browser(call.context, std::move(response), grant), grant.device);
    co_return without_what_was_left(call.request, std::move(response));
}

std::optional<Response> to_what_is_missing(const commands::CommandError& error, const std::string& flow) {
    const bool is_to_enrol = error.refusal == refusals::kEnrolmentNeeded;
    if (!error.go_on || (!is_to_enrol && error.refusal != refusals::kSecondFactorNeeded)) return std::nullopt;
    Response response = see_other((is_to_enrol ? "/login/enrol?flow=" : "/login/factor?flow=") + flow);
    const std::string kept = commands::keep_half_way(error.go_on->token, flow);
    response.headers.add("Set-Cookie", host_cookie(kHalfCookie, kept, std::chrono::minutes(5)));
    return response;
}

std::optional<std::string_view> half_log_in_of(const Request& request, std::string_view flow) {
    const auto kept = cookie_of(request.headers, kHalfCookie);
    return kept ? commands::half_way_of(*kept, flow) : std::nullopt;
}

Response without_what_was_left(const Request& request, Response response) {
    for (const std::string_view name : {kHalfCookie, kIdentityCookie})
        if (cookie_of(request.headers, name))
            response.headers.add("Set-Cookie", host_cookie(name, "", std::chrono::seconds(0)));
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

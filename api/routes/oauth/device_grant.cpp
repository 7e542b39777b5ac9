#include "api/routes/oauth/device_grant.hpp"

#include "api/routes/oauth/application_tokens.hpp"
#include "api/routes/oauth/possession.hpp"
#include "api/routes/refusals.hpp"
#include "commands/authorization/device_grant.hpp"

namespace keyledger::api {
namespace {

using commands::PollOutcome;

// Whatever is wrong with it: of another application, of another log, used before.
Response not_good(const Request& request) {
    return oauth_error(request, OAuthError::kInvalidGrant,
                       "The device code is not good (any more), or is another application's. Begin again.");
}

Response expired() { return oauth_error("expired_token", "The code has expired. Begin again."); }

// RFC 8628 section 3.5.
std::optional<Response> not_yet(PollOutcome outcome) {
    switch (outcome) {
        case PollOutcome::kPending:
            return oauth_error("authorization_pending", "Nobody has answered yet: ask again after the interval.");
        case PollOutcome::kTooSoon:
            return oauth_error("slow_down", "Wait five seconds longer between two requests from now on.");
        case PollOutcome::kRefused: return oauth_error("access_denied", "The user did not agree.");
        case PollOutcome::kExpired: return expired();
        case PollOutcome::kApproved: break;
    }
    return std::nullopt;
}

}  // namespace

// A device asks many times in vain: what costs more than to open the code and to look into memory comes when somebody
// has agreed.
Reply device_grant(Context& context, Request& request, PresentedCredentials presented, Secret device_code) {
    commands::Services& services = context.services;
    auto client = co_await holder_of_tokens(context, request, std::move(presented));
    if (!client) co_return client.error();
    if (!(*client)->application)
        co_return oauth_error(request, OAuthError::kUnauthorizedClient, "Device codes are for applications.");
    const auto device = commands::open_device_code({context.cursors, context.log_id}, device_code.reveal());
    if (!device || device->application_id != *(*client)->application) co_return not_good(request);
    const auto polled = co_await commands::poll_device(services, *device, request.deadline);
    if (!polled) co_return oauth_refuse(request, polled.error());
    if (auto answer = not_yet(polled->outcome)) co_return std::move(*answer);
    ProofNeeds needs{"/oauth2/token"};
    const auto key = co_await shown_key(context, request, std::move(needs));
    if (!key) co_return refuse_proof(context, key.error());
    // Before anything is begun: what follows can't fail.
    const auto lifetimes = co_await commands::token_lifetimes_of(services, *(*client)->application, request.deadline);
    if (!lifetimes) co_return refuse(request, lifetimes.error());
    auto granted =
        co_await commands::exchange_device(services, *device, polled->answer, key->thumbprint, caller_of(request));
    if (!granted && granted.error().refusal == refusals::kCodeNotGood)
        co_return services.clock.now() < device->expires_at ? not_good(request) : expired();
    if (!granted) co_return oauth_refuse(request, granted.error());
    Response response = co_await tokens_of_code(context, std::move(*granted), *lifetimes, *key);
    co_return response;
}

}  // namespace keyledger::api

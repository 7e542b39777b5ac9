#pragma once
// What service accounts get at the token endpoint: tokens of their own (RFC 6749 section 4.4), and a user's token in
// exchange for another one (RFC 8693).
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/routes/oauth/client_authentication.hpp"
#include "api/routes/route.hpp"
#include "api/wire/write_json.hpp"
#include "commands/sessions/tokens.hpp"

namespace keyledger::api::routes {

inline constexpr std::string_view kTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";

struct ServiceTokenRequest {
    std::vector<std::string> resources;
    std::optional<std::string> scope;
};
Reply client_credentials(Context& context, Request& request, PresentedCredentials presented, ServiceTokenRequest asked);

// RFC 8693 section 2.1.
struct ExchangeRequest {
    Secret subject_token;
    std::optional<Secret> actor_token;
    std::vector<std::string> targets;  // `resource` and `audience`
    std::optional<std::string> scope;
};
// Asks the form for what belongs to an exchange; the caller finishes it. `resources` were read before.
ExchangeRequest read_exchange(FormFields& form, const std::vector<std::string>& resources,
                              const std::optional<std::string>& scope);
Reply exchange_grant(Context& context, Request& request, PresentedCredentials presented, ExchangeRequest asked);

// RFC 8693 section 4.1, for introspection: who acts for the user, if anybody does by the token.
void write_actors(JsonText& json, const std::vector<ServiceAccountId>& actors);

}  // namespace keyledger::api::routes

#pragma once
// Applications that programs register (RFC 7591). The initial access token of section 3 is an access token of a service
// account that holds kRegisterClients, with that in its scope: an administrator makes it, takes it back, and reads in
// the audit trail what came of it.
#include <optional>
#include <string>
#include <vector>

#include "commands/clients/service_tokens.hpp"
#include "commands/services.hpp"
#include "domain/applications/application.hpp"

namespace keyledger::refusals {

inline constexpr Refusal kKeysMissing = invalid_field(
    "jwks", "An application that authenticates by private_key_jwt brings its public keys.", RefusalKind::kUnsuitable);

}  // namespace keyledger::refusals

namespace keyledger::commands {

struct ClientRegistration {
    ApplicationDefinition definition;
    std::vector<std::string> keys{};  // public JWKs (RFC 7517), read where it authenticates with them alone
};
struct RegisteredClient {
    ApplicationId application_id;
    Application application;  // as it is from now on
    std::optional<Secret> secret{};
    Instant registered_at;
    Position position = 0;
};
// Never first-party and without audiences, whatever the definition says: strangers ask people, and what may have tokens
// for a resource server, an administrator says. One append: none is ever without what it authenticates with.
// kInvalidToken, kForbidden; what checked() refuses, with kInvalidScopes or kScopeFirstParty of what is the operator's
// own; kKeysMissing, kInvalidKey (`fault`, which outlives the command, says what is wrong), kKeyAlreadyRegistered,
// kKeyIdTaken, kTooManyKeys.
Answer<RegisteredClient> register_client(Services& services, ServiceBearer bearer, ClientRegistration registration,
                                         Caller caller, std::string* fault = nullptr);

}  // namespace keyledger::commands

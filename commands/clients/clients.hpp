#pragma once
// Clients (RFC 6749 section 2), as routes and commands see them: who may hold sessions and tokens. Those of the
// configuration, and service accounts (domain/clients/).
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands/runtime/errors.hpp"
#include "domain/base/application_id.hpp"
#include "domain/base/id.hpp"
#include "domain/base/result.hpp"

namespace keyledger::refusals {

// RFC 8707: an audience that the client was not configured with.
inline constexpr Refusal kInvalidTarget{RefusalKind::kUnsuitable, "invalid-target", "Resource not allowed",
                                        "Ask for a 'resource' that this client was configured with."};

}  // namespace keyledger::refusals

namespace keyledger::commands {

enum class IntrospectionRight { kOwnTokens, kAllTokens };
enum class RevocationRight { kOwnTokens, kAllTokens };  // to look is not to take
enum class EvaluationRight { kNobody, kAnybody };       // about whom it may ask what they may do

enum class RoleDisclosure { kOwn, kAll };  // which of a subject's roles introspection tells it

struct Client {
    std::string client_id;
    std::vector<std::string> audiences;  // resource servers it may ask tokens for
    IntrospectionRight introspection_right = IntrospectionRight::kOwnTokens;
    EvaluationRight evaluation_right = EvaluationRight::kNobody;
    RevocationRight revocation_right = RevocationRight::kOwnTokens;
    RoleDisclosure role_disclosure = RoleDisclosure::kOwn;
    // What it calls its resources: of a permission for `todos` or `todos.lists` the application `todos` may know.
    std::vector<std::string> namespaces{};
    std::optional<ServiceAccountId>
        service_account{};                       // one that an administrator registered; else of the configuration
    std::optional<ApplicationId> application{};  // one that people log in with
};
using SharedClient = std::shared_ptr<const Client>;

// The client that posts passwords on the first-party routes.
inline constexpr std::string_view kFirstPartyClientId = "keyledger";

// RFC 8707: what a token is for. Without a `resource` it is for the issuer's own API alone; no token is for both, so
// that an application which is handed a user's token can't replay it here.
inline Result<std::vector<std::string>, CommandError> audiences_for(const Client& client, const std::string& issuer,
                                                                    const std::optional<std::string>& resource) {
    // An application is not its user: no token of its own opens this very API.
    if (!client.application && (!resource || *resource == issuer)) return std::vector<std::string>(1, issuer);
    if (!resource) return std::vector<std::string>();  // what its session has
    const auto& allowed = client.audiences;
    if (std::find(allowed.begin(), allowed.end(), *resource) == allowed.end())
        return Unexpected(refusals::kInvalidTarget);
    return std::vector<std::string>(1, *resource);
}

}  // namespace keyledger::commands

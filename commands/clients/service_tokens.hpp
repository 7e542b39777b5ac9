#pragma once
// Service accounts at work: they prove who they are, earn tokens (RFC 6749 section 4.4), ask and revoke.
#include "commands/access/permissions.hpp"
#include "commands/clients/client_proof.hpp"
#include "commands/services.hpp"
#include "domain/access/permission.hpp"
#include "domain/base/time.hpp"

namespace keyledger::refusals {

// More than the service account holds, or no scope.
inline constexpr Refusal kInvalidScope =
    invalid_field("scope", "Ask for permissions that you hold.", RefusalKind::kUnsuitable);

}  // namespace keyledger::refusals

namespace keyledger {
struct ServiceAccess;
}

namespace keyledger::commands {

inline constexpr std::size_t kMaxScopeBytes = 3000;   // of a token: permissions, one space between each two
inline constexpr std::size_t kMaxTokenAudiences = 4;  // with the scope they leave a token below 8 KiB

struct ServiceLogIn {
    ClientProof proof;
    std::vector<std::string> resources;  // RFC 8707; none: the issuer
    std::optional<std::string> scope;    // RFC 6749 section 3.3; none: all that it holds
};
// What a log-in earns: a token is made from it.
struct ServiceGrant {
    ServiceAccountId account_id;
    ServiceTokenId token_id;
    std::vector<std::string> audiences;
    std::vector<std::string> scope;
    Instant issued_at;
    Instant expires_at;
    Position position = 0;
    std::string key_thumbprint{};  // that its token is to be bound to (RFC 9449); empty: to none
};
// One append, and no other read when account, roles and secret are known: they are guarded. kInvalidClient if the
// proof fails, which is counted by network and account; kInvalidScope, kInvalidTarget.
Answer<ServiceGrant> log_in_service(Services& services, ServiceLogIn request, Caller caller);

// ---- tokens ----------------------------------------------------------------------------------------------------
// What a verified token of a service says. Whether it still holds is asked of the log.
struct ServiceBearer {
    ServiceAccountId account_id;
    ServiceTokenId token_id;
    std::vector<std::string> scope = {};
};
// Answers for unknown ids, too: such an account is not active and has no permissions.
Answer<ServiceAccess> access_of_service(Services& services, ServiceAccountId account_id, Deadline deadline);
// The holder of a token; kInvalidToken when it no longer holds.
Answer<ServiceAccess> access_of_service_token(Services& services, ServiceBearer bearer, Deadline deadline);
// The same as a client, for accounts that present a token instead of a secret.
Client client_of(const ServiceAccountId& account_id, const ServiceAccess& access, const AccessRules& rules);

// RFC 7009, by the client that it was issued to or one that may revoke all; others' and unknown ones are no error and
// change nothing.
Answer<Receipt> revoke_service_token(Services& services, ServiceBearer bearer, Client client, Caller caller);

}  // namespace keyledger::commands

#pragma once
// Service accounts at work: they prove who they are, earn tokens (RFC 6749 section 4.4), ask and revoke.
#include "commands/access/permissions.hpp"
#include "commands/clients/client_proof.hpp"
#include "commands/services.hpp"
#include "domain/access/permission.hpp"
#include "domain/base/time.hpp"
#include "domain/clients/service_token.hpp"

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

// Whether the log gets an event of each token that is issued, or each token carries what that would say.
enum class ServiceTokenRecords { kEach, kNone };

struct ServiceLogIn {
    ClientProof proof;
    std::vector<std::string> resources;  // RFC 8707; none: the issuer
    std::optional<std::string> scope;    // RFC 6749 section 3.3; none: all that it holds
    ServiceTokenRecords records = ServiceTokenRecords::kEach;
};
// What a log-in earns: a token is made from it.
struct ServiceGrant {
    ServiceAccountId account_id;
    ServiceTokenId token_id;
    std::vector<std::string> audiences;
    std::vector<std::string> scope;
    Instant issued_at;
    Instant expires_at;
    Position position = 0;                  // 0: the log has no event of it
    std::string key_thumbprint{};           // that its token is to be bound to (RFC 9449); empty: to none
    std::optional<CarriedRecord> record{};  // that its token is to carry
};
// With a record of each: one append, and no other read when account, roles and secret are known: they are guarded. Else
// the account is looked at as of the head (I8), and nothing is appended, but for an assertion, which is spent.
// kInvalidClient if the proof fails, which is counted by network and account; kInvalidScope, kInvalidTarget.
Answer<ServiceGrant> log_in_service(Services& services, ServiceLogIn request, Caller caller);

// ---- tokens ----------------------------------------------------------------------------------------------------
// What a verified token of a service says. Whether it still holds is asked of the log.
struct ServiceBearer {
    ServiceAccountId account_id;
    ServiceTokenId token_id;
    std::vector<std::string> scope = {};
    std::optional<CarriedRecord> record = {};  // none: the log has one, or the token is not good
};
// Answers for unknown ids, too: such an account is not active and has no permissions.
Answer<ServiceAccess> access_of_service(Services& services, ServiceAccountId account_id, Deadline deadline);
// The holder of a token; kInvalidToken when it no longer holds, and while the log does not reach what its record names.
Answer<ServiceAccess> access_of_service_token(Services& services, ServiceBearer bearer, Deadline deadline);
// The same as a client, for accounts that present a token instead of a secret.
Client client_of(const ServiceAccountId& account_id, const ServiceAccess& access, const AccessRules& rules);

// RFC 7009, by the client that it was issued to or one that may revoke all; others' and unknown ones are no error and
// change nothing. Of a token that carries its record the log gets its first event so: as many by one client as a
// session may change things, else kTooManyAttempts.
Answer<Receipt> revoke_service_token(Services& services, ServiceBearer bearer, Client client, Caller caller);

}  // namespace keyledger::commands

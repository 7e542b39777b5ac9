#pragma once
// The problems that the API's own routes answer, beside those of the transport (api/wire/problem.hpp). Slugs
// are for ever.
#include <array>

#include "api/wire/problem.hpp"

namespace keyledger::api::problems {

inline constexpr ProblemType kInvalidPassword{"password-rejected", "Password not accepted", 422};
inline constexpr ProblemType kInvalidTarget{"invalid-target", "Resource not allowed", 400};
inline constexpr ProblemType kIdempotencyMismatch{"idempotency-mismatch", "Idempotency key used before", 422};
inline constexpr ProblemType kPreconditionFailed{"precondition-failed", "Changed since it was read", 412};
inline constexpr ProblemType kInvalidCredentials{"invalid-credentials", "Log-in refused", 401};
inline constexpr ProblemType kUserDisabled{"user-disabled", "User disabled", 403};
inline constexpr ProblemType kInvalidToken{"invalid-token", "Token not accepted", 401};
inline constexpr ProblemType kInvalidClient{"invalid-client", "Client not accepted", 401};
inline constexpr ProblemType kInvalidGrant{"invalid-grant", "Refresh token not accepted", 400};
inline constexpr ProblemType kWrongPassword{"wrong-password", "Current password wrong", 403};
inline constexpr ProblemType kTooManyAttempts{"too-many-attempts", "Too many attempts", 429};
inline constexpr ProblemType kForbidden{"forbidden", "Not allowed", 403};
inline constexpr ProblemType kUserUnknown{"user-unknown", "No such user", 404};
inline constexpr ProblemType kSessionUnknown{"session-unknown", "No such session", 404};
inline constexpr ProblemType kEmailTaken{"email-taken", "E-mail address in use", 409};
inline constexpr ProblemType kUsernameTaken{"username-taken", "User name in use", 409};
inline constexpr ProblemType kLastAdministrator{"last-administrator", "An administrator must remain", 409};
inline constexpr ProblemType kExceedsAuthority{"exceeds-authority", "Permission not held", 403};
inline constexpr ProblemType kRoleUnknown{"role-unknown", "No such role", 404};
inline constexpr ProblemType kRoleNameTaken{"role-name-taken", "Role name in use", 409};
inline constexpr ProblemType kRoleBuiltIn{"role-built-in", "Built-in role", 409};
inline constexpr ProblemType kAccountUnknown{"service-account-unknown", "No such service account", 404};
inline constexpr ProblemType kAccountNameTaken{"service-account-name-taken", "Service account name in use", 409};
inline constexpr ProblemType kCredentialUnknown{"credential-unknown", "No such secret or key", 404};
inline constexpr ProblemType kKeyKnown{"key-known", "Key registered before", 409};
inline constexpr ProblemType kGroupUnknown{"group-unknown", "No such group", 404};
inline constexpr ProblemType kGroupNameTaken{"group-name-taken", "Group name in use", 409};
inline constexpr ProblemType kGroupCycle{"group-cycle", "Groups would form a cycle", 409};
inline constexpr ProblemType kGroupBuiltIn{"group-built-in", "Built-in group", 409};
inline constexpr ProblemType kLimitReached{"limit-reached", "Limit reached", 409};
inline constexpr ProblemType kNotListable{"not-listable", "Not to be listed one by one", 422};
inline constexpr ProblemType kBusy{"busy", "Too much at once on the same account", 503};
inline constexpr ProblemType kShedding{"try-again", "Overloaded", 503};
inline constexpr ProblemType kUnavailable{"unavailable", "Not available at the moment", 503};
inline constexpr ProblemType kOutcomeUnknown{"outcome-unknown", "Outcome unknown", 503};
inline constexpr ProblemType kBehind{"read-model-behind", "Read model behind", 503};
inline constexpr ProblemType kPositionAhead{"position-ahead", "Position beyond the log", 400};
inline constexpr ProblemType kNoTreeHead{"no-tree-head", "No tree head yet", 404};

inline constexpr std::array kApiProblems{
    kInvalidPassword,    kInvalidTarget,    kIdempotencyMismatch, kPreconditionFailed,
    kInvalidCredentials, kUserDisabled,     kInvalidToken,        kInvalidClient,
    kInvalidGrant,       kWrongPassword,    kTooManyAttempts,     kForbidden,
    kUserUnknown,        kSessionUnknown,   kEmailTaken,          kUsernameTaken,
    kLastAdministrator,  kExceedsAuthority, kRoleUnknown,         kRoleNameTaken,
    kRoleBuiltIn,        kAccountUnknown,   kAccountNameTaken,    kCredentialUnknown,
    kKeyKnown,           kGroupUnknown,     kGroupNameTaken,      kGroupCycle,
    kGroupBuiltIn,       kLimitReached,     kNotListable,         kBusy,
    kShedding,           kUnavailable,      kOutcomeUnknown,      kBehind,
    kPositionAhead,      kNoTreeHead};

}  // namespace keyledger::api::problems

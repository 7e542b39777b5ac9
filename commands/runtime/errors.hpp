#pragma once
// Why a command was not carried out: one list for all commands, so that one switch maps it to HTTP and one to exit
// codes. Nothing was written unless the enumerator says otherwise.
#include <cstdint>
#include <string>

#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "domain/access/role.hpp"
#include "domain/base/precis.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/clients/service_token.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

enum class Refusal {
    // the request
    kInvalidEmail,
    kInvalidUsername,
    kInvalidName,
    kInvalidRoleName,
    kInvalidGroupName,
    kGroupNameKept,  // that of everyone
    kInvalidPermission,
    kReservedPermission,  // a denial of what Keyledger itself asks for
    kTooManyPermissions,
    kInvalidAccountName,
    kInvalidAudience,
    kTooManyAudiences,
    kInvalidKey,  // no JWK of a public key of a kind that is taken
    kPasswordTooShort,
    kPasswordTooLong,
    kPasswordTooWeak,
    kPasswordContainsIdentity,
    kPasswordNotText,
    kInvalidTarget,        // RFC 8707: an audience that the client was not configured with
    kInvalidScope,         // more than the service account holds, or no scope
    kIdempotencyMismatch,  // the key was used with another request
    kPreconditionFailed,   // what it is about is not (any more) as the caller saw it (RFC 9110 section 13)
    // who asks
    kInvalidCredentials,  // unknown user and wrong password are one answer
    kUserDisabled,        // the password was right
    kInvalidToken,        // the session ended, expired, or the token is of before the user's security stamp
    kInvalidGrant,        // the refresh token; the session may have ended by this very command
    kInvalidClient,       // unknown, disabled, or what it presented proves nothing
    kWrongPassword,       // of somebody who is logged in
    kTooManyAttempts,
    kForbidden,         // lacks the permission that the command takes
    kExceedsAuthority,  // has it, but would grant a permission that he lacks, or touch somebody who holds one
    // the state
    kUserUnknown,
    kSessionUnknown,
    kEmailTaken,
    kUsernameTaken,
    kAdministratorExists,
    kLastAdministrator,
    kTooManyAdministrators,
    kRoleUnknown,
    kRoleNameTaken,
    kRoleBuiltIn,
    kTooManyRoles,  // of one subject
    kGroupUnknown,
    kGroupNameTaken,
    kEveryoneNameTaken,  // another group has the name of everyone, from before
    kGroupBuiltIn,       // everyone
    kNotForEveryone,     // what administers Keyledger
    kGroupCycle,
    kGroupsTooDeep,
    kTooManyGroupsAbove,
    kTooManyNestings,
    kTooManyGroups,           // of one subject
    kTooManyHoldings,         // of somebody, for one command to look at
    kAdministratorsAreUsers,  // that role is for nobody else
    kAccountUnknown,
    kAccountNameTaken,
    kCredentialUnknown,  // a secret or key that the service account has not
    kKeyKnown,
    kKeyIdTaken,  // the `kid` is that of another key of the account
    kTooManySecrets,
    kTooManyKeys,
    // the world
    kBusy,                // conflicts to the end of patience
    kOverloaded,          // a queue is full
    kUnavailable,         // the store is away
    kOutcomeUnknown,      // it may have been written: repeat with the same idempotency key
    kCredentialTampered,  // the stored credential is not the one that the log names, or its key can't be
                          // opened
    kBroken,              // a bug or damaged data; the log line says what
};

// Why somebody is no client: for the log. What of it the caller is told is for whoever answers to say.
enum class ClientFault : std::uint8_t {
    kNone,  // not known, or not to be told
    kUnknown,
    kDisabled,
    kNoSuchSecret,
    kOtherSecret,
    kNotOfNow,       // the assertion is not for this issuer or this time
    kNoSuchKey,      // none of that name and algorithm
    kNotItsOwn,      // another key signed the assertion
    kAssertionUsed,  // rightly signed, and presented before
    kUnproved,       // one of those above but the last, which one nobody is told
};

struct CommandError {
    Refusal refusal = Refusal::kBroken;
    ClientFault client = ClientFault::kNone;  // of kInvalidClient
    std::optional<TextFault> text;            // what is wrong with a text, instead of the refusal's usual words
    std::int64_t retry_after_s = 0;           // 0: no advice

    CommandError(Refusal why, std::int64_t retry_after_s = 0) : refusal(why), retry_after_s(retry_after_s) {}
    explicit CommandError(ClientFault fault) : refusal(Refusal::kInvalidClient), client(fault) {}
};

// A text that a profile of domain/base/precis.hpp does not take, with its reason.
CommandError refused_text(Refusal refusal, TextFault fault);

// The adapters from the concerns below to the one list above.
Refusal refusal_of(UserError error);
Refusal refusal_of(SessionError error);
Refusal refusal_of(RoleError error);
Refusal refusal_of(AssignmentsError error);
Refusal refusal_of(AdministratorsError error);
Refusal refusal_of(ServiceAccountError error);
Refusal refusal_of(ServiceTokenError error);
Refusal refusal_of(GroupError error);
Refusal refusal_of(NestingsError error);
Refusal refusal_of(eventstore::StoreError error);

}  // namespace keyledger::commands

#pragma once
// The password credential, as commands use it: checked against what the log names, sealed under its owner's key.
#include "commands/devices/log_in_device.hpp"
#include "commands/services.hpp"
#include "domain/credentials/login_attempts.hpp"
#include "domain/users/user.hpp"

namespace keyledger::refusals {

// Of somebody who is logged in.
inline constexpr Refusal kWrongPassword{RefusalKind::kForbidden, "wrong-password", "Current password wrong",
                                        "The current password is wrong. Nothing was changed."};

constexpr Refusal rejected_password(std::string_view advice) {
    return Refusal(RefusalKind::kRejected, "password-rejected", "Password not accepted", advice);
}
inline constexpr Refusal kPasswordTooShort =
    rejected_password("The password is too short. Use a longer one, such as a phrase of several words.");
inline constexpr Refusal kPasswordTooLong = rejected_password("The password is too long. Use at most 256 characters.");
inline constexpr Refusal kPasswordTooWeak =
    rejected_password("The password is easy to guess. Use a phrase of several uncommon words.");
inline constexpr Refusal kPasswordContainsIdentity =
    rejected_password("The password is made of the e-mail address or name. Choose another one.");
inline constexpr Refusal kPasswordKnown =
    rejected_password("The password is known from breaches, or too many people have it. Choose another one.");
inline constexpr Refusal kPasswordNotText = rejected_password("The password is not valid UTF-8 text.");

}  // namespace keyledger::refusals

namespace keyledger::commands {

inline constexpr std::string_view kPasswordKind = "password";

struct CheckedPassword {
    PasswordCheck check;
    std::int32_t revision = 0;  // of the credential that was checked
};

// Reads the credential, refuses one that the user's fold does not name (kCredentialTampered; a stale fold looks the
// same and is retried by the executor), and hashes. For an erased user nothing matches, after as much work. Called in
// a step, after the streams were folded.
//
// Passwords are OpaqueStrings (domain/base/precis.hpp). What was set before that is tried as it was typed,
// and then needs renewal; only a password whose two forms differ is hashed twice, whoever it is tried on.
//
// `found`: the credential, if it was read before. It is used if it is the one that the fold names.
Answer<CheckedPassword> check_password(Services& services, Attempt& attempt, StreamOf<User> user, Secret password,
                                       const Caller& caller,
                                       std::optional<eventstore::StoredCredential> found = std::nullopt);

// The same of somebody who is logged in: kTooManyAttempts if the account may not be tried from there, kWrongPassword if
// it does not match.
Answer<CheckedPassword> check_own_password(Services& services, Attempt& attempt, StreamOf<User> user,
                                           const Secret& password, const Caller& caller);

// Against a hash that the caller opened, in both forms that a password may have been set in.
Answer<PasswordCheck> check_against_hash(Services& services, Secret password, Secret hash, const Caller& caller);

// As much work as for a wrong password, for a name that nobody has.
Answer<PasswordCheck> check_decoy(Services& services, Secret password, const Caller& caller);

// Tells the operator, and nobody else, of a credential that was swapped.
void report_tampering(Services& services, const UserId& user_id, const CommandError& error);

PasswordIdentity identity_of(const User& user);

// Where a new password of the user is kept: in the place of the one that they have (`named`, by the fold), or as their
// first. kCredentialTampered: there is none where the log names one.
struct PasswordPlace {
    CredentialId credential_id;
    std::int32_t revision = 0;
};
Answer<PasswordPlace> place_of_password(Services& services, UserId user_id, CredentialId named, Deadline deadline);

// Seals a hash as the owner's password credential and puts it into the append.
Answer<NewCredential> put_password(Services& services, Attempt& attempt, UserId owner, CredentialId credential_id,
                                   std::int32_t expected_revision, Secret hash);

Answer<Secret> hash_password(Services& services, Secret password, HashingRequester::Kind kind, const Caller& caller);

// Text, length, strength, and not made of the identity.
Answer<Receipt> judge_password(Services& services, Secret password, PasswordIdentity identity, Deadline deadline);

// The attempts at the head of the log, of all nodes (I8), and those that this node could not record, as in
// login_history_at_head().
Answer<LoginAttempts> attempts_at_head(Services& services, UserId user_id, Deadline deadline);

// A failed attempt, on the user's stream of attempts; or summed apart from it
// (commands/credentials/failure_sums.hpp) where it counts for nobody: the name is nobody's, or the account
// could not be tried from there. One that the log does not take counts on this node all the same, and is
// recorded later (commands/credentials/unrecorded_failures.hpp).
asio::awaitable<void> record_failed_login(Services& services, std::optional<UserId> user_id, LoginFailure reason,
                                          Caller caller);
// Records the waiting failures of one account, or of all. How many were recorded; the error is that of the first
// account for which it failed.
Answer<int> record_waiting_failures(Services& services, UserId user_id, Deadline deadline);
Answer<int> record_waiting_failures(Services& services, Deadline deadline);

// A successful log-in: earlier failures are cleared, network and device are remembered, and the place, which this
// process alone remembers. `history` is what was read of them.
asio::awaitable<void> record_good_login(Services& services, LogInDevice device, LoginHistory history, Caller caller);

}  // namespace keyledger::commands

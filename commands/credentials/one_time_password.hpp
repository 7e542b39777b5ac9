#pragma once
// Passwords that administrators set: they open nothing but the way to another one, within a week. Whoever sets one
// knows it, so it must not be one by which somebody acts.
#include "commands/services.hpp"
#include "domain/users/user.hpp"

namespace keyledger::refusals {

// Of whoever presented the right password; nobody else learns of it.
inline constexpr Refusal kPasswordChangeRequired{
    RefusalKind::kForbidden, "password-change-required", "Password to be changed",
    "An administrator set this password, and it is good for choosing another one alone: send both to "
    "/api/v1/auth/replace-password, then log in."};
inline constexpr Refusal kOneTimePasswordExpired{
    RefusalKind::kForbidden, "password-change-required", "Password to be changed",
    "An administrator set this password, and it was not changed in time: it is good for nothing any more. Ask for "
    "another one."};
inline constexpr Refusal kPasswordResetRequired{
    RefusalKind::kForbidden, "password-reset-required", "Password to be reset",
    "This password opens nothing any more. Set another one by the mail of the account's address."};

// Whoever has stolen a token of an administrator would have the account.
inline constexpr Refusal kNotOnOneself{
    RefusalKind::kForbidden, "exceeds-authority", "Permission not held",
    "This is for others. Change your own password by /api/v1/auth/change-password, and your own second factors by "
    "/api/v1/auth/mfa, which ask for what you know and have."};

inline constexpr Refusal kSamePassword{RefusalKind::kRejected, "password-rejected", "Password not accepted",
                                       "This is the password that an administrator knows. Choose another one."};

}  // namespace keyledger::refusals

namespace keyledger::commands {

inline constexpr Duration kOneTimePasswordLife = days(7);

// Whether a password that was right opens a session: one of the three above, or nothing.
Result<void, RefusalRef> opens_session(const User& user, Instant now);

// From 256 random bits: four groups of five characters without look-alikes, 100 bits.
Secret one_time_password_of(const Secret& random);

struct OneTimePassword {
    Bearer bearer;
    std::optional<Secret> given{};  // else one is made
};
struct OneTimePasswordReceipt {
    Position position = 0;
    bool repeated = false;         // as in Receipt; then nothing else is known
    std::optional<Secret> made{};  // told this once, and kept by nobody
    Instant expires_at;
};
// In place of the user's password, whatever it was; ends all their sessions. With kWriteUsers, and authority over what
// the user holds.
Answer<OneTimePasswordReceipt> set_one_time_password(Services& services, UserId user_id, OneTimePassword password,
                                                     Caller caller);
// The same by whoever is at the machine, whoever the user is: how an installation whose administrators are all locked
// out comes back.
Answer<OneTimePasswordReceipt> recover_user_as_operator(Services& services, UserId user_id, Caller caller);

// Chooses another one for it, by whoever knows it. Alike for all: of an unknown name, of a wrong password, of one that
// is no one-time password, and of an account that may not be tried from there the answer is kInvalidCredentials, after
// the same work as in a log-in.
struct PasswordReplacement {
    std::string email;  // one of the two is empty
    std::string username;
    Secret password;
    Secret new_password;
};
Answer<Receipt> replace_one_time_password(Services& services, PasswordReplacement replacement, Caller caller);

}  // namespace keyledger::commands

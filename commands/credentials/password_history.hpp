#pragma once
// The passwords that a user had last, where the installation does not let them be chosen again
// (KEYLEDGER_PASSWORD_HISTORY; off by default: NIST SP 800-63B-4 asks nobody to change a password that did not leak).
// Their hashes are one credential of the user's, sealed like the password's, and go with the user's erasure. The log
// does not name it: whoever swaps it for an older one lets a password be chosen again, and opens no door.
#include "commands/credentials/passwords.hpp"

namespace keyledger::refusals {

inline constexpr Refusal kPasswordUsedBefore =
    rejected_password("You had this password before. Choose one that you did not have here.");

}  // namespace keyledger::refusals

namespace keyledger::commands {

inline constexpr std::string_view kFormerPasswordsKind = "former_passwords";
inline constexpr int kMaxPasswordHistory = 10;  // each is one hash of a change, tried one after the other

// In a step that sets a new password, before put_password(), and after whoever asks has proven who they are:
// kPasswordUsedBefore, or the hash that is replaced is kept with the append. Does nothing where nothing is remembered,
// or where there was no password.
StepResult hold_against_history(Services& services, Attempt& attempt, StreamOf<User> user, const Secret& password,
                                const Caller& caller);

}  // namespace keyledger::commands

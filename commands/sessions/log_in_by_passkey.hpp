#pragma once
// Log-in by a passkey alone, without a name: the authenticator knows whose account it is for. It is two factors.
#include "commands/passkeys/passkey_challenges.hpp"

namespace keyledger::commands {

struct PasskeyLogIn {
    PasskeyAnswer answer;
    std::string asker{};                    // as the challenge was asked for
    std::optional<std::string> resource{};  // RFC 8707
    Client client;
};
// Of fifty answers to one challenge one begins a session. What is nobody's passkey, wrong, or too late is
// kPasskeyNotProven, and so is what is too risky (AccountServices::refused_risk); a counter that did not grow is told,
// and refuses nobody. Failed log-ins with the password, and pauses of codes, don't stop it: nobody guesses a signature.
// kPasskeysOff, kUserDisabled, kPasswordResetRequired.
Answer<Grant> log_in_by_passkey(Services& services, PasskeyLogIn log_in, Caller caller);

}  // namespace keyledger::commands

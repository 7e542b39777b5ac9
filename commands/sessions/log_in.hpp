#pragma once
#include "commands/services.hpp"

namespace keyledger::refusals {

// Unknown user and wrong password are one answer.
inline constexpr Refusal kInvalidCredentials{RefusalKind::kUnauthenticated, "invalid-credentials", "Log-in refused",
                                             "User or password is wrong. Check both and try again."};

}  // namespace keyledger::refusals

namespace keyledger::commands {

struct LogIn {
    std::string email;  // one of the two is empty
    std::string username;
    Secret password;
    std::optional<std::string> resource;  // RFC 8707
    Client client;
};

// A right password that is not enough is refused with what is missing (commands/sessions/half_log_in.hpp).
// One append, and two reads when the user is cached: of the claim with the credential, and of what failed before.
// Unknown name, wrong password and an account that may not be tried from there are alike in answer and work. The
// session guards its user: who is disabled or changes their password in between lets nobody in. Where the number of
// sessions at once is limited, it also reads which there are, and may end one.
Answer<Grant> log_in(Services& services, LogIn request, Caller caller);

}  // namespace keyledger::commands

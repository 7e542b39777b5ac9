#pragma once
// What somebody can show who is half-way in (commands/sessions/half_log_in.hpp, whose .cpp has it), for a page to ask
// for that and for nothing else.
#include "commands/passkeys/passkey_challenges.hpp"

namespace keyledger::commands {

struct FactorsAtLogIn {
    bool has_app = false;
    std::optional<AskedPasskey> passkey{};  // none: they have none, or none is taken here
};
// Nobody is told without the token of a half log-in, which takes the first proof. kHalfLoginOver.
Answer<FactorsAtLogIn> factors_at_log_in(Services& services, Secret token, Caller caller);

}  // namespace keyledger::commands

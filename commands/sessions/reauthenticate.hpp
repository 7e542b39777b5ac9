#pragma once
#include "commands/factors/presented_factor.hpp"
#include "commands/services.hpp"

namespace keyledger::commands {

struct Reauthentication {
    Bearer bearer;
    OwnProof proof;                       // with a second factor where the user has one
    std::optional<std::string> resource;  // RFC 8707, of the access token that is given
    Client client;
};

// Proves again who holds the session, for what takes an authentication of the last minutes. The session goes on: its
// refresh token stays as it is. A wrong password counts as a failed log-in: a stolen access token is no licence to
// guess. kFactorNotPresented, kWrongSecondFactor.
Answer<Grant> reauthenticate(Services& services, Reauthentication request, Caller caller);

}  // namespace keyledger::commands

#pragma once
// Clients that fail to prove who they are, counted by network for all nodes. What is right passes although others in
// its network fail (it may be a whole cluster behind one address), until that network fails out of all measure.
#include "commands/services.hpp"

namespace keyledger::commands {

// Before any work for the request: kTooManyAttempts where this node knows that the network fails out of all measure.
Result<void, CommandError> may_authenticate(Services& services, std::string_view network);

// After a failure: kInvalidClient, or kTooManyAttempts with the time to wait.
asio::awaitable<CommandError> count_client_failure(Services& services, Caller caller);

}  // namespace keyledger::commands

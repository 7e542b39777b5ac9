#pragma once
// The session that a browser had before somebody logged in there once more.
#include "commands/services.hpp"

namespace keyledger::commands {

// Ends it, as a log-out does; one that is over is none. What comes after can't be taken back any more, and may be shown
// once (recovery codes): where ending it fails, the operator's log says so, and it lasts as long as it would have.
boost::asio::awaitable<void> end_session_before(Services& services, Bearer before, Caller caller);

}  // namespace keyledger::commands

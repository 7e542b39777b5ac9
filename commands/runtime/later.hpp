#pragma once
// Work that no answer waits for, because its time would tell what the answer keeps to itself (I14): a failed log-in is
// recorded where somebody has the name, and summed where nobody has.
#include <boost/asio/awaitable.hpp>

namespace keyledger::commands {

// Thread-safe.
class Later {
public:
    virtual ~Later() = default;
    // Begun on the caller's executor and not waited for, unless so much runs already that callers do their own.
    // What runs when the process stops is waited for; with one that is killed it is lost. Its deadline is its own.
    virtual boost::asio::awaitable<void> run(boost::asio::awaitable<void> work) = 0;
};

}  // namespace keyledger::commands

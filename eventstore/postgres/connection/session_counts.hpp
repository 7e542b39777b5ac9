#pragma once
// The process's sessions with PostgreSQL, for metrics. Whoever opens one tells of it; that it is over is seen by its
// socket, so that nobody has to tell. Any thread.
#include <chrono>
#include <cstdint>

#include "domain/base/histogram.hpp"

namespace keyledger::eventstore::postgres {

struct SessionCounts {
    std::size_t open = 0;
    std::uint64_t opened = 0;
    std::uint64_t failed = 0;     // attempts
    HistogramReading opening_ns;  // of those that were opened: network, TLS, authentication
};

SessionCounts session_counts();

// One attempt to open a session. Without a call of opened() it has failed when its life ends.
class SessionAttempt {
public:
    SessionAttempt() = default;
    ~SessionAttempt();
    SessionAttempt(const SessionAttempt&) = delete;
    SessionAttempt& operator=(const SessionAttempt&) = delete;

    // `socket`: the session's.
    void opened(int socket);

private:
    const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    bool is_open_ = false;
};

}  // namespace keyledger::eventstore::postgres

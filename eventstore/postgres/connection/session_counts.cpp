#include "eventstore/postgres/connection/session_counts.hpp"

#include <sys/stat.h>

#include <map>
#include <mutex>
#include <optional>

namespace keyledger::eventstore::postgres {
namespace {

// Which of the system's sockets a descriptor is. A number that was closed may be another socket's later.
std::optional<ino_t> identity_of(int socket) {
    struct stat found {};
    if (socket < 0 || fstat(socket, &found) != 0 || !S_ISSOCK(found.st_mode)) return std::nullopt;
    return found.st_ino;
}

struct Sessions {
    std::mutex mutex;
    std::map<int, ino_t> sockets;  // some may be closed; at most as many as the process may have descriptors
    std::uint64_t opened = 0;
    std::uint64_t failed = 0;
    Histogram opening_ns{kDurationBounds};
};

Sessions& of_process() {
    static Sessions sessions;
    return sessions;
}

}  // namespace

SessionCounts session_counts() {
    Sessions& sessions = of_process();
    const std::lock_guard lock(sessions.mutex);
    std::erase_if(sessions.sockets, [](const auto& known) { return identity_of(known.first) != known.second; });
    return {sessions.sockets.size(), sessions.opened, sessions.failed, sessions.opening_ns.read()};
}

void SessionAttempt::opened(int socket) {
    Sessions& sessions = of_process();
    const auto identity = identity_of(socket);
    sessions.opening_ns.observe(std::chrono::nanoseconds(std::chrono::steady_clock::now() - begun_).count());
    const std::lock_guard lock(sessions.mutex);
    is_open_ = true;
    ++sessions.opened;
    if (identity) sessions.sockets[socket] = *identity;
}

SessionAttempt::~SessionAttempt() {
    if (is_open_) return;
    Sessions& sessions = of_process();
    const std::lock_guard lock(sessions.mutex);
    ++sessions.failed;
}

}  // namespace keyledger::eventstore::postgres

#pragma once
// A line for an answer: method, route, status, how long it took, how many bytes, ids. Never a path or query as they
// were sent, and no address unless a setting says so. Whoever answers never waits for whoever reads the log: lines wait
// in a bounded queue, and the oldest is dropped for a newer one; of a flood of errors so many are told a second.
// docs/operate/logs.md has the members.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/http/server.hpp"
#include "api/routes/route.hpp"
#include "app/config/settings.hpp"
#include "app/core/logging.hpp"
#include "commands/runtime/ports.hpp"

namespace keyledger::app {

// The row of an operation; nullptr: it is none, as of what no route has.
const api::RouteRow* row_of(std::string_view operation);
// The client that the request proved to come from, as far as its route asks for one and the answer says that it was
// believed. Empty: none, or nobody knows.
std::string client_of(const api::Request& request, int status);

// Any thread.
class AccessLog {
public:
    // The clock outlives it.
    AccessLog(AccessLogRule rule, bool with_address, LogFormat format, const commands::Clock& clock);
    ~AccessLog();  // writes what waits
    AccessLog(const AccessLog&) = delete;
    AccessLog& operator=(const AccessLog&) = delete;

    // From the next answer on.
    void use(AccessLogRule rule) { share_.store(share_of(rule), std::memory_order_relaxed); }

    void on_sent(const api::Request& request, const api::SentAnswer& answer) noexcept;
    std::int64_t dropped() const;  // since the start: for want of room, or because there were too many errors

private:
    struct Queue;
    static constexpr double kOff = -1;
    static double share_of(AccessLogRule rule) { return rule.is_on ? rule.share : kOff; }
    bool chooses(int status);
    bool has_room_for_error();

    std::atomic<double> share_;  // of all answers; kOff: not even errors
    const bool with_address_;
    const LogFormat format_;
    const commands::Clock& clock_;
    std::unique_ptr<Queue> queue_;
    std::atomic<std::int64_t> errors_in_{0};  // this second since 1970
    std::atomic<std::int64_t> errors_{0};     // so many were told
    std::atomic<std::int64_t> left_out_{0};
};

}  // namespace keyledger::app

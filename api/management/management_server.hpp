#pragma once
// The management listener (metrics, health, information, log level) on Pistache, for operators and their
// tools: its own port, loopback by default, no authentication. Handlers run synchronously on its one thread,
// for Pistache 0.0.5 must not be answered from another one (docs/adr says why). Requests are read by the
// API's rules; HEAD and OPTIONS are answered from the routes.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "api/requests/request.hpp"
#include "api/requests/response.hpp"

namespace keyledger::api {

struct ManagementRoute {
    std::string operation;
    Method method;     // kGet or kPut
    std::string path;  // literal, such as "/health/ready"
    // Must not block for long: the others wait. An exception becomes a 500 without its text.
    std::function<Response(Request&)> handler;
};

struct ManagementOptions {
    std::string address = "127.0.0.1";  // an IP address; IPv6 without brackets
    std::uint16_t port = 9080;          // 0: any free one
    std::size_t request_bytes = 16 * 1024;
    std::chrono::milliseconds request{5'000};  // Request::deadline
    // What a handler threw; called on the listener's thread.
    std::function<void(std::string_view operation, std::string_view what)> on_failure;
};

// The listener can't start; the text says why.
struct ManagementError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class ManagementServer {
public:
    ManagementServer(ManagementOptions options, std::vector<ManagementRoute> routes);
    ~ManagementServer();  // stop()
    ManagementServer(const ManagementServer&) = delete;
    ManagementServer& operator=(const ManagementServer&) = delete;

    // Binds and serves on a thread of its own. Throws ManagementError. Once.
    void start();
    std::uint16_t port() const;  // after start()
    // Returns when no handler runs any more.
    void stop() noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace keyledger::api

#pragma once
// A real server on a free port of the loopback, with handlers that show what they were given.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/http/server.hpp"
#include "api/requests/router.hpp"
#include "api/wire/problem.hpp"
#include "tests/support/http/http_client.hpp"

namespace keyledger::test {

// Holds handlers back until the test lets them go.
class Gate {
public:
    boost::asio::awaitable<void> pass();  // for handlers
    void await_entered(std::size_t handlers);
    void open();
    // Drops the waiting ones; before their server's executors die.
    void forget();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t entered_ = 0;
    bool open_ = false;
    std::vector<std::pair<boost::asio::any_io_executor, std::shared_ptr<boost::asio::steady_timer>>> waiting_;
};

struct ObservedRequest {
    std::string operation;
    int status;
    std::string request_id;
};

class Recorder : public api::ServerObserver {
public:
    void on_request(const api::Request& request, int status, std::int64_t duration_ns) noexcept override;
    void on_failure(const api::Request* request, std::string_view what) noexcept override;
    void on_sent(const api::Request& request, const api::SentAnswer& answer) noexcept override;
    std::vector<ObservedRequest> requests();
    std::vector<api::SentAnswer> sent();
    std::vector<std::string> failures();

private:
    std::mutex mutex_;
    std::vector<ObservedRequest> requests_;
    std::vector<api::SentAnswer> sent_;
    std::vector<std::string> failures_;
};

// Routes: GET /hello, POST /echo (the body), GET /show/{id} (the request as JSON), GET /gate/{id} (waits for
// the gate, then answers its id), GET /throw, GET /big (kBigBytes),
// GET /fixed (kFixedBytes that are there already),
// GET /stream/{id} (kPieces lines; then the end, or as the id says: "breaks", "throws"),
// GET /cached (its own Cache-Control).
class TestServer {
public:
    static constexpr int kPieces = 50;
    static constexpr std::size_t kBigBytes = 32 * 1024 * 1024;
    static constexpr std::size_t kFixedBytes = 8 * 1024 * 1024;

    explicit TestServer(api::ServerOptions options = {}, api::CorsPolicy cors = {});
    ~TestServer();

    std::uint16_t port() const { return server.port(); }
    // Sends the bytes and returns everything that comes until the server closes.
    std::string converse(std::string_view bytes) const;

    Gate gate;
    Recorder recorder;
    api::Router router;
    api::Server server;  // last: its coroutines use what is above
};

// Polls; fails the test after kPatience.
void expect_eventually(const std::function<bool()>& holds, const std::string& what);

}  // namespace keyledger::test

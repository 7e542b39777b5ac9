#pragma once
// What the connections of one I/O thread share, and what all threads share. Internal to api/http.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/http/server.hpp"
#include "api/requests/identifiers.hpp"

namespace keyledger::api {

// Requests between their first byte and the last byte of their answer, on all threads.
class InFlight {
public:
    void begin() noexcept { ++count_; }
    void end() noexcept {
        if (--count_ != 0) return;
        std::lock_guard lock(mutex_);
        none_.notify_all();
    }
    std::size_t count() const noexcept { return count_; }
    bool wait_for_none(std::chrono::milliseconds deadline) {
        std::unique_lock lock(mutex_);
        return none_.wait_for(lock, deadline, [&] { return count_ == 0; });
    }

private:
    std::atomic<std::size_t> count_{0};
    std::mutex mutex_;
    std::condition_variable none_;
};

// How many connections each network has. In IPv6 a /48, which one site gets, may have kSiteFactor times as many
// as a /64.
class NetworkCounts {
public:
    static constexpr std::size_t kSiteFactor = 4;

    // False: `most` of its network are open, and it counts for nothing.
    bool admit(const IpAddress& peer, std::size_t most);
    void leave(const IpAddress& peer);

private:
    std::mutex mutex_;
    std::map<IpAddress, std::size_t> networks_;
    std::map<IpAddress, std::size_t> sites_;
};

// The certificate that new connections get. Connections that are open keep theirs.
class TlsContext {
public:
    using Pointer = std::shared_ptr<boost::asio::ssl::context>;

    Pointer get() const {
        const std::lock_guard lock(mutex_);
        return context_;
    }
    void set(Pointer context) {
        const std::lock_guard lock(mutex_);
        context_ = std::move(context);
    }

private:
    mutable std::mutex mutex_;
    Pointer context_;
};

struct Shared {
    ServerOptions options;
    const Router& router;
    ServerObserver& observer;
    TlsContext tls{};
    NetworkCounts networks{};
    std::atomic<std::size_t> max_connections{0};
    std::atomic<std::size_t> connections{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<bool> closes_after_answers{false};
    std::atomic<bool> draining{false};
    InFlight in_flight{};
};

// A connection as its thread's list knows it.
class Connection {
public:
    virtual void close_if_idle() noexcept = 0;

protected:
    ~Connection() = default;
};

// Everything in here but the context is used on the context's thread only.
struct Worker {
    explicit Worker(Shared& all) : shared(all) {}

    Shared& shared;
    std::set<Connection*> connections;
    RandomBytes random;
    std::size_t refusing = 0;       // connections that are just being told that there are too many
    std::int64_t date_second = -1;  // `date` is of this second
    std::string date;
    boost::asio::io_context context{1};  // after what its coroutines use: its end destroys them
    boost::asio::ip::tcp::acceptor acceptor{context};

    // The Date header now; empty when no clock was given.
    std::string_view current_date();
};

// Counts a request in flight for as long as it lives.
class FlightTicket {
public:
    explicit FlightTicket(InFlight& flights) : flights_(flights) { flights_.begin(); }
    ~FlightTicket() { flights_.end(); }
    FlightTicket(const FlightTicket&) = delete;
    FlightTicket& operator=(const FlightTicket&) = delete;

private:
    InFlight& flights_;
};

// The whole life of a connection. The caller has counted it in Shared::connections and counts it out
// afterwards.
boost::asio::awaitable<void> serve_plain(Worker& worker, boost::asio::ip::tcp::socket socket);
boost::asio::awaitable<void> serve_tls(Worker& worker, boost::asio::ip::tcp::socket socket);
// Tells the caller that there are too many connections, and closes.
boost::asio::awaitable<void> refuse_connection(Worker& worker, boost::asio::ip::tcp::socket socket);

}  // namespace keyledger::api

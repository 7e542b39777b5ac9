#pragma once
// The API's listener: HTTP/1.1 and 1.0 on Boost.Beast. One io_context and one acceptor an I/O thread
// (SO_REUSEPORT); a connection stays on its thread, and its requests are coroutines there, one after the
// other. Handlers must not block.
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "api/requests/identifiers.hpp"
#include "api/requests/network.hpp"
#include "api/requests/request.hpp"
#include "api/requests/router.hpp"
#include "domain/base/time.hpp"

namespace keyledger::api {

struct ServerLimits {
    std::size_t header_bytes = 16 * 1024;  // start line and fields
    std::size_t header_fields = 100;
    std::size_t target_bytes = 8 * 1024;
    std::size_t body_bytes = 64 * 1024;
    std::size_t connections = 10'000;  // more are answered 503; lowered to what RLIMIT_NOFILE admits
    // Of one address in IPv4 or one /64 in IPv6; more are answered as those above. Trusted proxies have no such limit.
    std::size_t connections_per_network = 1'000;
    std::size_t requests_per_connection = 100'000;
    std::chrono::milliseconds idle{60'000};       // between requests, and before the first
    std::chrono::milliseconds handshake{10'000};  // TLS
    std::chrono::milliseconds header{10'000};     // from a request's first byte to the end of its header
    std::chrono::milliseconds body{20'000};       // from there to the end of its body
    std::chrono::milliseconds request{10'000};    // Request::deadline, from there
    std::chrono::milliseconds write{20'000};      // for a whole answer
    std::chrono::milliseconds linger{2'000};      // for the peer to take a last answer before the close
};

struct TlsFiles {
    std::string certificate_chain;  // PEM, leaf first
    std::string private_key;        // PEM
};

struct ServerOptions {
    std::string address = "127.0.0.1";  // an IP address; names are not looked up
    std::uint16_t port = 8080;          // 0: any free one, see Server::port()
    std::size_t io_threads = 1;
    ServerLimits limits;
    std::vector<Cidr> trusted_proxies;
    std::optional<TlsFiles> tls;
    std::int64_t hsts_seconds = 31'536'000;  // RFC 6797, where the client speaks https; 0: not sent
    // For the Date header; without it none is sent (RFC 9110
    // section 6.6.1).
    std::function<Instant()> now;
    TraceRules traces;
};

// What came of an answer on its way.
struct SentAnswer {
    int status = 0;
    std::uint64_t bytes = 0;       // of its body
    std::int64_t duration_ns = 0;  // from the complete request to the last byte that was handed on
    bool is_whole = true;          // false: the client left, or took too long
};

// Hears what metrics and logs need. Called on I/O threads, several at once: must be quick and thread-safe.
class ServerObserver {
public:
    virtual ~ServerObserver() = default;
    // Once for each answer, refusals included; `duration_ns` is from the complete request to its answer.
    virtual void on_request(const Request& request, int status, std::int64_t duration_ns) noexcept = 0;
    // A handler threw (the caller got a 500 with the request's id), or `request` is null and the listener
    // itself failed.
    virtual void on_failure(const Request* request, std::string_view what) noexcept = 0;
    // Once for each answer, when it was sent, or as much of it as could be.
    virtual void on_sent(const Request&, const SentAnswer&) noexcept {}
};

// The server can't start; the text says why and what to do.
struct ServerError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Whether a listener could speak TLS with them; throws ServerError if not.
void check_tls(const TlsFiles& files);

class Server {
public:
    // Router and observer must outlive the server. Throws ServerError when the TLS files or the address are
    // no good.
    Server(ServerOptions options, const Router& router, ServerObserver& observer);
    ~Server();  // stop()
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Executors exist from construction on, so that what runs beside the handlers can be made before start().
    std::size_t threads() const noexcept;
    boost::asio::any_io_executor executor(std::size_t thread) const;

    // Raises RLIMIT_NOFILE, binds, listens, starts the threads. Throws ServerError, "address in use" also
    // where another process of the same user listens with SO_REUSEPORT.
    void start();
    std::uint16_t port() const noexcept;  // after start()
    // Reads the TLS files again, for connections that come from now on. Throws ServerError when they are no good: then
    // all goes on as before. Nothing to do without TLS. Any thread.
    void reload_tls();
    std::size_t open_connections() const noexcept;
    std::size_t most_connections() const noexcept;  // after start()
    // Turned away since the start, because there were too many in all or of their network.
    std::uint64_t refused_connections() const noexcept;
    // When the certificate that new connections get ends; nothing without TLS. Any thread.
    std::optional<Instant> certificate_end() const;
    std::size_t requests_in_flight() const noexcept;

    // From now on each answer is its connection's last, and says so (`Connection: close`): callers come back by
    // whatever sends them, elsewhere if it knows already. New connections are taken as before. Any thread.
    void close_after_answers() noexcept;
    // The order of a graceful end: no new connections and idle ones closed; requests in flight waited for
    // (true if all were answered); then, when nothing that handlers wait for can complete them any more, the
    // I/O threads.
    void stop_accepting();
    bool drain(std::chrono::milliseconds deadline);
    void stop() noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace keyledger::api

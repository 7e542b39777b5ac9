#include "api/http/server.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>
#include <latch>
#include <list>
#include <thread>

#include "api/http/messages/message.hpp"
#include "api/http/worker.hpp"

namespace keyledger::api {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kMaxRefusing = 64;        // a thread; beyond it connections are closed without a word
constexpr std::size_t kOtherDescriptors = 512;  // database, Kafka, files, and the threads' own
constexpr std::chrono::milliseconds kAcceptPause{50};

std::string text_of(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

// Suites with forward secrecy and authenticated encryption; TLS 1.3 has no others.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
    static constexpr unsigned char kHttp11[] = "\x08http/1.1";
    unsigned char* match = nullptr;
    int found = SSL_select_next_proto(&match, chosen_size, kHttp11, sizeof kHttp11 - 1, offered, offered_size);
    *chosen = match;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

TlsContext::Pointer make_tls(const TlsFiles& files) {
    auto made = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    asio::ssl::context& tls = *made;
    SSL_CTX* raw = tls.native_handle();
    SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_cipher_list(raw, kCiphers);
    SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
    error_code error;
    tls.use_certificate_chain_file(files.certificate_chain, error);
    if (error) throw ServerError("TLS: no certificate chain in " + files.certificate_chain + ": " + error.message());
    tls.use_private_key_file(files.private_key, asio::ssl::context::pem, error);
    if (error)
        throw ServerError("TLS: no private key for that certificate in " + files.private_key + ": " + error.message());
    return made;
}

// The /48 of an IPv6 address.
IpAddress site_of(IpAddress address) {
    std::fill(address.bytes.begin() + 6, address.bytes.end(), std::uint8_t{0});
    return address;
}

Tcp::endpoint endpoint_of(const ServerOptions& options) {
    error_code error;
    auto address = asio::ip::make_address(options.address, error);
    if (error) throw ServerError("the listening address must be an IP address, not '" + options.address + "'");
    return {address, options.port};
}

[[noreturn]] void throw_bind_error(const Tcp::endpoint& where, const error_code& error) {
    std::string place = where.address().to_string() + " port " + std::to_string(where.port());
    if (error == asio::error::address_in_use)
        throw ServerError(place + " is in use by another process; stop it or configure another port");
    throw ServerError("can't listen on " + place + ": " + error.message());
}

// Another process of the same user could share a port with SO_REUSEPORT without anybody noticing, each
// serving a part of the callers. A socket without that option can't be bound where anybody listens.
void check_free(asio::io_context& context, const Tcp::endpoint& where) {
    Tcp::acceptor probe(context);
    error_code error;
    probe.open(where.protocol(), error);
    if (!error) probe.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) probe.bind(where, error);
    if (error) throw_bind_error(where, error);
}

void listen(Tcp::acceptor& acceptor, const Tcp::endpoint& where) {
    error_code error;
    acceptor.open(where.protocol(), error);
    if (error) throw_bind_error(where, error);
    acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
    int on = 1;
    if (setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
        error.assign(errno, boost::system::system_category());
    if (!error) acceptor.bind(where, error);
    if (!error) acceptor.listen(Tcp::acceptor::max_listen_connections, error);
    if (error) throw_bind_error(where, error);
}

// The number of connections that the process may really hold.
std::size_t raise_descriptor_limit(std::size_t connections, ServerObserver& observer) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return connections;
    std::size_t wanted = connections + kOtherDescriptors;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted);
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= wanted) return connections;
    std::size_t possible = limit.rlim_cur > 2 * kOtherDescriptors ? limit.rlim_cur - kOtherDescriptors
                                                                  : std::max<std::size_t>(limit.rlim_cur / 2, 1);
    observer.on_failure(nullptr, "RLIMIT_NOFILE is " + std::to_string(limit.rlim_cur) + ": serving at most " +
                                     std::to_string(possible) + " connections instead of " +
                                     std::to_string(connections) + "; raise the hard limit");
    return std::min(possible, connections);
}

// A connection's place among all, and among those of its network.
class Place {
public:
    Place(Shared& shared, const IpAddress& peer) : shared_(shared), peer_(peer) {
        const ServerLimits& limits = shared.options.limits;
        is_free_ = shared.connections.fetch_add(1) < shared.max_connections;
        const bool is_proxy = std::ranges::any_of(shared.options.trusted_proxies,
                                                  [&](const Cidr& proxies) { return proxies.contains(peer); });
        if (!is_free_ || is_proxy) return;
        counted_ = is_free_ = shared.networks.admit(peer, limits.connections_per_network);
    }
    ~Place() {
        --shared_.connections;
        if (counted_) shared_.networks.leave(peer_);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    bool is_free() const { return is_free_; }

private:
    Shared& shared_;
    const IpAddress peer_;
    bool is_free_ = false;
    bool counted_ = false;
};

// The one place that spawns a connection: whatever escapes from it is reported, and it is counted out. Too many are
// turned away before anything is read, and before a handshake costs anything.
void spawn(Worker& worker, Tcp::socket socket) {
    Shared& shared = worker.shared;
    error_code gone;
    const auto endpoint = socket.remote_endpoint(gone);
    if (gone) return;
    auto place =
        std::make_shared<Place>(shared, IpAddress::parse(endpoint.address().to_string()).value_or(IpAddress{}));
    const bool too_many = !place->is_free();
    const bool speaks_tls = shared.tls.get() != nullptr;
    if (too_many) shared.refused.fetch_add(1, std::memory_order_relaxed);
    if (too_many && (worker.refusing >= kMaxRefusing || speaks_tls)) return;
    worker.refusing += too_many ? 1 : 0;
    auto done = [&worker, too_many, place](std::exception_ptr failure) {
        worker.refusing -= too_many ? 1 : 0;
        if (failure) worker.shared.observer.on_failure(nullptr, text_of(failure));
    };
    auto serve = too_many ? refuse_connection : speaks_tls ? serve_tls : serve_plain;
    asio::co_spawn(worker.context, serve(worker, std::move(socket)), done);
}

asio::awaitable<void> accept_all(Worker& worker) {
    error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    asio::steady_timer pause(worker.context);
    while (worker.acceptor.is_open()) {
        Tcp::socket socket = co_await worker.acceptor.async_accept(token);
        if (!error) {
            error_code ignored;
            socket.set_option(Tcp::no_delay(true), ignored);
            spawn(worker, std::move(socket));
        } else if (error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
                   error == asio::error::no_memory || error == boost::system::errc::too_many_files_open_in_system) {
            // The connection stays in the kernel's queue, so an immediate new try would spin.
            pause.expires_after(kAcceptPause);
            co_await pause.async_wait(token);
        }
    }
}

void run(Worker& worker) {
    while (true) {
        try {
            worker.context.run();
            return;
        } catch (const std::exception& error) {
            worker.shared.observer.on_failure(nullptr, error.what());
        }
    }
}

// Signals are for the main thread.
class BlockedSignals {
public:
    BlockedSignals() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;

private:
    sigset_t before_;
};

}  // namespace

bool NetworkCounts::admit(const IpAddress& peer, std::size_t most) {
    const std::lock_guard lock(mutex_);
    std::size_t& of_network = networks_[peer.caller_network()];
    if (of_network >= most) return false;
    if (!peer.is_v4()) {
        std::size_t& of_site = sites_[site_of(peer)];
        if (of_site >= most * kSiteFactor) {
            if (of_network == 0) networks_.erase(peer.caller_network());
            return false;
        }
        ++of_site;
    }
    ++of_network;
    return true;
}

void NetworkCounts::leave(const IpAddress& peer) {
    const std::lock_guard lock(mutex_);
    const auto count_out = [](auto& counts, const IpAddress& network) {
        const auto at = counts.find(network);
        if (--at->second == 0) counts.erase(at);
    };
    count_out(networks_, peer.caller_network());
    if (!peer.is_v4()) count_out(sites_, site_of(peer));
}

std::string_view Worker::current_date() {
    if (!shared.options.now) return {};
    const Instant now = shared.options.now();
    const std::int64_t second = now.whole_seconds();
    if (second != date_second) {
        date = http_date(now);
        date_second = second;
    }
    return date;
}

struct Server::State {
    Shared shared;
    Tcp::endpoint endpoint;
    std::list<Worker> workers;
    std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work;
    std::vector<std::thread> threads;
    bool accepting = false;

    // Runs on every I/O thread and waits until all have done it.
    template <class Action>
    void on_each_thread(Action action) {
        std::latch done(static_cast<std::ptrdiff_t>(workers.size()));
        for (Worker& worker : workers)
            asio::post(worker.context, [&] {
                action(worker);
                done.count_down();
            });
        done.wait();
    }
};

void check_tls(const TlsFiles& files) { make_tls(files); }

Server::Server(ServerOptions options, const Router& router, ServerObserver& observer)
    : state_(new State{.shared = {.options = std::move(options), .router = router, .observer = observer},
                       .endpoint = {},
                       .workers = {},
                       .work = {},
                       .threads = {}}) {
    const ServerOptions& given = state_->shared.options;
    state_->endpoint = endpoint_of(given);
    if (given.io_threads == 0) throw ServerError("the number of I/O threads must be at least 1");
    if (given.tls) state_->shared.tls.set(make_tls(*given.tls));
    for (std::size_t i = 0; i < given.io_threads; ++i) state_->workers.emplace_back(state_->shared);
}

Server::~Server() { stop(); }

std::size_t Server::threads() const noexcept { return state_->workers.size(); }

asio::any_io_executor Server::executor(std::size_t thread) const {
    return std::next(state_->workers.begin(), static_cast<std::ptrdiff_t>(thread))->context.get_executor();
}

void Server::start() {
    State& state = *state_;
    Worker& first = state.workers.front();
    state.shared.max_connections =
        raise_descriptor_limit(state.shared.options.limits.connections, state.shared.observer);
    if (state.endpoint.port() != 0) check_free(first.context, state.endpoint);
    for (Worker& worker : state.workers) {
        listen(worker.acceptor, state.endpoint);
        state.endpoint = worker.acceptor.local_endpoint();
        asio::co_spawn(worker.context, accept_all(worker), [&worker](std::exception_ptr failure) {
            if (failure) worker.shared.observer.on_failure(nullptr, text_of(failure));
        });
        state.work.push_back(asio::make_work_guard(worker.context));
    }
    state.accepting = true;
    BlockedSignals blocked;
    for (Worker& worker : state.workers) {
        state.threads.emplace_back(run, std::ref(worker));
        std::string name = "http-" + std::to_string(state.threads.size() - 1);
        pthread_setname_np(state.threads.back().native_handle(), name.c_str());
    }
}

std::uint16_t Server::port() const noexcept { return state_->endpoint.port(); }
void Server::reload_tls() {
    const auto& files = state_->shared.options.tls;
    if (files) state_->shared.tls.set(make_tls(*files));
}

std::size_t Server::open_connections() const noexcept { return state_->shared.connections; }
std::size_t Server::most_connections() const noexcept { return state_->shared.max_connections; }
std::uint64_t Server::refused_connections() const noexcept { return state_->shared.refused; }

std::optional<Instant> Server::certificate_end() const {
    const TlsContext::Pointer tls = state_->shared.tls.get();
    const X509* leaf = tls == nullptr ? nullptr : SSL_CTX_get0_certificate(tls->native_handle());
    std::tm end{};
    if (leaf == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &end) != 1) return std::nullopt;
    return Instant::at_second(timegm(&end));
}

std::size_t Server::requests_in_flight() const noexcept { return state_->shared.in_flight.count(); }

void Server::close_after_answers() noexcept { state_->shared.closes_after_answers = true; }

void Server::stop_accepting() {
    if (!std::exchange(state_->accepting, false)) return;
    state_->shared.draining = true;
    state_->on_each_thread([](Worker& worker) {
        error_code ignored;
        worker.acceptor.close(ignored);
        for (Connection* connection : worker.connections) connection->close_if_idle();
    });
}

bool Server::drain(std::chrono::milliseconds deadline) { return state_->shared.in_flight.wait_for_none(deadline); }

void Server::stop() noexcept {
    if (!state_->threads.empty()) stop_accepting();
    for (Worker& worker : state_->workers) worker.context.stop();
    for (std::thread& thread : state_->threads) thread.join();
    state_->threads.clear();
    state_->work.clear();
}

}  // namespace keyledger::api

#include "api/management/management_server.hpp"

#include <pistache/endpoint.h>
#include <pistache/peer.h>
#include <pistache/transport.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>

#include "api/http/messages/incoming.hpp"
#include "api/requests/router.hpp"
#include "api/wire/problem.hpp"

namespace keyledger::api {

namespace http = Pistache::Http;
using Pistache::Tcp::Peer;

namespace {

constexpr int kBacklog = 64;
constexpr std::chrono::seconds kReadTimeout{10};
constexpr std::chrono::seconds kKeepAlive{60};

// Threads inherit the mask: signals are for the main thread, and a write to a peer that left is an error, not
// SIGPIPE.
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

// The transport is Pistache's; what its bytes mean is said by the same reader as for the API, for Pistache's
// own parser drops a second request that came with the first, takes two lengths, and knows no HEAD without a
// route for it.
//
// Pistache queues every answer under its descriptor's number, and writes it when the handler has returned.
// The peer may have left by then, and the number be the next one's. Here the queue is written out before a
// descriptor is closed, on the thread that does both.
class FramingHandler : public http::Handler {
    HTTP_PROTOTYPE(FramingHandler)

public:
    using Answer = std::function<Response(Request&)>;

    FramingHandler(const ServerOptions& options, RandomBytes& random, Answer answer)
        : options_(&options), random_(&random), answer_(std::move(answer)) {}

    void onRequest(const http::Request&, http::ResponseWriter) override {}  // nothing of Pistache's reads requests

    void onConnection(const std::shared_ptr<Peer>& peer) override {
        const auto address = IpAddress::parse(peer->address().host()).value_or(IpAddress{});
        peer->putData(ParserData,
                      std::make_shared<http::RequestParser>(options_->limits.body_bytes));  // its clock
        peer->putData(kIncoming, std::make_shared<Incoming>(*options_, *random_, address));
        peer->setIdle(true);
    }

    void onInput(const char* bytes, std::size_t size, const std::shared_ptr<Peer>& peer) override {
        const auto incoming = std::static_pointer_cast<Incoming>(peer->getData(kIncoming));
        const bool begun = incoming->begun();
        if (incoming->closed()) return;
        incoming->add({bytes, size});
        std::string text;
        for (auto next = incoming->next(); next != Incoming::Next::kNothing; next = incoming->next())
            text += said_to(next, *incoming);
        // What is begun has kReadTimeout, what waits for a request kKeepAlive, each from now on.
        if (!begun || !text.empty()) getParser(peer)->reset();
        peer->setIdle(!incoming->begun());
        if (!text.empty()) write(peer->fd(), text, *incoming);
    }

    void onDisconnection(const std::shared_ptr<Peer>& peer) override {
        transport()->flush();
        http::Handler::onDisconnection(peer);
    }

private:
    static constexpr const char* kIncoming = "keyledger";

    std::string said_to(Incoming::Next next, Incoming& incoming) const {
        if (next == Incoming::Next::kContinue) return std::string(kContinueText);
        Request& request = incoming.request();
        if (next == Incoming::Next::kRefused) return incoming.answer(problem(request, incoming.refusal()));
        const Response response = answer_(request);
        return incoming.answer(response);
    }

    // After the last answer the peer is told that there is none to come, and closes; or its time runs out.
    void write(int descriptor, const std::string& text, const Incoming& incoming) {
        auto written = transport()->asyncWrite(descriptor, Pistache::RawBuffer(text, text.size()));
        if (!incoming.closed()) return;
        written.then([descriptor](ssize_t) { ::shutdown(descriptor, SHUT_WR); }, [](std::exception_ptr&) {});
    }

    const ServerOptions* options_;
    RandomBytes* random_;
    Answer answer_;
};

std::vector<Route> paths_of(const std::vector<ManagementRoute>& routes) {
    std::vector<Route> paths;
    for (const ManagementRoute& route : routes) {
        if (route.method != Method::kGet && route.method != Method::kPut)
            throw ManagementError("a management route's method is GET or PUT: " + route.path);
        paths.push_back({route.operation, route.method, route.path, {}});
    }
    return paths;
}

}  // namespace

struct ManagementServer::State {
    State(ManagementOptions given, std::vector<ManagementRoute> all)
        : options(std::move(given)), routes(std::move(all)), router(paths_of(routes)) {
        framing.limits.body_bytes = options.request_bytes;
    }

    ManagementOptions options;
    std::vector<ManagementRoute> routes;
    Router router;  // which of `routes` a request is for
    ServerOptions framing;
    RandomBytes random;  // of the listener's thread
    std::unique_ptr<http::Endpoint> endpoint;

    Response answer(Request& request) const;
    const ManagementRoute& route_of(const Request& request) const {
        return *std::ranges::find(routes, request.operation, &ManagementRoute::operation);
    }
};

// What escaped into Pistache would end its thread.
Response ManagementServer::State::answer(Request& request) const {
    request.received_at = std::chrono::steady_clock::now();
    request.deadline = request.received_at + options.request;
    try {
        Router::Resolution found = router.resolve(request);
        if (found.handler != nullptr) return route_of(request).handler(request);
        if (found.answer.status != 404) return std::move(found.answer);
        return problem(request, problems::kNotFound, "Nothing is served at this path of the management port.");
    } catch (const std::exception& error) {
        if (options.on_failure) options.on_failure(request.operation, error.what());
        return problem(request, problems::kInternalError, "The handler failed; the log says why.");
    }
}

ManagementServer::ManagementServer(ManagementOptions options, std::vector<ManagementRoute> routes)
    : state_(std::make_unique<State>(std::move(options), std::move(routes))) {}

ManagementServer::~ManagementServer() { stop(); }

void ManagementServer::start() {
    const ManagementOptions& options = state_->options;
    auto ip = IpAddress::parse(options.address);
    if (!ip) throw ManagementError("the management address must be an IP address, not '" + options.address + "'");
    bool v6 = options.address.find(':') != std::string::npos;
    std::string place = (v6 ? "[" + options.address + "]" : options.address) + ":" + std::to_string(options.port);
    try {
        auto endpoint = std::make_unique<http::Endpoint>(Pistache::Address(place));
        endpoint->init(http::Endpoint::options()
                           .threads(1)
                           .threadsName("management")
                           .flags(Pistache::Tcp::Options::ReuseAddr | Pistache::Tcp::Options::CloseOnExec)
                           .backlog(kBacklog)
                           .maxRequestSize(options.request_bytes)
                           .headerTimeout(kReadTimeout)
                           .bodyTimeout(kReadTimeout)
                           .keepaliveTimeout(kKeepAlive));
        const auto answer = [state = state_.get()](Request& request) { return state->answer(request); };
        endpoint->setHandler(std::make_shared<FramingHandler>(state_->framing, state_->random, answer));
        BlockedSignals blocked;
        endpoint->serveThreaded();
        state_->endpoint = std::move(endpoint);
    } catch (const std::exception& error) {
        throw ManagementError("can't serve the management port on " + place + ": " + error.what());
    }
}

std::uint16_t ManagementServer::port() const { return state_->endpoint->getPort(); }

void ManagementServer::stop() noexcept {
    if (!state_->endpoint) return;
    state_->endpoint->shutdown();
    state_->endpoint.reset();
}

}  // namespace keyledger::api

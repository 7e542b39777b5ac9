#include "api/management/management_server.hpp"

#include <pistache/endpoint.h>
#include <pistache/router.h>
#include <pthread.h>
#include <signal.h>

#include <mutex>

#include "api/identifiers.hpp"
#include "api/problem.hpp"
#include "api/target.hpp"

namespace keyledger::api {

namespace http = Pistache::Http;
namespace rest = Pistache::Rest;

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

// Pistache queues every answer under its descriptor's number, and writes it when the handler has returned.
// The peer may have left by then, and the number be the next one's. Here the queue is written out before a
// descriptor is closed, on the thread that does both.
class CarefulHandler : public rest::Private::RouterHandler {
    HTTP_PROTOTYPE(CarefulHandler)

public:
    explicit CarefulHandler(const rest::Router& router) : RouterHandler(router) {}

    void onDisconnection(const std::shared_ptr<Pistache::Tcp::Peer>& peer) override {
        transport()->flush();
        RouterHandler::onDisconnection(peer);
    }
};

// Fields that our rules refuse (a name that is no token) are dropped: no handler here reads one.
void copy_headers(const rest::Request& from, Headers& to) {
    for (const auto& [name, raw] : from.headers().rawList()) {
        try {
            to.add(raw.name(), raw.value());
        } catch (const std::invalid_argument&) {
            continue;
        }
    }
}

// A field as it is: of the raw ones Pistache sends none, and its own types rewrite what they hold.
class Verbatim : public http::Header::Header {
public:
    Verbatim(std::string_view name, std::string_view value) : name_(name), value_(value) {}
    const char* name() const override { return name_.c_str(); }
    std::uint64_t hash() const override { return std::hash<std::string>{}(name_); }
    void write(std::ostream& stream) const override { stream << value_; }

private:
    std::string name_;
    std::string value_;
};

void send(const Request& request, const Response& answer, http::ResponseWriter& writer) {
    auto add = [&](std::string_view name, std::string_view value) {
        writer.headers().add(std::make_shared<Verbatim>(name, value));
    };
    // The first of a name wins.
    for (std::size_t i = 0; i < answer.headers.size(); ++i)
        add(answer.headers.at(i).name, answer.headers.at(i).value);
    if (!answer.content_type.empty()) add("Content-Type", answer.content_type);
    add("Cache-Control", "no-store");
    add("X-Content-Type-Options", "nosniff");
    add("X-Request-Id", request.request_id);
    writer.send(static_cast<http::Code>(answer.status), answer.body);
}

}  // namespace

struct ManagementServer::State {
    ManagementOptions options;
    std::vector<ManagementRoute> routes;
    rest::Router router;
    RandomBytes random;  // of the listener's thread
    std::unique_ptr<http::Endpoint> endpoint;

    void add_routes();
    void serve(const ManagementRoute* route, const rest::Request& from, http::ResponseWriter& writer);
    Response answer(const ManagementRoute* route, const rest::Request& from, Request& request);
};

Response ManagementServer::State::answer(const ManagementRoute* route, const rest::Request& from,
                                         Request& request) {
    auto id = request.header("X-Request-Id");
    request.request_id = id && valid_request_id(*id) ? std::string(*id) : make_request_id(random);
    request.traceparent = make_traceparent(random);
    request.client_address = from.address().host();
    request.client_ip = IpAddress::parse(request.client_address).value_or(IpAddress{});
    request.operation = route != nullptr ? std::string_view(route->operation) : kUnmatched;
    request.received_at = std::chrono::steady_clock::now();
    request.deadline = request.received_at + options.request;
    request.body = from.body();
    if (route == nullptr)
        return problem(request, problems::kNotFound,
                       "Nothing is served at this path of the management port.");
    request.method = route->method;
    request.target = from.resource() + from.query().as_str();
    auto target = parse_target(request.target);
    if (!target) return problem(request, problems::kBadRequest, target.error());
    request.segments = std::move(target->segments);
    request.query = std::move(target->query);
    return route->handler(request);
}

// Pistache would send an escaping exception's text to the caller.
void ManagementServer::State::serve(const ManagementRoute* route, const rest::Request& from,
                                    http::ResponseWriter& writer) {
    Request request;
    Response response;
    try {
        copy_headers(from, request.headers);
        response = answer(route, from, request);
    } catch (const std::exception& error) {
        if (options.on_failure) options.on_failure(request.operation, error.what());
        response = problem(request, problems::kInternalError, "The handler failed; the log says why.");
    }
    send(request, response, writer);
}

void ManagementServer::State::add_routes() {
    for (const ManagementRoute& route : routes) {
        auto handler = [this, &route](const rest::Request& request, http::ResponseWriter writer) {
            serve(&route, request, writer);
            return rest::Route::Result::Ok;
        };
        if (route.method == Method::kGet)
            rest::Routes::Get(router, route.path, handler);
        else if (route.method == Method::kPut)
            rest::Routes::Put(router, route.path, handler);
        else
            throw ManagementError("a management route's method is GET or PUT: " + route.path);
    }
    rest::Routes::NotFound(router, [this](const rest::Request& request, http::ResponseWriter writer) {
        serve(nullptr, request, writer);
        return rest::Route::Result::Ok;
    });
}

ManagementServer::ManagementServer(ManagementOptions options, std::vector<ManagementRoute> routes)
    : state_(std::make_unique<State>()) {
    state_->options = std::move(options);
    state_->routes = std::move(routes);
    state_->add_routes();
}

ManagementServer::~ManagementServer() { stop(); }

void ManagementServer::start() {
    const ManagementOptions& options = state_->options;
    auto ip = IpAddress::parse(options.address);
    if (!ip)
        throw ManagementError("the management address must be an IP address, not '" + options.address + "'");
    bool v6 = options.address.find(':') != std::string::npos;
    std::string place =
        (v6 ? "[" + options.address + "]" : options.address) + ":" + std::to_string(options.port);
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
        endpoint->setHandler(std::make_shared<CarefulHandler>(state_->router));
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

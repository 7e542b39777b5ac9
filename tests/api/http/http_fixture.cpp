#include "tests/api/http/http_fixture.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

namespace keyledger::test {

using api::Request;
using api::Response;
using api::SentAnswer;
using boost::asio::awaitable;

namespace {

awaitable<Response> hello(TestServer&, Request&) { co_return api::json(200, R"({"hello":"world"})"); }

awaitable<Response> echo(TestServer&, Request& request) { co_return api::json(200, request.body); }

awaitable<Response> show(TestServer&, Request& request) {
    std::string text = "id=" + std::string(request.path_parameter("id")) + "\nclient=" + request.client_address +
                       "\nagent=" + request.user_agent + "\nrequest=" + request.request_id +
                       "\ntrace=" + request.traceparent +
                       "\nq=" + std::string(request.query_parameter("q").value_or("-"));
    text += request.deadline > request.received_at ? "\ndeadline=later" : "\ndeadline=none";
    text += "\nauthorization=" + std::string(request.header("Authorization").value_or("-"));
    Response response{.status = 200, .content_type = "text/plain", .headers = {}, .body = text, .stream = {}};
    co_return response;
}

awaitable<Response> gated(TestServer& test, Request& request) {
    std::string id(request.path_parameter("id"));
    co_await test.gate.pass();
    co_return api::json(200, id);
}

awaitable<Response> throws(TestServer&, Request&) {
    throw std::runtime_error("secret detail of the machinery");
    co_return api::no_content();
}

awaitable<Response> big(TestServer&, Request&) { co_return api::json(200, std::string(TestServer::kBigBytes, 'x')); }

awaitable<Response> fixed(TestServer&, Request&) {
    static const std::string kText(TestServer::kFixedBytes, 'x');
    Response response = api::json(200, {});
    response.fixed_body = kText;
    co_return response;
}

awaitable<Response> cached(TestServer&, Request&) {
    Response response = api::json(200, "{}");
    response.headers.add("Cache-Control", "public, max-age=300");
    response.headers.add("Content-Length", "999");
    co_return response;
}

// "piece 0\n", "piece 1\n" …; then the end, or what the id says in place of it.
class Pieces : public api::BodyStream {
public:
    explicit Pieces(std::string then) : then_(std::move(then)) {}
    awaitable<std::optional<std::string>> next() override {
        if (sent_ < TestServer::kPieces) co_return "piece " + std::to_string(sent_++) + "\n";
        if (then_ == "breaks") co_return std::nullopt;
        if (then_ == "throws") throw std::runtime_error("secret detail of the machinery");
        co_return std::string();
    }

private:
    const std::string then_;
    int sent_ = 0;
};

awaitable<Response> streams(TestServer&, Request& request) {
    Response response;
    response.content_type = "text/plain";
    response.stream = std::make_shared<Pieces>(std::string(request.path_parameter("id")));
    co_return response;
}

struct Entry {
    std::string_view operation;
    api::Method method;
    std::string_view path;
    awaitable<Response> (*handler)(TestServer&, Request&);
};
constexpr std::array<Entry, 10> kTable{{{"hello", api::Method::kGet, "/hello", hello},
                                        {"echo", api::Method::kPost, "/echo", echo},
                                        {"show", api::Method::kGet, "/show/{id}", show},
                                        {"make", api::Method::kPost, "/show/{id}", show},
                                        {"gate", api::Method::kGet, "/gate/{id}", gated},
                                        {"throw", api::Method::kGet, "/throw", throws},
                                        {"big", api::Method::kGet, "/big", big},
                                        {"fixed", api::Method::kGet, "/fixed", fixed},
                                        {"stream", api::Method::kGet, "/stream/{id}", streams},
                                        {"cached", api::Method::kGet, "/cached", cached}}};

std::vector<api::Route> routes_of(TestServer& server) {
    std::vector<api::Route> routes;
    for (const Entry& entry : kTable)
        routes.push_back({entry.operation, entry.method, entry.path,
                          [call = entry.handler, &server](Request& request) { return call(server, request); }});
    return routes;
}

api::ServerOptions on_a_free_port(api::ServerOptions options) {
    options.port = 0;
    return options;
}

}  // namespace

awaitable<void> Gate::pass() {
    auto executor = co_await boost::asio::this_coro::executor;
    auto timer = std::make_shared<boost::asio::steady_timer>(executor, boost::asio::steady_timer::time_point::max());
    {
        std::lock_guard lock(mutex_);
        ++entered_;
        changed_.notify_all();
        if (open_) co_return;
        waiting_.emplace_back(executor, timer);
    }
    // open() cancels on this executor, so not before the wait below has begun.
    boost::system::error_code cancelled;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, cancelled);
    co_await timer->async_wait(token);
}

void Gate::await_entered(std::size_t handlers) {
    std::unique_lock lock(mutex_);
    bool came = changed_.wait_for(lock, kPatience, [&] { return entered_ >= handlers; });
    ASSERT_TRUE(came) << "only " << entered_ << " handlers reached the gate";
}

void Gate::open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    for (auto& [executor, timer] : waiting_) boost::asio::post(executor, [held = timer] { held->cancel(); });
    waiting_.clear();
}

void Gate::forget() {
    std::lock_guard lock(mutex_);
    waiting_.clear();
}

void Recorder::on_request(const Request& request, int status, std::int64_t duration_ns) noexcept {
    std::lock_guard lock(mutex_);
    EXPECT_GE(duration_ns, 0);
    requests_.push_back({std::string(request.operation), status, request.request_id});
}

void Recorder::on_failure(const Request* request, std::string_view what) noexcept {
    std::lock_guard lock(mutex_);
    failures_.push_back((request != nullptr ? request->request_id + ": " : std::string{}).append(what));
}

void Recorder::on_sent(const Request&, const SentAnswer& answer) noexcept {
    std::lock_guard lock(mutex_);
    sent_.push_back(answer);
}

std::vector<SentAnswer> Recorder::sent() {
    std::lock_guard lock(mutex_);
    return sent_;
}

std::vector<ObservedRequest> Recorder::requests() {
    std::lock_guard lock(mutex_);
    return requests_;
}

std::vector<std::string> Recorder::failures() {
    std::lock_guard lock(mutex_);
    return failures_;
}

TestServer::TestServer(api::ServerOptions options, api::CorsPolicy cors)
    : router(routes_of(*this), std::move(cors)), server(on_a_free_port(std::move(options)), router, recorder) {
    server.start();
}

TestServer::~TestServer() {
    server.stop();
    gate.forget();
}

std::string TestServer::converse(std::string_view bytes) const {
    RawSocket socket(port());
    socket.send(bytes);
    return socket.read_to_end();
}

void expect_eventually(const std::function<bool()>& holds, const std::string& what) {
    auto end = std::chrono::steady_clock::now() + kPatience;
    while (!holds()) {
        ASSERT_LT(std::chrono::steady_clock::now(), end) << "never: " << what;
        std::this_thread::yield();
    }
}

}  // namespace keyledger::test

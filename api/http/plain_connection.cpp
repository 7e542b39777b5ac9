#include "api/http/session.hpp"

namespace keyledger::api {
namespace {

// The peer may already be gone; then its address is `::`.
IpAddress address_of(const boost::asio::ip::tcp::socket& socket) {
    boost::system::error_code error;
    auto endpoint = socket.remote_endpoint(error);
    if (error) return {};
    return IpAddress::parse(endpoint.address().to_string()).value_or(IpAddress{});
}

}  // namespace

boost::asio::awaitable<void> serve_plain(Worker& worker, boost::asio::ip::tcp::socket socket) {
    IpAddress peer = address_of(socket);
    HttpConnection session(worker, boost::beast::tcp_stream(std::move(socket)), peer, false);
    co_await session.run();
    co_await linger(session.transport(), worker.shared.options.limits.linger);
}

boost::asio::awaitable<void> refuse_connection(Worker& worker, boost::asio::ip::tcp::socket socket) {
    Request request;
    request.operation = kUnmatched;
    request.client_ip = address_of(socket);
    request.client_address = request.client_ip.to_string();
    request.request_id = make_request_id(worker.random);
    request.echoed_request_id = request.request_id;
    request.traceparent = make_traceparent(worker.random);
    Problem why = simple_problem(problems::kOverloaded, "The server has too many connections. Try again later.");
    why.retry_after = seconds(1);
    Response response = problem(request, why);
    worker.shared.router.decorate(request, response);
    worker.shared.observer.on_request(request, response.status, 0);
    Framing framing{.http_10 = false, .tls = false, .persistence = Persistence::kClose, .date = worker.current_date()};
    std::string text = header_text(request, response, framing) + response.body;
    boost::beast::tcp_stream stream(std::move(socket));
    boost::system::error_code error;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
    auto buffer = boost::asio::buffer(text);
    stream.expires_after(worker.shared.options.limits.linger);
    co_await boost::asio::async_write(stream, buffer, token);
    worker.shared.observer.on_sent(request, {response.status, response.body.size(), 0, !error});
    co_await linger(stream, worker.shared.options.limits.linger);
}

}  // namespace keyledger::api

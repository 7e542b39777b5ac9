#include <boost/beast/ssl/ssl_stream.hpp>

#include "api/http/session.hpp"

namespace keyledger::api {
namespace {

using TlsStream = boost::beast::ssl_stream<boost::beast::tcp_stream>;

}  // namespace

boost::asio::awaitable<void> serve_tls(Worker& worker, boost::asio::ip::tcp::socket socket) {
    boost::system::error_code error;
    auto endpoint = socket.remote_endpoint(error);
    if (error) co_return;
    IpAddress peer = IpAddress::parse(endpoint.address().to_string()).value_or(IpAddress{});
    const ServerLimits& limits = worker.shared.options.limits;
    const auto tls = worker.shared.tls.get();
    HttpConnection session(worker, TlsStream(std::move(socket), *tls), peer, true);
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
    session.transport().expires_after(limits.handshake);
    co_await session.stream().async_handshake(boost::asio::ssl::stream_base::server, token);
    if (error) co_return;
    co_await session.run();
    session.transport().expires_after(limits.linger);
    co_await session.stream().async_shutdown(token);
    co_await linger(session.transport(), limits.linger);
}

}  // namespace keyledger::api

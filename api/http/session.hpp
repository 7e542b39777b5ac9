#pragma once
// One connection over any stream. Internal to api/http; a .cpp for each kind of stream includes it.
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <exception>

#include "api/http/messages/incoming.hpp"
#include "api/http/messages/message.hpp"
#include "api/http/worker.hpp"

namespace keyledger::api {

inline constexpr std::size_t kReadBytes = 4096;
inline constexpr std::size_t kMaxLingerBytes = 1024 * 1024;

inline std::string describe(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

// 0 for a request that never was complete.
inline std::int64_t since(Request::Time received_at) {
    if (received_at == Request::Time{}) return 0;
    return std::chrono::nanoseconds(std::chrono::steady_clock::now() - received_at).count();
}

// Reads what the peer still sends until it closes: closing before would reset the connection, and the answer
// that is on its way could be lost.
inline boost::asio::awaitable<void> linger(boost::beast::tcp_stream& stream, std::chrono::milliseconds deadline) {
    boost::system::error_code error;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
    stream.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, error);
    stream.expires_after(deadline);
    std::array<char, kReadBytes> waste;
    auto room = boost::asio::buffer(waste);
    for (std::size_t read = 0; !error && read < kMaxLingerBytes;) {
        std::size_t got = co_await stream.async_read_some(room, token);
        read += got;
    }
    stream.close();
}

template <class Stream>
class HttpConnection final : public Connection {
public:
    HttpConnection(Worker& worker, Stream stream, const IpAddress& peer, bool tls)
        : worker_(worker),
          shared_(worker.shared),
          stream_(std::move(stream)),
          peer_(peer),
          tls_(tls),
          buffer_(worker.shared.options.limits.header_bytes) {
        worker_.connections.insert(this);
    }
    ~HttpConnection() { worker_.connections.erase(this); }
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    // Request after request, until one of both sides has enough.
    boost::asio::awaitable<void> run();

    void close_if_idle() noexcept override {
        if (idle_) transport().cancel();
    }
    Stream& stream() noexcept { return stream_; }
    boost::beast::tcp_stream& transport() noexcept { return boost::beast::get_lowest_layer(stream_); }

private:
    struct Exchange {
        explicit Exchange(const ServerLimits& limits) : reader(limits) {}
        MessageReader reader;
        MessageParser& parser = reader.parser;
        Request request{};
        Persistence persistence = Persistence::kClose;
    };

    boost::asio::awaitable<bool> first_byte();
    boost::asio::awaitable<void> exchange(Exchange& now);
    boost::asio::awaitable<boost::system::error_code> feed(MessageReader& reader, MessageReader::ReadUntil until);
    boost::asio::awaitable<boost::system::error_code> read_body(Exchange& now);
    boost::asio::awaitable<Response> call(const Handler& handler, Request& request);
    boost::asio::awaitable<void> refuse(Exchange& now, Problem why);
    boost::asio::awaitable<void> answer(Exchange& now, Response response);
    boost::asio::awaitable<bool> send_stream(Exchange& now, BodyStream& stream, const Framing& framing,
                                             std::uint64_t& bytes);
    bool awaits_continue(const Exchange& now) const;
    // Nobody is there to be answered: the peer left, or a deadline passed and closed the stream.
    static bool gone(const boost::system::error_code& error) {
        return error && error.category() != make_error_code(boost::beast::http::error::bad_field).category();
    }
    void forget(Exchange& now);

    const ServerLimits& limits() const noexcept { return shared_.options.limits; }

    Worker& worker_;
    Shared& shared_;
    Stream stream_;
    IpAddress peer_;
    bool tls_;
    bool idle_ = false;
    std::size_t served_ = 0;
    boost::beast::flat_buffer buffer_;
};

template <class Stream>
boost::asio::awaitable<void> HttpConnection<Stream>::run() {
    Persistence persistence = Persistence::kKeep;
    while (persistence == Persistence::kKeep) {
        bool begun = co_await first_byte();
        if (!begun) break;
        FlightTicket ticket(shared_.in_flight);
        Exchange now(limits());
        co_await exchange(now);
        persistence = now.persistence;
        forget(now);
        ++served_;
    }
}

// The next request may already lie in the buffer, if the client pipelines.
template <class Stream>
boost::asio::awaitable<bool> HttpConnection<Stream>::first_byte() {
    EmptyLines before;
    if (before.skip(buffer_)) co_return true;
    transport().expires_after(limits().idle);
    while (!shared_.draining) {
        boost::system::error_code error;
        auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
        auto room = buffer_.prepare(kReadBytes);
        idle_ = true;
        std::size_t got = co_await stream_.async_read_some(room, token);
        idle_ = false;
        buffer_.commit(got);
        if (error) break;
        if (before.skip(buffer_)) co_return true;
    }
    co_return false;
}

template <class Stream>
boost::asio::awaitable<void> HttpConnection<Stream>::exchange(Exchange& now) {
    transport().expires_after(limits().header);
    boost::system::error_code error = co_await feed(now.reader, MessageReader::ReadUntil::kHeader);
    if (gone(error)) co_return;
    std::optional<Problem> bad = read_header(now.parser.get(), peer_, shared_.options, worker_.random, now.request);
    if (error) bad = refusal_of(error, now.reader.start_line_read());
    if (bad) {
        co_await refuse(now, std::move(*bad));
        co_return;
    }
    Router::Resolution found = shared_.router.resolve(now.request);
    // A client that waits for "100 Continue" is better told now than after its body.
    bool early = found.handler == nullptr && awaits_continue(now);
    if (!early) {
        error = co_await read_body(now);
        if (gone(error)) co_return;
        if (error) {
            Problem why = refusal_of(error, true);
            co_await refuse(now, std::move(why));
            co_return;
        }
    }
    auto start = std::chrono::steady_clock::now();
    now.request.received_at = start;
    now.request.deadline = start + limits().request;
    Response response = std::move(found.answer);
    if (found.handler != nullptr) response = co_await call(*found.handler, now.request);
    shared_.router.decorate(now.request, response);
    const bool stays = !shared_.closes_after_answers && !shared_.draining;
    const bool more = !early && now.parser.keep_alive() && stays && served_ + 1 < limits().requests_per_connection;
    now.persistence = more ? Persistence::kKeep : Persistence::kClose;
    co_await answer(now, std::move(response));
}

template <class Stream>
boost::asio::awaitable<boost::system::error_code> HttpConnection<Stream>::feed(MessageReader& reader,
                                                                               MessageReader::ReadUntil until) {
    namespace http = boost::beast::http;
    boost::system::error_code error;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
    while (true) {
        boost::system::error_code taken = reader.take(buffer_, until);
        if (taken != http::error::need_more) co_return taken;
        std::size_t space = std::min(kReadBytes, buffer_.max_size() - buffer_.size());
        // Full and still not enough for one start line, field, or chunk header.
        if (space == 0) co_return http::error::header_limit;
        auto room = buffer_.prepare(space);
        std::size_t got = co_await stream_.async_read_some(room, token);
        if (error == boost::asio::error::eof) co_return http::error::partial_message;
        if (error) co_return error;
        buffer_.commit(got);
    }
}

template <class Stream>
boost::asio::awaitable<boost::system::error_code> HttpConnection<Stream>::read_body(Exchange& now) {
    boost::system::error_code error;
    if (now.parser.is_done()) co_return error;
    transport().expires_after(limits().body);
    if (awaits_continue(now)) {
        auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
        auto text = boost::asio::buffer(kContinueText);
        co_await boost::asio::async_write(stream_, text, token);
        if (error) co_return error;
    }
    now.parser.eager(true);
    error = co_await feed(now.reader, MessageReader::ReadUntil::kMessage);
    now.request.body = std::move(now.parser.get().body());
    co_return error;
}

// RFC 9110 section 10.1.1: not for HTTP/1.0, and not when the body is already on its way.
template <class Stream>
bool HttpConnection<Stream>::awaits_continue(const Exchange& now) const {
    return !now.parser.is_done() && buffer_.size() == 0 && now.parser.get().version() >= 11 &&
           now.request.expects_continue;
}

template <class Stream>
boost::asio::awaitable<Response> HttpConnection<Stream>::call(const Handler& handler, Request& request) {
    Response response;
    std::exception_ptr failure;
    try {
        response = co_await handler(request);
    } catch (...) {
        failure = std::current_exception();
    }
    // Whatever the handler waited for may have resumed it elsewhere; a connection stays on its thread.
    if (!worker_.context.get_executor().running_in_this_thread())
        co_await boost::asio::post(worker_.context, boost::asio::use_awaitable);
    if (failure) {
        shared_.observer.on_failure(&request, describe(failure));
        response = problem(request, problems::kInternalError,
                           "The server failed. Report it with the request_id, or try again later.");
    }
    co_return response;
}

template <class Stream>
boost::asio::awaitable<void> HttpConnection<Stream>::refuse(Exchange& now, Problem why) {
    Response response = problem(now.request, why);
    shared_.router.decorate(now.request, response);
    co_await answer(now, std::move(response));
}

template <class Stream>
boost::asio::awaitable<void> HttpConnection<Stream>::answer(Exchange& now, Response response) {
    const Request& request = now.request;
    shared_.observer.on_request(request, response.status, since(request.received_at));
    if (response.stream && now.parser.get().version() < 11) now.persistence = Persistence::kClose;
    Framing framing{.http_10 = now.parser.get().version() < 11,
                    .tls = tls_ || came_by_https(request, peer_, shared_.options.trusted_proxies),
                    .persistence = now.persistence,
                    .date = worker_.current_date(),
                    .hsts_seconds = shared_.options.hsts_seconds};
    std::string head = header_text(request, response, framing);
    boost::asio::const_buffer body;
    if (request.method != Method::kHead) body = boost::asio::buffer(response.whole_body());
    std::uint64_t bytes = body.size();
    // One write for most answers. Not as two buffers in one write: Beast's TLS stream stops after the first
    // where the second is long (Boost 1.81).
    if (body.size() <= kJoinedBytes) {
        head.append(static_cast<const char*>(body.data()), body.size());
        body = {};
    }
    boost::system::error_code error;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
    auto first = boost::asio::buffer(head);
    transport().expires_after(limits().write);
    co_await boost::asio::async_write(stream_, first, token);
    if (!error && body.size() > 0) co_await boost::asio::async_write(stream_, body, token);
    bool whole = !error;
    if (whole && response.stream && request.method != Method::kHead)
        whole = co_await send_stream(now, *response.stream, framing, bytes);
    if (!whole) now.persistence = Persistence::kClose;
    shared_.observer.on_sent(request, {response.status, bytes, since(request.received_at), whole});
}

// One piece in memory at a time, each within the deadline for writing. False: the client has less than all.
template <class Stream>
boost::asio::awaitable<bool> HttpConnection<Stream>::send_stream(Exchange& now, BodyStream& stream,
                                                                 const Framing& framing, std::uint64_t& bytes) {
    boost::system::error_code error;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
    for (bool ended = false; !ended;) {
        std::optional<std::string> piece;
        std::exception_ptr failure;
        try {
            piece = co_await stream.next();
        } catch (...) {
            failure = std::current_exception();
        }
        if (!worker_.context.get_executor().running_in_this_thread())
            co_await boost::asio::post(worker_.context, boost::asio::use_awaitable);
        if (failure) shared_.observer.on_failure(&now.request, describe(failure));
        if (!piece) co_return false;
        ended = piece->empty();
        bytes += piece->size();
        const std::string chunk = chunk_text(std::move(*piece), framing);
        auto bytes = boost::asio::buffer(chunk);
        transport().expires_after(limits().write);
        co_await boost::asio::async_write(stream_, bytes, token);
        if (error) co_return false;
    }
    co_return true;
}

// Passwords do not outlive their request in here.
template <class Stream>
void HttpConnection<Stream>::forget(Exchange& now) {
    if (now.request.body.empty()) return;
    explicit_bzero(now.request.body.data(), now.request.body.size());
    if (buffer_.size() > 0) return;
    auto used = buffer_.prepare(buffer_.capacity());
    explicit_bzero(used.data(), used.size());
    if (buffer_.capacity() > kReadBytes) buffer_.shrink_to_fit();
}

}  // namespace keyledger::api

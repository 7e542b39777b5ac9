#include "tests/support/http/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace keyledger::test {
namespace {

[[noreturn]] void fail(const std::string& what) { throw ClientError(what + ": " + std::strerror(errno)); }

bool same_name(const std::string& a, std::string_view b) {
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), b.size()) == 0;
}

void wait_for(int socket, short events) {
    pollfd wanted{socket, events, 0};
    int ready = poll(&wanted, 1, static_cast<int>(kPatience.count()));
    if (ready < 0 && errno != EINTR) fail("poll");
    if (ready == 0) throw ClientError("the server did nothing within the patience of the test");
}

HttpResponse parse_head(std::string_view text) {
    HttpResponse response;
    std::size_t end = text.find("\r\n");
    if (!text.starts_with("HTTP/1.1 ") || end < 12)
        throw ClientError("no status line: " + std::string(text.substr(0, 80)));
    response.status = std::stoi(std::string(text.substr(9, 3)));
    for (text.remove_prefix(end + 2); !text.empty(); text.remove_prefix(end + 2)) {
        end = text.find("\r\n");
        std::string_view line = text.substr(0, end);
        std::size_t colon = line.find(": ");
        if (colon == line.npos) throw ClientError("no header field: " + std::string(line));
        response.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
    return response;
}

}  // namespace

std::optional<std::string> HttpResponse::header(std::string_view name) const {
    auto at = std::ranges::find_if(headers, [&](const auto& field) { return same_name(field.first, name); });
    return at == headers.end() ? std::nullopt : std::optional(at->second);
}

RawSocket::RawSocket(std::uint16_t port, int receive_buffer) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (socket_ < 0) fail("socket");
    int on = 1;
    (void)setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0) (void)setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0) return;
    int error = errno;
    close(socket_);
    errno = error;
    fail("connect to port " + std::to_string(port));
}

RawSocket::~RawSocket() {
    if (socket_ >= 0) close(socket_);
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), buffer_(std::move(other.buffer_)) {}

void RawSocket::send(std::string_view bytes) {
    while (!bytes.empty()) {
        wait_for(socket_, POLLOUT);
        ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (sent < 0) fail("send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void RawSocket::half_close() { shutdown(socket_, SHUT_WR); }

void RawSocket::reset() {
    linger at_once{1, 0};
    (void)setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(std::exchange(socket_, -1));
}

bool RawSocket::fill() {
    std::array<char, 16 * 1024> part;
    while (true) {
        wait_for(socket_, POLLIN);
        ssize_t got = recv(socket_, part.data(), part.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == ECONNRESET) return false;
        if (got < 0) fail("recv");
        buffer_.append(part.data(), static_cast<std::size_t>(got));
        return got > 0;
    }
}

HttpResponse RawSocket::read_response(bool head) {
    std::size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == buffer_.npos)
        if (!fill()) throw ClientError("the connection ended before an answer: '" + buffer_ + "'");
    HttpResponse response = parse_head(std::string_view(buffer_).substr(0, end + 2));
    buffer_.erase(0, end + 4);
    if (!head && response.header("Transfer-Encoding") == "chunked") {
        response.body = read_chunks();
        return response;
    }
    auto length = response.header("Content-Length");
    std::size_t size = length && !head ? std::stoul(*length) : 0;
    while (buffer_.size() < size)
        if (!fill()) throw ClientError("the connection ended within a body");
    response.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return response;
}

// RFC 9112 section 7.1, without extensions and trailers. A stream that was cut is an error.
std::string RawSocket::read_chunks() {
    std::string body;
    const auto need = [this](std::size_t size) {
        while (buffer_.size() < size)
            if (!fill()) throw ClientError("the connection ended within a stream");
    };
    for (;;) {
        std::size_t line;
        while ((line = buffer_.find("\r\n")) == buffer_.npos) need(buffer_.size() + 1);
        const std::size_t size = std::stoul(buffer_.substr(0, line), nullptr, 16);
        need(line + 2 + size + 2);
        body.append(buffer_, line + 2, size);
        buffer_.erase(0, line + 2 + size + 2);
        if (size == 0) return body;
    }
}

std::string RawSocket::read_to_end() {
    while (fill()) continue;
    return std::exchange(buffer_, {});
}

void RawSocket::await_close() { wait_for(socket_, POLLRDHUP); }

bool RawSocket::is_closed_by_peer() {
    pollfd wanted{socket_, POLLRDHUP, 0};
    return poll(&wanted, 1, 0) > 0;
}

HttpResponse HttpClient::request(std::string_view method, std::string_view target, const HttpHeaders& headers,
                                 std::string_view body) {
    std::string text;
    text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
    for (const auto& [name, value] : headers) text.append(name).append(": ").append(value).append("\r\n");
    if (!body.empty() || method == "POST" || method == "PUT")
        text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    text.append("\r\n").append(body);
    if (kept_ && kept_->is_closed_by_peer()) kept_.reset();
    if (!kept_) kept_.emplace(port_);
    try {
        kept_->send(text);
        HttpResponse response = kept_->read_response(method == "HEAD");
        if (response.header("Connection") == "close") kept_.reset();
        return response;
    } catch (const ClientError&) {
        kept_.reset();
        throw;
    }
}

HttpResponse HttpClient::get(std::string_view target, const HttpHeaders& headers) {
    return request("GET", target, headers);
}

HttpResponse HttpClient::post_json(std::string_view target, std::string_view body, HttpHeaders headers) {
    headers.emplace_back("Content-Type", "application/json");
    return request("POST", target, headers, body);
}

HttpResponse HttpClient::put_json(std::string_view target, std::string_view body, HttpHeaders headers) {
    headers.emplace_back("Content-Type", "application/json");
    return request("PUT", target, headers, body);
}

HttpResponse HttpClient::post_form(std::string_view target, std::string_view body, HttpHeaders headers) {
    headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    return request("POST", target, headers, body);
}

HttpResponse HttpClient::del(std::string_view target, const HttpHeaders& headers) {
    return request("DELETE", target, headers);
}

}  // namespace keyledger::test

#pragma once
// An HTTP/1.1 client for tests, on plain blocking sockets: RawSocket sends any bytes and reads what comes;
// HttpClient keeps one connection alive and speaks whole
// requests. Every wait ends after kPatience with a ClientError.
// One thread at a time.
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keyledger::test {

inline constexpr std::chrono::milliseconds kPatience{10'000};

struct ClientError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpResponse {
    int status = 0;
    HttpHeaders headers;
    std::string body;

    // The first of that name, compared without case.
    std::optional<std::string> header(std::string_view name) const;
};

class RawSocket {
public:
    // Connects to 127.0.0.1. With a receive buffer size the peer notices soon when nobody reads.
    explicit RawSocket(std::uint16_t port, int receive_buffer = 0);
    ~RawSocket();
    RawSocket(RawSocket&& other) noexcept;
    RawSocket& operator=(RawSocket&&) = delete;

    void send(std::string_view bytes);
    // No more will be sent; reading goes on.
    void half_close();
    // Closes with RST, as a client that crashed does.
    void reset();

    // One response with its body, interim (1xx) ones too; `head`: the request was HEAD, no body follows.
    HttpResponse read_response(bool head = false);
    // All that comes until the peer closes. A reset counts as a close.
    std::string read_to_end();
    // Waits until the peer has closed its side or reset the connection; reads nothing.
    void await_close();
    // Whether it has already.
    bool is_closed_by_peer();

private:
    std::string read_chunks();
    bool fill();  // false at the end

    int socket_ = -1;
    std::string buffer_;  // read but not yet returned
};

class HttpClient {
public:
    explicit HttpClient(std::uint16_t port) : port_(port) {}

    // Connects when needed, also when the server has closed the kept connection meanwhile. Never sends twice:
    // what fails after sending is a ClientError.
    HttpResponse request(std::string_view method, std::string_view target, const HttpHeaders& headers = {},
                         std::string_view body = {});
    HttpResponse get(std::string_view target, const HttpHeaders& headers = {});
    HttpResponse post_json(std::string_view target, std::string_view body, HttpHeaders headers = {});
    HttpResponse put_json(std::string_view target, std::string_view body, HttpHeaders headers = {});
    HttpResponse post_form(std::string_view target, std::string_view body, HttpHeaders headers = {});
    HttpResponse del(std::string_view target, const HttpHeaders& headers = {});

private:
    std::uint16_t port_;
    std::optional<RawSocket> kept_;
};

}  // namespace keyledger::test

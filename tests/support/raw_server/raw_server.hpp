#pragma once
// A server on 127.0.0.1 that says, of every connection, what a test tells it to: also what no server should.
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace keyledger::test {

// A self-signed certificate for one host and its key, in a folder that goes with the object.
class TestCertificate {
public:
    explicit TestCertificate(const std::string& host = "localhost");
    ~TestCertificate();
    TestCertificate(const TestCertificate&) = delete;
    TestCertificate& operator=(const TestCertificate&) = delete;

    std::string file() const { return folder_ + "/certificate.pem"; }
    std::string key_file() const { return folder_ + "/key.pem"; }

private:
    std::string folder_;
};

// Of one thread, which may block in it until the other side or the server ends.
class RawConnection {
public:
    using Stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;
    RawConnection(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls);

    bool shake_hands();  // where there is TLS
    // Start line and fields of the next request with the blank line; empty: there is none. What follows is kept.
    std::string head();
    std::string body(std::size_t size);
    // False: the other side is gone.
    bool send(std::string_view bytes);
    // Until the other side goes.
    void wait_for_end();
    void shut_down();

private:
    bool read_more();

    std::optional<boost::asio::ip::tcp::socket> plain_;
    std::optional<Stream> tls_;
    std::string read_;
};

class RawServer {
public:
    using Serve = std::function<void(RawConnection&)>;

    explicit RawServer(Serve serve, const TestCertificate* certificate = nullptr);
    ~RawServer();
    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;

    std::string port() const { return std::to_string(port_); }
    // "http://127.0.0.1:port/path"
    std::string url(const std::string& path = "/") const { return "http://127.0.0.1:" + port() + path; }
    int connections() const { return connections_; }

private:
    void accept();

    const Serve serve_;
    boost::asio::io_context io_;
    std::optional<boost::asio::ssl::context> tls_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_ = 0;
    std::mutex mutex_;
    bool ended_ = false;
    std::vector<std::shared_ptr<RawConnection>> open_;
    std::vector<std::jthread> serving_;
    std::jthread accepting_;  // last: joined first
};

// An answer with its length.
std::string http_answer(std::string_view status, std::string_view type, std::string_view body);

}  // namespace keyledger::test

#pragma once
// One kept connection to the service, for what loads it, and what is read from its answers. One thread.
#include <openssl/evp.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace keyledger::bench {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

inline constexpr std::size_t kMaxAnswerBytes = 1024 * 1024;

struct Ask {
    std::string method;
    std::string path;
    std::string type;  // of the body; empty: there is none
    std::string body;
    std::string authorization;  // empty: none
    std::string cookies = {};   // empty: none
};
struct Answer {
    int status = 0;
    std::string body;
    std::string position;
    std::string date;
    std::string location;
    std::vector<std::string> cookies;  // that it sets, with their attributes
};

// One keep-alive connection; HTTP/1.1 answers with Content-Length, which is all that the service sends.
class Connection {
public:
    Connection(asio::io_context& io, std::string host, std::string port)
        : socket_(io), host_(std::move(host)), port_(std::move(port)) {}

    asio::awaitable<Answer> post(std::string path, std::string body) {
        Ask ask{"POST", std::move(path), "application/json", std::move(body), {}};
        co_return co_await send(std::move(ask));
    }
    asio::awaitable<Answer> send(Ask ask) {
        if (!socket_.is_open()) co_await open();
        std::string request =
            ask.method + ' ' + ask.path + " HTTP/1.1\r\nHost: " + host_ + "\r\nUser-Agent: keyledger-load/1";
        if (!ask.authorization.empty()) request += "\r\nAuthorization: " + ask.authorization;
        if (!ask.cookies.empty()) request += "\r\nCookie: " + ask.cookies;
        if (!ask.type.empty())
            request += "\r\nContent-Type: " + ask.type + "\r\nContent-Length: " + std::to_string(ask.body.size());
        request += "\r\n\r\n" + ask.body;
        co_await asio::async_write(socket_, asio::buffer(request), asio::use_awaitable);
        const std::size_t head = co_await asio::async_read_until(socket_, asio::dynamic_buffer(in_, kMaxAnswerBytes),
                                                                 "\r\n\r\n", asio::use_awaitable);
        Answer answer;
        std::size_t length = 0;
        const std::string header = in_.substr(0, head);
        in_.erase(0, head);
        answer.status = std::atoi(header.c_str() + header.find(' '));
        for (std::string_view line : lines(header)) {
            if (take(line, "content-length: ")) length = static_cast<std::size_t>(std::atoll(line.data()));
            else if (take(line, "keyledger-position: ")) answer.position = line;
            else if (take(line, "date: ")) answer.date = line;
            else if (take(line, "location: ")) answer.location = line;
            else if (take(line, "set-cookie: ")) answer.cookies.emplace_back(line);
            else if (take(line, "transfer-encoding: ")) throw std::runtime_error("an answer without Content-Length");
        }
        if (in_.size() < length)
            co_await asio::async_read(socket_, asio::dynamic_buffer(in_, kMaxAnswerBytes),
                                      asio::transfer_at_least(length - in_.size()), asio::use_awaitable);
        answer.body = in_.substr(0, length);
        in_.erase(0, length);
        co_return answer;
    }
    void close() {
        boost::system::error_code ignored;
        socket_.close(ignored);
        in_.clear();
    }

    Clock::time_point due{};  // of what is asked for now

private:
    asio::awaitable<void> open() {
        tcp::resolver resolver(socket_.get_executor());
        const auto places = co_await resolver.async_resolve(host_, port_, asio::use_awaitable);
        co_await asio::async_connect(socket_, places, asio::use_awaitable);
        socket_.set_option(tcp::no_delay(true));
    }
    static std::vector<std::string_view> lines(std::string_view header) {
        std::vector<std::string_view> all;
        for (std::size_t end = 0; (end = header.find("\r\n")) != header.npos; header.remove_prefix(end + 2))
            all.push_back(header.substr(0, end));
        return all;
    }
    // Takes the field's name, in small letters, off the line if it is that field's.
    static bool take(std::string_view& line, std::string_view name) {
        const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
        if (line.size() < name.size() || !std::equal(name.begin(), name.end(), line.begin(),
                                                     [&](char small, char written) { return same(written, small); }))
            return false;
        line.remove_prefix(name.size());
        return true;
    }
    tcp::socket socket_;
    const std::string host_;
    const std::string port_;
    std::string in_;
};

inline std::string base64(const std::string& bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3), '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size()));
    return text;
}

inline std::string text_member(const std::string& json, const std::string& name) {
    const std::string key = "\"" + name + "\":\"";
    const auto at = json.find(key);
    if (at == std::string::npos) return {};
    const auto from = at + key.size();
    return json.substr(from, json.find('"', from) - from);
}

}  // namespace keyledger::bench

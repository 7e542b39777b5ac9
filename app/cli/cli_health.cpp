#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <iostream>

#include "app/cli/cli.hpp"

namespace keyledger::app {
namespace {

constexpr std::chrono::seconds kPatience{3};
constexpr std::size_t kMostBytes = 64 * 1024;

// Who listens on all addresses is asked on this machine's own.
boost::asio::ip::address address_to_ask(const std::string& listened) {
    const auto address = boost::asio::ip::make_address(listened);
    if (!address.is_unspecified()) return address;
    if (address.is_v6()) return boost::asio::ip::address_v6::loopback();
    return boost::asio::ip::address_v4::loopback();
}

// The whole answer, head and body, up to a bound; empty: there was none in time.
std::string answer_of(const Endpoint& listener, std::string_view path) {
    boost::asio::ip::tcp::iostream stream;
    stream.expires_after(kPatience);
    stream.connect(boost::asio::ip::tcp::endpoint(address_to_ask(listener.address), listener.port));
    stream << "GET " << path << " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" << std::flush;
    std::string answer;
    for (char c = 0; answer.size() < kMostBytes && stream.get(c);) answer.push_back(c);
    return answer;
}

}  // namespace

Exit ask_health(const Environment& environment, HealthQuestion question) {
    const auto listener = read_setting(environment, "KEYLEDGER_MANAGEMENT_LISTEN");
    if (!listener) {
        for (const std::string& sentence : listener.error().sentences) std::cerr << "keyledger: " << sentence << '\n';
        return Exit::kUsage;
    }
    const bool is_live = question == HealthQuestion::kLive;
    const std::string answer = answer_of(listener->endpoint, is_live ? "/health/live" : "/health/ready");
    constexpr std::string_view kVersion = "HTTP/1.1 ";
    const std::size_t body = answer.find("\r\n\r\n");
    if (!answer.starts_with(kVersion) || body == answer.npos) {
        std::cerr << "keyledger: nobody answers on " << listener->text << " (KEYLEDGER_MANAGEMENT_LISTEN)\n";
        return Exit::kFailed;
    }
    std::cout << answer.substr(body + 4) << '\n';
    return answer.compare(kVersion.size(), 3, "200") == 0 ? Exit::kGood : Exit::kFoundBad;
}

}  // namespace keyledger::app

#include "tests/support/postgres/tcp_proxy.hpp"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace keyledger::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int connect_to(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    if (fd >= 0 && connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

std::string option_of(const std::string& url, const std::string& keyword) {
    const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(PQconninfoParse(url.c_str(), nullptr),
                                                                                 PQconninfoFree);
    for (const PQconninfoOption* one = options.get(); one != nullptr && one->keyword != nullptr; ++one)
        if (keyword == one->keyword && one->val != nullptr) return one->val;
    return "";
}

}  // namespace

TcpProxy::TcpProxy(std::uint16_t server_port) : server_port_(server_port) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, 64) != 0 || getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("the proxy can't listen");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_loop(); });
}

TcpProxy::~TcpProxy() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    cut();
}

void TcpProxy::accept_loop() {
    for (;;) {
        const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const std::lock_guard lock(mutex_);
        if (client < 0 || stopping_) {
            if (client >= 0) close(client);
            return;
        }
        const int server = refusing_ ? -1 : connect_to(server_port_);
        if (server < 0) {
            close(client);
            continue;
        }
        Link& link = links_.emplace_back();
        link.client = client;
        link.server = server;
        link.up = std::thread([this, &link, client, server] { pump(link, client, server, false); });
        link.down = std::thread([this, &link, client, server] { pump(link, server, client, true); });
    }
}

void TcpProxy::pump(Link& link, int from, int to, bool is_answer) {
    std::array<char, 65536> buffer;
    for (ssize_t got = recv(from, buffer.data(), buffer.size(), 0); got > 0;
         got = recv(from, buffer.data(), buffer.size(), 0)) {
        if (is_answer) {
            std::unique_lock lock(mutex_);
            const std::uint64_t cuts = cuts_;
            if (holding_) {
                ++held_;
                changed_.notify_all();
                changed_.wait(lock, [&] { return !holding_ || stopping_ || cuts_ != cuts; });
                --held_;
            }
            if (cuts_ != cuts) break;  // what was held is lost
        }
        if (is_silent(link)) continue;
        for (ssize_t sent = 0; sent < got;) {
            const ssize_t step = send(to, buffer.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
            if (step <= 0) return;
            sent += step;
        }
    }
    shutdown(from, SHUT_RDWR);
    shutdown(to, SHUT_RDWR);
}

bool TcpProxy::is_silent(const Link& link) {
    const std::lock_guard lock(mutex_);
    return link.silent;
}

void TcpProxy::silence() {
    const std::lock_guard lock(mutex_);
    for (Link& link : links_) link.silent = true;
}

void TcpProxy::hold_answers() {
    const std::lock_guard lock(mutex_);
    holding_ = true;
}

void TcpProxy::pass_answers() {
    const std::lock_guard lock(mutex_);
    holding_ = false;
    changed_.notify_all();
}

bool TcpProxy::wait_for_held_answer(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [this] { return held_ > 0; });
}

// Who connects from now on is not concerned: a client that comes back at once must find the server.
void TcpProxy::cut() {
    std::list<Link> links;
    {
        const std::lock_guard lock(mutex_);
        holding_ = false;
        ++cuts_;
        links.swap(links_);
        changed_.notify_all();
    }
    close_all(links);
}

void TcpProxy::refuse() {
    const std::lock_guard lock(mutex_);
    refusing_ = true;
}

void TcpProxy::accept_again() {
    const std::lock_guard lock(mutex_);
    refusing_ = false;
}

void TcpProxy::close_all(std::list<Link>& links) {
    for (Link& link : links) {
        shutdown(link.client, SHUT_RDWR);
        shutdown(link.server, SHUT_RDWR);
        link.up.join();
        link.down.join();
        close(link.client);
        close(link.server);
    }
}

std::uint16_t port_of(const std::string& url) {
    const std::string host = option_of(url, "host");
    const std::string port = option_of(url, "port");
    if (host.empty() || host.front() == '/' || port.empty())
        throw std::runtime_error("KEYLEDGER_TEST_DATABASE_URL must name a TCP server, with its port");
    return static_cast<std::uint16_t>(std::stoi(port));
}

// Of options that are given twice, libpq takes the last.
std::string through(const TcpProxy& proxy, const std::string& url) {
    return url + "&host=127.0.0.1&port=" + std::to_string(proxy.port()) + "&sslmode=disable&gssencmode=disable";
}

}  // namespace keyledger::test

#include "tests/e2e/world/ports.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace keyledger::test {
namespace {

// A port that nobody else gets for as long as this lives.
class HeldPort {
public:
    HeldPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        const bool bound = ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                           ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
        if (bound) number_ = ntohs(address.sin_port);
    }
    ~HeldPort() { ::close(socket_); }
    HeldPort(const HeldPort&) = delete;
    HeldPort& operator=(const HeldPort&) = delete;
    std::uint16_t number() const {
        if (number_ == 0) throw std::runtime_error("no free port");
        return number_;
    }

private:
    int socket_;
    std::uint16_t number_ = 0;
};

}  // namespace

std::pair<std::uint16_t, std::uint16_t> free_ports() {
    const HeldPort one, other;  // both held, or the second could be the first once more
    return {one.number(), other.number()};
}

}  // namespace keyledger::test

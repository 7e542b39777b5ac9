#include "app/serve/supervisor.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace keyledger::app {
namespace {

// A supervisor that can't be told is no reason not to serve.
void tell(const std::string& lines) noexcept {
    const char* name = std::getenv("NOTIFY_SOCKET");
    if (name == nullptr || (name[0] != '/' && name[0] != '@')) return;
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::size_t length = std::strlen(name);
    if (length >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, name, length);
    if (name[0] == '@') address.sun_path[0] = '\0';  // an abstract name
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0) return;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    static_cast<void>(
        ::sendto(socket, lines.data(), lines.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size));
    ::close(socket);
}

std::string microseconds(std::chrono::nanoseconds time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

}  // namespace

void tell_supervisor_ready() noexcept { tell("READY=1\nSTATUS=serving"); }

void tell_supervisor_reloading() noexcept {
    tell("RELOADING=1\nMONOTONIC_USEC=" + microseconds(std::chrono::steady_clock::now().time_since_epoch()));
}

void tell_supervisor_stopping() noexcept { tell("STOPPING=1\nSTATUS=requests in flight are answered"); }

void tell_supervisor_waiting(const char* for_what, std::chrono::seconds at_least) noexcept {
    tell("STATUS=waiting for " + std::string(for_what) + "\nEXTEND_TIMEOUT_USEC=" + microseconds(at_least));
}

}  // namespace keyledger::app

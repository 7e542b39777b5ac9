#include "integrations/outgoing/addresses.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace keyledger::integrations {
namespace {

using V4 = std::array<std::uint8_t, 4>;
using V6 = std::array<std::uint8_t, 16>;

struct Network4 {
    V4 start;
    int bits;
};
constexpr Network4 kClosed4[] = {
    {{0, 0, 0, 0}, 8},        // "this network"
    {{10, 0, 0, 0}, 8},       // private
    {{100, 64, 0, 0}, 10},    // a carrier's own
    {{127, 0, 0, 0}, 8},      // loopback
    {{169, 254, 0, 0}, 16},   // link-local: clouds tell their machines' secrets there
    {{172, 16, 0, 0}, 12},    // private
    {{192, 0, 0, 0}, 24},     // protocol assignments
    {{192, 0, 2, 0}, 24},     // documentation
    {{192, 88, 99, 0}, 24},   // relays of 6to4
    {{192, 168, 0, 0}, 16},   // private
    {{198, 18, 0, 0}, 15},    // benchmarks
    {{198, 51, 100, 0}, 24},  // documentation
    {{203, 0, 113, 0}, 24},   // documentation
    {{224, 0, 0, 0}, 4},      // multicast
    {{240, 0, 0, 0}, 4},      // reserved, broadcast
};

struct Network6 {
    std::array<std::uint8_t, 4> start;  // no one is told by more
    int bits;
};
constexpr Network6 kGlobal6{{0x20, 0, 0, 0}, 3};
constexpr Network6 kClosed6[] = {
    {{0x20, 0x01, 0, 0}, 23},        // protocol assignments, Teredo
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x20, 0x02, 0, 0}, 16},        // 6to4
    {{0x3f, 0xff, 0, 0}, 20},        // documentation
};
constexpr std::array<std::uint8_t, 12> kNat64{0x00, 0x64, 0xff, 0x9b};  // 64:ff9b::/96

bool is_in(std::span<const std::uint8_t> address, std::span<const std::uint8_t> start, int bits) {
    for (std::size_t i = 0; bits > 0; ++i, bits -= 8) {
        const int left_out = bits >= 8 ? 0 : 8 - bits;
        if ((address[i] >> left_out) != (start[i] >> left_out)) return false;
    }
    return true;
}

bool is_open4(const V4& address) {
    return std::ranges::none_of(kClosed4,
                                [&](const Network4& closed) { return is_in(address, closed.start, closed.bits); });
}

bool is_open6(const V6& address) {
    if (is_in(address, kNat64, 96)) return is_open4({address[12], address[13], address[14], address[15]});
    return is_in(address, kGlobal6.start, kGlobal6.bits) && std::ranges::none_of(kClosed6, [&](const Network6& closed) {
               return is_in(address, closed.start, closed.bits);
           });
}

V4 bytes_of4(const sockaddr& address) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    V4 bytes{};
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return bytes;
}

V6 bytes_of6(const sockaddr& address) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    V6 bytes{};
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    return bytes;
}

}  // namespace

bool is_of_open_internet(const sockaddr& address) {
    if (address.sa_family == AF_INET) return is_open4(bytes_of4(address));
    return address.sa_family == AF_INET6 && is_open6(bytes_of6(address));
}

bool is_loopback(const sockaddr& address) {
    if (address.sa_family == AF_INET) return bytes_of4(address)[0] == 127;
    constexpr V6 kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return address.sa_family == AF_INET6 && bytes_of6(address) == kLoopback;
}

}  // namespace keyledger::integrations

#include "api/requests/network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "api/wire/text.hpp"

namespace keyledger::api {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

// A hop may carry a port: 192.0.2.1:4711 or [2001:db8::1]:4711 (RFC 7239 section 6 has the same forms).
std::optional<IpAddress> parse_hop(std::string_view hop) {
    hop = trimmed(hop);
    if (hop.starts_with('[')) {
        std::size_t end = hop.find(']');
        if (end == hop.npos) return std::nullopt;
        return IpAddress::parse(hop.substr(1, end - 1));
    }
    if (std::ranges::count(hop, ':') == 1) hop = hop.substr(0, hop.find(':'));
    return IpAddress::parse(hop);
}

bool trusted(const IpAddress& address, std::span<const Cidr> proxies) {
    return std::ranges::any_of(proxies, [&](const Cidr& network) { return network.contains(address); });
}

}  // namespace

bool IpAddress::is_v4() const noexcept { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin()); }

std::string IpAddress::to_string() const {
    char text[INET6_ADDRSTRLEN];
    if (!is_v4()) {
        const char* made = inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
        return made != nullptr ? made : "";
    }
    // By hand: each request needs it, and inet_ntop() formats as printf() does.
    char* at = text;
    for (auto byte = bytes.begin() + 12; byte != bytes.end(); ++byte) {
        at = std::to_chars(at, std::end(text), *byte).ptr;
        *at++ = '.';
    }
    return {text, at - 1};
}

IpAddress IpAddress::caller_network() const noexcept {
    IpAddress network = *this;
    if (!is_v4()) std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
    return network;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    char terminated[INET6_ADDRSTRLEN];
    if (text.size() >= sizeof terminated || text.find('\0') != text.npos) return std::nullopt;
    std::memcpy(terminated, text.data(), text.size());
    terminated[text.size()] = '\0';
    IpAddress address;
    if (inet_pton(AF_INET, terminated, address.bytes.data() + 12) == 1) {
        std::ranges::copy(kMappedPrefix, address.bytes.begin());
        return address;
    }
    if (inet_pton(AF_INET6, terminated, address.bytes.data()) == 1) return address;
    return std::nullopt;
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
    std::size_t slash = text.find('/');
    auto base = IpAddress::parse(text.substr(0, slash));
    if (!base) return std::nullopt;
    unsigned family_bits = text.find(':') == text.npos ? 32 : 128;
    unsigned bits = family_bits;
    if (slash != text.npos) {
        std::string_view length = text.substr(slash + 1);
        auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
        if (error != std::errc{} || end != length.data() + length.size() || bits > family_bits) return std::nullopt;
    }
    return Cidr(*base, bits + 128 - family_bits);
}

bool Cidr::contains(const IpAddress& address) const noexcept {
    unsigned whole = bits_ / 8;
    if (!std::equal(base_.bytes.begin(), base_.bytes.begin() + whole, address.bytes.begin())) return false;
    if (bits_ % 8 == 0) return true;
    unsigned shift = 8 - bits_ % 8;
    return base_.bytes[whole] >> shift == address.bytes[whole] >> shift;
}

IpAddress client_behind(const IpAddress& peer, std::span<const std::string_view> forwarded_for,
                        std::span<const Cidr> trusted_proxies) {
    IpAddress client = peer;
    for (std::size_t line = forwarded_for.size(); line-- > 0;) {
        std::string_view rest = forwarded_for[line];
        while (true) {
            if (!trusted(client, trusted_proxies)) return client;
            std::size_t comma = rest.rfind(',');
            auto hop = parse_hop(comma == rest.npos ? rest : rest.substr(comma + 1));
            if (!hop) return client;
            client = *hop;
            if (comma == rest.npos) break;
            rest = rest.substr(0, comma);
        }
    }
    return client;
}

}  // namespace keyledger::api

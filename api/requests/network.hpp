#pragma once
// IP addresses and networks, as far as a caller's address and trusted proxies need them. Pure; no name
// look-up.
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keyledger::api {

// An IPv4 address is held as its IPv4-mapped IPv6 form (RFC 4291 section 2.5.5.2), so that both spellings of
// one address are equal. Default: `::`.
struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const IpAddress&) const = default;
    bool is_v4() const noexcept;
    // Dotted for IPv4 (mapped ones too), RFC 5952 for IPv6.
    std::string to_string() const;
    // The network that counts as one caller: the address itself in IPv4, its /64 in IPv6.
    IpAddress caller_network() const noexcept;

    // Dotted IPv4 or IPv6 text without brackets, port or zone; anything else is nullopt.
    static std::optional<IpAddress> parse(std::string_view text);
};

// A network such as 10.0.0.0/8, fd00::/8, or one address.
class Cidr {
public:
    static std::optional<Cidr> parse(std::string_view text);
    bool contains(const IpAddress& address) const noexcept;

private:
    Cidr(IpAddress base, unsigned bits) : base_(base), bits_(bits) {}
    IpAddress base_;
    unsigned bits_;  // of 128
};

// The caller behind trusted proxies: from the right, the first hop of X-Forwarded-For that is no trusted
// proxy. `forwarded_for` holds the header's values in the order of their lines. Nothing that an untrusted hop
// wrote is read, and a hop that is no address ends the walk at the proxy that reported it.
IpAddress client_behind(const IpAddress& peer, std::span<const std::string_view> forwarded_for,
                        std::span<const Cidr> trusted_proxies);

}  // namespace keyledger::api

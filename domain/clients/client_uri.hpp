#pragma once
// URIs that clients are registered with. In ASCII, as they are compared: byte by byte. Pure.
#include <string>
#include <string_view>

#include "domain/base/refusal.hpp"

namespace keyledger {

inline constexpr std::size_t kMaxAudiencesPerClient = 16;
inline constexpr std::size_t kMaxAudienceBytes = 512;
inline constexpr std::size_t kMaxUriBytes = 512;

// RFC 8707 section 2: an absolute URI without a fragment.
bool is_audience(std::string_view text);
// With a host and without user or fragment; scheme and host in small letters.
bool is_https_uri(std::string_view text);
// The same with http and a loopback host: 127.0.0.1, [::1] or localhost.
bool is_loopback_uri(std::string_view text);
// RFC 8252 section 7.1: a scheme that is a domain name in reverse, so that it has a dot; no fragment.
bool is_private_use_uri(std::string_view text);
// The origin of an https or loopback URI as browsers send it (URL standard, "Origin", ASCII serialisation): scheme,
// host, and the port where it is not the scheme's own. Empty: of any other.
std::string web_origin_of(std::string_view text);
// Whether both are alike but for the port, and of http at 127.0.0.1 or [::1] (RFC 8252 section 7.3).
bool differ_in_loopback_port(std::string_view a, std::string_view b);

namespace refusals {
inline constexpr Refusal kInvalidAudience = invalid_field(
    "audiences",
    "Give each as an absolute URI without a fragment, such as https://orders.example, of at most 512 bytes.");
inline constexpr Refusal kTooManyAudiences = invalid_field("audiences", "Give at most 16 audiences.");
}  // namespace refusals

}  // namespace keyledger

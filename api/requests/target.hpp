#pragma once
// The request target (RFC 9112 section 3.2), strictly read. Pure.
#include <string>
#include <string_view>
#include <vector>

#include "api/requests/request.hpp"
#include "domain/base/result.hpp"

namespace keyledger::api {

inline constexpr std::size_t kMaxPathSegments = 32;
inline constexpr std::size_t kMaxQueryParameters = 32;

struct Target {
    std::vector<std::string> segments;  // "/" has none; a trailing slash gives an empty last one
    Parameters query;
    std::string authority;  // of the absolute form, else empty
    bool asterisk = false;  // "OPTIONS *"
};

// The error says what is wrong with the target. Dot segments are refused and not resolved: a proxy in front
// may have judged another path. An encoded slash stays inside its segment.
Result<Target, std::string> parse_target(std::string_view raw);

// name=value pairs joined by `&`, as in queries and forms (URL standard, section 5.1): empty pairs are
// skipped. The error says what is wrong. No name twice but the one that may be repeated.
Result<Parameters, std::string> parse_parameters(std::string_view text, std::size_t max_parameters,
                                                 std::string_view repeatable = {});

// uri-host [ ":" port ] of RFC 3986: a name, an IPv4 address or an IPv6 address in brackets.
bool valid_host(std::string_view host) noexcept;

}  // namespace keyledger::api

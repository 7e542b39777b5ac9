#pragma once
// Cookies (RFC 6265), as far as the service has any: read strictly, for who sends two of a name says nothing. Pure.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "api/wire/headers.hpp"

namespace keyledger::api {

// The value of the one cookie of that name; nullopt: none, or several.
std::optional<std::string_view> cookie_of(const Headers& headers, std::string_view name);

// For Set-Cookie. The name begins with "__Host-": of this host alone, over TLS alone (or to this machine), on every
// path. No script reads it, and no form of another site sends it.
std::string host_cookie(std::string_view name, std::string_view value, std::chrono::seconds kept_for);

}  // namespace keyledger::api

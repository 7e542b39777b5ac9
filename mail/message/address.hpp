#pragma once
// Addresses of people as SMTP takes them. Pure; any thread.
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/mail_address.hpp"

namespace keyledger::mail {

inline constexpr std::size_t kMostAddressBytes = 254;   // RFC 5321 section 4.5.3.1.3, less the angle brackets
inline constexpr std::size_t kMostLocalPartBytes = 64;  // RFC 5321 section 4.5.3.1.1

// The same mailbox with its domain in A-labels (IDNA 2008, non-transitional). The local part is a dot-string of ASCII
// or UTF-8 (RFC 6531 section 3.3) and stays as it is. nullopt: no such address, or one that could be taken for a
// command or a field (controls, blanks, brackets, quotes, what can't be seen).
std::optional<std::string> smtp_address(std::string_view typed);

bool is_ascii(std::string_view text);

}  // namespace keyledger::mail

#pragma once
// What people are called: the forms in which e-mail addresses, user names and names are accepted, kept and compared.
// Pure, no allocation beyond the answer. Uniqueness is decided on `key`, display on `text`.
#include <optional>
#include <string>
#include <string_view>

namespace keyledger {

inline constexpr std::size_t kMaxEmailBytes = 254;     // RFC 5321 section 4.5.3.1.3, less the angle brackets
inline constexpr std::size_t kMaxLocalPartBytes = 64;  // RFC 5321 section 4.5.3.1.1
inline constexpr std::size_t kMinUsernameBytes = 3;
inline constexpr std::size_t kMaxUsernameBytes = 32;
inline constexpr std::size_t kMaxNameBytes = 256;

struct Identifier {
    std::string text;  // as typed
    std::string key;   // ASCII lower case: what is unique
};

// A mailbox of RFC 5321 section 4.1.2 with a dot-string local part and a domain name of at least two labels. ASCII
// only: addresses of RFC 6531 and quoted local parts are refused.
std::optional<Identifier> parse_email(std::string_view text);
// Letters, digits, '.', '_' and '-', beginning with a letter or digit; never looks like an e-mail address.
std::optional<Identifier> parse_username(std::string_view text);
// Any plain text (domain/plain_text.hpp) of 1 to kMaxNameBytes bytes, trimmed of spaces.
std::optional<std::string> parse_name(std::string_view text);

}  // namespace keyledger

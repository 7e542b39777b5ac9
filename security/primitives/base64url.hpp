#pragma once
// Base64 (RFC 4648 sections 4 and 5) without padding. Decoding is strict: no padding, no white space, no
// foreign character, and the unused bits of the last character are zero, so that one text is the only text
// for its bytes.
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::security {

std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);

// The alphabet with '+' and '/', as PHC strings of password hashes use it.
std::string base64_unpadded_encode(std::string_view bytes);
std::optional<std::string> base64_unpadded_decode(std::string_view text);

}  // namespace keyledger::security

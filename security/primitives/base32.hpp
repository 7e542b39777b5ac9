#pragma once
// Base32 without padding, in two alphabets. One is that of RFC 4648 section 6, which authenticator apps read. The other
// is Douglas Crockford's, for what people type: without I, L, O and U, read in either case, with O as 0, and I and L
// as 1. Decoding is strict beyond that: a foreign character, a length that no bytes have, or unused bits that are not
// zero are nullopt.
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::security {

std::string base32_encode(std::string_view bytes);

std::string typeable32_encode(std::string_view bytes);
std::optional<std::string> typeable32_decode(std::string_view text);

}  // namespace keyledger::security

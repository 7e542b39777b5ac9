#pragma once
// A JWT as it comes: three parts of base64url between dots (RFC 7515 section 7.1). Pure.
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "security/tokens/jose.hpp"

namespace keyledger::security {

// Views into the token.
struct CompactJws {
    std::string_view header;
    std::string_view payload;
    std::string_view signature;
    std::string_view signed_part;
};
std::optional<CompactJws> split_compact_jws(std::string_view token);

// False: it is there and no time.
bool read_time(const JoseObject& claims, std::string_view name, std::optional<Instant>& at);

}  // namespace keyledger::security

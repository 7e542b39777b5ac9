#pragma once
// The parts of an e-mail address, in ASCII (RFC 5321) and beyond it (RFC 6531). Pure; any thread.
#include <optional>
#include <string>
#include <string_view>

namespace keyledger {

inline constexpr std::size_t kMostHostBytes = 253;  // RFC 1035 section 2.3.4, as text

// A dot-string: of ASCII what RFC 5322 section 3.2.3 calls atext, of the rest what is written and seen. No part of it
// begins with a mark, which would stand on what is before it.
bool is_local_part(std::string_view text);
// What of it is compared: in lower case and NFC. nullopt: it is beyond ASCII, and what is compared would be ASCII (as
// the Kelvin sign's "k"): such a twin of another address is nobody's.
std::optional<std::string> local_part_key(std::string_view local);

// A host name in A-labels (IDNA 2008, non-transitional), its ASCII letters as typed where all is ASCII; nullopt: none.
std::optional<std::string> ascii_host(std::string_view typed);

}  // namespace keyledger

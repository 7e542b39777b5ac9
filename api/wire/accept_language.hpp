#pragma once
// Accept-Language (RFC 9110 section 12.5.4). Pure; any thread.
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::api {

inline constexpr std::size_t kMaxLanguageTagBytes = 35;  // RFC 5646 section 4.4.1

// The language that is preferred most, as a tag; of equals the first. nullopt: none is named, or the field is none.
std::optional<std::string> preferred_language(std::string_view field);

// Well-formed as far as it matters here: parts of 1 to 8 letters and digits, the first of letters alone.
bool is_language_tag(std::string_view text);

}  // namespace keyledger::api

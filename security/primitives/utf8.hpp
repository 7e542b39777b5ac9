#pragma once
// Text as Unicode code points: UTF-8 by RFC 3629, strictly (no overlong forms, no surrogates, nothing above
// U+10FFFF).
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::security {

// nullopt if the text is not UTF-8.
std::optional<std::u32string> code_points_of(std::string_view utf8);

}  // namespace keyledger::security

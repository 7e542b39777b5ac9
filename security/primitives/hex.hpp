#pragma once
// Hexadecimal text. Written in lower case, read in either; an odd length or a foreign character is nullopt.
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::security {

std::string hex_encode(std::string_view bytes);
std::optional<std::string> hex_decode(std::string_view text);

}  // namespace keyledger::security

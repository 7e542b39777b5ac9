#include "mail/message/address.hpp"

#include <algorithm>

namespace keyledger::mail {

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::optional<std::string> smtp_address(std::string_view typed) {
    const std::size_t at = typed.rfind('@');
    if (at == std::string_view::npos || at > kMostLocalPartBytes || !is_local_part(typed.substr(0, at)))
        return std::nullopt;
    const auto host = ascii_host(typed.substr(at + 1));
    if (!host) return std::nullopt;
    std::string address = std::string(typed.substr(0, at + 1)) + *host;
    if (address.size() > kMostAddressBytes) return std::nullopt;
    return address;
}

}  // namespace keyledger::mail

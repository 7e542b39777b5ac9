#include "domain/base/uuid.hpp"

namespace keyledger {
namespace {

// Of each character; of a foreign one: below zero.
constexpr std::array<std::int8_t, 256> kHexValues = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (char c = '0'; c <= '9'; ++c) values[static_cast<std::uint8_t>(c)] = static_cast<std::int8_t>(c - '0');
    for (char c = 'a'; c <= 'f'; ++c) values[static_cast<std::uint8_t>(c)] = static_cast<std::int8_t>(c - 'a' + 10);
    for (char c = 'A'; c <= 'F'; ++c) values[static_cast<std::uint8_t>(c)] = static_cast<std::int8_t>(c - 'A' + 10);
    return values;
}();

bool hyphen_at(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

std::string Uuid::to_string() const {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string text(36, '-');
    std::size_t at = 0;
    for (std::uint8_t byte : bytes) {
        if (hyphen_at(at)) ++at;
        text[at++] = kHex[byte >> 4];
        text[at++] = kHex[byte & 15];
    }
    return text;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    Uuid id;
    int seen = 0;  // below zero once there was a foreign character
    std::size_t at = 0;
    for (std::uint8_t& byte : id.bytes) {
        if (hyphen_at(at) && text[at++] != '-') return std::nullopt;
        const int high = kHexValues[static_cast<std::uint8_t>(text[at])];
        const int low = kHexValues[static_cast<std::uint8_t>(text[at + 1])];
        seen |= high | low;
        byte = static_cast<std::uint8_t>(static_cast<unsigned>(high) << 4 | static_cast<unsigned>(low));
        at += 2;
    }
    if (seen < 0) return std::nullopt;
    return id;
}

}  // namespace keyledger

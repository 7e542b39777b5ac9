#include <array>
#include <cstdint>

#include "security/primitives/base64url.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::security {
namespace {

using Alphabet = std::string_view;
constexpr Alphabet kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr Alphabet kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

using Values = std::array<std::int8_t, 256>;
constexpr Values values_of(Alphabet alphabet) {
    Values values{};
    values.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
    return values;
}
constexpr Values kUrlValues = values_of(kUrl);
constexpr Values kStandardValues = values_of(kStandard);

std::string encode(std::string_view bytes, Alphabet alphabet) {
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    int held = 0;
    for (char byte : bytes) {
        bits = bits << 8 | static_cast<std::uint8_t>(byte);
        for (held += 8; held >= 6; held -= 6) text += alphabet[bits >> (held - 6) & 0x3F];
    }
    if (held > 0) text += alphabet[bits << (6 - held) & 0x3F];
    return text;
}

std::optional<std::string> decode(std::string_view text, const Values& values) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int held = 0;
    for (char character : text) {
        int value = values[static_cast<std::uint8_t>(character)];
        if (value < 0) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes += static_cast<char>(bits >> held & 0xFF);
        }
    }
    bool leftover_is_zero = (bits & ((1U << held) - 1)) == 0;
    if (!leftover_is_zero) return std::nullopt;
    return bytes;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string base64url_encode(std::string_view bytes) { return encode(bytes, kUrl); }
std::optional<std::string> base64url_decode(std::string_view text) { return decode(text, kUrlValues); }
std::string base64_unpadded_encode(std::string_view bytes) { return encode(bytes, kStandard); }
std::optional<std::string> base64_unpadded_decode(std::string_view text) { return decode(text, kStandardValues); }

std::string hex_encode(std::string_view bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (char byte : bytes) {
        text += kDigits[static_cast<std::uint8_t>(byte) >> 4];
        text += kDigits[byte & 0x0F];
    }
    return text;
}

std::optional<std::string> hex_decode(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        int high = hex_value(text[i]);
        int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes += static_cast<char>(high << 4 | low);
    }
    return bytes;
}

}  // namespace keyledger::security

#include <array>
#include <cstdint>

#include "security/primitives/base32.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::security {
namespace {

using Alphabet = std::string_view;  // of 64 characters, or of 32
constexpr Alphabet kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr Alphabet kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr Alphabet kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr Alphabet kTypeable32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

constexpr int bits_of_each(Alphabet alphabet) { return alphabet.size() == 64 ? 6 : 5; }

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
constexpr Values kTypeable32Values = [] {
    Values values = values_of(kTypeable32);
    for (char letter = 'a'; letter <= 'z'; ++letter) values[letter] = values[letter - 'a' + 'A'];
    for (const char zero : {'O', 'o'}) values[zero] = 0;
    for (const char one : {'I', 'i', 'L', 'l'}) values[one] = 1;
    return values;
}();

std::string encode(std::string_view bytes, Alphabet alphabet) {
    const int each = bits_of_each(alphabet);
    const std::uint32_t mask = static_cast<std::uint32_t>(alphabet.size() - 1);
    std::string text;
    text.reserve((bytes.size() * 8 + each - 1) / each);
    std::uint32_t bits = 0;
    int held = 0;
    for (char byte : bytes) {
        bits = bits << 8 | static_cast<std::uint8_t>(byte);
        for (held += 8; held >= each; held -= each) text += alphabet[bits >> (held - each) & mask];
    }
    if (held > 0) text += alphabet[bits << (each - held) & mask];
    return text;
}

std::optional<std::string> decode(std::string_view text, const Values& values, int each = 6) {
    std::string bytes;
    bytes.reserve(text.size() * each / 8);
    std::uint32_t bits = 0;
    int held = 0;
    for (char character : text) {
        int value = values[static_cast<std::uint8_t>(character)];
        if (value < 0) return std::nullopt;
        bits = bits << each | static_cast<std::uint32_t>(value);
        held += each;
        if (held >= 8) {
            held -= 8;
            bytes += static_cast<char>(bits >> held & 0xFF);
        }
    }
    if (held >= each) return std::nullopt;  // one character too many
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

std::string base32_encode(std::string_view bytes) { return encode(bytes, kBase32); }
std::string typeable32_encode(std::string_view bytes) { return encode(bytes, kTypeable32); }
std::optional<std::string> typeable32_decode(std::string_view text) {
    return decode(text, kTypeable32Values, bits_of_each(kTypeable32));
}

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

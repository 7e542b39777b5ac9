#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "security/primitives/base32.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::security {
namespace {

using Alphabet = std::string_view;  // of 64 characters, 6 bits each, of 32, 5 bits each, or of 16, 4 bits each
constexpr Alphabet kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr Alphabet kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr Alphabet kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr Alphabet kTypeable32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

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

constexpr Values kHexValues = [] {
    Values values = values_of("0123456789abcdef");
    for (char letter = 'A'; letter <= 'F'; ++letter) values[letter] = values[letter - 'A' + 'a'];
    return values;
}();

// The fewest bytes that are a whole number of characters: 3 are 4 in base64, 5 are 8 in base32.
template <int kEach>
struct Group {
    static constexpr std::size_t kBytes = kEach == 6 ? 3 : 5;
    static constexpr std::size_t kCharacters = 8 * kBytes / kEach;
};

template <int kEach>
std::string encode(std::string_view bytes, Alphabet alphabet) {
    constexpr std::size_t kBytes = Group<kEach>::kBytes;
    std::string text((bytes.size() * 8 + kEach - 1) / kEach, '\0');
    char* to = text.data();
    const auto put = [&](const char* group, std::size_t characters) {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < kBytes; ++i) bits = bits << 8 | static_cast<std::uint8_t>(group[i]);
        for (std::size_t i = 1; i <= characters; ++i)
            *to++ = alphabet[bits >> (8 * kBytes - kEach * i) & ((1U << kEach) - 1)];
    };
    for (; bytes.size() >= kBytes; bytes.remove_prefix(kBytes)) put(bytes.data(), Group<kEach>::kCharacters);
    std::array<char, kBytes> rest{};
    bytes.copy(rest.data(), rest.size());
    put(rest.data(), static_cast<std::size_t>(text.data() + text.size() - to));
    return text;
}

template <int kEach>
std::optional<std::string> decode(std::string_view text, const Values& values) {
    constexpr std::size_t kCharacters = Group<kEach>::kCharacters;
    std::string bytes(text.size() * kEach / 8, '\0');
    char* to = bytes.data();
    int seen = 0;  // below zero once there was a foreign character
    const auto read = [&](std::string_view characters) {
        std::uint64_t bits = 0;
        for (const char character : characters) {
            const int value = values[static_cast<std::uint8_t>(character)];
            seen |= value;
            bits = bits << kEach | static_cast<std::uint8_t>(value);
        }
        return bits;
    };
    for (; text.size() >= kCharacters && seen >= 0; text.remove_prefix(kCharacters)) {
        const std::uint64_t bits = read({text.data(), kCharacters});
        for (int shift = kEach * kCharacters - 8; shift >= 0; shift -= 8) *to++ = static_cast<char>(bits >> shift);
    }
    if (seen < 0) return std::nullopt;
    std::uint64_t bits = read(text);
    int held = kEach * static_cast<int>(text.size());
    for (; held >= 8; held -= 8) *to++ = static_cast<char>(bits >> (held - 8));
    if (seen < 0 || held >= kEach) return std::nullopt;  // one character too many
    const bool leftover_is_zero = (bits & ((1U << held) - 1)) == 0;
    if (!leftover_is_zero) return std::nullopt;
    return bytes;
}

}  // namespace

std::string base64url_encode(std::string_view bytes) { return encode<6>(bytes, kUrl); }
std::optional<std::string> base64url_decode(std::string_view text) { return decode<6>(text, kUrlValues); }
std::string base64_unpadded_encode(std::string_view bytes) { return encode<6>(bytes, kStandard); }
std::optional<std::string> base64_unpadded_decode(std::string_view text) { return decode<6>(text, kStandardValues); }

std::string base32_encode(std::string_view bytes) { return encode<5>(bytes, kBase32); }
std::string typeable32_encode(std::string_view bytes) { return encode<5>(bytes, kTypeable32); }
std::optional<std::string> typeable32_decode(std::string_view text) { return decode<5>(text, kTypeable32Values); }

std::string hex_encode(std::string_view bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(bytes.size() * 2, '\0');
    char* to = text.data();
    for (char byte : bytes) {
        *to++ = kDigits[static_cast<std::uint8_t>(byte) >> 4];
        *to++ = kDigits[byte & 0x0F];
    }
    return text;
}

std::optional<std::string> hex_decode(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string bytes(text.size() / 2, '\0');
    int seen = 0;  // below zero once there was a foreign character
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const int high = kHexValues[static_cast<std::uint8_t>(text[2 * i])];
        const int low = kHexValues[static_cast<std::uint8_t>(text[2 * i + 1])];
        seen |= high | low;
        bytes[i] = static_cast<char>(static_cast<unsigned>(high) << 4 | static_cast<unsigned>(low));
    }
    if (seen < 0) return std::nullopt;
    return bytes;
}

}  // namespace keyledger::security

#include "api/wire/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace keyledger::api {
namespace {

// The bytes that a sequence starting with `lead` has, 0 if none can.
std::size_t sequence_length(std::uint8_t lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 0;
}

constexpr std::size_t kWord = sizeof(std::uint64_t);
bool is_ascii_word(const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, kWord);
    return (word & 0x8080808080808080U) == 0;
}

// Overlong forms, surrogates and values above U+10FFFF all show in the second byte.
bool second_byte_fits(std::uint8_t lead, std::uint8_t second) {
    if (lead == 0xE0) return second >= 0xA0;
    if (lead == 0xED) return second <= 0x9F;
    if (lead == 0xF0) return second >= 0x90;
    if (lead == 0xF4) return second <= 0x8F;
    return true;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr std::array<std::int8_t, 256> base64_digits() {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::array<std::int8_t, 256> digits{};
    digits.fill(-1);
    for (std::size_t i = 0; i < kDigits.size(); ++i)
        digits[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
    return digits;
}
constexpr auto kBase64Digits = base64_digits();

}  // namespace

bool valid_utf8(std::string_view text) noexcept {
    std::size_t i = 0;
    while (i < text.size()) {
        if (i + kWord <= text.size() && is_ascii_word(text.data() + i)) {
            i += kWord;
            continue;
        }
        auto lead = static_cast<std::uint8_t>(text[i]);
        std::size_t length = sequence_length(lead);
        if (length == 0 || length > text.size() - i) return false;
        for (std::size_t k = 1; k < length; ++k)
            if ((static_cast<std::uint8_t>(text[i + k]) & 0xC0) != 0x80) return false;
        if (length > 1 && !second_byte_fits(lead, static_cast<std::uint8_t>(text[i + 1]))) return false;
        i += length;
    }
    return true;
}

bool same_letters_ignoring_case(std::string_view a, std::string_view b) noexcept {
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool is_token(std::string_view text) noexcept {
    static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    for (char c : text) {
        bool letter_or_digit = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
        if (!letter_or_digit && kMarks.find(c) == kMarks.npos) return false;
    }
    return !text.empty();
}

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
    return -1;
}

std::optional<std::string> percent_decoded(std::string_view text, PlusSign plus) {
    const char space = plus == PlusSign::kSpace ? '+' : '%';
    std::string clear;
    clear.reserve(text.size());
    // Two searches for one byte each take a tenth of one for either, and most tokens have neither.
    if (text.find('%') == text.npos && text.find(space) == text.npos) {
        clear = text;
        text = {};
    }
    while (!text.empty()) {
        const auto coded = std::find_if(text.begin(), text.end(), [=](char c) { return c == '%' || c == space; });
        const auto plain = static_cast<std::size_t>(coded - text.begin());
        clear.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        if (text.front() == '+') {
            clear += ' ';
            text.remove_prefix(1);
            continue;
        }
        const int high = text.size() > 1 ? hex_digit(text[1]) : -1;
        const int low = text.size() > 2 ? hex_digit(text[2]) : -1;
        if (high < 0 || low < 0) return std::nullopt;
        clear += static_cast<char>(high << 4 | low);
        text.remove_prefix(3);
    }
    if (clear.find('\0') != clear.npos || !valid_utf8(clear)) return std::nullopt;
    return clear;
}

std::string_view shortened(std::string_view text, std::size_t max_bytes) noexcept {
    if (text.size() <= max_bytes) return text;
    while (max_bytes > 0 && (static_cast<std::uint8_t>(text[max_bytes]) & 0xC0) == 0x80) --max_bytes;
    return text.substr(0, max_bytes);
}

std::optional<std::string> base64_decoded(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
    std::string bytes((text.size() - padding) * 3 / 4, '\0');
    char* at = bytes.data();
    std::uint32_t bits = 0;
    int held = 0;
    for (char c : text.substr(0, text.size() - padding)) {
        int digit = kBase64Digits[static_cast<unsigned char>(c)];
        if (digit < 0) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        *at++ = static_cast<char>(bits >> held & 0xFF);
    }
    if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;
    return bytes;
}

std::string hex_encoded(std::string_view bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(bytes.size() * 2, '\0');
    char* at = text.data();
    for (char byte : bytes) {
        auto value = static_cast<std::uint8_t>(byte);
        *at++ = kDigits[value >> 4];
        *at++ = kDigits[value & 15];
    }
    return text;
}

std::string percent_encoded(std::string_view text) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size());
    for (const char c : text) {
        const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                std::string_view("-._~").find(c) != std::string_view::npos;
        if (unreserved) {
            encoded += c;
            continue;
        }
        const auto value = static_cast<std::uint8_t>(c);
        encoded += {'%', kDigits[value >> 4], kDigits[value & 15]};
    }
    return encoded;
}

}  // namespace keyledger::api

#include "mail/message/encodings.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "domain/base/unicode.hpp"
#include "mail/message/address.hpp"

namespace keyledger::mail {
namespace {

constexpr std::size_t kMostPlainBytes = 66;  // with the field's name it stays on one line of 78
constexpr std::size_t kMostWordBytes = 45;   // 60 characters of base64: an encoded word has at most 75
constexpr std::size_t kMostLineBytes = 76;   // RFC 2045 section 6.7 rule 5

bool holds_only(std::string_view text, bool (*may_stand)(char32_t)) {
    const auto points = unicode::decode(text);
    return points && std::all_of(points->begin(), points->end(), may_stand);
}

bool is_control(char32_t c) {
    const unicode::Kind kind = unicode::kind_of(c);
    return kind == unicode::Kind::kControl || kind == unicode::Kind::kLineBreak;
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8 | (k < left ? static_cast<std::uint8_t>(bytes[i + k]) : 0u);
        for (std::size_t k = 0; k < 4; ++k) out += k <= left ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
    return out;
}

bool is_continuation(char c) { return (static_cast<std::uint8_t>(c) & 0xC0) == 0x80; }

// No character may be divided between two words (RFC 2047 section 5).
std::string_view next_word(std::string_view text) {
    std::size_t size = std::min(kMostWordBytes, text.size());
    while (size < text.size() && is_continuation(text[size])) --size;
    return text.substr(0, size);
}

bool stays_as_it_is(std::string_view text) {
    return is_ascii(text) && text.size() <= kMostPlainBytes && text.find("=?") == std::string_view::npos &&
           !text.starts_with(' ') && !text.ends_with(' ');
}

}  // namespace

bool is_one_line(std::string_view text) {
    return holds_only(text, [](char32_t c) { return !is_control(c); });
}

bool is_text(std::string_view text) {
    return holds_only(text, [](char32_t c) { return c == '\n' || c == '\t' || !is_control(c); });
}

std::string encoded_words(std::string_view text) {
    if (stays_as_it_is(text)) return std::string(text);
    std::string out;
    while (!text.empty()) {
        const std::string_view word = next_word(text);
        if (!out.empty()) out += "\r\n ";
        out.append("=?UTF-8?B?").append(base64(word)).append("?=");
        text.remove_prefix(word.size());
    }
    return out;
}

std::string encoded_name(std::string_view name) {
    if (!stays_as_it_is(name)) return encoded_words(name);
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

std::string quoted_printable(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    std::size_t column = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
        if (c == '\n') {
            out += "\r\n";
            column = 0;
            continue;
        }
        // Blanks at the end of a line get lost on the way.
        const bool stays = (c > ' ' && c <= '~' && c != '=') || ((c == ' ' || c == '\t') && !ends_line);
        const std::size_t width = stays ? 1 : 3;
        if (column + width > kMostLineBytes - (ends_line ? 0 : 1)) {
            out += "=\r\n";
            column = 0;
        }
        if (stays) out += c;
        else out.append({'=', kDigits[static_cast<std::uint8_t>(c) >> 4], kDigits[static_cast<std::uint8_t>(c) & 15]});
        column += width;
    }
    return out;
}

std::string date_field(Instant at) {
    namespace chrono = std::chrono;
    constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const chrono::sys_seconds second(chrono::seconds(at.whole_seconds()));
    const auto day = chrono::floor<chrono::days>(second);
    const chrono::year_month_day date(day);
    const chrono::hh_mm_ss time(second - day);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
                  kDays[chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                  kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return text.data();
}

}  // namespace keyledger::mail

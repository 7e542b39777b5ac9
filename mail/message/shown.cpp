#include "mail/message/shown.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "domain/base/plain_text.hpp"
#include "domain/base/unicode.hpp"
#include "mail/message/address.hpp"

namespace keyledger::mail {
namespace {

constexpr std::size_t kMostDigits = 4;  // a year, a model; no telephone number
constexpr std::size_t kMostMarks = 3;   // on one letter
constexpr std::size_t kMostNetworkBytes = 43;
constexpr std::size_t kMostLinkBytes = 2048;

// Also those that programs take for the dot of a host name (UTS 46 section 2.3).
bool is_dot(char32_t c) { return c == '.' || c == 0x3002 || c == 0xFF0E || c == 0xFF61; }

bool is_of_word(char32_t c) {
    const unicode::Kind kind = unicode::kind_of(c);
    return kind == unicode::Kind::kLetter || kind == unicode::Kind::kDigit || kind == unicode::Kind::kMark;
}

bool is_digit(char32_t c) { return unicode::kind_of(c) == unicode::Kind::kDigit; }
bool is_blank(char32_t c) { return c == ' ' || c == 0xA0; }

// `example.com`, and what has a symbol before its dot, for there are such domains; but not `J. R. R.` or `J.R.R.`: the
// last label has two characters at least. Digits on both sides: `1.1.1.1`.
bool looks_like_host(std::u32string_view points) {
    for (std::size_t i = 1; i + 1 < points.size(); ++i) {
        if (!is_dot(points[i]) || is_dot(points[i - 1]) || is_blank(points[i - 1])) continue;
        if (is_digit(points[i - 1]) && is_digit(points[i + 1])) return true;
        if (i + 2 < points.size() && is_of_word(points[i + 1]) && is_of_word(points[i + 2])) return true;
    }
    return false;
}

// A word by itself that says that an address comes, such as `www` or `https`, however it goes on.
bool has_word_of_urls(std::u32string_view points) {
    static constexpr std::u32string_view kWords[] = {U"www", U"http", U"https", U"hxxp", U"hxxps", U"mailto", U"tel"};
    std::u32string word;
    for (std::size_t i = 0; i <= points.size(); ++i) {
        if (i < points.size() && is_of_word(points[i])) {
            word += points[i] >= 'A' && points[i] <= 'Z' ? points[i] + ('a' - 'A') : points[i];
            continue;
        }
        if (std::ranges::find(kWords, word) != std::end(kWords)) return true;
        word.clear();
    }
    return false;
}

bool may_be_shown(std::u32string_view points) {
    std::size_t digits = 0;
    std::size_t marks = 0;
    for (const char32_t c : points) {
        const unicode::Kind kind = unicode::kind_of(c);
        if (std::u32string_view(U"@/\\<>[]{}|=:").find(c) != std::u32string_view::npos) return false;
        if (c == 0xFF20 || c == 0xFF0F || c == 0xFF1A) return false;  // full-width '@', '/' and ':'
        if (kind == unicode::Kind::kDigit && ++digits > kMostDigits) return false;
        marks = kind == unicode::Kind::kMark ? marks + 1 : 0;
        if (marks > kMostMarks) return false;
    }
    return !looks_like_host(points) && !has_word_of_urls(points);
}

bool is_visible_ascii(char c) { return c > ' ' && c <= '~'; }

}  // namespace

std::string shown_name(std::string_view text) {
    const auto points = unicode::decode(text);
    if (!points || points->size() > kMostShownPoints || !is_plain_text(text) || !may_be_shown(*points)) return {};
    return std::string(text);
}

std::string shown_place(std::string_view text) {
    const auto has_only = [&](std::string_view characters) { return text.find_first_not_of(characters) == text.npos; };
    const bool is_network = has_only("0123456789./") || (text.find(':') != text.npos && has_only("0123456789abcdef:/"));
    return is_network && text.size() <= kMostNetworkBytes ? std::string(text) : shown_name(text);
}

std::string shown_address(std::string_view text) {
    return smtp_address(text) && is_plain_text(text) ? std::string(text) : std::string{};
}

bool is_link(std::string_view text) {
    const auto goes_to = [&](std::string_view beginning) {
        return text.starts_with(beginning) && text.size() > beginning.size();
    };
    const bool is_there = goes_to("https://") || goes_to("http://127.0.0.1:") || goes_to("http://localhost:");
    return is_there && text.size() <= kMostLinkBytes && std::all_of(text.begin(), text.end(), is_visible_ascii) &&
           text.find_first_of("\"'<>\\`") == text.npos;
}

}  // namespace keyledger::mail

#include "domain/base/mail_address.hpp"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include "domain/base/unicode.hpp"

namespace keyledger {
namespace {

constexpr std::size_t kMostTypedHostBytes = 1024;

bool is_ascii_letter_or_digit(char32_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool may_stand_in_local_part(char32_t c) {
    if (c < 0x80)
        return is_ascii_letter_or_digit(c) ||
               std::u32string_view(U"!#$%&'*+-/=?^_`{|}~").find(c) != std::u32string_view::npos;
    switch (unicode::kind_of(c)) {
        case unicode::Kind::kLetter:
        case unicode::Kind::kMark:
        case unicode::Kind::kDigit:
        case unicode::Kind::kPunctuation:
        case unicode::Kind::kSymbol:
        case unicode::Kind::kOther: return !unicode::is_ignorable(c);
        case unicode::Kind::kUnassigned:
        case unicode::Kind::kSpace:
        case unicode::Kind::kLineBreak:
        case unicode::Kind::kControl:
        case unicode::Kind::kFormat:
        case unicode::Kind::kPrivate: return false;
    }
    return false;
}

// Letters of any script, but nothing that is only mapped away or can't be seen.
bool may_stand_in_host(char32_t c) {
    if (c < 0x80) return is_ascii_letter_or_digit(c) || c == '-' || c == '.';
    const unicode::Kind kind = unicode::kind_of(c);
    const bool is_written =
        kind == unicode::Kind::kLetter || kind == unicode::Kind::kMark || kind == unicode::Kind::kDigit ||
        kind == unicode::Kind::kPunctuation;  // the middle dot of Catalan, the ideographic full stop
    return is_written && !unicode::is_ignorable(c);
}

// RFC 1123 section 2.1.
bool has_host_labels(std::string_view host) {
    char before = '.';
    for (const char c : host) {
        if (c == '.'   ? before == '.' || before == '-'
            : c == '-' ? before == '.'
                       : !is_ascii_letter_or_digit(static_cast<unsigned char>(c)))
            return false;
        before = c;
    }
    return before != '.' && before != '-';
}

}  // namespace

bool is_local_part(std::string_view text) {
    const auto points = unicode::decode(text);
    if (!points || points->empty()) return false;
    char32_t before = '.';
    for (const char32_t c : *points) {
        if (c == '.') {
            if (before == '.') return false;
        } else if (!may_stand_in_local_part(c) || (before == '.' && unicode::kind_of(c) == unicode::Kind::kMark)) {
            return false;
        }
        before = c;
    }
    return before != '.';
}

std::optional<std::string> local_part_key(std::string_view local) {
    const auto points = unicode::decode(local);
    if (!points) return std::nullopt;
    const std::u32string composed = unicode::normalise(*points, unicode::Form::kNfc);
    std::string key = unicode::encode(unicode::normalise(unicode::lower_case(composed), unicode::Form::kNfc));
    if (is_ascii(key) && !is_ascii(local)) return std::nullopt;
    return key;
}

std::optional<std::string> ascii_host(std::string_view typed) {
    const auto points = unicode::decode(typed);
    if (typed.size() > kMostTypedHostBytes || !points || !std::ranges::all_of(*points, may_stand_in_host))
        return std::nullopt;
    char* made = nullptr;
    // With its STD3 rules the library (2.3.3) drops what they forbid, and makes another host of it.
    const int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
    if (idn2_to_ascii_8z(std::string(typed).c_str(), &made, flags) != IDN2_OK) return std::nullopt;
    const std::unique_ptr<char, void (*)(void*)> owner(made, idn2_free);
    std::string host(made);
    if (host.size() > kMostHostBytes || !has_host_labels(host)) return std::nullopt;
    return host;
}

}  // namespace keyledger

#include "domain/users/identity.hpp"

#include <algorithm>
#include <array>

#include "domain/base/mail_address.hpp"
#include "domain/base/unicode.hpp"

namespace keyledger {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }

std::string ascii_lower(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return lower;
}

// Calls `good` for each dot-separated part; false as soon as one is empty or refused.
template <class Good>
bool all_parts(std::string_view text, Good good) {
    for (;;) {
        const auto dot = text.find('.');
        const std::string_view part = text.substr(0, dot);
        if (part.empty() || !good(part)) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

bool is_label(std::string_view label) {
    return label.size() <= 63 && is_alphanumeric(label.front()) && is_alphanumeric(label.back()) &&
           std::all_of(label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

// No top-level domain is all digits (RFC 3696 section 2); an IPv4 address that lost its brackets is.
bool is_domain_name(std::string_view host) {
    const auto dot = host.rfind('.');
    if (dot == std::string_view::npos || !all_parts(host, is_label)) return false;
    return !std::all_of(host.begin() + static_cast<std::ptrdiff_t>(dot) + 1, host.end(), is_digit);
}

// A host that is ASCII is compared as it is, whatever IDNA says of its labels: keys of ASCII never change.
std::optional<std::string> a_labels(std::string_view host) {
    const bool is_ascii =
        std::all_of(host.begin(), host.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    return is_ascii ? std::optional(std::string(host)) : ascii_host(host);
}

// What comes along when an address is copied or completed: ASCII's blanks, U+00A0, U+202F and U+3000.
std::string_view without_blanks(std::string_view text) {
    constexpr std::array<std::string_view, 7> kBlanks{" ", "\t", "\r", "\n", "\u00A0", "\u202F", "\u3000"};
    for (bool trimmed = true; trimmed;) {
        trimmed = false;
        for (const std::string_view blank : kBlanks) {
            if (text.starts_with(blank)) text.remove_prefix(blank.size());
            else if (text.ends_with(blank)) text.remove_suffix(blank.size());
            else continue;
            trimmed = true;
        }
    }
    return text;
}

}  // namespace

std::optional<Identifier> parse_email(std::string_view text) {
    text = without_blanks(text);
    if (text.size() > kMaxEmailBytes) return std::nullopt;
    const auto at = text.find('@');
    if (at == std::string_view::npos || at > kMaxLocalPartBytes || !is_local_part(text.substr(0, at)))
        return std::nullopt;
    const auto local = local_part_key(text.substr(0, at));
    const auto host = a_labels(text.substr(at + 1));
    if (!local || local->size() > kMaxLocalPartBytes || !host || !is_domain_name(*host)) return std::nullopt;
    std::string key = *local + '@' + ascii_lower(*host);
    if (key.size() > kMaxEmailBytes) return std::nullopt;
    return Identifier{std::string(text), std::move(key)};
}

Result<Identifier, TextFault> parse_username(std::string_view text) {
    if (text.size() > kMaxTypedUsernameBytes) return Unexpected(TextFault::kTooLong);
    KEYLEDGER_TRY(kept, username(text));
    const std::size_t length = unicode::decode(*kept)->size();
    if (length < kMinUsernameLength) return Unexpected(TextFault::kTooShort);
    if (length > kMaxUsernameLength) return Unexpected(TextFault::kTooLong);
    KEYLEDGER_TRY(key, username_key(*kept));
    return Identifier{std::move(*kept), std::move(*key)};
}

Text parse_name(std::string_view text) {
    if (text.size() > kMaxTypedNameBytes) return Unexpected(TextFault::kTooLong);
    auto kept = nickname(text);
    if (kept && kept->size() > kMaxNameBytes) return Unexpected(TextFault::kTooLong);
    return kept;
}

}  // namespace keyledger

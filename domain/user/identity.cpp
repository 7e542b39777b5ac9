#include "domain/user/identity.hpp"

#include <algorithm>

#include "domain/plain_text.hpp"

namespace keyledger {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }

// RFC 5322 section 3.2.3.
bool is_atext(char c) {
    return is_alphanumeric(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

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

}  // namespace

std::optional<Identifier> parse_email(std::string_view text) {
    if (text.size() > kMaxEmailBytes) return std::nullopt;
    const auto at = text.find('@');
    if (at == std::string_view::npos || at > kMaxLocalPartBytes) return std::nullopt;
    const std::string_view local = text.substr(0, at);
    const std::string_view host = text.substr(at + 1);
    const bool good_local =
        all_parts(local, [](std::string_view part) { return std::all_of(part.begin(), part.end(), is_atext); });
    if (!good_local || !is_domain_name(host)) return std::nullopt;
    return Identifier{std::string(text), ascii_lower(text)};
}

std::optional<Identifier> parse_username(std::string_view text) {
    if (text.size() < kMinUsernameBytes || text.size() > kMaxUsernameBytes) return std::nullopt;
    const bool good = is_alphanumeric(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
        return is_alphanumeric(c) || c == '.' || c == '_' || c == '-';
    });
    if (!good) return std::nullopt;
    return Identifier{std::string(text), ascii_lower(text)};
}

std::optional<std::string> parse_name(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return std::nullopt;
    text = text.substr(first, text.find_last_not_of(' ') - first + 1);
    if (text.size() > kMaxNameBytes || !is_plain_text(text)) return std::nullopt;
    return std::string(text);
}

}  // namespace keyledger

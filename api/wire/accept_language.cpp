#include "api/wire/accept_language.hpp"

#include <algorithm>

namespace keyledger::api {
namespace {

constexpr std::size_t kMaxFieldBytes = 1024;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Thousandths; -1: no weight.
int weight_of(std::string_view text) {
    text = trimmed(text);
    if (!text.starts_with("q=") && !text.starts_with("Q=")) return -1;
    text.remove_prefix(2);
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return -1;
    int weight = text[0] == '1' ? 1000 : 0;
    int place = 100;
    if (text.size() > 1 && text[1] != '.') return -1;
    for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (!is_digit(c)) return -1;
        weight += place * (c - '0');
        place /= 10;
    }
    return weight > 1000 ? -1 : weight;
}

}  // namespace

bool is_language_tag(std::string_view text) {
    if (text.empty() || text.size() > kMaxLanguageTagBytes) return false;
    for (bool first = true;; first = false) {
        const std::string_view part = text.substr(0, text.find('-'));
        const bool good = !part.empty() && part.size() <= 8 && std::all_of(part.begin(), part.end(), [&](char c) {
            return is_letter(c) || (!first && is_digit(c));
        });
        if (!good) return false;
        if (part.size() == text.size()) return true;
        text.remove_prefix(part.size() + 1);
    }
}

std::optional<std::string> preferred_language(std::string_view field) {
    std::optional<std::string> preferred;
    int most = 0;
    for (field = field.substr(0, kMaxFieldBytes); !field.empty();) {
        const std::string_view item = field.substr(0, field.find(','));
        field.remove_prefix(std::min(field.size(), item.size() + 1));
        const std::size_t semicolon = item.find(';');
        const std::string_view tag = trimmed(item.substr(0, semicolon));
        const int weight = semicolon == std::string_view::npos ? 1000 : weight_of(item.substr(semicolon + 1));
        if (weight <= most || !is_language_tag(tag)) continue;
        most = weight;
        preferred = std::string(tag);
    }
    return preferred;
}

}  // namespace keyledger::api

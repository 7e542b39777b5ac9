#include <algorithm>

#include "mail/templates/templates.hpp"

namespace keyledger::mail {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_same_tag(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// Without its last subtag, and without one of a single character before that, which only begins something.
std::string_view shortened(std::string_view range) {
    const auto without_last = [](std::string_view text) {
        const std::size_t dash = text.rfind('-');
        return dash == text.npos ? std::string_view{} : text.substr(0, dash);
    };
    range = without_last(range);
    const std::size_t dash = range.rfind('-');
    return dash != range.npos && range.size() - dash == 2 ? without_last(range) : range;
}

}  // namespace

std::vector<std::string> Templates::languages() const {
    std::vector<std::string> tags;
    for (const auto& [tag, language] : languages_) tags.push_back(tag);
    return tags;
}

std::string Templates::look_up(const std::vector<std::string>& wanted, std::string_view fallback) const {
    const auto tags = languages();
    for (const std::string& one : wanted) {
        for (std::string_view range = one; !range.empty(); range = shortened(range)) {
            const auto at = std::ranges::find_if(tags, [&](const auto& tag) { return is_same_tag(tag, range); });
            if (at != tags.end()) return *at;
        }
    }
    return std::string(fallback);
}

}  // namespace keyledger::mail

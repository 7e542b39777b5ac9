#include "domain/devices/agent.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace keyledger {
namespace {

constexpr std::size_t kMostProductLength = 40;

struct Mark {
    std::string_view mark;  // somewhere in the text
    std::string_view name;
};
// The first that is found counts: most browsers name those before them, too.
constexpr std::array kFamilies{
    Mark{"Edg/", "Edge"},          Mark{"EdgA/", "Edge"},       Mark{"EdgiOS/", "Edge"},
    Mark{"OPR/", "Opera"},         Mark{"Vivaldi/", "Vivaldi"}, Mark{"SamsungBrowser/", "Samsung Internet"},
    Mark{"FxiOS/", "Firefox"},     Mark{"Firefox/", "Firefox"}, Mark{"CriOS/", "Chrome"},
    Mark{"Chromium/", "Chromium"}, Mark{"Chrome/", "Chrome"},   Mark{"Safari/", "Safari"},
};
constexpr std::array kSystems{
    Mark{"Windows", "Windows"}, Mark{"Android", "Android"}, Mark{"iPhone", "iOS"},  Mark{"iPad", "iPadOS"},
    Mark{"CrOS", "ChromeOS"},   Mark{"Mac OS X", "macOS"},  Mark{"macOS", "macOS"}, Mark{"Linux", "Linux"},
};

template <std::size_t n>
std::string_view first_of(const std::array<Mark, n>& marks, std::string_view text) {
    const auto found =
        std::ranges::find_if(marks, [&](const Mark& one) { return text.find(one.mark) != std::string_view::npos; });
    return found == marks.end() ? std::string_view() : found->name;
}

bool is_shown(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_'; }

std::string_view product_of(std::string_view text) {
    const auto* const end = std::ranges::find_if_not(text, is_shown);
    return text.substr(0, std::min(kMostProductLength, static_cast<std::size_t>(end - text.begin())));
}

}  // namespace

std::string agent_name(std::string_view user_agent) {
    std::string_view family = first_of(kFamilies, user_agent);
    if (family.empty()) family = product_of(user_agent);
    if (family.empty()) return {};
    const std::string_view system = first_of(kSystems, user_agent);
    std::string name(family);
    if (!system.empty()) name.append(" on ").append(system);
    return name;
}

}  // namespace keyledger

#include "api/pages/theme_style.hpp"

namespace keyledger::api {
namespace {

constexpr std::string_view kFolder = "assets/";
constexpr std::string_view kBegin = "theme-";
constexpr std::string_view kEnd = ".css";
constexpr std::size_t kDigits = 6;

std::string digits_of(Color color) { return text_of(color).substr(1); }

// What is drawn on the accent has the contrast that the accent has with the surface.
std::string variables(Color accent, Color surface) {
    return ":root{--accent:" + text_of(accent) + ";--focus:" + text_of(accent) + ";--on-accent:" + text_of(surface) +
           "}";
}

std::string name_of(Color accent, Color dark) {
    return std::string(kBegin) + digits_of(accent) + "-" + digits_of(dark) + std::string(kEnd);
}

}  // namespace

std::string theme_path(Color accent, Color dark) { return std::string(kFolder) + name_of(accent, dark); }

std::optional<std::string> theme_style(std::string_view served_as) {
    if (served_as.size() != kBegin.size() + 2 * kDigits + 1 + kEnd.size()) return std::nullopt;
    const auto accent = parse_color("#" + std::string(served_as.substr(kBegin.size(), kDigits)));
    const auto dark = parse_color("#" + std::string(served_as.substr(kBegin.size() + kDigits + 1, kDigits)));
    // One name alone has each text.
    if (!accent || !dark || name_of(*accent, *dark) != served_as) return std::nullopt;
    if (contrast_of(*accent, kLightSurface) < kLeastContrast) return std::nullopt;
    if (contrast_of(*dark, kDarkSurface) < kLeastContrast) return std::nullopt;
    return variables(*accent, kLightSurface) + "\n@media (prefers-color-scheme: dark){" +
           variables(*dark, kDarkSurface) + "}\n";
}

}  // namespace keyledger::api

#include "domain/base/color.hpp"

#include <algorithm>
#include <cmath>

namespace keyledger {
namespace {

constexpr int kMost = 255;

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// As WCAG 2.2 defines relative luminance and contrast ratio.
double linear_of(std::uint8_t part) {
    const double share = part / static_cast<double>(kMost);
    return share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
}
double luminance_of(Color color) {
    return 0.2126 * linear_of(color.red) + 0.7152 * linear_of(color.green) + 0.0722 * linear_of(color.blue);
}

std::uint8_t towards_white(std::uint8_t part, int percent) {
    return static_cast<std::uint8_t>(part + (kMost - part) * percent / 100);
}

}  // namespace

std::optional<Color> parse_color(std::string_view text) {
    if (text.size() != 7 || text.front() != '#') return std::nullopt;
    std::uint8_t parts[3] = {};
    for (std::size_t i = 0; i < 3; ++i) {
        const int high = digit_of(text[2 * i + 1]);
        const int low = digit_of(text[2 * i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        parts[i] = static_cast<std::uint8_t>(16 * high + low);
    }
    return Color{parts[0], parts[1], parts[2]};
}

std::string text_of(Color color) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text = "#";
    for (const std::uint8_t part : {color.red, color.green, color.blue}) {
        text += kDigits[part / 16];
        text += kDigits[part % 16];
    }
    return text;
}

double contrast_of(Color one, Color other) {
    const auto [darker, lighter] = std::minmax({luminance_of(one), luminance_of(other)});
    return (lighter + 0.05) / (darker + 0.05);
}

Color dark_accent_of(Color accent) {
    Color lighter = accent;
    for (int percent = 0; percent <= 100 && contrast_of(lighter, kDarkSurface) < kLeastContrast; ++percent)
        lighter = {towards_white(accent.red, percent), towards_white(accent.green, percent),
                   towards_white(accent.blue, percent)};
    return lighter;
}

}  // namespace keyledger

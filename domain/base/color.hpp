#pragma once
// Colours of pages, and what makes them readable (WCAG 2.2, success criterion 1.4.3). Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keyledger {

struct Color {  // of sRGB
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;
    bool operator==(const Color&) const = default;
};

// What accents are drawn on, and what is drawn on them: `--surface` of api/pages/assets/style.css, light and dark.
inline constexpr Color kLightSurface{0xff, 0xff, 0xff};
inline constexpr Color kDarkSurface{0x1d, 0x21, 0x26};
inline constexpr double kLeastContrast = 4.5;

// "#" and six hexadecimal digits; nothing else that CSS knows.
std::optional<Color> parse_color(std::string_view text);
std::string text_of(Color color);  // in small letters

// From 1 (alike) to 21 (black and white); in both directions the same.
double contrast_of(Color one, Color other);

// For whoever gave an accent for light pages alone: it, or the first lighter one that can be read on dark ones.
Color dark_accent_of(Color accent);

}  // namespace keyledger

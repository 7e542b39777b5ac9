#include "api/pages/theme_style.hpp"

#include <gtest/gtest.h>

#include "api/pages/compiled_files.hpp"

namespace keyledger::api {
namespace {

std::string style_sheet() {
    for (const StaticFile& file : compiled_files())
        if (file.name == "style.css") return std::string(file.text);
    return {};
}

TEST(ThemeStyle, SaysTheColoursOfItsName) {
    const std::string path = theme_path({0x0b, 0x57, 0xd0}, {0x8a, 0xb4, 0xf8});
    EXPECT_EQ(path, "assets/theme-0b57d0-8ab4f8.css");
    EXPECT_EQ(theme_style("theme-0b57d0-8ab4f8.css"),
              ":root{--accent:#0b57d0;--focus:#0b57d0;--on-accent:#ffffff}\n"
              "@media (prefers-color-scheme: dark){:root{--accent:#8ab4f8;--focus:#8ab4f8;--on-accent:#1d2126}}\n");
}

// What it says comes of numbers: nothing of a name gets into the text.
TEST(ThemeStyle, IsOfNoOtherName) {
    for (const char* name :
         {"", "theme-.css", "theme-0b57d0.css", "theme-0b57d0-8ab4f8", "theme-0b57d0-8ab4f8.js",
          "theme-0B57D0-8AB4F8.css", "theme-0b57d0_8ab4f8.css", "theme-0b57d0-8ab4f8.css.css",
          "theme-}a{b:c-8ab4f8.css", "theme-0b57d0-*{b:c}.css", "theme-0b57d0-url(a).css", "style-0b57d0-8ab4f8.css"})
        EXPECT_FALSE(theme_style(name)) << name;
}

TEST(ThemeStyle, IsOfNoColoursThatCanNotBeRead) {
    EXPECT_FALSE(theme_style("theme-8ab4f8-8ab4f8.css")) << "on light pages";
    EXPECT_FALSE(theme_style("theme-0b57d0-0b57d0.css")) << "on dark pages";
}

// The rule and the style sheet speak of the same surfaces, and the variables are there.
TEST(ThemeStyle, FitsTheStyleSheetOfThePages) {
    const std::string style = style_sheet();
    const auto dark = style.find("@media (prefers-color-scheme: dark)");
    ASSERT_NE(dark, style.npos);
    const std::string light = style.substr(0, dark);
    EXPECT_NE(light.find("--surface: " + text_of(kLightSurface) + ";"), light.npos);
    EXPECT_NE(style.find("--surface: " + text_of(kDarkSurface) + ";", dark), style.npos);
    for (const char* variable : {"var(--accent)", "var(--on-accent)", "var(--focus)"})
        EXPECT_NE(style.find(variable), style.npos) << variable;
}

}  // namespace
}  // namespace keyledger::api

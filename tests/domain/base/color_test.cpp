#include "domain/base/color.hpp"

#include <gtest/gtest.h>

namespace keyledger {
namespace {

Color color(std::string_view text) { return parse_color(text).value(); }

TEST(Colors, AreSixDigitsAndNothingElseOfCss) {
    EXPECT_EQ(text_of(color("#0B57d0")), "#0b57d0");
    EXPECT_EQ(color("#0b57d0"), (Color{0x0b, 0x57, 0xd0}));
    for (const char* bad : {"", "#", "0b57d0", "#0b57d", "#0b57d00", "#0b57dg", "#fff", "#0b57d0ff", "blue", "#0b57d0;",
                            "rgb(0,0,0)", "var(--x)", "#-b57d0", "#+b57d0", "# b57d0", "#0x57d0", "}a{b:c", "url(/a)"})
        EXPECT_FALSE(parse_color(bad)) << bad;
    EXPECT_FALSE(parse_color(std::string_view("#0b57d\0", 7)));
}

// Of WCAG 2.2's definition, as other programs compute them, too.
TEST(Contrast, IsThatOfWcag) {
    EXPECT_NEAR(contrast_of(color("#000000"), color("#ffffff")), 21, 1e-9);
    EXPECT_NEAR(contrast_of(color("#777777"), color("#ffffff")), 4.478, 0.001) << "just too little";
    EXPECT_NEAR(contrast_of(color("#767676"), color("#ffffff")), 4.542, 0.001) << "just enough";
    EXPECT_NEAR(contrast_of(color("#ff0000"), color("#ffffff")), 3.998, 0.001);
    EXPECT_NEAR(contrast_of(color("#ffffff"), color("#ff0000")), 3.998, 0.001) << "the same in both directions";
    EXPECT_EQ(contrast_of(color("#123456"), color("#123456")), 1);
}

TEST(DarkAccents, CanBeReadWhateverTheyFollowFrom) {
    EXPECT_EQ(dark_accent_of(color("#8ab4f8")), color("#8ab4f8")) << "it can be read as it is";
    for (int red = 0; red < 256; red += 51)
        for (int green = 0; green < 256; green += 51)
            for (int blue = 0; blue < 256; blue += 51) {
                const Color accent{static_cast<std::uint8_t>(red), static_cast<std::uint8_t>(green),
                                   static_cast<std::uint8_t>(blue)};
                EXPECT_GE(contrast_of(dark_accent_of(accent), kDarkSurface), kLeastContrast) << text_of(accent);
            }
}

}  // namespace
}  // namespace keyledger

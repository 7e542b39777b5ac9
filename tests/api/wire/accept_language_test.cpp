#include "api/wire/accept_language.hpp"

#include <gtest/gtest.h>

namespace keyledger::api {
namespace {

TEST(PreferredLanguage, IsTheOneWithTheGreatestWeight) {
    EXPECT_EQ(preferred_language("de-AT"), "de-AT");
    EXPECT_EQ(preferred_language("de-AT, de;q=0.9, en;q=0.8"), "de-AT");
    EXPECT_EQ(preferred_language("en;q=0.3 , zh-Hant-TW ; q=0.75,fr;q=0.75"), "zh-Hant-TW");
    EXPECT_EQ(preferred_language("*, en;q=0.5"), "en");
    EXPECT_EQ(preferred_language("es-419"), "es-419");
    EXPECT_EQ(preferred_language("en;q=0.1,de;q=1.000"), "de");
}

TEST(PreferredLanguage, IsNoneWhereNoneIsNamed) {
    for (const char* field : {"", "*", ",", ";", "en;q=0", "en;q=0.000", "en;q=2", "en;q=1.5", "en;q", "en;q=0.12345",
                              "en_US", "-en", "en-", "e n", "1en", "toolonglanguage", "en;level=1", "<script>"})
        EXPECT_FALSE(preferred_language(field)) << field;
    EXPECT_FALSE(preferred_language(std::string(2000, ',') + "en"));
}

TEST(IsLanguageTag, KnowsItsLongest) {
    EXPECT_TRUE(is_language_tag("abcdefgh-abcdefgh-abcdefgh-abcdefgh"));
    EXPECT_FALSE(is_language_tag("abcdefgh-abcdefgh-abcdefgh-abcdefgh-a"));
}

}  // namespace
}  // namespace keyledger::api

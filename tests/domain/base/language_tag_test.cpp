#include "domain/base/language_tag.hpp"

#include <gtest/gtest.h>

using namespace keyledger;

TEST(LanguageTag, IsKeptInTheCaseInWhichItIsWritten) {
    const struct {
        const char* typed;
        const char* kept;
    } cases[] = {{"de", "de"},
                 {"DE-at", "de-AT"},
                 {"zh-hANT-tw", "zh-Hant-TW"},
                 {"zh-cmn-Hans-CN", "zh-cmn-Hans-CN"},
                 {"es-419", "es-419"},
                 {"sl-rozaj-biske", "sl-rozaj-biske"},
                 {"de-CH-1901", "de-CH-1901"},
                 {"en-US-u-CA-gregory", "en-US-u-ca-gregory"},
                 {"de-CH-x-Phonebk", "de-CH-x-phonebk"},
                 {"ar-a-aaa-b-bbb-x-a-ccc", "ar-a-aaa-b-bbb-x-a-ccc"},
                 {"abcdefgh", "abcdefgh"}};
    for (const auto& [typed, kept] : cases) EXPECT_EQ(parse_language_tag(typed), kept) << typed;
}

TEST(LanguageTag, HasAPartThatManyShare) {
    const struct {
        const char* tag;
        const char* shared;
    } cases[] = {{"de", "de"},
                 {"de-AT", "de-AT"},
                 {"zh-Hant-TW", "zh-Hant-TW"},
                 {"es-419", "es-419"},
                 {"zh-cmn-Hans-CN", "zh"},
                 {"de-CH-1901", "de-CH"},
                 {"en-US-u-ca-gregory", "en-US"},
                 {"de-x-annquill", "de"},
                 {"abcdefgh", ""}};
    for (const auto& [tag, shared] : cases) EXPECT_EQ(shared_part_of(tag), shared) << tag;
}

TEST(LanguageTag, IsNothingElse) {
    for (const char* text : {"",
                             "d",
                             "x",
                             "x-klingon",
                             "i-klingon",
                             "1de",
                             "de-",
                             "-de",
                             "de--at",
                             "de_AT",
                             "de AT",
                             "de-AT\n",
                             "*",
                             "de-*",
                             "abcdefghi",
                             "de-abcdefghi",
                             "de-419-DE",
                             "de-1901-1901",
                             "a-DE",
                             "de-a",
                             "de-a-bb-a-cc",
                             "de-x",
                             "de-\xC3\xA4",
                             "en,de",
                             "de-Latn-DE-Latn",
                             "ar-a-aaa-b-bbb-a-ccc",
                             "aaaaaaaa-bbbbbbbb-cccccccc-dddddddd-e"})
        EXPECT_EQ(parse_language_tag(text), std::nullopt) << text;
}

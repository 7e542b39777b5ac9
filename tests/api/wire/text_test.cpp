#include "api/wire/text.hpp"

#include <gtest/gtest.h>

using namespace keyledger::api;
using namespace std::string_view_literals;

TEST(ValidUtf8, AcceptsTheEdgesOfEveryLength) {
    for (std::string_view text : {""sv, "a"sv, "\x7F"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv, "\xED\x9F\xBF"sv,
                                  "\xEE\x80\x80"sv, "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv})
        EXPECT_TRUE(valid_utf8(text)) << hex_encoded(text);
}

TEST(ValidUtf8, RefusesOverlongFormsSurrogatesAndCutSequences) {
    for (std::string_view text :
         {"\x80"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC2"sv, "\xC2\x41"sv, "\xE0\x9F\xBF"sv, "\xED\xA0\x80"sv,
          "\xED\xBF\xBF"sv, "\xE2\x82"sv, "\xF0\x8F\xBF\xBF"sv, "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xFF"sv})
        EXPECT_FALSE(valid_utf8(text)) << hex_encoded(text);
}

TEST(EqualIgnoringCase, ComparesLettersOfAsciiAlone) {
    EXPECT_TRUE(equal_ignoring_case("", ""));
    EXPECT_TRUE(equal_ignoring_case("X-Request-Id", "x-request-ID"));
    for (std::string_view other : {"X-Request-I", "X-Request-Id ", "X-Request-Ie", "", "@-Request-Id"})
        EXPECT_FALSE(equal_ignoring_case("X-Request-Id", other)) << other;
    EXPECT_FALSE(equal_ignoring_case("[", "{")) << "no letters, though 32 apart";
    EXPECT_FALSE(equal_ignoring_case("\xC3\x84", "\xC3\xA4"));
}

TEST(PercentDecoded, DecodesOnceAndKeepsPlusWhereItIsAPlus) {
    EXPECT_EQ(percent_decoded("a%2525+b", PlusSign::kLiteral), "a%25+b");
    EXPECT_EQ(percent_decoded("a+b%2B", PlusSign::kSpace), "a b+");
}

TEST(PercentDecoded, RefusesCutEscapesNulAndWhatIsNotUtf8) {
    for (const char* text : {"%", "%4", "%4g", "%g4", "%00", "%FF", "%C0%AF", "%ED%A0%80"})
        EXPECT_FALSE(percent_decoded(text, PlusSign::kLiteral)) << text;
}

TEST(Base64Decoded, ReadsTheVectorsOfRfc4648) {
    EXPECT_EQ(base64_decoded(""), "");
    EXPECT_EQ(base64_decoded("Zg=="), "f");
    EXPECT_EQ(base64_decoded("Zm8="), "fo");
    EXPECT_EQ(base64_decoded("Zm9v"), "foo");
    EXPECT_EQ(base64_decoded("Zm9vYmFy"), "foobar");
}

TEST(Base64Decoded, RefusesOtherLengthsAlphabetsAndTrailingBits) {
    for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zm9v\n", "Zm-_", "Zh==", "Zm9=", "Zg==Zg=="})
        EXPECT_FALSE(base64_decoded(text)) << text;
}

TEST(Shortened, NeverCutsACharacter) {
    EXPECT_EQ(shortened("abc", 3), "abc");
    EXPECT_EQ(shortened("ab\xE2\x82\xAC", 4), "ab");
    EXPECT_EQ(shortened("\xE2\x82\xAC", 1), "");
}

TEST(IsToken, FollowsRfc9110) {
    EXPECT_TRUE(is_token("X-Request-Id"));
    for (const char* text : {"", "a b", "a:b", "a\r", "\xC3\xA4"}) EXPECT_FALSE(is_token(text)) << text;
}

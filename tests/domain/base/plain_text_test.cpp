#include "domain/base/plain_text.hpp"

#include <gtest/gtest.h>

#include "domain/base/precis.hpp"
#include "domain/users/identity.hpp"

using namespace keyledger;
using namespace std::string_literals;

TEST(PlainText, IsWhatPeopleWrite) {
    for (const char* good : {"", "Ann", "Zoë Nyström", "Ελένη", "李小龍", "علی\u200Cرضا", "👩‍👩‍👧",
                             "ticket 12: \"left\" <b>", "א"})
        EXPECT_TRUE(is_plain_text(good)) << good;
}

TEST(PlainText, HasNothingThatAReaderCantSeeOrIsDeceivedBy) {
    for (const std::string& bad :
         {"\0"s,     "a\nb"s,   "a\rb"s,       "a\tb"s,          "\x1b[2J"s,   "\x7f"s,   "\u0085"s,
          "\u009B"s, "\u2028"s, "\u2029"s,     "\u202Egpj.exe"s, "\u200E"s,    "\u200F"s, "\u061C"s,
          "\u200B"s, "\u00AD"s, "\u200D"s,     "\u2066"s,        "\u2069"s,    "\uFEFF"s, "\uFFF9"s,
          "\uFDD0"s, "\uFFFE"s, "\U0001FFFF"s, "\U000E0041"s,    "\U00100000"s})
        EXPECT_FALSE(is_plain_text("x" + bad + "y")) << ::testing::PrintToString(bad);
}

// Which is why it is not looked at one by one.
TEST(PlainText, IsAllOfAsciiThatIsShown) {
    for (char32_t one = 0x20; one < 0x7F; ++one) {
        for (char32_t other = 0x20; other < 0x7F; ++other) {
            const std::u32string text{one, other, one};
            for (std::size_t at = 0; at < text.size(); ++at)
                EXPECT_FALSE(fault_at(text, at)) << char(one) << char(other);
        }
        EXPECT_TRUE(is_plain_text(std::string(1, static_cast<char>(one))));
    }
    for (const char hidden : {'\0', '\x1F', '\x7F', '\x80', '\xFF'})
        EXPECT_FALSE(is_plain_text(std::string(2, hidden)));
}

TEST(PlainText, IsUtf8) {
    for (const std::string& bad : {"\x80"s, "\xC3"s, "\xC0\x80"s, "\xC3("s, "\xE2\x82"s, "\xE0\x80\x80"s,
                                   "\xED\xA0\x80"s, "\xF0\x80\x80\x80"s, "\xF4\x90\x80\x80"s, "\xFF"s})
        EXPECT_FALSE(is_plain_text(bad)) << ::testing::PrintToString(bad);
}

TEST(PlainText, IsMadeOfAnythingWithMarksForWhatIsNot) {
    EXPECT_EQ(as_plain_text("curl/8 \u009Bü\n\xFF"), "curl/8 ?ü??");
    EXPECT_EQ(as_plain_text("Mozilla/5.0"), "Mozilla/5.0");
}

TEST(PlainText, IsWhatNamesAreMadeOf) {
    EXPECT_TRUE(parse_name("Zoë Nyström"));
    for (const char* bad : {"Ann\nBob", "Ann\u202Ebob", "\u2028", "Ann\xFF"}) EXPECT_FALSE(parse_name(bad)) << bad;
}

#include "domain/users/identity.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace keyledger {
namespace {

std::string of(std::size_t count, char c) { return std::string(count, c); }

// An address of exactly `size` bytes with a local part of 64.
std::string email_of(std::size_t size) {
    std::string email = of(64, 'a') + '@';
    while (email.size() + 64 < size) email += of(49, 'b') + '.';
    return email + of(size - email.size() - 3, 'c') + ".de";
}

TEST(ParseEmail, KeepsTheTextAndComparesWithoutCase) {
    auto email = parse_email("Ann.Lee+News@Mail.Example.COM");
    ASSERT_TRUE(email);
    EXPECT_EQ(email->text, "Ann.Lee+News@Mail.Example.COM");
    EXPECT_EQ(email->key, "ann.lee+news@mail.example.com");
}

TEST(ParseEmail, AcceptsEveryDotString) {
    for (const char* text : {"a@b.cd", "1@2.x3", "!#$%&'*+-/=?^_`{|}~@example.org", "a.b.c@d-e.f--g.h",
                             "a@xn--bcher-kva.example", "a@example.xn--p1ai"})
        EXPECT_TRUE(parse_email(text)) << text;
}

TEST(ParseEmail, RefusesWhatIsNoMailboxWithADomainName) {
    for (const char* text : {"",
                             "@",
                             "a",
                             "a@",
                             "@b.cd",
                             "a@b",
                             "a@b.",
                             "a@.b",
                             "a@b..c",
                             ".a@b.cd",
                             "a.@b.cd",
                             "a..b@c.de",
                             "a@b@c.de",
                             "a b@c.de",
                             "a@b c.de",
                             "a@-b.cd",
                             "a@b-.cd",
                             "a@b_c.de",
                             "\"a\"@b.cd",
                             "a@[127.0.0.1]",
                             "a@b.cd.",
                             "a\n@b.cd",
                             "Ann <a@b.cd>",
                             "a,b@c.de"})
        EXPECT_FALSE(parse_email(text)) << text;
}

// RFC 6531 and IDNA 2008 (non-transitional: "straße" is not "strasse").
TEST(ParseEmail, TakesAddressesBeyondAsciiAndShowsThemAsTyped) {
    struct Example {
        const char* typed;
        const char* key;
    };
    for (const auto& [typed, key] : {Example{"Jürgen@MÜLLER.example", "jürgen@xn--mller-kva.example"},
                                     Example{"ann@straße.example", "ann@xn--strae-oqa.example"},
                                     Example{"用户@例え.テスト", "用户@xn--r8jz45g.xn--zckzah"},
                                     Example{"Ann@xn--mller-KVA.Example", "ann@xn--mller-kva.example"},
                                     Example{"ΔΟΚΙΜΉ@παράδειγμα.δοκιμή", "δοκιμή@xn--hxajbheg2az3al.xn--jxalpdlp"},
                                     Example{"иван@пример.рф", "иван@xn--e1afmkfd.xn--p1ai"}}) {
        const auto email = parse_email(typed);
        ASSERT_TRUE(email) << typed;
        EXPECT_EQ(email->text, typed);
        EXPECT_EQ(email->key, key);
    }
}

// Two keyboards, one mailbox: NFC and NFD, large and small, A-labels and U-labels.
TEST(ParseEmail, ComparesAddressesBeyondAsciiInNfcWithoutCase) {
    const std::string key = parse_email("jürgen@müller.example")->key;
    for (const char* typed : {"JÜRGEN@müller.EXAMPLE", "ju\u0308rgen@mu\u0308ller.example",
                              "Jürgen@XN--MLLER-KVA.example", "jürgen@müller。example"}) {
        const auto email = parse_email(typed);
        ASSERT_TRUE(email) << typed;
        EXPECT_EQ(email->key, key) << typed;
        EXPECT_EQ(email->text, typed);
    }
    EXPECT_NE(parse_email("jurgen@müller.example")->key, key);
}

// What looks like another address once it is compared would be a way to its account: the Kelvin sign is a "k" in NFC.
TEST(ParseEmail, MakesNoTwinOfAnAsciiAddress) {
    EXPECT_FALSE(parse_email("mi\u212Ae@example.com"));
    EXPECT_FALSE(parse_email("\u212A@example.com"));
    for (const char* look_alike : {"ſam@example.com", "ｓam@example.com", "İan@example.com", "ıan@example.com"}) {
        const auto email = parse_email(look_alike);
        if (!email) continue;
        EXPECT_FALSE(std::all_of(email->key.begin(), email->key.end(), [](char c) { return (c & 0x80) == 0; }))
            << look_alike;
    }
}

TEST(ParseEmail, RefusesBeyondAsciiWhatCannotBeSeenOrStandsElsewhere) {
    for (const char* typed :
         {"a\u200Bb@example.com", "a\u202Eb@example.com", "a\u00ADb@example.com", "a\u3000b@example.com",
          "\u0308a@example.com", "a.\u0308b@example.com", "ü@", "@ü.example", "ü..x@example.com", "ann@ü",
          "ann@ü..example", "ann@ü_x.example", "ann@-ü.example", "ann@ex\u200Bample.com", "ann@xn--\u00FC.example",
          "ann@☃.example", "ann@\u0308x.example", "\xC3@b.cd", "a@b\xFF.de"})
        EXPECT_FALSE(parse_email(typed)) << typed;
}

// In bytes of UTF-8, and in the bytes of what it is compared as.
TEST(ParseEmail, HoldsItsLimitsBeyondAscii) {
    std::string local;
    for (int i = 0; i < 32; ++i) local += "ü";
    EXPECT_TRUE(parse_email(local + "@b.cd"));
    EXPECT_FALSE(parse_email(local + "a@b.cd"));
    std::string host;
    for (int i = 0; i < 60; ++i) host += "ü";
    EXPECT_FALSE(parse_email("a@" + host + ".example"));  // an A-label of more than 63
}

// No top-level domain is all digits (RFC 3696 section 2): this is an address literal that lost its brackets.
TEST(ParseEmail, RefusesAnIpAddressForADomainName) {
    EXPECT_FALSE(parse_email("a@127.0.0.1"));
    EXPECT_FALSE(parse_email("a@example.123"));
    EXPECT_TRUE(parse_email("a@127.example"));
}

TEST(ParseEmail, RefusesTheNulByte) {
    using std::string_view_literals::operator""sv;
    EXPECT_FALSE(parse_email("a\0@b.cd"sv));
    EXPECT_FALSE(parse_email("a@b.cd\0"sv));
}

TEST(ParseEmail, HoldsItsLimitsAtTheBorder) {
    EXPECT_EQ(email_of(254).size(), 254u);
    EXPECT_TRUE(parse_email(email_of(254)));
    EXPECT_FALSE(parse_email(email_of(255)));
    EXPECT_TRUE(parse_email(of(64, 'a') + "@b.cd"));
    EXPECT_FALSE(parse_email(of(65, 'a') + "@b.cd"));
    EXPECT_TRUE(parse_email("a@" + of(63, 'b') + ".cd"));
    EXPECT_FALSE(parse_email("a@" + of(64, 'b') + ".cd"));
}

TEST(ParseUsername, KeepsTheTextAndComparesWithoutCase) {
    auto username = parse_username("Ann_Lee.7-x");
    ASSERT_TRUE(username);
    EXPECT_EQ(username->text, "Ann_Lee.7-x");
    EXPECT_EQ(username->key, "ann_lee.7-x");
}

TEST(ParseUsername, RefusesWhatItsHeaderDoesNotName) {
    for (const char* text :
         {"", ".ann", "_ann", "-ann", "ann lee", "ann@lee", "ann+lee", " ann", "ann ", "ann\n", "ann/lee"})
        EXPECT_FALSE(parse_username(text)) << text;
    EXPECT_TRUE(parse_username("7up"));
}

TEST(ParseUsername, HoldsItsLimitsAtTheBorder) {
    EXPECT_FALSE(parse_username("ab"));
    EXPECT_TRUE(parse_username("abc"));
    EXPECT_TRUE(parse_username(of(kMaxUsernameLength, 'a')));
    EXPECT_FALSE(parse_username(of(kMaxUsernameLength + 1, 'a')));
}

TEST(ParseName, TrimsSpacesAndKeepsTheRest) {
    EXPECT_EQ(parse_name("  Ann \xC3\x84 Lee ").value(), "Ann \xC3\x84 Lee");
    EXPECT_EQ(parse_name("x").value(), "x");
    EXPECT_EQ(parse_name("\xF0\x9F\x91\xA9").value(), "\xF0\x9F\x91\xA9");
}

TEST(ParseName, RefusesNothingAndControlCharacters) {
    using std::string_view_literals::operator""sv;
    for (auto text : {""sv, "   "sv, "a\nb"sv, "a\tb"sv, "a\0b"sv, "\x1B[31m"sv, "a\x7F"sv})
        EXPECT_FALSE(parse_name(text)) << text;
}

// U+0080 to U+009F: a terminal that shows the audit trail takes U+009B for an escape sequence.
TEST(ParseName, RefusesTheControlCharactersBeyondAscii) {
    EXPECT_FALSE(parse_name("a\xC2\x80"));
    EXPECT_FALSE(parse_name("\xC2\x9B"
                            "31m"));
    EXPECT_FALSE(parse_name("a\xC2\x9F"
                            "b"));
    EXPECT_TRUE(parse_name("a\xC2\xA0"
                           "b"));             // no-break space
    EXPECT_TRUE(parse_name("\xC3\x9B"));      // U+00DB ends in the same byte as U+009B
    EXPECT_TRUE(parse_name("\xE4\x82\x9B"));  // U+409B too
}

TEST(ParseName, HoldsItsLimitInBytesAfterTrimming) {
    EXPECT_TRUE(parse_name(of(256, 'a')));
    EXPECT_FALSE(parse_name(of(257, 'a')));
    EXPECT_TRUE(parse_name(' ' + of(256, 'a') + ' '));
}

}  // namespace
}  // namespace keyledger

#include <gtest/gtest.h>

#include <string>

#include "security/primitives/base32.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/hex.hpp"
#include "security/primitives/random.hpp"

using namespace keyledger::security;

// RFC 4648 section 10, without its padding.
TEST(Base64url, MatchesRfc4648) {
    const std::pair<const char*, const char*> vectors[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
    for (auto [bytes, text] : vectors) {
        EXPECT_EQ(base64url_encode(bytes), text);
        EXPECT_EQ(base64url_decode(text), bytes);
    }
    EXPECT_EQ(base64url_encode("\xfb\xff\xfe"), "-__-");
    EXPECT_EQ(base64_unpadded_encode("\xfb\xff\xfe"), "+//+");
}

TEST(Base64url, RefusesPaddingForeignCharactersAndLooseBits) {
    for (const char* text : {"Z", "Zg==", "Zm8=", "Zm 8", "Zm8\n", "+//+", "Zh", "Zm9", "Zm9vZ", "Zm9v.", "Zm9v\x80"})
        EXPECT_FALSE(base64url_decode(text)) << text;
    EXPECT_FALSE(base64url_decode(std::string_view("Zm9\0", 4)));
    EXPECT_FALSE(base64_unpadded_decode("-__-"));
}

TEST(Base64url, RoundTripsEveryLength) {
    for (std::size_t size = 0; size < 200; ++size) {
        std::string bytes = random_bytes(size);
        EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
        EXPECT_EQ(base64_unpadded_decode(base64_unpadded_encode(bytes)), bytes);
    }
}

TEST(Base64url, RefusesOneForeignCharacterWhereverItStands) {
    for (std::size_t size : {16, 17, 18}) {
        const std::string text = base64url_encode(std::string(size, '\0'));
        ASSERT_TRUE(base64url_decode(text));
        for (std::size_t at = 0; at < text.size(); ++at)
            for (const char foreign : {'+', '/', '=', '.', ' ', '\x80', '\0'}) {
                std::string changed = text;
                changed[at] = foreign;
                EXPECT_FALSE(base64url_decode(changed)) << size << ' ' << at << ' ' << foreign;
            }
    }
}

// RFC 4648 section 10, without its padding.
TEST(Base32, MatchesRfc4648) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "MY"},
                                                           {"fo", "MZXQ"},
                                                           {"foo", "MZXW6"},
                                                           {"foob", "MZXW6YQ"},
                                                           {"fooba", "MZXW6YTB"},
                                                           {"foobar", "MZXW6YTBOI"}};
    for (auto [bytes, text] : vectors) EXPECT_EQ(base32_encode(bytes), text);
}

TEST(Typeable32, RoundTripsEveryLength) {
    for (std::size_t size = 0; size < 200; ++size) {
        const std::string bytes = random_bytes(size);
        EXPECT_EQ(typeable32_decode(typeable32_encode(bytes)), bytes);
    }
}

TEST(Typeable32, ReadsEitherCaseAndLookAlikes) {
    const std::string bytes("\x00\x44\x32\x14\xc7\x42\x54\xb6\x35\xcf\x84\x65\x3a\x56\xd7\xc6\x75\xbe\x77\xdf", 20);
    EXPECT_EQ(typeable32_encode(bytes), "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    EXPECT_EQ(typeable32_decode("oL23456789abcdefghjkmnpqrstvwxyz"), bytes);
    EXPECT_EQ(typeable32_decode("OI23456789abcdefghjkmnpqrstvwxyz"), bytes);
    EXPECT_EQ(typeable32_decode("0i23456789ABCDEFGHJKMNPQRSTVWXYZ"), bytes);
    EXPECT_EQ(typeable32_decode("0l23456789ABCDEFGHJKMNPQRSTVWXYZ"), bytes);
}

TEST(Typeable32, RefusesForeignCharactersAndLooseBits) {
    for (const char* text : {"U0", "0u", "0-", " 00", "00=", "0\x80", "0", "000", "000000", "01", "00000001"})
        EXPECT_EQ(typeable32_decode(text).has_value(), text == std::string_view("00000001")) << text;
}

TEST(Hex, RoundTrips) {
    EXPECT_EQ(hex_encode(std::string_view("\x00\x7f\xff", 3)), "007fff");
    EXPECT_EQ(hex_decode("007fFF"), std::string("\x00\x7f\xff", 3));
}

TEST(Hex, RefusesOddLengthsAndForeignCharacters) {
    for (const char* text : {"0", "0g", "0x00", " 00"}) EXPECT_FALSE(hex_decode(text)) << text;
}

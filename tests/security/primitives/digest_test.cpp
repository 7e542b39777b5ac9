#include "security/primitives/digest.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

using namespace keyledger::security;
using keyledger::Secret;

namespace {

std::string hex_of(const Digest& digest) { return hex_encode(view_of(digest)); }
std::string unhex(std::string_view text) { return hex_decode(text).value(); }

}  // namespace

// FIPS 180-4, examples of the standard.
TEST(Sha256, MatchesTheStandard) {
    EXPECT_EQ(hex_of(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex_of(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex_of(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, HashesPartsAsOneText) {
    EXPECT_EQ(sha256({"a", "", "bc"}), sha256("abc"));
    std::vector<std::string_view> parts{"ab", "c"};
    EXPECT_EQ(sha256(parts), sha256("abc"));
}

// RFC 4231 section 4, cases 1, 2, 6 (a key longer than a block).
TEST(HmacSha256, MatchesRfc4231) {
    EXPECT_EQ(hex_of(hmac_sha256(std::string(20, '\x0b'), {"Hi There"})),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex_of(hmac_sha256("Jefe", {"what do ya want ", "for nothing?"})),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex_of(hmac_sha256(std::string(131, '\xaa'), {"Test Using Larger Than Block-Size Key - Hash Key First"})),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacKey, IsTheSameAsHmacInOneGo) {
    for (const std::size_t size : {1, 20, 32, 63, 64, 65, 131})
        for (const char* text : {"", "Hi There", "what do ya want for nothing?"}) {
            const std::string key(size, 'k');
            EXPECT_EQ(hex_of(HmacKey(key).of(text)), hex_of(hmac_sha256(key, {text}))) << size << text;
        }
    EXPECT_THROW(HmacKey(""), std::invalid_argument);
}

TEST(HmacSha256, RefusesAnEmptyKey) { EXPECT_THROW(hmac_sha256("", {"text"}), std::invalid_argument); }

// RFC 5869 appendix A, cases 1 and 3; the first 32 bytes of their output are its first block.
TEST(HkdfSha256, MatchesRfc5869) {
    std::string key(22, '\x0b');
    EXPECT_EQ(hex_of(hkdf_sha256(key, unhex("000102030405060708090a0b0c"), unhex("f0f1f2f3f4f5f6f7f8f9"))),
              "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    EXPECT_EQ(hex_of(hkdf_sha256(key, "", "")), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(HkdfSha256, GivesTheSameKeyAsASecret) {
    Secret root("a root");
    EXPECT_EQ(hkdf_key(root, "salt", "info").reveal(), view_of(hkdf_sha256("a root", "salt", "info")));
}

// Every thread has contexts of its own, also one that starts and ends while others hash.
TEST(Digests, AreTheSameOnEveryThread) {
    Digest expected = hmac_sha256("key", {"text"});
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            for (int round = 0; round < 200; ++round) EXPECT_EQ(hmac_sha256("key", {"te", "xt"}), expected);
        });
}

TEST(LengthPrefixed, TellsListsApartThatJoinToTheSameText) {
    EXPECT_NE(length_prefixed({"ab", "c"}), length_prefixed({"a", "bc"}));
    EXPECT_NE(length_prefixed({"a", ""}), length_prefixed({"a"}));
    EXPECT_EQ(hex_encode(length_prefixed({"ab"})), "000000026162");
}

#include "security/primitives/digest.hpp"

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

using namespace keyledger::security;
using keyledger::Secret;
using keyledger::Uuid;

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

// Both steps by HMACs in one go, as RFC 5869 section 2 writes them.
TEST(HkdfSha256, IsExtractedAndExpandedAsTheStandardSays) {
    std::mt19937 random(24);
    const auto text = [&](std::size_t size) {
        std::string bytes(size, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random() & 0xFF);
        return bytes;
    };
    for (const std::size_t size : {0, 1, 31, 32, 33, 63, 64, 65, 200})
        for (const std::size_t salt_size : {0, 1, 24, 64, 65})
            for (const std::size_t info_size : {0, 1, 40, 300}) {
                const std::string key = text(size), salt = text(salt_size), info = text(info_size);
                const Digest extracted = hmac_sha256(salt.empty() ? std::string(32, '\0') : salt, {key});
                const Digest expanded = hmac_sha256(view_of(extracted), {info, "\x01"});
                EXPECT_EQ(hkdf_sha256(key, salt, info), expanded);
                const Secret in_parts = hkdf_extracted(Secret(key), salt);
                EXPECT_EQ(in_parts.reveal(), view_of(extracted));
                EXPECT_EQ(hkdf_expanded(in_parts, info).reveal(), view_of(expanded));
                EXPECT_EQ(hkdf_expanded(HmacKey(in_parts.reveal()), info).reveal(), view_of(expanded));
            }
}

// Every thread has contexts of its own, also one that starts and ends while others hash.
TEST(Digests, AreTheSameOnEveryThread) {
    Digest expected = hmac_sha256("key", {"text"});
    Digest derived = hkdf_sha256("key", "", "text");
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            for (int round = 0; round < 200; ++round) {
                EXPECT_EQ(hmac_sha256("key", {"te", "xt"}), expected);
                EXPECT_EQ(hkdf_sha256("key", "", "text"), derived);
            }
        });
}

TEST(LengthPrefixed, TellsListsApartThatJoinToTheSameText) {
    EXPECT_NE(length_prefixed({"ab", "c"}), length_prefixed({"a", "bc"}));
    EXPECT_NE(length_prefixed({"a", ""}), length_prefixed({"a"}));
    EXPECT_EQ(hex_encode(length_prefixed({"ab"})), "000000026162");
}

TEST(UuidOf, IsOfVersionEight) {
    Digest digest;
    digest.fill(0xFF);
    EXPECT_EQ(uuid_of(digest).to_string(), "ffffffff-ffff-8fff-bfff-ffffffffffff");
    digest.fill(0);
    EXPECT_EQ(uuid_of(digest).to_string(), "00000000-0000-8000-8000-000000000000");
}

TEST(PartsReader, ReadsWhatLengthPrefixedWrote) {
    const Uuid id = uuid_of(sha256("id"));
    const std::string bytes = length_prefixed({"ab", "", "-7", view_of(id)});
    PartsReader parts(bytes);
    EXPECT_EQ(parts.part(), "ab");
    EXPECT_EQ(parts.part(), "");
    EXPECT_EQ(parts.number(), -7);
    EXPECT_FALSE(parts.is_at_end());
    EXPECT_EQ(parts.uuid(), id);
    EXPECT_TRUE(parts.is_at_end());
    EXPECT_EQ(parts.part(), "");
    EXPECT_FALSE(parts.is_good()) << "there was none";
}

TEST(PartsReader, GivesNothingBehindWhatIsNotAsItShouldBe) {
    const std::string whole = length_prefixed({"12", "34"});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        PartsReader parts(std::string_view(whole).substr(0, size));
        (void)parts.number();
        EXPECT_EQ(parts.number(), 0) << size;
        EXPECT_FALSE(parts.is_good()) << size;
        EXPECT_FALSE(parts.is_at_end()) << size;
    }
    for (const std::string_view bad : {"", "x", "1x", " 1", "9223372036854775808"}) {
        const std::string bytes = length_prefixed({bad, "1"});
        PartsReader parts(bytes);
        EXPECT_EQ(parts.number(), 0) << bad;
        EXPECT_EQ(parts.number(), 0) << bad;
        EXPECT_FALSE(parts.is_good()) << bad;
    }
    const std::string short_id = length_prefixed({std::string(15, 'x')});
    PartsReader parts(short_id);
    EXPECT_TRUE(parts.uuid().is_nil());
    EXPECT_FALSE(parts.is_good());
    PartsReader huge(std::string_view("\xFF\xFF\xFF\xFFx", 5));
    EXPECT_EQ(huge.part(), "");
    EXPECT_FALSE(huge.is_good());
}

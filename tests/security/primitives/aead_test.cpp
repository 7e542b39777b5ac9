#include "security/primitives/aead.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"
#include "security/primitives/random.hpp"

using namespace keyledger::security;
using keyledger::Secret;

namespace {

std::string unhex(std::string_view text) { return hex_decode(text).value(); }

}  // namespace

// The GCM specification (McGrew and Viega), test cases 14 and 16: AES-256, without and with associated data.
TEST(Aead, OpensTheVectorsOfTheSpecification) {
    std::string zero = unhex("000000000000000000000000"
                             "cea7403d4d606b6e074ec5d3baf39d18"
                             "d0d1c8a799996bf0265b98b5d48ab919");
    EXPECT_EQ(aead_open(Secret(std::string(32, '\0')), "", zero), std::string(16, '\0'));

    Secret key(unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
    std::string sealed = unhex("cafebabefacedbaddecaf888"
                               "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                               "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                               "76fc6ece0f4e1768cddf8853bb2d551b");
    EXPECT_EQ(aead_open(key, unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"), sealed),
              unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"));
}

TEST(Aead, RoundTripsEverySizeAndNeverTheSameWay) {
    Secret key = random_secret(kAeadKeySize);
    for (std::size_t size : {0u, 1u, 15u, 16u, 17u, 1000u, 100'000u}) {
        std::string clear = random_bytes(size);
        std::string sealed = aead_seal(key, "about", clear);
        EXPECT_EQ(sealed.size(), size + kAeadOverhead);
        EXPECT_EQ(aead_open(key, "about", sealed), clear);
        EXPECT_NE(aead_seal(key, "about", clear), sealed);
    }
}

TEST(Aead, RefusesEveryFlippedBitAndEveryCut) {
    Secret key = random_secret(kAeadKeySize);
    std::string sealed = aead_seal(key, "about", "a clear text");
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        std::string bent = sealed;
        bent[bit / 8] = static_cast<char>(bent[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(aead_open(key, "about", bent)) << "bit " << bit;
    }
    for (std::size_t size = 0; size < sealed.size(); ++size)
        EXPECT_FALSE(aead_open(key, "about", std::string_view(sealed).substr(0, size))) << size;
    EXPECT_EQ(aead_open(key, "about", sealed), "a clear text");
}

TEST(Aead, RefusesAnotherKeyAndOtherAssociatedData) {
    Secret key = random_secret(kAeadKeySize);
    std::string sealed = aead_seal(key, "about", "clear");
    EXPECT_FALSE(aead_open(random_secret(kAeadKeySize), "about", sealed));
    EXPECT_FALSE(aead_open(key, "abouT", sealed));
    EXPECT_FALSE(aead_open(key, "", sealed));
}

TEST(Aead, RefusesKeysAndTextsOfAWrongSize) {
    EXPECT_THROW(aead_seal(Secret("short"), "", ""), std::invalid_argument);
    EXPECT_THROW((void)aead_open(random_secret(16), "", ""), std::invalid_argument);
    EXPECT_THROW(aead_seal(random_secret(32), "", std::string(kMaxAeadClearSize + 1, 'x')), std::length_error);
}

TEST(DeterministicAead, GivesEqualBytesForEqualInputOnly) {
    DeterministicAead aead(Secret("a root"), "purpose");
    std::string sealed = aead.seal("about", "clear");
    EXPECT_EQ(aead.seal("about", "clear"), sealed);
    EXPECT_EQ(aead.open("about", sealed), "clear");
    EXPECT_FALSE(aead.open("other", sealed));

    auto nonce = [](const std::string& value) { return value.substr(0, kAeadNonceSize); };
    EXPECT_NE(nonce(aead.seal("about", "cleaR")), nonce(sealed));
    EXPECT_NE(nonce(aead.seal("other", "clear")), nonce(sealed));
    EXPECT_NE(nonce(aead.seal("aboutc", "lear")), nonce(sealed));
}

TEST(KeptAeads, GivesEachOnceAndForgetsTheOldestOfTooMany) {
    KeptAeads kept;
    const auto context = [](std::size_t number) {
        keyledger::Uuid id;
        id.bytes[0] = static_cast<std::uint8_t>(number >> 8);
        id.bytes[15] = static_cast<std::uint8_t>(number);
        return id;
    };
    const auto made = [](std::size_t number) {
        return std::make_unique<const DeterministicAead>(Secret("root " + std::to_string(number)), "purpose");
    };
    for (std::size_t number = 0; number < KeptAeads::kMost + 2; ++number) kept.put(context(number), made(number));
    EXPECT_EQ(kept.take(context(0)), nullptr);
    EXPECT_EQ(kept.take(context(1)), nullptr);
    for (const std::size_t number : {std::size_t{2}, KeptAeads::kMost + 1}) {
        const auto taken = kept.take(context(number));
        ASSERT_NE(taken, nullptr) << number;
        EXPECT_EQ(taken->seal("about", "clear"), made(number)->seal("about", "clear")) << number;
        EXPECT_EQ(kept.take(context(number)), nullptr) << number;
    }
    kept.put(context(7), made(1'000));
    EXPECT_EQ(kept.take(context(7))->seal("about", "clear"), made(1'000)->seal("about", "clear")) << "the later one";
}

TEST(DeterministicAead, KeepsPurposesAndRootsApart) {
    DeterministicAead aead(Secret("a root"), "purpose");
    std::string sealed = aead.seal("about", "clear");
    EXPECT_FALSE(DeterministicAead(Secret("a root"), "other purpose").open("about", sealed));
    EXPECT_FALSE(DeterministicAead(Secret("other root"), "purpose").open("about", sealed));
}

// Values that were sealed are presented for months: both keys are still the ones that HKDF derives each by itself.
TEST(DeterministicAead, SealsAndOpensUnderTheKeysThatHkdfDerives) {
    for (int round = 0; round < 50; ++round) {
        const Secret root = random_secret(static_cast<std::size_t>(round));
        const std::string info = random_bytes(static_cast<std::size_t>(round % 20));
        const std::string about = random_bytes(40), clear = random_bytes(static_cast<std::size_t>(3 * round));
        const auto derived = [&](std::string_view use) {
            return Secret(view_of(hkdf_sha256(root.reveal(), {}, length_prefixed({use, info}))));
        };
        const DeterministicAead aead(root, info);
        const std::string sealed = aead.seal(about, clear);
        EXPECT_EQ(aead_open(derived("encrypt"), about, sealed), clear);
        const Digest all = hmac_sha256(derived("nonce").reveal(), {length_prefixed({about, clear})});
        EXPECT_EQ(sealed.substr(0, kAeadNonceSize), view_of(all).substr(0, kAeadNonceSize));
        EXPECT_EQ(aead.open(about, aead_seal(derived("encrypt"), about, clear)), clear);
    }
}

// Sealing and opening share contexts of a thread, never between threads.
TEST(Aead, WorksOnManyThreadsAtOnce) {
    Secret key = random_secret(kAeadKeySize);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&key, i] {
            std::string clear = "clear " + std::to_string(i);
            for (int round = 0; round < 200; ++round)
                EXPECT_EQ(aead_open(key, "about", aead_seal(key, "about", clear)), clear);
        });
}

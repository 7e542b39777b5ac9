#include "security/passwords/argon2.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "security/passwords/sodium_argon2.hpp"
#include "security/primitives/hex.hpp"

using namespace keyledger::security;
using keyledger::Secret;

namespace {

// The smallest that Argon2 allows: what is tested is not how slow it is.
constexpr Argon2Parameters kCheap{.memory_kib = 8, .passes = 1, .lanes = 1};

}  // namespace

// RFC 9106 section 5.3.
TEST(Argon2, MatchesRfc9106) {
    std::string password(32, '\x01');
    std::string salt(16, '\x02');
    std::string secret(8, '\x03');
    std::string associated_data(12, '\x04');
    Argon2Parameters parameters{.memory_kib = 32, .passes = 3, .lanes = 4};
    EXPECT_EQ(hex_encode(argon2id({password, salt, secret, associated_data}, parameters, 32)),
              "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
}

// Made by the reference implementation's command line (argon2 somesalt -id -t 2 -k 65536 -p 1, its test
// suite).
TEST(Argon2, VerifiesAStringOfTheReferenceImplementation) {
    constexpr char kPhc[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    EXPECT_TRUE(argon2_verify(Secret("password"), kPhc));
    EXPECT_FALSE(argon2_verify(Secret("Password"), kPhc));
}

// The two libraries, of everything that both know.
TEST(Argon2, IsTheSameByLibsodium) {
    using namespace std::string_view_literals;
    const std::string salt = "0123456789abcdef";
    const std::string longest(kMaxPasswordSize, 'x');
    for (const Argon2Parameters& parameters :
         {Argon2Parameters{8, 1, 1}, Argon2Parameters{9, 2, 1}, Argon2Parameters{15, 1, 1}, Argon2Parameters{33, 3, 1},
          Argon2Parameters{1'000, 2, 1}, Argon2Parameters{4'096, 1, 1}, Argon2Parameters{64, kMaxArgon2Passes, 1}})
        for (const std::string_view password : {""sv, "a"sv, "a\0b"sv, std::string_view(longest)})
            for (const std::size_t tag_size : {16, 31, 32, 64, 65}) {
                const Argon2Input input{password, salt, {}, {}};
                ASSERT_TRUE(is_for_sodium(input, parameters, tag_size));
                EXPECT_EQ(sodium_argon2id(input, parameters, tag_size), reference_argon2id(input, parameters, tag_size))
                    << parameters.memory_kib << ' ' << password.size() << ' ' << tag_size;
            }
}

TEST(Argon2, IsByLibargon2WhatLibsodiumDoesNotKnow) {
    const std::string salt = "0123456789abcdef";
    const Argon2Input plain{"a password", salt, {}, {}};
    EXPECT_TRUE(is_for_sodium(plain, {}, 16));
    EXPECT_FALSE(is_for_sodium(plain, {}, 15));
    EXPECT_FALSE(is_for_sodium(plain, {.memory_kib = 16, .passes = 1, .lanes = 2}, 32));
    EXPECT_FALSE(is_for_sodium({"a password", "01234567", {}, {}}, {}, 32));
    EXPECT_FALSE(is_for_sodium({"a password", salt, "secret", {}}, {}, 32));
    EXPECT_FALSE(is_for_sodium({"a password", salt, {}, "data"}, {}, 32));
    const Argon2Parameters two_lanes{.memory_kib = 64, .passes = 1, .lanes = 2};
    EXPECT_EQ(argon2id(plain, two_lanes, 32), reference_argon2id(plain, two_lanes, 32));
}

TEST(Argon2, HashesToAPhcStringThatVerifies) {
    Secret phc = argon2_hash(Secret("a password"), kCheap);
    EXPECT_TRUE(phc.reveal().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
    EXPECT_TRUE(argon2_verify(Secret("a password"), phc.reveal()));
    EXPECT_FALSE(argon2_verify(Secret("a passworD"), phc.reveal()));
    EXPECT_FALSE(argon2_verify(Secret(""), phc.reveal()));
    EXPECT_FALSE(equal(argon2_hash(Secret("a password"), kCheap), phc));
}

TEST(Argon2, HashesWithTheDefaultsOfTheDesign) {
    Secret phc = argon2_hash(Secret("a password"), Argon2Parameters{});
    EXPECT_TRUE(phc.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    EXPECT_TRUE(argon2_verify(Secret("a password"), phc.reveal()));
}

TEST(Argon2, KeepsEveryByteOfAPassword) {
    using namespace std::string_view_literals;
    Secret phc = argon2_hash(Secret("a\0b"sv), kCheap);
    EXPECT_TRUE(argon2_verify(Secret("a\0b"sv), phc.reveal()));
    EXPECT_FALSE(argon2_verify(Secret("a\0c"sv), phc.reveal()));
    EXPECT_FALSE(argon2_verify(Secret("a"sv), phc.reveal()));
}

TEST(Argon2, RefusesPasswordsAndParametersOutOfBounds) {
    EXPECT_THROW(argon2_hash(Secret(std::string(kMaxPasswordSize + 1, 'x')), kCheap), std::invalid_argument);
    EXPECT_THROW(argon2_hash(Secret("x"), {.memory_kib = 7, .passes = 1, .lanes = 1}), std::invalid_argument);
    EXPECT_THROW(argon2_hash(Secret("x"), {.memory_kib = 8, .passes = 0, .lanes = 1}), std::invalid_argument);
    EXPECT_THROW(argon2_hash(Secret("x"), {.memory_kib = 8, .passes = 1, .lanes = 2}), std::invalid_argument);
    EXPECT_FALSE(
        argon2_verify(Secret(std::string(kMaxPasswordSize + 1, 'x')), argon2_hash(Secret("x"), kCheap).reveal()));
}

TEST(PhcString, RoundTrips) {
    auto phc = parse_phc("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
    ASSERT_TRUE(phc);
    EXPECT_EQ(phc->parameters, (Argon2Parameters{65'536, 2, 1}));
    EXPECT_EQ(phc->salt, "somesalt");
    EXPECT_EQ(phc_text(*phc), "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
}

TEST(PhcString, RefusesWhatIsNotExactlyOurs) {
    const std::string tail = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for (const std::string& text :
         {std::string(""), std::string("password"), "$argon2i$v=19$m=64,t=2,p=1" + tail,
          "$argon2d$v=19$m=64,t=2,p=1" + tail, "$argon2id$v=16$m=64,t=2,p=1" + tail, "$argon2id$m=64,t=2,p=1" + tail,
          "$argon2id$v=19$t=2,m=64,p=1" + tail, "$argon2id$v=19$m=064,t=2,p=1" + tail,
          "$argon2id$v=19$m=+64,t=2,p=1" + tail, "$argon2id$v=19$m=-64,t=2,p=1" + tail,
          "$argon2id$v=19$m=,t=2,p=1" + tail, "$argon2id$v=19$m=64,t=2,p=1,x=1" + tail,
          "$argon2id$v=19$m=64,t=2,p=1" + tail + "$", "$argon2id$v=19$m=64,t=2,p=1" + tail + "=",
          " $argon2id$v=19$m=64,t=2,p=1" + tail,
          std::string("$argon2id$v=19$m=64,t=2,p=1$$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
          std::string("$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$"),
          std::string("$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ"),
          "$argon2id$v=19$m=64,t=2,p=1" + tail + std::string(kMaxPhcSize, 'A')})
        EXPECT_FALSE(parse_phc(text)) << text;
}

// A stored string decides how much is allocated and how long it takes, so what it may ask for has a limit.
TEST(PhcString, RefusesToAskForTooMuch) {
    const std::string tail = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for (const char* parameters :
         {"m=262145,t=2,p=1", "m=4294967295,t=1,p=1", "m=4294967304,t=1,p=1", "m=64,t=17,p=1", "m=64,t=4294967295,p=1",
          "m=1024,t=1,p=9", "m=8,t=1,p=2", "m=0,t=1,p=1", "m=7,t=1,p=1", "m=64,t=0,p=1", "m=64,t=1,p=0"}) {
        std::string text = std::string("$argon2id$v=19$") + parameters + tail;
        EXPECT_FALSE(parse_phc(text)) << text;
        EXPECT_FALSE(argon2_verify(Secret("password"), text)) << text;
    }
    EXPECT_TRUE(parse_phc("$argon2id$v=19$m=262144,t=16,p=8" + tail));
}

TEST(NeedsRenewal, IsTrueForAnythingWeakerOnly) {
    Argon2Parameters today{.memory_kib = 64, .passes = 2, .lanes = 1};
    auto made_with = [](Argon2Parameters parameters) {
        return phc_text({parameters, std::string(kArgon2SaltSize, 's'), std::string(kArgon2TagSize, 't')});
    };
    EXPECT_FALSE(needs_renewal(made_with(today), today));
    EXPECT_FALSE(needs_renewal(made_with({65, 3, 1}), today));
    EXPECT_FALSE(needs_renewal(made_with({65, 3, 2}), today));
    EXPECT_TRUE(needs_renewal(made_with({63, 2, 1}), today));
    EXPECT_TRUE(needs_renewal(made_with({64, 1, 1}), today));
    EXPECT_TRUE(needs_renewal(made_with({64, 2, 1}), {64, 2, 2}));
    EXPECT_TRUE(needs_renewal(phc_text({today, "saltsalt", std::string(32, 't')}), today));
    EXPECT_TRUE(needs_renewal("unreadable", today));
}

// KEYLEDGER_ARGON2_PARALLELISM was lowered: else what was made before would take the slower library for good.
TEST(NeedsRenewal, IsTrueForMoreLanesUnlessThatWouldWeakenIt) {
    const Argon2Parameters today{.memory_kib = 64, .passes = 2, .lanes = 1};
    const auto made_with = [](Argon2Parameters parameters) {
        return phc_text({parameters, std::string(kArgon2SaltSize, 's'), std::string(kArgon2TagSize, 't')});
    };
    EXPECT_TRUE(needs_renewal(made_with({64, 2, 2}), today));
    EXPECT_TRUE(needs_renewal(made_with({64, 2, 8}), today));
    EXPECT_FALSE(needs_renewal(made_with({64, 2, 2}), {64, 2, 2}));
    EXPECT_FALSE(needs_renewal(made_with({65, 2, 2}), today)) << "it has more memory";
    EXPECT_FALSE(needs_renewal(made_with({64, 3, 2}), today)) << "it has more passes";
}

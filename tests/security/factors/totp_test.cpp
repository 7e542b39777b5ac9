#include "security/factors/totp.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

using namespace keyledger;
using namespace keyledger::security;

namespace {

constexpr const char* kDigits20 = "12345678901234567890";

// The seeds of RFC 6238 Appendix B: the same digits over and over, as many as the hash is long (erratum 2866).
Secret seed_of(TotpHash hash) {
    const std::size_t length = hash == TotpHash::kSha1 ? 20 : hash == TotpHash::kSha256 ? 32 : 64;
    std::string digits;
    while (digits.size() < length) digits += kDigits20;
    return Secret(std::string_view(digits).substr(0, length));
}

struct Vector {
    std::int64_t unix_s;
    const char* sha1;
    const char* sha256;
    const char* sha512;
};

}  // namespace

// RFC 6238 Appendix B, whole.
TEST(Totp, MatchesRfc6238) {
    const Vector vectors[] = {
        {59, "94287082", "46119246", "90693936"},         {1111111109, "07081804", "68084774", "25091201"},
        {1111111111, "14050471", "67062674", "99943326"}, {1234567890, "89005924", "91819424", "93441116"},
        {2000000000, "69279037", "90698825", "38618901"}, {20000000000, "65353130", "77737706", "47863826"}};
    for (const Vector& vector : vectors) {
        const Instant at = Instant::at_ms(vector.unix_s * 1000);
        const auto code = [&](TotpHash hash) {
            const TotpParameters parameters{hash, 8};
            const Secret digits = totp_code(seed_of(hash), totp_step_at(at), parameters);
            EXPECT_EQ(matching_totp_step(seed_of(hash), digits, at, parameters), totp_step_at(at));
            return std::string(digits.reveal());
        };
        EXPECT_EQ(code(TotpHash::kSha1), vector.sha1) << vector.unix_s;
        EXPECT_EQ(code(TotpHash::kSha256), vector.sha256) << vector.unix_s;
        EXPECT_EQ(code(TotpHash::kSha512), vector.sha512) << vector.unix_s;
    }
}

// Six digits are the last six of eight (RFC 4226 section 5.3).
TEST(Totp, HasSixDigitsAsAppsDo) {
    EXPECT_EQ(totp_code(Secret(kDigits20), 1).reveal(), "287082");
    EXPECT_EQ(totp_code(Secret(kDigits20), 1111111109 / 30).reveal(), "081804") << "with the zero that it begins with";
    EXPECT_THROW(totp_code(Secret(kDigits20), -1), std::out_of_range);
    EXPECT_THROW(totp_code(Secret(kDigits20), 1, TotpParameters{TotpHash::kSha1, 5}), std::invalid_argument);
    EXPECT_THROW(totp_code(Secret(kDigits20), 1, TotpParameters{TotpHash::kSha1, 9}), std::invalid_argument);
}

TEST(Totp, IsGoodInItsStepAndOneOnEachSide) {
    const Secret secret(kDigits20);
    const std::int64_t step = 41152263;
    const Secret code = totp_code(secret, step);
    const Instant begins = Instant() + kTotpStep * step;
    EXPECT_EQ(matching_totp_step(secret, code, begins - kTotpStep, {}), step);
    EXPECT_EQ(matching_totp_step(secret, code, begins, {}), step);
    EXPECT_EQ(matching_totp_step(secret, code, begins + kTotpStep * 2 - milliseconds(1), {}), step);
    EXPECT_EQ(matching_totp_step(secret, code, begins - kTotpStep - milliseconds(1), {}), std::nullopt);
    EXPECT_EQ(matching_totp_step(secret, code, begins + kTotpStep * 2, {}), std::nullopt);
    EXPECT_EQ(matching_totp_step(secret, totp_code(secret, 0), Instant(), {}), 0) << "the first step of all";
}

TEST(Totp, IsReadAsAppsShowIt) {
    const Secret secret(kDigits20);
    const Instant at = Instant::at_ms(59'000);
    EXPECT_EQ(matching_totp_step(secret, Secret("287 082"), at), 1);
    EXPECT_EQ(matching_totp_step(secret, Secret(" 287082 "), at), 1);
    for (const char* wrong : {"287083", "28708", "0287082", "94287082", "", "2870 8x", "２８７０８２"})
        EXPECT_EQ(matching_totp_step(secret, Secret(wrong), at), std::nullopt) << wrong;
    EXPECT_EQ(matching_totp_step(Secret("another secret of them"), Secret("287082"), at), std::nullopt);
}

TEST(Totp, MakesSecretsOf160Bits) {
    const Secret one = new_totp_secret();
    EXPECT_EQ(one.size(), 20u);
    EXPECT_FALSE(equal(one, new_totp_secret()));
}

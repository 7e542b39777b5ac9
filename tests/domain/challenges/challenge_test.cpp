#include "domain/challenges/challenge.hpp"

#include <gtest/gtest.h>

#include "domain/challenges/wrong_codes.hpp"

namespace keyledger {
namespace {

constexpr Instant kNow = Instant::at_ms(1'700'000'000'000);
const Uuid kSubject{{7}};

Challenge after(Challenge challenge, const ChallengeCommand& command) {
    const auto events = decide(challenge, command);
    EXPECT_TRUE(events);
    if (events)
        for (const auto& event : *events) challenge = evolve(std::move(challenge), event, Recorded{1, kNow});
    return challenge;
}

AskChallenge ask() {
    ChallengeAsked asked;
    asked.purpose = ChallengePurpose::kResetPassword;
    asked.address.value = "ann@example.com";
    asked.key_of = Uuid{{9}};
    asked.key_id = "root";
    asked.expires_at = kNow + life_of(asked.purpose);
    return {asked};
}

TEST(Challenge, IsAskedOnce) {
    const Challenge challenge = after({}, ask());
    EXPECT_TRUE(challenge.is_open());
    EXPECT_EQ(challenge.key_id, "root");
    EXPECT_EQ(decide(challenge, ask()).error(), refusals::kBegunTwice);
}

TEST(Challenge, OfNobodyProvesNothing) {
    EXPECT_EQ(decide(Challenge{}, CompleteChallenge{kSubject}).error(), refusals::kNotProven);
    EXPECT_EQ(decide(Challenge{}, FailChallenge{kNow}).error(), refusals::kNotProven);
}

TEST(Challenge, IsUsedOnce) {
    const Challenge used = after(after({}, ask()), CompleteChallenge{kSubject});
    EXPECT_FALSE(used.is_open());
    EXPECT_EQ(decide(used, CompleteChallenge{kSubject}).error(), refusals::kNotProven);
    EXPECT_EQ(decide(used, FailChallenge{kNow}).error(), refusals::kNotProven);
}

TEST(Challenge, EndsByTheThirdWrongCode) {
    Challenge challenge = after({}, ask());
    for (int i = 0; i < kMostWrongCodes; ++i) {
        EXPECT_TRUE(challenge.takes_codes(kNow)) << i;
        challenge = after(challenge, FailChallenge{kNow});
    }
    EXPECT_FALSE(challenge.is_open());
    EXPECT_EQ(decide(challenge, CompleteChallenge{kSubject}).error(), refusals::kNotProven);
    EXPECT_EQ(decide(challenge, FailChallenge{kNow}).error(), refusals::kNotProven) << "and no fourth is counted";
}

TEST(Challenge, TakesNoCodeWhenItsTimeIsOver) {
    const Challenge challenge = after({}, ask());
    EXPECT_TRUE(challenge.takes_codes(kNow + minutes(30) - milliseconds(1)));
    EXPECT_FALSE(challenge.takes_codes(kNow + minutes(30)));
    EXPECT_EQ(decide(challenge, FailChallenge{kNow + minutes(30)}).error(), refusals::kNotProven);
}

WrongCodes counted(WrongCodes codes, Instant at) {
    for (const auto& event : decide(codes, CountWrongCode{ChallengePurpose::kLogInByCode}))
        codes = evolve(std::move(codes), event, Recorded{1, at});
    return codes;
}

TEST(WrongCodes, EndCodesAtThirtyWithinADay) {
    WrongCodes codes;
    for (int i = 0; i < 30; ++i) {
        EXPECT_TRUE(codes.takes_codes(kNow + minutes(i))) << i;
        codes = counted(std::move(codes), kNow + minutes(i));
    }
    EXPECT_FALSE(codes.takes_codes(kNow + hours(23)));
    EXPECT_TRUE(codes.takes_codes(kNow + days(1))) << "the first of them is a day old";
    codes = counted(std::move(codes), kNow + days(1));
    EXPECT_FALSE(codes.takes_codes(kNow + days(1))) << "and now the second counts, which is younger";
    EXPECT_EQ(codes.newest.size(), kMostWrongCodesADay);
}

}  // namespace
}  // namespace keyledger

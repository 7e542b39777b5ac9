#include "domain/risk/risk.hpp"

#include <gtest/gtest.h>

namespace keyledger {
namespace {

struct Case {
    RiskFacts facts;
    int points;
    int certain;
};

RiskFacts with(bool device, bool country, bool network, bool honeypot, bool travel, std::int64_t failures) {
    return {device, country, network, honeypot, travel, failures};
}

TEST(RiskOf, AddsThePointsOfEachFact) {
    const Case cases[] = {
        {{}, 0, 0},
        {with(true, false, false, false, false, 0), 30, 30},
        {with(false, true, false, false, false, 0), 30, 30},
        {with(false, false, true, false, false, 0), 10, 10},
        {with(false, false, false, true, false, 0), 60, 60},
        {with(false, false, false, false, true, 0), 20, 0},
        {with(false, false, false, false, false, 2), 0, 0},
        {with(false, false, false, false, false, 3), 10, 10},
        {with(false, false, false, false, false, 10), 20, 20},
        {with(false, false, false, false, false, 50), 30, 30},
        {with(true, true, true, false, true, 0), 90, 70},
        {with(true, true, true, true, true, 50), 100, 100},
        {{.passkey_may_be_copied = true}, 40, 0},
    };
    for (const Case& one : cases)
        EXPECT_EQ(risk_of(one.facts), (Risk{one.points, one.certain})) << one.points << ", " << one.certain;
}

TEST(RiskOf, StaysWithinItsBoundsAndGrowsWithEveryFact) {
    for (int bits = 0; bits < 32; ++bits)
        for (const std::int64_t failures : {0, 3, 10, 50}) {
            const auto bit = [&](int i) { return (bits >> i & 1) != 0; };
            const RiskFacts facts = with(bit(0), bit(1), bit(2), bit(3), bit(4), failures);
            const Risk risk = risk_of(facts);
            EXPECT_GE(risk.points, risk.certain);
            EXPECT_GE(risk.certain, 0);
            EXPECT_LE(risk.points, 100);
            for (bool RiskFacts::*fact : {&RiskFacts::new_device, &RiskFacts::new_country, &RiskFacts::unknown_network,
                                          &RiskFacts::honeypot, &RiskFacts::impossible_travel}) {
                RiskFacts more = facts;
                more.*fact = true;
                EXPECT_GE(risk_of(more).points, risk.points);
            }
        }
}

// What comes from memory may be wrong, and another node may know it otherwise.
TEST(IsRefused, NeverByWhatIsAdvisory) {
    const Risk travelled = risk_of(with(false, false, false, false, true, 0));
    for (const int threshold : {1, 10, 20, 100}) EXPECT_FALSE(is_refused(travelled, threshold));
    const Risk both = risk_of(with(true, true, false, false, true, 0));
    EXPECT_EQ(both.points, 80);
    EXPECT_TRUE(is_refused(both, 60));
    EXPECT_FALSE(is_refused(both, 61));
    EXPECT_FALSE(is_refused(risk_of(with(true, true, true, true, true, 50)), 0)) << "off";
}

}  // namespace
}  // namespace keyledger

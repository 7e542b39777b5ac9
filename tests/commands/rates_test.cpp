#include "commands/rates.hpp"

#include "tests/commands/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::kAnnsEmail;
using test::run;

class RatesTest : public test::CommandTest {
protected:
    void SetUp() override {
        world.register_user(node, kAnnsEmail);
        laptop_ = world.log_in(node, kAnnsEmail);
        phone_ = world.log_in(node, kAnnsEmail);
        services().settings.limits.writes = {1, 2};
    }
    bool takes(const Grant& grant) { return take_write(services(), test::bearer_of(grant)).has_value(); }

    Grant laptop_, phone_;
};

// A thief of one token must not keep its owner from changing the password with another.
TEST_F(RatesTest, OfWritesAreOfASessionBeforeTheyAreOfItsUser) {
    EXPECT_TRUE(takes(laptop_) && takes(laptop_));
    const auto refused = take_write(services(), test::bearer_of(laptop_));
    EXPECT_TRUE(test::refused(refused, Refusal::kTooManyAttempts));
    EXPECT_GT(refused.error().retry_after_s, 0);
    EXPECT_TRUE(takes(phone_) && takes(phone_));
    EXPECT_FALSE(takes(phone_));
    clock.advance(60'000);
    EXPECT_TRUE(takes(laptop_));
}

TEST_F(RatesTest, OfWritesAreBoundedOverAllSessionsOfAUser) {
    int taken = 0;
    for (int session = 0; session < 10; ++session) {
        const Grant one = world.log_in(node, kAnnsEmail);
        while (takes(one)) ++taken;
    }
    EXPECT_EQ(taken, 8);
}

TEST_F(RatesTest, OfRefreshesAreOfTheSession) {
    const auto refresh = [&](Grant& grant) {
        auto again = run(refresh_session(services(), test::refresh_of(grant), test::caller()));
        if (again) grant = *again;
        return again;
    };
    EXPECT_TRUE(test::succeeds(refresh(laptop_)));
    EXPECT_TRUE(test::succeeds(refresh(laptop_)));
    const Position before = world.head();
    EXPECT_TRUE(test::refused(refresh(laptop_), Refusal::kTooManyAttempts));
    EXPECT_EQ(world.head(), before);
    EXPECT_TRUE(test::succeeds(refresh(phone_)));
    clock.advance(60'000);
    EXPECT_TRUE(test::succeeds(refresh(laptop_)));
}

}  // namespace
}  // namespace keyledger::commands

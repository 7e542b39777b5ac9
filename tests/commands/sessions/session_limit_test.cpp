// A limit on how many sessions a user may have at once: decided through one stream, so that it holds on two nodes.
#include "commands/access/answers_at_head.hpp"
#include "commands/account_services.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "commands/sessions/log_in.hpp"
#include "domain/sessions/admitted_sessions.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::kAnnsEmail;
using test::login;
using test::run;
using test::Types;
using WhenReached = SessionLimit::WhenReached;

class SessionLimitTest : public test::CommandTest {
protected:
    void SetUp() override {
        world.register_user(node, kAnnsEmail);
        world.log_in(node, kAnnsEmail);  // from before the limit
        before_ = world.head();
    }
    void limit(std::size_t most, WhenReached when_reached = WhenReached::kOldestEnds) {
        world.accounts.session_limit = {most, when_reached};
    }
    bool lives(const Grant& grant) {
        return run(bearer_at_head(services(), bearer_of(grant), Deadline::max())).has_value();
    }
    std::size_t living(const std::vector<Grant>& grants) {
        return static_cast<std::size_t>(std::ranges::count_if(grants, [&](const Grant& one) { return lives(one); }));
    }

    Position before_ = 0;
};

TEST_F(SessionLimitTest, CostsNothingWhereThereIsNone) {
    world.log_in(node, kAnnsEmail);
    EXPECT_EQ(world.types(before_), Types{"session.started"});
}

TEST_F(SessionLimitTest, EndsTheOldest) {
    limit(2);
    const Grant first = world.log_in(node, kAnnsEmail);
    const Grant second = world.log_in(node, kAnnsEmail);
    before_ = world.head();
    const Grant third = world.log_in(node, kAnnsEmail);
    EXPECT_EQ(world.types(before_), (Types{"session.started", "session.admitted", "session.ended"}));
    EXPECT_FALSE(lives(first));
    EXPECT_TRUE(lives(second));
    EXPECT_TRUE(lives(third));
}

TEST_F(SessionLimitTest, RefusesTheNewOneUntilOneIsOver) {
    limit(2, WhenReached::kNewIsRefused);
    const Grant first = world.log_in(node, kAnnsEmail);
    world.log_in(node, kAnnsEmail);
    before_ = world.head();
    EXPECT_TRUE(test::refused(run(log_in(services(), login(kAnnsEmail), caller())), refusals::kTooManySessions));
    EXPECT_EQ(world.types(before_), Types{}) << "which is no failed log-in";
    EXPECT_TRUE(
        test::refused(run(log_in(services(), login(kAnnsEmail, "wrong"), caller())), refusals::kInvalidCredentials))
        << "whoever lacks the password hears nothing of it";
    ASSERT_TRUE(test::succeeds(run(log_out(services(), bearer_of(first), test::caller_of(first)))));
    EXPECT_TRUE(test::succeeds(run(log_in(services(), login(kAnnsEmail), caller()))));
}

TEST_F(SessionLimitTest, CountsNoneThatWasIdleForTooLongOrEndedWithOthers) {
    limit(1, WhenReached::kNewIsRefused);
    const Grant first = world.log_in(node, kAnnsEmail);
    clock.advance(services().settings.lifetimes.idle);
    const Grant second = world.log_in(node, kAnnsEmail);
    EXPECT_FALSE(lives(first));
    ASSERT_TRUE(test::succeeds(
        run(revoke_all_sessions(services(), bearer_of(second), SessionsToKeep::kNoSession, test::caller_of(second)))));
    EXPECT_TRUE(lives(world.log_in(node, kAnnsEmail)));
}

TEST_F(SessionLimitTest, HoldsAgainFromTheNextLogInOnWhenItIsLowered) {
    limit(3);
    std::vector<Grant> grants;
    for (int i = 0; i < 3; ++i) grants.push_back(world.log_in(node, kAnnsEmail));
    EXPECT_EQ(living(grants), 3);
    limit(2);
    grants.push_back(world.log_in(node, kAnnsEmail));
    EXPECT_EQ(living(grants), 2);
    EXPECT_TRUE(lives(grants[2]) && lives(grants[3]));
}

// Scenario: ten log-ins at the same moment on two nodes, again and again.
TEST_F(SessionLimitTest, IsNeverExceededByTenAtOnceOnTwoNodes) {
    for (const WhenReached when_reached : {WhenReached::kOldestEnds, WhenReached::kNewIsRefused}) {
        limit(3, when_reached);
        std::vector<Grant> grants;
        for (int round = 0; round < 3; ++round) {
            std::vector<Answer<Grant>> rivals;
            for (int i = 0; i < 10; ++i)
                rivals.push_back(log_in((i % 2 == 0 ? node : other).services, login(kAnnsEmail), caller()));
            int let_in = 0;
            for (auto& answer : test::run_all(std::move(rivals))) {
                if (!answer) {
                    EXPECT_TRUE(test::refused(answer, refusals::kTooManySessions));
                    continue;
                }
                grants.push_back(*answer);
                let_in += 1;
            }
            EXPECT_EQ(living(grants), 3);
            const bool all_fit = when_reached == WhenReached::kOldestEnds;
            EXPECT_EQ(let_in, all_fit ? 10 : (round == 0 ? 3 : 0));
        }
        clock.advance(services().settings.lifetimes.absolute);
    }
}

}  // namespace
}  // namespace keyledger::commands

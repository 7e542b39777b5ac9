#include "commands/sessions/refresh_session.hpp"

#include "commands/sessions/end_sessions.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::kAnnsEmail;
using test::kDay;
using test::kSecond;
using test::refresh_of;
using test::run;
using test::Types;

class RefreshSessionTest : public test::CommandTest {
protected:
    void SetUp() override {
        world.register_user(node, kAnnsEmail);
        first_ = world.log_in(node, kAnnsEmail);
        before_ = world.head();
    }
    Result<Grant, CommandError> ask(const Grant& grant, Caller from = caller()) {
        return run(refresh_session(services(), refresh_of(grant), std::move(from)));
    }
    Types since() { return world.types(before_); }

    Grant first_;
    Position before_ = 0;
};

// Tokens are made from these and nothing else: equal ones are equal byte for byte.
bool same_tokens(const Grant& a, const Grant& b) {
    return a.user_id == b.user_id && a.session_id == b.session_id && a.client_id == b.client_id &&
           a.audiences == b.audiences && a.session_audiences == b.session_audiences &&
           a.security_stamp == b.security_stamp && a.generation == b.generation && a.generated_at == b.generated_at;
}

TEST_F(RefreshSessionTest, HandsOutTheNextGeneration) {
    auto second = ask(first_);
    ASSERT_TRUE(test::succeeds(second));
    EXPECT_EQ(second->generation, 2);
    EXPECT_EQ(second->session_id, first_.session_id);
    EXPECT_EQ(second->audiences, first_.audiences);
    auto third = ask(*second);
    ASSERT_TRUE(test::succeeds(third));
    EXPECT_EQ(third->generation, 3);
    EXPECT_EQ(since(), (Types{"session.refreshed", "session.refreshed"}));
}

// Design 12: one append, no read when the session is cached.
TEST_F(RefreshSessionTest, AsksTheStoreForNothingButTheAppend) {
    stepped.calls.clear();
    ASSERT_TRUE(test::succeeds(ask(first_)));
    const std::map<std::string, int> expected{{"append", 1}};
    EXPECT_EQ(stepped.calls, expected);
}

TEST_F(RefreshSessionTest, WorksOnANodeThatNeverSawTheSession) {
    auto second = run(refresh_session(other.services, refresh_of(first_), caller()));
    ASSERT_TRUE(test::succeeds(second));
    EXPECT_EQ(second->generation, 2);
}

TEST_F(RefreshSessionTest, KeepsTheAudienceOfTheLogIn) {
    auto request = test::login(kAnnsEmail);
    request.resource = "https://shop.example";
    auto grant = run(log_in(services(), std::move(request), caller()));
    ASSERT_TRUE(test::succeeds(grant));
    auto second = ask(*grant);
    ASSERT_TRUE(test::succeeds(second));
    EXPECT_EQ(second->audiences, std::vector<std::string>{"https://shop.example"});

    auto elsewhere = refresh_of(*second);
    elsewhere.resource = test::kIssuer;
    auto third = run(refresh_session(services(), std::move(elsewhere), caller()));
    ASSERT_TRUE(test::succeeds(third));
    EXPECT_EQ(third->audiences, std::vector<std::string>{test::kIssuer});
}

// ---- reuse -----------------------------------------------------------------------------------------------------
TEST_F(RefreshSessionTest, EndsTheSessionWhenATokenIsUsedAgain) {
    auto second = ask(first_);
    auto third = ask(*second);
    ASSERT_TRUE(test::succeeds(third));
    EXPECT_TRUE(test::refused(ask(first_), refusals::kInvalidGrant));
    EXPECT_EQ(since(), (Types{"session.refreshed", "session.refreshed", "session.ended"}));
    EXPECT_NE(world.events().back().payload.find("refresh_token_reused"), std::string::npos);
    EXPECT_TRUE(test::refused(ask(*third), refusals::kInvalidGrant)) << "the thief's and the owner's are both dead";
    EXPECT_EQ(since().size(), 3u) << "a dead session takes no more events";
}

TEST_F(RefreshSessionTest, AuditsAGenerationThatWasNeverHandedOut) {
    Grant forged = first_;
    forged.generation = 5;
    EXPECT_TRUE(test::refused(ask(forged), refusals::kInvalidGrant));
    EXPECT_EQ(since(), Types{"session.refresh_refused"});
    EXPECT_TRUE(test::succeeds(ask(first_))) << "the owner loses nothing by it";
}

TEST_F(RefreshSessionTest, RepeatsTheSameSuccessorForALostAnswer) {
    auto lost = ask(first_);
    ASSERT_TRUE(test::succeeds(lost));
    clock.advance(10 * kSecond);
    auto again = ask(first_);
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_TRUE(same_tokens(*lost, *again));
    EXPECT_EQ(again->position, 0) << "nothing was appended";
    EXPECT_EQ(since(), Types{"session.refreshed"});
    EXPECT_TRUE(test::succeeds(ask(*again))) << "and it is good";
}

TEST_F(RefreshSessionTest, RepeatsTheSameSuccessorOnAnotherNode) {
    auto lost = ask(first_);
    auto again = run(refresh_session(other.services, refresh_of(first_), caller()));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_TRUE(same_tokens(*lost, *again));
    EXPECT_EQ(since(), Types{"session.refreshed"});
}

TEST_F(RefreshSessionTest, GivesNoGraceAfterTenSeconds) {
    ASSERT_TRUE(test::succeeds(ask(first_)));
    clock.advance(10 * kSecond + milliseconds(1));
    EXPECT_TRUE(test::refused(ask(first_), refusals::kInvalidGrant));
    EXPECT_EQ(since(), (Types{"session.refreshed", "session.ended"}));
}

// Scenario: the node that refreshed has a clock that is ahead of the other's. By a second at most that is how clocks
// are, and a lost answer is given again; by more the grace would be longer for it, so there is none.
TEST_F(RefreshSessionTest, GivesAGraceThatIsNoLongerThanTheClocksOfItsNodesDiffer) {
    auto lost = ask(first_);
    clock.advance(-kSecond);
    auto again = run(refresh_session(other.services, refresh_of(first_), caller()));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_TRUE(same_tokens(*lost, *again));
    clock.advance(-milliseconds(1));
    EXPECT_TRUE(
        test::refused(run(refresh_session(other.services, refresh_of(first_), caller())), refusals::kInvalidGrant));
    EXPECT_EQ(since(), (Types{"session.refreshed", "session.ended"}));
}

TEST_F(RefreshSessionTest, GivesNoGraceToAnotherDevice) {
    ASSERT_TRUE(test::succeeds(ask(first_)));
    EXPECT_TRUE(test::refused(ask(first_, caller("phone")), refusals::kInvalidGrant));
    EXPECT_EQ(since(), (Types{"session.refreshed", "session.ended"}));
}

TEST_F(RefreshSessionTest, GivesNoGraceOnceTheSuccessorWasUsed) {
    auto second = ask(first_);
    ASSERT_TRUE(test::succeeds(ask(*second)));
    EXPECT_TRUE(test::refused(ask(first_), refusals::kInvalidGrant));
    EXPECT_EQ(since().back(), "session.ended");
}

TEST_F(RefreshSessionTest, IsNothingForAnotherClient) {
    auto request = refresh_of(first_);
    request.client.client_id = "shop";
    EXPECT_TRUE(test::refused(run(refresh_session(services(), std::move(request), caller())), refusals::kInvalidGrant));
    EXPECT_TRUE(since().empty());
    EXPECT_TRUE(test::succeeds(ask(first_)));
}

TEST_F(RefreshSessionTest, KnowsNoSessionThatNeverBegan) {
    Grant unknown = first_;
    unknown.session_id = test::uuid(0xFF);
    EXPECT_TRUE(test::refused(ask(unknown), refusals::kInvalidGrant));
    EXPECT_TRUE(since().empty());
}

// ---- ends ------------------------------------------------------------------------------------------------------
TEST_F(RefreshSessionTest, EndsAfterFourteenIdleDays) {
    clock.advance(14 * kDay - milliseconds(1));
    auto second = ask(first_);
    ASSERT_TRUE(test::succeeds(second));
    clock.advance(14 * kDay);
    EXPECT_TRUE(test::refused(ask(*second), refusals::kInvalidGrant));
}

TEST_F(RefreshSessionTest, EndsAfterThirtyDaysHoweverBusy) {
    Grant grant = first_;
    for (int day = 0; day < 29; day += 10) {
        clock.advance(day == 20 ? 10 * kDay - milliseconds(1) : 10 * kDay);
        auto next = ask(grant);
        ASSERT_TRUE(test::succeeds(next)) << day;
        grant = *next;
    }
    clock.advance(milliseconds(1));
    EXPECT_TRUE(test::refused(ask(grant), refusals::kInvalidGrant));
}

TEST_F(RefreshSessionTest, EndsWithLogOut) {
    ASSERT_TRUE(test::succeeds(run(log_out(services(), test::bearer_of(first_), test::caller_of(first_)))));
    EXPECT_TRUE(test::refused(ask(first_), refusals::kInvalidGrant));
    EXPECT_EQ(since(), Types{"session.ended"});
}

// ---- many at once ----------------------------------------------------------------------------------------------
// Scenario: an application with many tabs refreshes in all of them at the same moment. One append wins; the others
// find their version moved, decide again, and are in the grace of a lost answer: all go on with one successor.
TEST_F(RefreshSessionTest, GivesFiftyAtOnceTheSameSuccessor) {
    test::Node third(world, store);
    std::vector<asio::awaitable<Result<Grant, CommandError>>> all;
    for (int i = 0; i < 50; ++i) {
        test::Node& asked = i % 2 == 0 ? other : third;
        all.push_back(refresh_session(asked.services, refresh_of(first_), caller()));
    }
    const auto grants = test::run_all(std::move(all));
    for (const auto& grant : grants) {
        ASSERT_TRUE(test::succeeds(grant));
        EXPECT_TRUE(same_tokens(*grant, *grants.front()));
        EXPECT_EQ(grant->generation, 2);
    }
    EXPECT_EQ(since(), Types{"session.refreshed"});
}

// Scenario: as before, but the fifty are on fifty devices: whoever comes second is a thief, or the first was.
TEST_F(RefreshSessionTest, LetsNobodyInWhenFiftyDevicesUseOneTokenAtOnce) {
    std::vector<asio::awaitable<Result<Grant, CommandError>>> all;
    for (int i = 0; i < 50; ++i)
        all.push_back(refresh_session(other.services, refresh_of(first_), caller("device " + std::to_string(i))));
    const auto grants = test::run_all(std::move(all));
    const auto granted = std::count_if(grants.begin(), grants.end(), [](const auto& g) { return g.has_value(); });
    EXPECT_EQ(granted, 1);
    EXPECT_EQ(since(), (Types{"session.refreshed", "session.ended"}));
}

}  // namespace
}  // namespace keyledger::commands

// Two nodes: the one that is asked remembers what was, the other one has changed it. A memory may save a read, but
// never refuse, allow or skip what the log would not (I4, I8).
#include "commands/access/answers_at_head.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "domain/sessions/session.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::kOtherPassword;
using test::kPassword;
using test::login;
using test::login_by_username;
using test::refresh_of;
using test::run;

// `node` knows Ann, her sessions and the administrator by heart; `other` is where things change.
class StaleCacheTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail, "ann");
        laptop_ = world.log_in(node, kAnnsEmail);
        phone_ = world.log_in(node, kAnnsEmail);
        world.create_administrator(node, "root@example.com");
        root_ = world.log_in(node, "root@example.com");
        before_ = world.head();
    }
    void disable_elsewhere() {
        ASSERT_TRUE(run(disable_user(other.services, bearer_of(root_), ann_, "left", caller_of(root_))));
    }
    void enable_elsewhere() { ASSERT_TRUE(run(enable_user(other.services, bearer_of(root_), ann_, caller_of(root_)))); }
    void change_password_elsewhere() {
        auto change = test::password_change(bearer_of(laptop_));
        ASSERT_TRUE(run(change_password(other.services, std::move(change), caller_of(laptop_))));
    }
    Result<Grant, CommandError> ask_log_in(const std::string& password) {
        return run(log_in(services(), login(kAnnsEmail, password), caller()));
    }
    Result<Grant, CommandError> ask_refresh(const Grant& grant) {
        return run(refresh_session(services(), refresh_of(grant), caller()));
    }
    // What this node remembers of a stream.
    template <class Aggregate>
    const Aggregate remembered(const test::TestId& stream_id) {
        return state_of<Aggregate>(node.cache.find(stream_id).value());
    }

    UserId ann_;
    Grant laptop_, phone_, root_;
    Position before_ = 0;
};

TEST_F(StaleCacheTest, LetsNobodyInWhoWasDisabledElsewhere) {
    disable_elsewhere();
    ASSERT_EQ(remembered<User>(ann_).status, User::Status::kActive) << "the scenario needs a stale memory";
    EXPECT_TRUE(test::refused(ask_log_in(kPassword), refusals::kUserDisabled));
    EXPECT_TRUE(test::refused(ask_refresh(phone_), refusals::kInvalidGrant));
}

TEST_F(StaleCacheTest, HonoursNoTokenOfWhoWasDisabledElsewhere) {
    disable_elsewhere();
    EXPECT_TRUE(
        test::refused(run(bearer_at_head(services(), bearer_of(laptop_), Deadline::max())), refusals::kInvalidToken));
}

TEST_F(StaleCacheTest, LetsInWhoWasEnabledElsewhere) {
    disable_elsewhere();
    ASSERT_TRUE(test::refused(ask_log_in(kPassword), refusals::kUserDisabled));
    enable_elsewhere();
    ASSERT_EQ(remembered<User>(ann_).status, User::Status::kDisabled);
    EXPECT_TRUE(test::succeeds(ask_log_in(kPassword)));
}

// Doing nothing is an answer too: "already disabled" must be true.
TEST_F(StaleCacheTest, DisablesWhoWasEnabledElsewhere) {
    ASSERT_TRUE(run(disable_user(services(), bearer_of(root_), ann_, "left", caller_of(root_))));
    enable_elsewhere();
    ASSERT_EQ(remembered<User>(ann_).status, User::Status::kDisabled);
    auto done = run(disable_user(services(), bearer_of(root_), ann_, "again", caller_of(root_)));
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_GT(done->position, 0);
    EXPECT_EQ(world.types(before_), (test::Types{"user.disabled", "user.enabled", "user.disabled"}));
}

TEST_F(StaleCacheTest, EnablesWhoWasDisabledElsewhere) {
    disable_elsewhere();
    auto done = run(enable_user(services(), bearer_of(root_), ann_, caller_of(root_)));
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_GT(done->position, 0);
}

TEST_F(StaleCacheTest, KnowsThePasswordThatWasChangedElsewhere) {
    change_password_elsewhere();
    EXPECT_TRUE(test::succeeds(ask_log_in(kOtherPassword)));
    EXPECT_TRUE(world.operator_log.lines().empty()) << "a stale memory was taken for a tampered credential";
}

TEST_F(StaleCacheTest, RefusesThePasswordThatWasChangedElsewhereAndCountsOneFailure) {
    change_password_elsewhere();
    EXPECT_TRUE(test::refused(ask_log_in(kPassword), refusals::kInvalidCredentials));
    EXPECT_EQ(world.types(before_), (test::Types{"user.password_changed", "login.failed"}));
}

TEST_F(StaleCacheTest, RefreshesNothingThatAChangeOfPasswordElsewhereEnded) {
    change_password_elsewhere();
    EXPECT_TRUE(test::refused(ask_refresh(phone_), refusals::kInvalidGrant));
    EXPECT_TRUE(test::succeeds(ask_refresh(laptop_)));
}

// The token is dead, and the answer must not depend on whether the password beside it was right.
TEST_F(StaleCacheTest, TellsNothingOfThePasswordToATokenThatEndedElsewhere) {
    const Fold stale = node.cache.find(ann_).value();
    auto all =
        run(revoke_all_sessions(other.services, bearer_of(phone_), SessionsToKeep::kCurrentSession, caller_of(phone_)));
    ASSERT_TRUE(test::succeeds(all));
    for (const char* current : {kPassword, "a wrong guess"})
        for (const char* next : {kOtherPassword, "weak"}) {
            ASSERT_EQ(remembered<User>(ann_).security_stamp, 0);
            auto change = test::password_change(bearer_of(laptop_), current, next);
            EXPECT_TRUE(test::refused(run(change_password(services(), std::move(change), caller_of(laptop_))),
                                      refusals::kInvalidToken));
            node.cache.drop(ann_);
            node.cache.put(ann_, stale);
        }
}

TEST_F(StaleCacheTest, TakesTheGenerationOfAnotherNodeForNoForgery) {
    const Grant second = world.refresh(other, laptop_);
    const Grant third = world.refresh(other, second);
    ASSERT_EQ(remembered<Session>(laptop_.session_id).generation, 1);
    auto fourth = ask_refresh(third);
    ASSERT_TRUE(test::succeeds(fourth));
    EXPECT_EQ(fourth->generation, 4);
    EXPECT_EQ(world.types(before_), (test::Types(3, "session.refreshed")));
}

TEST_F(StaleCacheTest, SeesAReuseThatBeganElsewhere) {
    const Grant second = world.refresh(other, laptop_);
    world.refresh(other, second);
    EXPECT_TRUE(test::refused(ask_refresh(laptop_), refusals::kInvalidGrant));
    EXPECT_EQ(world.types(before_).back(), "session.ended");
}

TEST_F(StaleCacheTest, RefusesASessionThatEndedElsewhere) {
    ASSERT_TRUE(run(log_out(other.services, bearer_of(laptop_), caller_of(laptop_))));
    ASSERT_EQ(remembered<Session>(laptop_.session_id).status, Session::Status::kLive);
    EXPECT_TRUE(test::refused(ask_refresh(laptop_), refusals::kInvalidGrant));
    const auto outcome = run(log_out(services(), bearer_of(laptop_), caller_of(laptop_)));
    EXPECT_TRUE(test::refused(outcome, refusals::kInvalidToken));
    EXPECT_EQ(world.types(before_).size(), 1u);
}

TEST_F(StaleCacheTest, WritesAProfileThatOnlyItsMemoryHolds) {
    ProfileUpdate away{bearer_of(laptop_), "annie", std::nullopt};
    ASSERT_TRUE(run(update_profile(other.services, std::move(away), caller_of(laptop_))));
    ProfileUpdate back{bearer_of(laptop_), "ann", std::nullopt};
    auto done = run(update_profile(services(), std::move(back), caller_of(laptop_)));
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_GT(done->position, 0);
    EXPECT_TRUE(run(log_in(services(), login_by_username("ann"), caller())));
}

TEST_F(StaleCacheTest, KnowsTheUserNameThatWasTakenElsewhere) {
    ProfileUpdate update{bearer_of(laptop_), "annie", std::nullopt};
    ASSERT_TRUE(run(update_profile(other.services, std::move(update), caller_of(laptop_))));
    EXPECT_TRUE(test::succeeds(run(log_in(services(), login_by_username("annie"), caller()))));
    EXPECT_TRUE(
        test::refused(run(log_in(services(), login_by_username("ann"), caller())), refusals::kInvalidCredentials));
}

TEST_F(StaleCacheTest, KnowsTheHashThatWasRenewedElsewhere) {
    world.hasher.strength = 2;
    world.log_in(other, kAnnsEmail);
    EXPECT_TRUE(test::succeeds(ask_log_in(kPassword)));
    EXPECT_TRUE(test::refused(ask_log_in("wrong"), refusals::kInvalidCredentials));
    EXPECT_TRUE(world.operator_log.lines().empty());
    EXPECT_EQ(std::ranges::count(world.types(before_), "user.password_hash_renewed"), 1);
}

TEST_F(StaleCacheTest, AnswersNothingWhileTheStoreIsAway) {
    stepped.away = true;
    EXPECT_TRUE(
        test::refused(run(bearer_at_head(services(), bearer_of(laptop_), Deadline::max())), refusals::kUnavailable));
    EXPECT_TRUE(
        test::refused(run(session_at_head(services(), laptop_.session_id, Deadline::max())), refusals::kUnavailable));
    EXPECT_TRUE(test::refused(ask_refresh(laptop_), refusals::kUnavailable));
}

}  // namespace
}  // namespace keyledger::commands

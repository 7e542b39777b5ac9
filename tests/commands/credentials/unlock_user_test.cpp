#include "commands/credentials/unlock_user.hpp"

#include "commands/access/roles.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::login;
using test::run;
using test::Types;

class UnlockUserTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail);
        anns_ = world.log_in(node, kAnnsEmail);
        root_ = world.create_administrator(node, "root@example.com");
        roots_ = world.log_in(node, "root@example.com");
        node.services.settings.attempts.failures_in_a_row = 3;
        before_ = world.head();
    }
    void fail(const std::string& email) {
        for (int i = 0; i < 3; ++i) (void)run(log_in(services(), login(email, "wrong"), caller()));
        ASSERT_TRUE(test::refused(run(log_in(services(), login(email), caller())), refusals::kInvalidCredentials));
        before_ = world.head();
    }
    Result<Receipt, CommandError> unlock(const Grant& who, const UserId& whom) {
        return run(unlock_user(services(), bearer_of(who), whom, caller_of(who)));
    }

    UserId ann_, root_;
    Grant anns_, roots_;
    Position before_ = 0;
};

TEST_F(UnlockUserTest, LetsTheUserTryAgain) {
    fail(kAnnsEmail);
    auto done = unlock(roots_, ann_);
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_EQ(world.types(before_), Types{"login.unlocked"});
    EXPECT_EQ(done->position, before_ + 1);
    EXPECT_TRUE(test::succeeds(run(log_in(services(), login(kAnnsEmail), caller()))));
}

TEST_F(UnlockUserTest, StaysQuietWhereNothingFailed) {
    auto done = unlock(roots_, ann_);
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_EQ(done->position, 0);
    EXPECT_TRUE(world.types(before_).empty());
}

TEST_F(UnlockUserTest, TakesThePermissionAndAuthorityOverTheUser) {
    fail("root@example.com");
    EXPECT_TRUE(test::refused(unlock(anns_, root_), refusals::kForbidden));
    EXPECT_TRUE(test::refused(unlock(roots_, test::uuid(77)), refusals::kUserUnknown));
    EXPECT_TRUE(world.types(before_).empty());
}

// The only administrator, locked out from everywhere, is let in again by whoever runs the service.
TEST_F(UnlockUserTest, CanBeDoneAtTheMachine) {
    fail("root@example.com");
    Caller system = caller();
    system.actor_type = eventstore::ActorType::kSystem;
    ASSERT_TRUE(test::succeeds(run(unlock_user_as_operator(services(), root_, system))));
    EXPECT_EQ(world.types(before_), Types{"login.unlocked"});
    EXPECT_TRUE(test::succeeds(run(log_in(services(), login("root@example.com"), caller()))));
    EXPECT_TRUE(
        test::refused(run(unlock_user_as_operator(services(), test::uuid(77), system)), refusals::kUserUnknown));
}

// Whoever goes on guessing moves nothing that would keep the unlocking out.
TEST_F(UnlockUserTest, IsNotKeptOutByWhoeverGoesOnGuessing) {
    fail(kAnnsEmail);
    auto guess = [&]() -> asio::awaitable<void> {
        auto wrong = login(kAnnsEmail, "wrong");
        auto answer = co_await log_in(other.services, std::move(wrong), caller());
        EXPECT_TRUE(test::refused(answer, refusals::kInvalidCredentials));
    };
    other.services.settings.attempts.failures_in_a_row = 3;
    faulty.before(eventstore::Call::kAppend, faulty.next(eventstore::Call::kAppend), guess);
    EXPECT_TRUE(test::succeeds(unlock(roots_, ann_)));
}

}  // namespace
}  // namespace keyledger::commands

// "This was not me": the link in the mail about a log-in from a new device.
#include "commands/sessions/disown_session.hpp"

#include "commands/account_services.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/challenges/challenges.hpp"
#include "commands/devices/devices.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::run;
using test::Types;

class DisownSessionTest : public test::CommandTest {
protected:
    void SetUp() override {
        clock.advance(stores->server_now() - clock.now());  // a link is spent by the store's clock
        ann_ = world.register_user(node, test::kAnnsEmail);
        owners_ = world.log_in(node, test::kAnnsEmail);
        thiefs_ = world.log_in(other, test::kAnnsEmail);
        before_ = world.head();
    }
    Secret mailed(const UserId& user_id, const SessionId& session_id) {
        return Secret(world.challenge_secrets.seal(disown_link(user_id, session_id, clock.now())));
    }
    Result<Receipt, CommandError> disown(const Secret& link) { return run(disown_session(services(), link, caller())); }
    bool holds(const Grant& grant) {
        return run(refresh_session(node.services, test::refresh_of(grant), caller())).has_value();
    }

    UserId ann_;
    Grant owners_;
    Grant thiefs_;
    Position before_ = 0;
};

// All: whoever logged in once may have logged in again, and the second time no mail told of it.
TEST_F(DisownSessionTest, EndsAllSessions) {
    Grant again = world.log_in(other, test::kAnnsEmail);
    const Secret link = mailed(ann_, thiefs_.session_id);
    ASSERT_TRUE(test::succeeds(disown(link)));
    EXPECT_EQ(world.types(before_).back(), "user.sessions_revoked");
    for (const Grant* one : {&thiefs_, &again, &owners_}) EXPECT_FALSE(holds(*one));
}

// Else whoever has it makes the log longer for a week.
TEST_F(DisownSessionTest, IsDoneOnce) {
    const Secret link = mailed(ann_, thiefs_.session_id);
    std::vector<asio::awaitable<Result<Receipt, CommandError>>> rivals;
    for (int i = 0; i < 20; ++i) rivals.push_back(disown_session((i % 2 == 0 ? node : other).services, link, caller()));
    int done = 0;
    for (const auto& outcome : test::run_all(std::move(rivals))) done += outcome ? 1 : 0;
    EXPECT_EQ(done, 1);
    EXPECT_TRUE(test::refused(disown(link), refusals::kLinkSpent));
    EXPECT_EQ(std::ranges::count(world.types(before_), "user.sessions_revoked"), 1);
    const Grant again = world.log_in(node, test::kAnnsEmail);
    EXPECT_TRUE(test::succeeds(disown(mailed(ann_, again.session_id)))) << "the link of another log-in";
}

TEST_F(DisownSessionTest, TakesALinkOfThisSessionAndInTime) {
    EXPECT_TRUE(test::refused(disown(Secret("made up")), refusals::kLinkSpent));
    const UserId bob = world.register_user(node, "bob@example.com");
    EXPECT_FALSE(disown(mailed(bob, thiefs_.session_id))) << "it is Ann's";
    const Secret link = mailed(ann_, thiefs_.session_id);
    clock.advance(days(7));
    EXPECT_TRUE(test::refused(disown(link), refusals::kLinkSpent));
    EXPECT_EQ(world.types(before_).back(), "user.password_set") << "nothing but Bob came";
}

TEST_F(DisownSessionTest, IsNothingToWhomeverWasErased) {
    const Secret link = mailed(ann_, thiefs_.session_id);
    ErasureRequest erasure{test::bearer_of(owners_), Secret(std::string_view(test::kPassword))};
    ASSERT_TRUE(run(request_own_erasure(services(), std::move(erasure), test::caller_of(owners_))));
    EXPECT_TRUE(test::refused(disown(link), refusals::kLinkSpent));
}

}  // namespace
}  // namespace keyledger::commands

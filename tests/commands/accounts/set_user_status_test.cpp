#include "commands/accounts/set_user_status.hpp"
#include "eventstore/codec/events_codec.hpp"

#include "commands/access/answers_at_head.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "domain/access/administrators.hpp"
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

class SetUserStatusTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail);
        anns_ = world.log_in(node, kAnnsEmail);
        root_ = world.create_administrator(node, "root@example.com");
        roots_ = world.log_in(node, "root@example.com");
        before_ = world.head();
    }
    Result<Receipt, CommandError> disable(const Grant& who, const UserId& whom) {
        return run(disable_user(services(), bearer_of(who), whom, "left", caller_of(who)));
    }
    Result<Receipt, CommandError> enable(const Grant& who, const UserId& whom) {
        return run(enable_user(services(), bearer_of(who), whom, caller_of(who)));
    }
    bool lives(const Grant& grant) {
        return run(bearer_at_head(services(), bearer_of(grant), Deadline::max())).has_value();
    }
    Types since() { return world.types(before_); }

    UserId ann_, root_;
    Grant anns_, roots_;
    Position before_ = 0;
};

TEST_F(SetUserStatusTest, DisableEndsTheUsersSessionsInTheSameEvent) {
    ASSERT_TRUE(test::succeeds(disable(roots_, ann_)));
    EXPECT_EQ(since(), Types{"user.disabled"});
    EXPECT_FALSE(lives(anns_));
    EXPECT_TRUE(
        test::refused(run(refresh_session(services(), test::refresh_of(anns_), caller())), refusals::kInvalidGrant));
    EXPECT_TRUE(test::refused(run(log_in(services(), login(kAnnsEmail), caller())), refusals::kUserDisabled));
    EXPECT_TRUE(lives(roots_));
}

TEST_F(SetUserStatusTest, DisableTwiceStaysQuiet) {
    ASSERT_TRUE(test::succeeds(disable(roots_, ann_)));
    auto again = disable(roots_, ann_);
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_EQ(again->position, 0);
    EXPECT_EQ(since().size(), 1u);
}

TEST_F(SetUserStatusTest, EnableRevivesNoOldSession) {
    ASSERT_TRUE(test::succeeds(disable(roots_, ann_)));
    ASSERT_TRUE(test::succeeds(enable(roots_, ann_)));
    EXPECT_EQ(since(), (Types{"user.disabled", "user.enabled"}));
    EXPECT_FALSE(lives(anns_));
    EXPECT_TRUE(
        test::refused(run(refresh_session(services(), test::refresh_of(anns_), caller())), refusals::kInvalidGrant));
    const Grant later = world.log_in(node, kAnnsEmail);
    EXPECT_TRUE(lives(later));
}

TEST_F(SetUserStatusTest, EnableStaysQuietForTheActive) {
    auto done = enable(roots_, ann_);
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_EQ(done->position, 0);
}

TEST_F(SetUserStatusTest, TakeAPermission) {
    world.register_user(node, "bob@example.com");
    const Grant bobs = world.log_in(node, "bob@example.com");
    before_ = world.head();
    EXPECT_TRUE(test::refused(disable(bobs, ann_), refusals::kForbidden));
    EXPECT_TRUE(test::refused(disable(anns_, ann_), refusals::kForbidden));
    EXPECT_TRUE(test::refused(enable(bobs, ann_), refusals::kForbidden));
    EXPECT_TRUE(test::refused(disable(bobs, test::uuid(0xFF)), refusals::kForbidden)) << "nor is it told who exists";
    EXPECT_TRUE(since().empty());
}

TEST_F(SetUserStatusTest, DisableIsNotForTheLastAdministrator) {
    EXPECT_TRUE(test::refused(disable(roots_, root_), refusals::kLastAdministrator));
    EXPECT_TRUE(since().empty());
    EXPECT_TRUE(lives(roots_));
}

TEST_F(SetUserStatusTest, KnowNoUserUnderAnUnknownIdOrThatOfSomethingElse) {
    for (const test::TestId& id : test::TestIds{test::uuid(0xFF), anns_.session_id, roots_.session_id}) {
        EXPECT_TRUE(test::refused(disable(roots_, id), refusals::kUserUnknown));
        EXPECT_TRUE(test::refused(enable(roots_, id), refusals::kUserUnknown));
    }
    EXPECT_TRUE(since().empty());
}

TEST_F(SetUserStatusTest, NeedAnAdministratorsTokenThatHolds) {
    ASSERT_TRUE(test::succeeds(run(log_out(services(), bearer_of(roots_), caller_of(roots_)))));
    EXPECT_TRUE(test::refused(disable(roots_, ann_), refusals::kInvalidToken));
    Bearer mixed = bearer_of(anns_);
    mixed.user_id = root_;
    EXPECT_TRUE(test::refused(run(disable_user(services(), mixed, ann_, "left", caller())), refusals::kInvalidToken));
    EXPECT_TRUE(lives(anns_));
}

TEST_F(SetUserStatusTest, DisableSaysWhoDidItAndWhy) {
    ASSERT_TRUE(test::succeeds(disable(roots_, ann_)));
    const auto event = world.events().back();
    eventstore::NullFieldOpener nothing;
    EXPECT_EQ(eventstore::decode_metadata(event, nothing).actor_id, root_.to_string());
    EXPECT_NE(event.payload.find("left"), std::string::npos);
}

}  // namespace
}  // namespace keyledger::commands

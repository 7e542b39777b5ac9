#include "commands/accounts/update_profile.hpp"

#include "commands/access/answers_at_head.hpp"
#include "domain/users/identity.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::login_by_username;
using test::run;
using test::Types;

class UpdateProfileTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail, "ann");
        laptop_ = world.log_in(node, kAnnsEmail);
        world.register_user(node, "bob@example.com", "bob");
        bobs_ = world.log_in(node, "bob@example.com");
        before_ = world.head();
    }
    Result<Receipt, CommandError> ask(const Grant& who, std::optional<std::string> username,
                                      std::optional<std::string> name = std::nullopt) {
        ProfileUpdate update{bearer_of(who), std::move(username), std::move(name)};
        return run(update_profile(services(), std::move(update), caller_of(who)));
    }
    bool comes_in_as(std::string username) {
        return run(log_in(services(), login_by_username(std::move(username)), caller())).has_value();
    }
    Types since() { return world.types(before_); }

    UserId ann_;
    Grant laptop_, bobs_;
    Position before_ = 0;
};

TEST_F(UpdateProfileTest, WritesTheWholeProfile) {
    ASSERT_TRUE(test::succeeds(ask(laptop_, "ann", "Ann Lee")));
    EXPECT_EQ(since(), Types{"user.profile_updated"});
    auto user = run(user_at_head(other.services, ann_, Deadline::max()));
    ASSERT_TRUE(test::succeeds(user));
    EXPECT_EQ(user->user.username, "ann");
    EXPECT_EQ(user->user.name, "Ann Lee");
    EXPECT_EQ(user->user.email, kAnnsEmail);
}

TEST_F(UpdateProfileTest, StaysQuietWhenNothingDiffers) {
    auto done = ask(laptop_, "ann");
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_EQ(done->position, 0);
    EXPECT_TRUE(since().empty());
}

TEST_F(UpdateProfileTest, MovesTheClaimWithTheName) {
    ASSERT_TRUE(test::succeeds(ask(laptop_, "ann2")));
    EXPECT_TRUE(comes_in_as("ANN2"));
    EXPECT_FALSE(comes_in_as("ann"));
    EXPECT_TRUE(test::succeeds(ask(bobs_, "ann"))) << "the name that was left is free";
    EXPECT_TRUE(comes_in_as("ann"));
}

TEST_F(UpdateProfileTest, KeepsTheClaimOfTheSameNameInAnotherCase) {
    ASSERT_TRUE(test::succeeds(ask(laptop_, "ANN")));
    EXPECT_EQ(since(), Types{"user.profile_updated"});
    EXPECT_TRUE(comes_in_as("ann"));
    EXPECT_TRUE(test::refused(ask(bobs_, "Ann"), refusals::kUsernameTaken));
}

TEST_F(UpdateProfileTest, RefusesANameThatIsTaken) {
    EXPECT_TRUE(test::refused(ask(laptop_, "BOB"), refusals::kUsernameTaken));
    EXPECT_TRUE(since().empty());
    EXPECT_TRUE(comes_in_as("ann"));
}

TEST_F(UpdateProfileTest, TakesAwayWhatIsAbsent) {
    ASSERT_TRUE(test::succeeds(ask(laptop_, std::nullopt)));
    EXPECT_FALSE(comes_in_as("ann"));
    EXPECT_TRUE(test::succeeds(ask(bobs_, "ann")));
}

TEST_F(UpdateProfileTest, RefusesWhatCannotBeANameBeforeAnyWork) {
    stepped.calls.clear();
    EXPECT_TRUE(test::refused(ask(laptop_, "a"), refusals::kInvalidUsername));
    EXPECT_TRUE(test::refused(ask(laptop_, "ann", "a\nb"), refusals::kInvalidName));
    EXPECT_TRUE(stepped.calls.empty());
}

TEST_F(UpdateProfileTest, NeedsATokenThatHolds) {
    Grant unknown = laptop_;
    unknown.session_id = test::uuid(0xFF);
    EXPECT_TRUE(test::refused(ask(unknown, "ann2"), refusals::kInvalidToken));
    EXPECT_TRUE(test::refused(ask(unknown, "ann"), refusals::kInvalidToken));
}

// The rotation of the claims' key: the old name is let go under both, the new one held under both.
TEST_F(UpdateProfileTest, MovesTheClaimUnderEveryKeyInRotation) {
    world.pseudonyms.claim_keys = {"c2", "c1"};
    ASSERT_TRUE(test::succeeds(ask(laptop_, "ann2")));
    world.pseudonyms.claim_keys = {"c2"};
    EXPECT_TRUE(comes_in_as("ann2"));
    EXPECT_FALSE(comes_in_as("ann"));
    world.pseudonyms.claim_keys = {"c2", "c1"};
    EXPECT_TRUE(test::succeeds(ask(bobs_, "ann")));
}

// Scenario: Ann takes a name that Bob lets go at the same moment. Whenever it happens, there is one holder at most, and
// whoever was told that they have it can log in with it.
TEST_F(UpdateProfileTest, PassesANameOnAtAnyMoment) {
    test::for_every_step([](test::Steps& steps) {
        test::Stage stage;
        stage.world.register_user(stage.node, kAnnsEmail, "ann");
        const Grant anns = stage.world.log_in(stage.node, kAnnsEmail);
        stage.world.register_user(stage.node, "bob@example.com", "bob");
        const Grant bobs = stage.world.log_in(stage.node, "bob@example.com");
        auto meanwhile = [&]() -> asio::awaitable<void> {
            ProfileUpdate update{bearer_of(bobs), "robert", std::nullopt};
            auto from = caller_of(bobs);
            auto done = co_await update_profile(stage.other.services, std::move(update), from);
            EXPECT_TRUE(test::succeeds(done));
        };
        stage.stepped.steps = &steps;
        steps.meanwhile = meanwhile;
        ProfileUpdate update{bearer_of(anns), "bob", std::nullopt};
        auto taken = run(update_profile(stage.node.services, std::move(update), caller_of(anns)));
        stage.stepped.steps = nullptr;
        auto in = run(log_in(stage.node.services, login_by_username("bob"), caller()));
        EXPECT_TRUE(taken || taken.error().refusal == refusals::kUsernameTaken) << steps.where();
        ASSERT_EQ(taken.has_value() || !steps.happened(), in.has_value()) << steps.where();
        if (in) {
            EXPECT_EQ(in->user_id == anns.user_id, taken.has_value()) << steps.where();
        }
    });
}

}  // namespace
}  // namespace keyledger::commands

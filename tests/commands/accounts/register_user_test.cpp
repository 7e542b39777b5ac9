#include "commands/accounts/register_user.hpp"

#include "commands/credentials/passwords.hpp"
#include "domain/access/administrators.hpp"
#include "domain/users/identity.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::caller_with_key;
using test::registration;
using test::run;
using test::Types;

class RegisterUserTest : public test::CommandTest {
protected:
    Result<RegistrationReceipt, CommandError> ask(RegistrationRequest request, Caller from = caller()) {
        return run(register_user(services(), std::move(request), std::move(from)));
    }
};

TEST_F(RegisterUserTest, AppendsTheUserAndTheirPassword) {
    auto answer = ask(registration("Ann@Example.com", "Ann"));
    ASSERT_TRUE(test::succeeds(answer));
    EXPECT_EQ(world.types(), (Types{"user.registered", "user.password_set"}));
    EXPECT_EQ(answer->position, 2);
    EXPECT_EQ(world.events().front().stream_id, answer->user_id);
}

TEST_F(RegisterUserTest, KeepsAddressAndNamesAsTyped) {
    auto request = registration("Ann@Example.com", "Ann_L");
    request.name = "  Ann Lee ";
    auto answer = ask(std::move(request));
    ASSERT_TRUE(test::succeeds(answer));
    Streams streams;
    streams.read<User>(answer->user_id);
    auto folds = run(other.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
    ASSERT_TRUE(folds);
    const User& user = state_of<User>(folds->front());
    EXPECT_EQ(user.email, "Ann@Example.com");
    EXPECT_EQ(user.username, "Ann_L");
    EXPECT_EQ(user.name, "Ann Lee");
    EXPECT_EQ(user.privilege, UserPrivilege::kUser);
}

// I10: what is personal is sealed, and a credential is nowhere but in its own table, sealed too.
TEST_F(RegisterUserTest, WritesNothingPersonalInTheClear) {
    auto request = registration("ann@example.com", "annlee");
    request.name = "Lovelace";
    ASSERT_TRUE(test::succeeds(ask(std::move(request))));
    for (const auto& event : world.events())
        for (const char* secret : {"ann@", "annlee", "Lovelace", test::kPassword, "192.0.2.1", "laptop"}) {
            EXPECT_EQ(event.payload.find(secret), std::string::npos) << event.payload;
            EXPECT_EQ(event.metadata.find(secret), std::string::npos) << event.metadata;
        }
    auto credential = run(store.read_credential(world.events().front().stream_id, "password", Deadline::max()));
    ASSERT_TRUE(credential && credential->has_value());
    EXPECT_EQ((*credential)->sealed.find(test::kPassword), std::string::npos);
}

TEST_F(RegisterUserTest, RefusesAnAddressThatIsTakenInWhateverCase) {
    ASSERT_TRUE(test::succeeds(ask(registration("ann@example.com"))));
    const int hashed = world.hasher.hashed;
    EXPECT_TRUE(test::refused(ask(registration("ANN@Example.COM")), refusals::kEmailTaken));
    EXPECT_EQ(world.types().size(), 2u);
    EXPECT_EQ(world.hasher.hashed, hashed) << "a hash was spent on a name that was known to be taken";
}

TEST_F(RegisterUserTest, RefusesAUserNameThatIsTakenInWhateverCase) {
    ASSERT_TRUE(test::succeeds(ask(registration("ann@example.com", "Ann"))));
    EXPECT_TRUE(test::refused(ask(registration("bob@example.com", "aNN")), refusals::kUsernameTaken));
    EXPECT_EQ(world.types().size(), 2u);
    EXPECT_TRUE(test::succeeds(ask(registration("bob@example.com", "bob"))));
}

// An address and a user name never meet: each has a claim of its own kind.
TEST_F(RegisterUserTest, LeavesNothingOfARefusedRegistration) {
    ASSERT_TRUE(test::succeeds(ask(registration("ann@example.com", "ann"))));
    EXPECT_TRUE(test::refused(ask(registration("bob@example.com", "ann")), refusals::kUsernameTaken));
    EXPECT_TRUE(test::succeeds(ask(registration("bob@example.com", "bob"))));
}

TEST_F(RegisterUserTest, RefusesWhatCannotBeReadBeforeAnyWork) {
    EXPECT_TRUE(test::refused(ask(registration("ann")), refusals::kInvalidEmail));
    EXPECT_TRUE(test::refused(ask(registration("ann@example.com", "a b")), refusals::kInvalidUsername));
    auto request = registration("ann@example.com");
    request.name = "a\nb";
    EXPECT_TRUE(test::refused(ask(std::move(request)), refusals::kInvalidName));
    EXPECT_TRUE(test::refused(ask(registration("ann@example.com", {}, "short")), refusals::kPasswordTooShort));
    EXPECT_TRUE(test::refused(ask(registration("battery@example.com")), refusals::kPasswordContainsIdentity));
    EXPECT_EQ(world.hasher.hashed, 0);
    EXPECT_TRUE(stepped.calls.empty());
}

// ---- idempotency (I5) ------------------------------------------------------------------------------------------
// Whoever sends it again is nobody that is known: a stranger with key and body must not learn whose account it became.
TEST_F(RegisterUserTest, KnowsNoKey) {
    ASSERT_TRUE(test::succeeds(ask(registration("ann@example.com"), caller_with_key(7))));
    const Position head = world.head();
    EXPECT_TRUE(test::refused(ask(registration("ann@example.com"), caller_with_key(7)), refusals::kEmailTaken));
    EXPECT_TRUE(test::refused(run(register_user(other.services, registration("ann@example.com"), caller_with_key(7))),
                              refusals::kEmailTaken));
    EXPECT_EQ(world.head(), head);
    EXPECT_TRUE(test::succeeds(ask(registration("bob@example.com"), caller_with_key(7, 2)))) << "nor another request's";
}

TEST_F(RegisterUserTest, DoesNotRememberARefusal) {
    ASSERT_TRUE(test::succeeds(ask(registration("ann@example.com", "ann"))));
    EXPECT_TRUE(
        test::refused(ask(registration("bob@example.com", "ann"), caller_with_key(7)), refusals::kUsernameTaken));
    EXPECT_TRUE(test::succeeds(ask(registration("bob@example.com", "bob"), caller_with_key(7))));
}

// A person presses the button twice, and both requests are in flight at once: whatever overlaps with whatever, there
// is one user, and one answer names them.
TEST_F(RegisterUserTest, MakesOneUserOfTheSameRequestTwiceAtOnce) {
    const int steps = test::for_every_step([](test::Steps& steps) {
        test::Stage stage;
        std::optional<Result<RegistrationReceipt, CommandError>> second;
        auto meanwhile = [&]() -> asio::awaitable<void> {
            auto request = registration("ann@example.com", "ann");
            auto from = caller_with_key(7);
            second = co_await register_user(stage.other.services, std::move(request), from);
        };
        stage.stepped.steps = &steps;
        steps.meanwhile = meanwhile;
        auto first =
            run(register_user(stage.node.services, registration("ann@example.com", "ann"), caller_with_key(7)));
        EXPECT_EQ(stage.world.types().size(), 2u) << steps.where();
        const auto& loser = first ? second : std::optional(first);
        EXPECT_TRUE(first || (second && *second)) << steps.where();
        if (!steps.happened()) return;
        const RefusalRef taken = loser->error().refusal;
        EXPECT_TRUE(taken == refusals::kEmailTaken || taken == refusals::kUsernameTaken) << steps.where();
    });
    EXPECT_GE(steps, 6);
}

// Two strangers want one name at the same moment: one gets it.
TEST_F(RegisterUserTest, GivesANameToOneOfTwoAtOnce) {
    test::for_every_step([](test::Steps& steps) {
        test::Stage stage;
        std::optional<Result<RegistrationReceipt, CommandError>> second;
        auto meanwhile = [&]() -> asio::awaitable<void> {
            auto request = registration("bob@example.com", "ANN");
            second = co_await register_user(stage.other.services, std::move(request), caller());
        };
        stage.stepped.steps = &steps;
        steps.meanwhile = meanwhile;
        auto first = run(register_user(stage.node.services, registration("ann@example.com", "ann"), caller()));
        if (!steps.happened()) return;
        EXPECT_NE(first.has_value(), second->has_value()) << steps.where();
        const auto& refused = first ? *second : first;
        EXPECT_TRUE(test::refused(refused, refusals::kUsernameTaken)) << steps.where();
        EXPECT_EQ(stage.world.types().size(), 2u) << steps.where();
    });
}

// ---- the first administrator -----------------------------------------------------------------------------------
TEST_F(RegisterUserTest, MakesTheFirstAdministratorOnce) {
    world.create_administrator(node, "root@example.com");
    EXPECT_EQ(world.types(), (Types{"user.registered", "user.password_set", "role.defined", "role.assigned",
                                    "administrators.joined"}));
    auto second = registration("root2@example.com");
    second.privilege = UserPrivilege::kAdministrator;
    EXPECT_TRUE(test::refused(ask(std::move(second)), refusals::kAdministratorExists));
    EXPECT_EQ(world.types().size(), 5u);
}

// Whoever sets a service up twice with the same settings must be told that it is set up.
TEST_F(RegisterUserTest, SaysThatThereIsAnAdministratorBeforeThatTheirAddressIsTaken) {
    world.create_administrator(node, "root@example.com");
    auto same = registration("root@example.com");
    same.privilege = UserPrivilege::kAdministrator;
    EXPECT_TRUE(test::refused(ask(std::move(same)), refusals::kAdministratorExists));
    EXPECT_EQ(world.types().size(), 5u);
}

// ---- the rotation of the key behind claims ---------------------------------------------------------------------
TEST_F(RegisterUserTest, KnowsANameUnderEveryClaimKeyInRotation) {
    ASSERT_TRUE(test::succeeds(ask(registration("ann@example.com"))));
    world.pseudonyms.claim_keys = {"c2", "c1"};
    EXPECT_TRUE(test::refused(ask(registration("ann@example.com")), refusals::kEmailTaken));
    ASSERT_TRUE(test::succeeds(ask(registration("bob@example.com"))));
    world.pseudonyms.claim_keys = {"c2"};
    EXPECT_TRUE(test::refused(ask(registration("bob@example.com")), refusals::kEmailTaken));
}

// ---- the world goes wrong --------------------------------------------------------------------------------------
TEST_F(RegisterUserTest, SaysWhenTheHashingPoolIsFull) {
    world.hasher.overloaded = true;
    auto answer = ask(registration("ann@example.com"));
    EXPECT_TRUE(test::refused(answer, refusals::kOverloaded));
    EXPECT_GT(answer.error().retry_after, Duration());
    EXPECT_TRUE(world.types().empty());
}

TEST_F(RegisterUserTest, SaysWhenTheStoreIsAway) {
    stepped.away = true;
    EXPECT_TRUE(test::refused(ask(registration("ann@example.com")), refusals::kUnavailable));
}

}  // namespace
}  // namespace keyledger::commands

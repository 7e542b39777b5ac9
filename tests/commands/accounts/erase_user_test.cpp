#include "commands/accounts/erase_user.hpp"

#include "commands/access/answers_at_head.hpp"
#include "commands/access/roles.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/challenges/challenges.hpp"
#include "commands/credentials/named_credential.hpp"
#include "commands/credentials/passwords.hpp"
#include "domain/access/administrators.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::kDay;
using test::kPassword;
using test::login;
using test::run;

Caller system_caller() {
    Caller system;
    system.actor_type = eventstore::ActorType::kSystem;
    return system;
}

class EraseUserTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann = world.register_user(node, kAnnsEmail, "ann");
        laptop = world.log_in(node, kAnnsEmail);
        phone = world.log_in(other, kAnnsEmail);
        world.create_administrator(node, "root@example.com");
        root = world.log_in(node, "root@example.com");
        before = world.head();
    }
    // Both nodes have the same settings.
    void allow_grace(Duration grace) {
        node.services.settings.erasure_grace = grace;
        other.services.settings.erasure_grace = grace;
    }
    Result<Erasure, CommandError> asks(test::Node& on, const Grant& grant, std::string password = kPassword) {
        return run(request_own_erasure(on.services, {bearer_of(grant), Secret(password)}, caller_of(grant)));
    }
    bool holds(test::Node& on, const Grant& grant) {
        return run(bearer_at_head(on.services, bearer_of(grant), Deadline::max())).has_value();
    }
    test::Types since() { return world.types(before); }
    // As the log says it, on a node that remembers nothing.
    User ann_as_read() {
        test::Node fresh(world, store);
        Streams streams;
        streams.read<User>(ann);
        auto folds = run(fresh.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
        return state_of<User>(folds->front());
    }
    // Of a kind that no command gives to users yet.
    testing::AssertionResult give_credential(std::string kind, std::string name) {
        Streams streams;
        const auto user = streams.read<User>(ann);
        const Secret clear("478231");
        const Step step = [&](Attempt& attempt) -> StepResult {
            const CredentialId id{services().identifiers.next()};
            KEYLEDGER_CO_TRY(key, co_await attempt.key_of(ann));
            const eventstore::CredentialContext context{eventstore::kDefaultTenant, ann, kind, id};
            attempt.change_credential({id, ann, kind, 0, services().cipher.seal_credential(**key, context, clear)});
            const UpdateProfile profile{"ann", name};
            co_return attempt.decide_and_append(user, profile);
        };
        return test::succeeds(run(services().executor.run(caller(), streams, step)));
    }
    bool is_claimed(std::string kind, std::string key) {
        auto digests = world.pseudonyms.claim(kind, key);
        return run(store.find_claim(kind, digests, Deadline::max())).value().has_value();
    }

    UserId ann;
    Grant laptop, phone, root;
    Position before = 0;
};

TEST_F(EraseUserTest, TakesKeyClaimsCredentialsAndSessionsAtOnce) {
    const auto erased = asks(node, laptop);
    ASSERT_TRUE(test::succeeds(erased));
    EXPECT_EQ(erased->due_at, Instant());
    EXPECT_EQ(since(), (test::Types{"user.erasure_requested", "user.erased"}));
    for (test::Node* each : {&node, &other}) {
        EXPECT_FALSE(holds(*each, laptop));
        EXPECT_FALSE(holds(*each, phone));
        EXPECT_TRUE(
            test::refused(run(log_in(each->services, login(kAnnsEmail), caller())), refusals::kInvalidCredentials));
        EXPECT_TRUE(test::refused(run(refresh_session(each->services, test::refresh_of(phone), caller())),
                                  refusals::kInvalidGrant));
        EXPECT_TRUE(test::refused(run(user_at_head(each->services, ann, Deadline::max())), refusals::kUserUnknown));
    }
    EXPECT_FALSE(is_claimed("email", kAnnsEmail));
    EXPECT_FALSE(is_claimed("username", "ann"));
    EXPECT_FALSE(run(store.read_credential(ann, "password", Deadline::max())).value());
    const auto key = run(node.keys.stored(ann, Deadline::max())).value();
    ASSERT_TRUE(key);
    EXPECT_TRUE(key->destroyed);
    EXPECT_TRUE(key->wrapped.empty());
    EXPECT_EQ(run(node.keys.find(ann, Deadline::max()))->state, eventstore::KeyState::kDestroyed);
    EXPECT_TRUE(world.operator_log.lines().empty());
}

// I16: whoever has somebody's password does not end what its owner would want back.
TEST_F(EraseUserTest, OfOneselfWaitsAndIsTakenBackByTheLinkOfTheMail) {
    world.accounts.own_erasure_grace = days(7);
    const auto requested = asks(node, laptop);
    ASSERT_TRUE(test::succeeds(requested));
    EXPECT_EQ(requested->due_at, clock.now() + days(7));
    const auto mailed = [&](Instant due_at) {
        return Secret(world.challenge_secrets.seal(withdrawal_link(ann, due_at)));
    };
    const auto withdraw = [&](const Secret& link) {
        return run(withdraw_erasure_by_mail(other.services, link, caller()));
    };
    EXPECT_TRUE(test::refused(withdraw(mailed(requested->due_at + seconds(1))), refusals::kLinkSpent));
    ASSERT_TRUE(test::succeeds(withdraw(mailed(requested->due_at))));
    EXPECT_EQ(since(), (test::Types{"user.erasure_requested", "user.erasure_withdrawn"}));
    EXPECT_TRUE(test::refused(withdraw(mailed(requested->due_at)), refusals::kLinkSpent));
    // Asked for again, and the mail about it was one too many: the older one takes it back.
    clock.advance(minutes(10));
    laptop = world.log_in(node, kAnnsEmail);
    ASSERT_TRUE(test::succeeds(asks(node, laptop)));
    ASSERT_TRUE(test::succeeds(withdraw(mailed(requested->due_at))));
    clock.advance(days(8));
    ASSERT_TRUE(run(erase_user(services(), ann, caller())));
    EXPECT_TRUE(ann_as_read().exists());
    const Grant again = world.log_in(node, "root@example.com");
    EXPECT_EQ(run(request_erasure(services(), bearer_of(again), ann, caller_of(again)))->due_at, Instant())
        << "an administrator waits for nothing";
}

// Whoever has an administrator's session does not end the administrator at once either.
TEST_F(EraseUserTest, OfOneselfWaitsByTheRouteOfAdministratorsToo) {
    world.accounts.own_erasure_grace = days(7);
    ASSERT_TRUE(
        run(assign_role(node.services, bearer_of(root), Subject::user(ann), kAdministratorRole, caller_of(root))));
    const auto own = run(request_erasure(node.services, bearer_of(root), root.user_id, caller_of(root)));
    ASSERT_TRUE(test::succeeds(own));
    EXPECT_EQ(own->due_at, clock.now() + days(7));
    EXPECT_EQ(std::ranges::count(since(), "user.erased"), 0);
}

TEST_F(EraseUserTest, TakesCredentialsOfEveryKind) {
    ASSERT_TRUE(give_credential("totp.1", "Ann with a code"));
    ASSERT_TRUE(give_credential("passkey", "Ann with a key"));
    ASSERT_TRUE(give_credential("passkey", "Ann with two"));
    ASSERT_EQ(run(store.read_credentials(ann, Deadline::max())).value().size(), 4U) << "and a password";
    ASSERT_TRUE(test::succeeds(asks(node, laptop)));
    EXPECT_TRUE(run(store.read_credentials(ann, Deadline::max())).value().empty());
    EXPECT_EQ(run(store.read_credentials(root.user_id, Deadline::max())).value().size(), 1U) << "somebody else's";
}

TEST_F(EraseUserTest, IsNotKeptFromHappeningByCredentialsLaidUnderTheOwner) {
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(give_credential("junk", "Ann the " + std::to_string(i)));
    ASSERT_TRUE(test::succeeds(asks(node, laptop)));
    EXPECT_FALSE(run(store.read_credential(ann, "password", Deadline::max())).value());
    EXPECT_EQ(run(store.read_credentials(ann, Deadline::max())).value().size(), 301 - kMaxCredentialsTaken);
}

TEST_F(EraseUserTest, LeavesNothingToReadOfThePerson) {
    ASSERT_TRUE(asks(node, laptop));
    for (test::Node* each : {&node, &other}) {
        Streams streams;
        streams.read<User>(ann);
        auto folds = run(each->executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
        const User& user = state_of<User>(folds->front());
        EXPECT_EQ(user.status, User::Status::kErased);
        EXPECT_FALSE(user.email || user.username || user.name);
        EXPECT_EQ(run(each->keys.find(ann, Deadline::max()))->state, eventstore::KeyState::kDestroyed);
    }
    EXPECT_EQ(ann_as_read().status, User::Status::kErased);
}

TEST_F(EraseUserTest, FreesTheNamesForSomebodyNew) {
    ASSERT_TRUE(asks(node, laptop));
    const UserId again = world.register_user(other, kAnnsEmail, "ann");
    EXPECT_NE(again, ann);
    EXPECT_EQ(world.log_in(node, kAnnsEmail).user_id, again);
}

TEST_F(EraseUserTest, ReleasesWhatEveryClaimKeyHasClaimed) {
    world.pseudonyms.claim_keys = {"c2", "c1"};
    ASSERT_TRUE(run(update_profile(node.services, {bearer_of(laptop), "anna", std::nullopt}, caller_of(laptop))));
    ASSERT_TRUE(asks(node, laptop));
    for (const char* key : {"c1", "c2"}) {
        world.pseudonyms.claim_keys = {key};
        EXPECT_FALSE(is_claimed("email", kAnnsEmail)) << key;
        EXPECT_FALSE(is_claimed("username", "ann")) << key;
        EXPECT_FALSE(is_claimed("username", "anna")) << key;
    }
}

TEST_F(EraseUserTest, TakesTheCurrentPassword) {
    const auto outcome = asks(node, laptop, "not the password");
    EXPECT_TRUE(test::refused(outcome, refusals::kWrongPassword));
    EXPECT_EQ(since(), test::Types{"login.failed"});
    EXPECT_TRUE(holds(node, phone));
}

TEST_F(EraseUserTest, IsForAdministratorsAsFarAsOthersAreConcerned) {
    const UserId bob = world.register_user(node, "bob@example.com");
    const auto outcome = run(request_erasure(node.services, bearer_of(laptop), bob, caller_of(laptop)));
    EXPECT_TRUE(test::refused(outcome, refusals::kForbidden));
    const auto by_root = run(request_erasure(node.services, bearer_of(root), ann, caller_of(root)));
    ASSERT_TRUE(test::succeeds(by_root));
    EXPECT_EQ(ann_as_read().status, User::Status::kErased);
    const auto twice = run(request_erasure(other.services, bearer_of(root), ann, caller_of(root)));
    EXPECT_TRUE(test::refused(twice, refusals::kUserUnknown));
    const auto nobody = run(request_erasure(node.services, bearer_of(root), test::uuid(0xFF), caller_of(root)));
    EXPECT_TRUE(test::refused(nobody, refusals::kUserUnknown));
}

TEST_F(EraseUserTest, IsRefusedToTheLastAdministrator) {
    EXPECT_TRUE(test::refused(asks(node, root), refusals::kLastAdministrator));
    const auto by_himself = run(request_erasure(node.services, bearer_of(root), root.user_id, caller_of(root)));
    EXPECT_TRUE(test::refused(by_himself, refusals::kLastAdministrator));
    EXPECT_TRUE(since().empty());
}

// From the request on, so that it can be carried out whoever leaves meanwhile.
TEST_F(EraseUserTest, TakesAnAdministratorOutOfTheSetUntilItIsTakenBack) {
    allow_grace(2 * kDay);
    ASSERT_TRUE(
        run(assign_role(node.services, bearer_of(root), Subject::user(ann), kAdministratorRole, caller_of(root))));
    ASSERT_TRUE(test::succeeds(run(request_erasure(node.services, bearer_of(root), ann, caller_of(root)))));
    EXPECT_EQ(since().back(), "administrators.left");
    EXPECT_TRUE(test::refused(run(withdraw_role(node.services, bearer_of(root), Subject::user(root.user_id),
                                                kAdministratorRole, caller_of(root))),
                              refusals::kLastAdministrator));
    ASSERT_TRUE(test::succeeds(run(withdraw_erasure(node.services, bearer_of(root), ann, caller_of(root)))));
    EXPECT_EQ(since().back(), "administrators.joined");
    EXPECT_TRUE(test::succeeds(run(withdraw_role(node.services, bearer_of(root), Subject::user(root.user_id),
                                                 kAdministratorRole, caller_of(root)))));
}

TEST_F(EraseUserTest, ReachesADisabledUser) {
    ASSERT_TRUE(run(disable_user(node.services, bearer_of(root), ann, "left", caller_of(root))));
    ASSERT_TRUE(run(request_erasure(node.services, bearer_of(root), ann, caller_of(root))));
    EXPECT_EQ(ann_as_read().status, User::Status::kErased);
    EXPECT_FALSE(is_claimed("email", kAnnsEmail));
}

TEST_F(EraseUserTest, WaitsForTheGracePeriodAndIsCarriedOutThen) {
    allow_grace(2 * kDay);
    const auto requested = asks(node, laptop);
    ASSERT_TRUE(test::succeeds(requested));
    EXPECT_EQ(requested->due_at, test::kNow + 2 * kDay);
    EXPECT_FALSE(holds(node, laptop)) << "every session ends with the request";
    EXPECT_FALSE(holds(other, phone));
    EXPECT_TRUE(is_claimed("email", kAnnsEmail));

    const Position quiet = world.head();
    EXPECT_EQ(run(erase_user(node.services, ann, system_caller()))->position, 0) << "too early";
    EXPECT_EQ(world.head(), quiet);
    clock.advance(2 * kDay);
    EXPECT_GT(run(erase_user(node.services, ann, system_caller()))->position, quiet);
    EXPECT_EQ(run(erase_user(other.services, ann, system_caller()))->position, 0) << "once";
    EXPECT_EQ(since(), (test::Types{"user.erasure_requested", "user.erased"}));
    EXPECT_FALSE(is_claimed("email", kAnnsEmail));
    EXPECT_EQ(ann_as_read().status, User::Status::kErased);
}

TEST_F(EraseUserTest, CanBeTakenBackByLoggingInAgain) {
    allow_grace(2 * kDay);
    ASSERT_TRUE(asks(node, laptop));
    const Grant back = world.log_in(other, kAnnsEmail);
    ASSERT_TRUE(run(withdraw_own_erasure(other.services, bearer_of(back), caller_of(back))));
    clock.advance(3 * kDay);
    EXPECT_EQ(run(erase_user(node.services, ann, system_caller()))->position, 0);
    EXPECT_EQ(ann_as_read().status, User::Status::kActive);
    EXPECT_EQ(ann_as_read().email, kAnnsEmail);
}

TEST_F(EraseUserTest, CanBeTakenBackByAnAdministrator) {
    allow_grace(2 * kDay);
    ASSERT_TRUE(run(request_erasure(node.services, bearer_of(root), ann, caller_of(root))));
    const auto by_ann = run(withdraw_erasure(node.services, bearer_of(laptop), ann, caller_of(laptop)));
    EXPECT_TRUE(test::refused(by_ann, refusals::kInvalidToken)) << "her sessions ended";
    ASSERT_TRUE(run(withdraw_erasure(other.services, bearer_of(root), ann, caller_of(root))));
    const auto twice = run(withdraw_erasure(node.services, bearer_of(root), ann, caller_of(root)));
    ASSERT_TRUE(test::succeeds(twice));
    EXPECT_EQ(twice->position, 0);
    EXPECT_FALSE(ann_as_read().erasure_due_at);
}

TEST_F(EraseUserTest, KeepsItsFirstDateWhenAskedAgain) {
    allow_grace(2 * kDay);
    ASSERT_TRUE(run(request_erasure(node.services, bearer_of(root), ann, caller_of(root))));
    clock.advance(kDay);
    root = world.log_in(node, "root@example.com");
    const auto again = run(request_erasure(other.services, bearer_of(root), ann, caller_of(root)));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_EQ(again->position, 0);
    EXPECT_EQ(again->due_at, test::kNow + 2 * kDay);
}

TEST_F(EraseUserTest, AnswersARepeatedRequestWithItsFirstOutcome) {
    Caller with_key = test::caller_with_key(1, 2).acting_as(root.user_id);
    auto ask = [&](test::Node& on) { return run(request_erasure(on.services, bearer_of(root), ann, with_key)); };
    const auto first = ask(node);
    ASSERT_TRUE(test::succeeds(first));
    const auto second = ask(other);
    ASSERT_TRUE(test::succeeds(second));
    EXPECT_EQ(second->position, first->position);
    EXPECT_EQ(second->due_at, Instant());
    EXPECT_TRUE(second->repeated);
}

// Who is erased is nobody that could ask again.
TEST_F(EraseUserTest, RefusesARepeatOfOnesOwn) {
    Caller with_key = test::caller_with_key(1, 2).acting_as(ann);
    auto ask = [&] {
        return run(request_own_erasure(node.services, {bearer_of(laptop), Secret(kPassword)}, with_key));
    };
    ASSERT_TRUE(test::succeeds(ask()));
    EXPECT_TRUE(test::refused(ask(), refusals::kInvalidToken));
}

TEST_F(EraseUserTest, TellsARepeatedRequestWhatItWasThoughItWasTakenBack) {
    allow_grace(2 * kDay);
    Caller with_key = test::caller_with_key(1, 2).acting_as(root.user_id);
    const auto first = run(request_erasure(node.services, bearer_of(root), ann, with_key));
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(run(withdraw_erasure(other.services, bearer_of(root), ann, caller_of(root))));
    const auto second = run(request_erasure(node.services, bearer_of(root), ann, with_key));
    ASSERT_TRUE(test::succeeds(second));
    EXPECT_EQ(second->due_at, test::kNow + 2 * kDay);
    EXPECT_EQ(ann_as_read().status, User::Status::kActive);
}

// ---- what overlaps ---------------------------------------------------------------------------------------------

struct Scene : test::Stage {
    Scene() {
        ann = world.register_user(node, kAnnsEmail, "ann");
        laptop = world.log_in(node, kAnnsEmail);
        world.create_administrator(node, "root@example.com");
        root = world.log_in(node, "root@example.com");
        before = world.head();
    }
    void watch(test::Steps& steps) {
        stepped.steps = &steps;
        world.hasher.before = [&steps] { return steps.reached("before a hash"); };
        steps.meanwhile = [this]() -> asio::awaitable<void> {
            auto from = caller_of(root);
            auto done = co_await request_erasure(other.services, bearer_of(root), ann, from);
            // Unless she came first.
            EXPECT_TRUE(done || done.error().refusal == refusals::kUserUnknown);
        };
    }
    void stop_watching() {
        stepped.steps = nullptr;
        world.hasher.before = nullptr;
    }
    int count_of(const std::string& type) {
        int count = 0;
        for (const auto& event : world.events(before)) count += event.type == type ? 1 : 0;
        return count;
    }
    UserId ann;
    Grant laptop, root;
    Position before = 0;
};

// Scenario: an administrator erases Ann while she logs in. Either her session began first, and her erasure ended it; or
// she is answered like somebody unknown. Nobody is told that a credential was tampered with.
TEST(ErasureInterleavings, LogInWhileBeingErased) {
    const int steps = test::for_every_step([](test::Steps& steps) {
        Scene scene;
        scene.watch(steps);
        auto grant = run(log_in(scene.node.services, login(kAnnsEmail), caller()));
        scene.stop_watching();
        if (!steps.happened()) return;
        EXPECT_EQ(grant.has_value(), scene.count_of("session.started") > 0) << steps.where();
        if (grant) {
            const auto held = run(bearer_at_head(scene.node.services, bearer_of(*grant), Deadline::max()));
            EXPECT_FALSE(held) << steps.where();
        } else {
            EXPECT_TRUE(test::refused(grant, refusals::kInvalidCredentials)) << steps.where();
        }
        for (const std::string& line : scene.world.operator_log.lines())
            EXPECT_EQ(line.find("credential"), std::string::npos) << steps.where() << ": " << line;
    });
    EXPECT_GE(steps, 7);
}

// Scenario: Ann asks for her erasure while an administrator does. She is erased once, whoever comes first, and what
// she is told is true.
TEST(ErasureInterleavings, BeErasedTwiceAtOnce) {
    test::for_every_step([](test::Steps& steps) {
        Scene scene;
        scene.watch(steps);
        ErasureRequest request{bearer_of(scene.laptop), Secret(kPassword)};
        auto erased = run(request_own_erasure(scene.node.services, std::move(request), caller_of(scene.laptop)));
        scene.stop_watching();
        EXPECT_EQ(scene.count_of("user.erased"), 1) << steps.where();
        EXPECT_EQ(scene.count_of("user.erasure_requested"), 1) << steps.where();
        if (erased) EXPECT_EQ(erased->due_at, Instant()) << steps.where();
        else EXPECT_TRUE(test::refused(erased, refusals::kInvalidToken)) << steps.where();
    });
}

// Scenario: Ann changes her name while she is erased. Nothing is sealed for her under a key that is gone, and the name
// that she wanted stays free.
TEST(ErasureInterleavings, ChangeTheProfileWhileBeingErased) {
    test::for_every_step([](test::Steps& steps) {
        Scene scene;
        scene.watch(steps);
        ProfileUpdate update{bearer_of(scene.laptop), "anna", "Anna"};
        auto updated = run(update_profile(scene.node.services, std::move(update), caller_of(scene.laptop)));
        scene.stop_watching();
        if (!steps.happened()) return;
        const auto events = scene.world.events(scene.before);
        EXPECT_EQ(events.back().type, "user.erased") << steps.where();
        EXPECT_EQ(updated.has_value(), scene.count_of("user.profile_updated") > 0) << steps.where();
        for (const char* name : {"ann", "anna"}) {
            auto digests = scene.world.pseudonyms.claim("username", name);
            const auto owner = run(scene.store.find_claim("username", digests, Deadline::max()));
            EXPECT_FALSE(owner.value()) << name << ' ' << steps.where();
        }
    });
}

}  // namespace
}  // namespace keyledger::commands

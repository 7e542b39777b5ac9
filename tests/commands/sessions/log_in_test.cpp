#include "commands/sessions/log_in.hpp"
#include "domain/users/user.hpp"

#include "commands/accounts/set_user_status.hpp"
#include "commands/credentials/unlock_user.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::kMinute;
using test::login;
using test::login_by_username;
using test::run;
using test::Types;

class LogInTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail, "Ann");
        before_ = world.head();
    }
    Result<Grant, CommandError> ask(LogIn request, Caller from = caller()) {
        return run(log_in(services(), std::move(request), std::move(from)));
    }
    Types since() { return world.types(before_); }
    eventstore::EventMetadata envelope_of_last() {
        eventstore::NullFieldOpener nothing;
        return eventstore::decode_metadata(world.events().back(), nothing);
    }

    UserId ann_;
    Position before_ = 0;
};

TEST_F(LogInTest, StartsASession) {
    auto grant = ask(login(kAnnsEmail));
    ASSERT_TRUE(test::succeeds(grant));
    EXPECT_EQ(since(), Types{"session.started"});
    EXPECT_EQ(grant->user_id, ann_);
    EXPECT_EQ(grant->session_id, world.events().back().stream_id);
    EXPECT_EQ(grant->client_id, kFirstPartyClientId);
    EXPECT_EQ(grant->audiences, std::vector<std::string>{test::kIssuer});
    EXPECT_EQ(grant->generation, 1);
    EXPECT_EQ(grant->security_stamp, 0);
    EXPECT_EQ(grant->position, before_ + 1);
}

TEST_F(LogInTest, KnowsAddressAndUserNameInWhateverCase) {
    EXPECT_TRUE(test::succeeds(ask(login("ANN@Example.Com"))));
    EXPECT_TRUE(test::succeeds(ask(login_by_username("aNN"))));
    EXPECT_TRUE(test::refused(ask(login_by_username(kAnnsEmail)), refusals::kInvalidCredentials));
    EXPECT_TRUE(test::refused(ask(login("ann")), refusals::kInvalidCredentials));
}

TEST_F(LogInTest, IsRecordedAsTheUsersOwnAct) {
    auto grant = ask(login(kAnnsEmail));
    ASSERT_TRUE(test::succeeds(grant));
    const auto envelope = envelope_of_last();
    EXPECT_EQ(envelope.actor_type, eventstore::ActorType::kUser);
    EXPECT_EQ(envelope.actor_id, ann_.to_string());
    EXPECT_EQ(envelope.session_id, grant->session_id);
    EXPECT_EQ(envelope.request_id, "request-1");
}

TEST_F(LogInTest, HandsOutTheAudienceThatTheClientMayAskFor) {
    auto request = login(kAnnsEmail);
    request.resource = "https://shop.example";
    auto grant = ask(std::move(request));
    ASSERT_TRUE(test::succeeds(grant));
    EXPECT_EQ(grant->audiences, std::vector<std::string>{"https://shop.example"});
    request = login(kAnnsEmail);
    request.resource = "https://bank.example";
    EXPECT_TRUE(test::refused(ask(std::move(request)), refusals::kInvalidTarget));
}

// Its ids are made by the server: the same header twice is two sessions.
TEST_F(LogInTest, IgnoresTheIdempotencyKey) {
    auto first = ask(login(kAnnsEmail), test::caller_with_key(7));
    auto second = ask(login(kAnnsEmail), test::caller_with_key(7));
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(test::succeeds(second));
    EXPECT_NE(first->session_id, second->session_id);
}

// Design 12: two reads. Of the claim with the credential; of the failures, at the head, before a right password opens
// anything (I8).
TEST_F(LogInTest, AsksTheStoreTwiceBeforeItsAppend) {
    ASSERT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
    stepped.calls.clear();
    ASSERT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
    const std::map<std::string, int> expected{{"append", 1}, {"find_credential", 1}, {"read_streams", 1}};
    EXPECT_EQ(stepped.calls, expected);
}

// ---- failures --------------------------------------------------------------------------------------------------
TEST_F(LogInTest, RefusesAWrongPasswordAndCountsItBesideTheUser) {
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail, "wrong")), refusals::kInvalidCredentials));
    EXPECT_EQ(since(), Types{"login.failed"});
    const auto event = world.events().back();
    EXPECT_EQ(event.stream_id, world.pseudonyms.login_attempts_of(ann_));
    EXPECT_NE(event.payload.find("wrong_password"), std::string::npos);
    EXPECT_EQ(envelope_of_last().actor_type, eventstore::ActorType::kAnonymous);
}

// What is recorded of them: commands/credentials/failure_sums.
TEST_F(LogInTest, StoresNothingOfAnUnknownNameWhenItIsTried) {
    EXPECT_TRUE(test::refused(ask(login("nobody@example.com")), refusals::kInvalidCredentials));
    EXPECT_TRUE(test::refused(ask(login("MyPassword123! typed into the wrong field")), refusals::kInvalidCredentials));
    EXPECT_TRUE(since().empty());
    const auto sums = services().failure_sums.take();
    ASSERT_EQ(sums.size(), 1u);
    EXPECT_EQ(sums.front().count, 2);
    EXPECT_EQ(sums.front().network, caller().client_address);
}

// Alike in answer, in hashes and in round trips, once the user is cached.
TEST_F(LogInTest, DoesTheSameWorkForAnUnknownNameAsForAWrongPassword) {
    auto work_of = [&](const std::string& email, const std::string& password) {
        stepped.calls.clear();
        world.hasher.verified = 0;
        auto answer = ask(login(email, password));
        EXPECT_TRUE(test::refused(answer, refusals::kInvalidCredentials));
        EXPECT_EQ(answer.error().retry_after, Duration());
        EXPECT_EQ(world.hasher.verified, 1);
        return stepped.calls;
    };
    work_of("nobody@example.com", "wrong");
    work_of(kAnnsEmail, "wrong");
    EXPECT_EQ(work_of("nobody@example.com", "wrong"), work_of(kAnnsEmail, "wrong"));
}

TEST_F(LogInTest, TellsOnlyWhoKnowsThePasswordThatTheyAreDisabled) {
    world.create_administrator(node, "root@example.com");
    const Grant root = world.log_in(node, "root@example.com");
    auto disabled = run(disable_user(services(), test::bearer_of(root), ann_, "left", caller_of(root)));
    ASSERT_TRUE(test::succeeds(disabled));
    before_ = world.head();
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail, "wrong")), refusals::kInvalidCredentials));
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), refusals::kUserDisabled));
    EXPECT_EQ(since(), (Types{"login.failed", "login.failed"}));
    EXPECT_NE(world.events().back().payload.find("user_not_active"), std::string::npos);
}

TEST_F(LogInTest, SaysWhenTheHashingPoolIsFullAndCountsNoFailure) {
    world.hasher.overloaded = true;
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), refusals::kOverloaded));
    EXPECT_TRUE(test::refused(ask(login("nobody@example.com")), refusals::kOverloaded));
    EXPECT_TRUE(since().empty());
}

// I12: without the store there is no log-in.
TEST_F(LogInTest, SaysWhenTheStoreIsAway) {
    ASSERT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
    stepped.away = true;
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), refusals::kUnavailable));
    EXPECT_TRUE(test::refused(ask(login("nobody@example.com")), refusals::kUnavailable));
}

// ---- too many failures in a row --------------------------------------------------------------------------------
class LogInLimitTest : public LogInTest {
protected:
    void SetUp() override {
        LogInTest::SetUp();
        for (test::Node* one : {&node, &other}) {
            one->services.settings.attempts.failures_in_a_row = 10;
            one->services.settings.attempts.network_failures = 3;
            one->services.settings.attempts.known_for = 90 * test::kDay;
        }
    }
    static Caller from(const std::string& network) {
        Caller somebody = caller();
        somebody.client_address = somebody.network = network;
        return somebody;
    }
    void fail(int times, const std::string& network) {
        for (int i = 0; i < times; ++i)
            EXPECT_TRUE(test::refused(ask(login(kAnnsEmail, "wrong"), from(network)), refusals::kInvalidCredentials));
    }
    // Each from a network of its own: as many guesses as all networks have together.
    void fail_everywhere(int times) {
        for (int i = 0; i < times; ++i) fail(1, "network " + std::to_string(i));
    }
    bool gets_in(const std::string& network, test::Node& where) {
        const auto answer = run(log_in(where.services, login(kAnnsEmail), from(network)));
        EXPECT_TRUE(answer || answer.error().refusal == refusals::kInvalidCredentials);
        return answer.has_value();
    }
    bool gets_in(const std::string& network) { return gets_in(network, node); }
};

// Row by row what an attacker may not do: keep the owner out, from elsewhere, for good.
TEST_F(LogInLimitTest, LocksOutTheNetworkThatGuessesAndNobodyElse) {
    fail(3, "attacker");
    EXPECT_FALSE(gets_in("attacker")) << "the right password, as a wrong one";
    EXPECT_TRUE(gets_in("home"));
    EXPECT_FALSE(gets_in("attacker")) << "the owner's log-in ends nobody else's pause";
}

TEST_F(LogInLimitTest, LetsTheNetworkTryAgainAfterPausesThatGrow) {
    fail(3, "cafe");
    for (const std::int64_t pause_s : {1, 2, 4}) {
        EXPECT_FALSE(gets_in("cafe"));
        clock.advance(pause_s * test::kSecond - milliseconds(1));
        EXPECT_FALSE(gets_in("cafe")) << pause_s;
        clock.advance(milliseconds(1));
        fail(1, "cafe");
    }
    clock.advance(8 * test::kSecond);
    EXPECT_TRUE(gets_in("cafe"));
}

// Twenty wrong tries from elsewhere, then a request in each pause: for as long as anybody likes. A network that the
// owner logged in from stays open, also when all guesses of the account are used up.
TEST_F(LogInLimitTest, NeverLocksTheOwnerOutOfANetworkThatTheyLoggedInFrom) {
    ASSERT_TRUE(gets_in("home"));
    fail_everywhere(12);
    for (int hour = 0; hour < 48; ++hour) {
        clock.advance(60 * kMinute);
        fail(1, "attacker " + std::to_string(hour));
    }
    EXPECT_FALSE(gets_in("a hotel")) << "NIST's limit is for whoever nobody knows";
    EXPECT_TRUE(gets_in("home"));
    EXPECT_TRUE(gets_in("a hotel")) << "a good log-in begins anew";
}

TEST_F(LogInLimitTest, KnowsANetworkOnEveryNode) {
    ASSERT_TRUE(gets_in("home"));
    fail_everywhere(10);
    EXPECT_FALSE(gets_in("a hotel", other));
    EXPECT_TRUE(gets_in("home", other));
}

TEST_F(LogInLimitTest, RefusesTheRightPasswordFromEverywhereElseWhenAllGuessesAreUsedUp) {
    fail_everywhere(10);
    EXPECT_FALSE(gets_in("home"));
    clock.advance(30 * test::kDay);
    EXPECT_FALSE(gets_in("home")) << "a hundred in a row, and not one more by waiting";
}

// No stream of the account grows by what counts for nothing, and no log-in but the first writes of its network.
TEST_F(LogInLimitTest, LetsNobodyLengthenTheAccountsStreams) {
    const LoginAttemptsId attempts = world.pseudonyms.login_attempts_of(ann_);
    const auto length = [&] {
        std::int32_t version = 0;
        for (const auto& event : world.events()) version += event.stream_id == attempts || event.stream_id == ann_;
        return version;
    };
    const std::int32_t before = length();
    ASSERT_TRUE(gets_in("home"));
    EXPECT_EQ(length(), before + 1);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(gets_in("home"));
    EXPECT_EQ(length(), before + 1);
    fail(3, "attacker");
    EXPECT_EQ(length(), before + 4);
    const Position head = world.head();
    for (int i = 0; i < 20; ++i) fail(1, "attacker");
    EXPECT_EQ(length(), before + 4);
    EXPECT_EQ(world.head(), head) << "summed, as those with names that nobody has";
}

TEST_F(LogInLimitTest, TellsNobodyThatTwoUsersAreInOneNetwork) {
    const UserId bob = world.register_user(node, "bob@example.com");
    ASSERT_TRUE(gets_in("home"));
    ASSERT_TRUE(test::succeeds(ask(login("bob@example.com"), from("home"))));
    EXPECT_NE(world.pseudonyms.network(ann_, "home"), world.pseudonyms.network(bob, "home"));
    const LoginAttemptsId bobs = world.pseudonyms.login_attempts_of(bob);
    for (const auto& event : world.events()) {
        const bool named = event.payload.find(ann_.to_string()) != std::string::npos;
        EXPECT_FALSE(event.stream_id == bobs && named) << event.type;
    }
}

// A locked account, a wrong password and a name that nobody has: one answer after as many hashes.
TEST_F(LogInLimitTest, AnswersOnALockedAccountAsToAWrongPassword) {
    fail_everywhere(10);
    for (const auto& [name, password] : {std::pair{kAnnsEmail, test::kPassword}, std::pair{kAnnsEmail, "wrong"},
                                         std::pair{"nobody@example.com", "wrong"}}) {
        world.hasher.verified = 0;
        auto answer = ask(login(name, password), from("a hotel"));
        EXPECT_TRUE(test::refused(answer, refusals::kInvalidCredentials)) << name;
        EXPECT_EQ(answer.error().retry_after, Duration());
        EXPECT_EQ(world.hasher.verified, 1) << name;
    }
}

// I8. A node that cached the account when nothing had failed may not let the right guess in after another one counted
// the last that was allowed: at whatever step of the log-in that happened, up to the append.
TEST_F(LogInLimitTest, CountsWhatOtherNodesCountedToTheLast) {
    ASSERT_TRUE(gets_in("guesser")) << "cached here";
    fail(1, "guesser");
    ASSERT_TRUE(gets_in("guesser"));
    for (int i = 0; i < 3; ++i) {
        auto wrong = run(log_in(other.services, login(kAnnsEmail, "wrong"), from("guesser")));
        EXPECT_TRUE(test::refused(wrong, refusals::kInvalidCredentials));
    }
    EXPECT_FALSE(gets_in("guesser")) << "one guess more than there are, on each node";
    EXPECT_FALSE(gets_in("guesser", other));
}

TEST_F(LogInLimitTest, HearsAtOnceOfAnUnlockOnAnotherNode) {
    fail(3, "home");
    EXPECT_FALSE(gets_in("home"));
    ASSERT_TRUE(test::succeeds(run(unlock_user_as_operator(other.services, ann_, caller()))));
    EXPECT_TRUE(gets_in("home"));
}

// ---- renewal of the hash ---------------------------------------------------------------------------------------
TEST_F(LogInTest, RenewsAHashThatBecameWeak) {
    const Grant earlier = world.log_in(node, kAnnsEmail);
    before_ = world.head();
    world.hasher.strength = 2;
    ASSERT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
    EXPECT_EQ(since(), (Types{"session.started", "user.password_hash_renewed"}));
    ASSERT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
    EXPECT_EQ(since().size(), 3u) << "renewed once, and it is still the same password";
    EXPECT_TRUE(test::succeeds(run(refresh_session(services(), test::refresh_of(earlier), caller()))))
        << "renewal ends no session";
    EXPECT_TRUE(test::succeeds(run(log_in(other.services, login(kAnnsEmail), caller()))));
}

TEST_F(LogInTest, RenewsNothingForAWrongPassword) {
    world.hasher.strength = 2;
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail, "wrong")), refusals::kInvalidCredentials));
    EXPECT_EQ(since(), Types{"login.failed"});
}

// ---- hands in the database (I11) -------------------------------------------------------------------------------
TEST_F(LogInTest, RefusesACredentialThatTheLogDoesNotName) {
    const UserId eve = world.register_user(node, "eve@example.com");
    auto eves = run(store.read_credential(eve, "password", Deadline::max()));
    ASSERT_TRUE(eves && eves->has_value());
    stepped.edit_credential = [&](auto& credential) { credential->sealed = (*eves)->sealed; };
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), refusals::kCredentialTampered));
    ASSERT_EQ(world.operator_log.lines().size(), 1u);
    EXPECT_NE(world.operator_log.lines().front().find(ann_.to_string()), std::string::npos);
}

TEST_F(LogInTest, RefusesTheWholeRowOfSomebodyElse) {
    const UserId eve = world.register_user(node, "eve@example.com");
    auto eves = run(store.read_credential(eve, "password", Deadline::max()));
    ASSERT_TRUE(eves && eves->has_value());
    stepped.edit_credential = [&](auto& credential) {
        credential = **eves;
        credential->owner = ann_;
    };
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), refusals::kCredentialTampered));
}

TEST_F(LogInTest, RefusesAnOldCredentialThatWasPutBack) {
    auto old = run(store.read_credential(ann_, "password", Deadline::max()));
    ASSERT_TRUE(old && old->has_value());
    const Grant grant = world.log_in(node, kAnnsEmail);
    auto change = test::password_change(test::bearer_of(grant));
    ASSERT_TRUE(test::succeeds(run(change_password(services(), std::move(change), caller_of(grant)))));
    stepped.edit_credential = [&](auto& credential) { credential->sealed = (*old)->sealed; };
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), refusals::kCredentialTampered));
}

TEST_F(LogInTest, RefusesACredentialThatIsGone) {
    stepped.edit_credential = [](auto& credential) { credential.reset(); };
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), refusals::kCredentialTampered));
}

}  // namespace
}  // namespace keyledger::commands

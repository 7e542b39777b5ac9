// Passkeys from their making over log-in to their end, and what somebody does who has one part of them.
#include "tests/commands/passkeys/passkeys.hpp"

namespace keyledger::commands {
namespace {

using test::PlainAuthenticator;
using test::refused;
using test::succeeds;

// ---- made --------------------------------------------------------------------------------------------------------
TEST_F(PasskeysTest, AreMadeByWhoeverHasThePassword) {
    EXPECT_TRUE(refused(begin_passkey_with(proof({}, "not it at all")), refusals::kWrongPassword));
    mark();
    auto begun = begin_passkey_with(proof());
    ASSERT_TRUE(succeeds(begun));
    EXPECT_EQ(since(), Types{}) << "nothing happened yet";
    EXPECT_TRUE(begun->asked.credential_ids.empty());
    EXPECT_EQ(begun->account, kAnnsEmail);
    EXPECT_EQ(begun->user_handle.find("ann"), std::string::npos);
    const PlainAuthenticator phone{"cGhvbmU", begun->user_handle};
    auto registered = finish(*begun, phone);
    ASSERT_TRUE(succeeds(registered));
    EXPECT_EQ(since(),
              (Types{"factor.passkey_registered", "factor.recovery_codes_made", "user.second_factor_turned_on"}));
    EXPECT_EQ(registered->recovery_codes.size(), 10u);
    EXPECT_EQ(kept_credentials(), 2u) << "the password, and the sealed key";
    half();
    EXPECT_EQ(kinds_, (std::vector<std::string>{"pop", "recovery_code"}));
}

TEST_F(PasskeysTest, AreListedNamedAndRemovedAsEveryFactor) {
    const PlainAuthenticator phone = made();
    ASSERT_TRUE(
        succeeds(run(rename_factor(services(), bearer_of(grant_), factor_id_, "old phone", caller_of(grant_)))));
    EXPECT_EQ(since(), Types{"factor.renamed"});
    const auto listed = run(list_factors(services(), bearer_of(grant_), caller_of(grant_)));
    ASSERT_TRUE(succeeds(listed));
    ASSERT_EQ(listed->factors.size(), 1u);
    EXPECT_EQ(listed->factors.front().kind, FactorKind::kPasskey);
    EXPECT_EQ(listed->factors.front().name, "old phone");
    ASSERT_TRUE(succeeds(log_in_with(phone))) << "its key is as it was";
    mark();
    ASSERT_TRUE(succeeds(remove(passkey_alone(phone.answer(asked_of_ann())), factor_id_)));
    EXPECT_EQ(since(), (Types{"factor.passkey_used", "factor.removed", "user.second_factor_turned_off",
                              "user.sessions_revoked"}));
    EXPECT_TRUE(refused(log_in_with(phone), refusals::kPasskeyNotProven));
    world.log_in(node, kAnnsEmail);
}

TEST_F(PasskeysTest, AreAnswersToWhatWasAskedOfThisVerySession) {
    auto begun = begin_passkey_with(proof());
    ASSERT_TRUE(succeeds(begun));
    const PlainAuthenticator phone{"cGhvbmU", begun->user_handle};
    const MadePasskey good = phone.make(begun->asked.challenge);
    EXPECT_TRUE(
        refused(run(registering(node, grant_, begun->asked.handle, phone.make("another"))), refusals::kPasskeyNotMade));
    EXPECT_TRUE(refused(run(registering(node, grant_, "made up", good)), refusals::kNoEnrolment));
    EXPECT_TRUE(refused(run(registering(node, grant_, asked_of_anybody().handle, good)), refusals::kNoEnrolment));
    const Grant other_session = world.log_in(node, kAnnsEmail);
    EXPECT_TRUE(refused(run(registering(node, other_session, begun->asked.handle, good)), refusals::kNoEnrolment));
    world.register_user(node, "bob@example.com");
    const Grant bob = world.log_in(node, "bob@example.com");
    EXPECT_TRUE(refused(run(registering(node, bob, begun->asked.handle, good)), refusals::kNoEnrolment));
    ASSERT_TRUE(succeeds(run(registering(node, grant_, begun->asked.handle, good))));
    EXPECT_TRUE(refused(run(registering(node, grant_, begun->asked.handle, {good.client_data_json, "b3RoZXI"})),
                        refusals::kNoEnrolment))
        << "a challenge is good once";
}

// Whoever holds somebody's authenticator, or claims to, does not take over what it opens.
TEST_F(PasskeysTest, AreNobodyElsesToo) {
    made();
    world.register_user(node, "bob@example.com");
    grant_ = world.log_in(node, "bob@example.com");
    auto begun = begin_passkey_with(proof());
    ASSERT_TRUE(succeeds(begun));
    EXPECT_TRUE(refused(finish(*begun, {"cGhvbmU", begun->user_handle}), refusals::kPasskeyTaken));
}

TEST_F(PasskeysTest, OfOneUserKnowTheAccountByOneHandle) {
    auto first = begin_passkey_with(proof());
    auto rival = begin_passkey_with(proof());
    ASSERT_TRUE(succeeds(first));
    ASSERT_TRUE(succeeds(rival));
    ASSERT_NE(first->user_handle, rival->user_handle);
    const PlainAuthenticator phone{"cGhvbmU", first->user_handle};
    ASSERT_TRUE(succeeds(finish(*first, phone)));
    EXPECT_TRUE(refused(finish(*rival, {"a2V5", rival->user_handle}), refusals::kNoEnrolment));
    auto second = begin_passkey_with(passkey_alone(phone.answer(asked_of_ann())));
    ASSERT_TRUE(succeeds(second));
    EXPECT_EQ(second->user_handle, first->user_handle);
    EXPECT_EQ(second->asked.credential_ids, std::vector<std::string>{"cGhvbmU"}) << "no second one on the phone";
    auto registered = finish(*second, {"a2V5", second->user_handle});
    ASSERT_TRUE(succeeds(registered));
    EXPECT_TRUE(registered->recovery_codes.empty()) << "those that there are stay good";
    EXPECT_TRUE(succeeds(log_in_with(phone)));
    EXPECT_TRUE(succeeds(log_in_with({"a2V5", second->user_handle})));
}

TEST_F(PasskeysTest, AreAddedByWhoeverShowsTheFactorThatIsThere) {
    const PlainAuthenticator phone = made();
    EXPECT_TRUE(refused(begin_passkey_with(proof()), refusals::kFactorNotPresented));
    PlainAuthenticator thiefs = phone;
    thiefs.credential_id = "dGhpZWY";
    EXPECT_TRUE(refused(begin_passkey_with(proof(presented(thiefs.answer(asked_of_ann())))), refusals::kWrongPasskey));
    EXPECT_TRUE(succeeds(begin_passkey_with(proof(presented(phone.answer(asked_of_ann()))))));
    EXPECT_TRUE(succeeds(begin_passkey_with(proof(recovery(codes_.front())))));
}

TEST_F(PasskeysTest, AreEightAtMost) {
    PlainAuthenticator first = made(proof(), "cGtA");
    for (const char* id : {"cGtB", "cGtC", "cGtD", "cGtE", "cGtF", "cGtG", "cGtH"})
        made(passkey_alone(first.answer(asked_of_ann())), id);
    EXPECT_TRUE(refused(begin_passkey_with(passkey_alone(first.answer(asked_of_ann()))), refusals::kTooManyPasskeys));
}

TEST_F(PasskeysTest, AreNotThereWhereTheyAreNotOffered) {
    const PlainAuthenticator phone = made();
    const std::string token = half();
    const AskedPasskey ask = asked_of_half(token);
    const AskedPasskey of_anybody = asked_of_anybody();
    world.accounts.passkeys = {};
    EXPECT_TRUE(refused(begin_passkey_with(proof()), refusals::kPasskeysOff));
    EXPECT_TRUE(refused(ask_for_passkey(services()), refusals::kPasskeysOff));
    EXPECT_TRUE(refused(run(logging_in(node, phone.answer(of_anybody))), refusals::kPasskeysOff));
    EXPECT_TRUE(refused(complete(token, presented(phone.answer(ask))), refusals::kWrongPasskey));
}

// ---- the only factor ---------------------------------------------------------------------------------------------
TEST_F(PasskeysTest, LogInAloneAndAreTwoFactors) {
    demand_of_all();
    const PlainAuthenticator phone = made();
    EXPECT_TRUE(asked_of_anybody().credential_ids.empty()) << "I14: nobody is told who has one";
    const auto granted = log_in_with(phone);
    ASSERT_TRUE(succeeds(granted));
    EXPECT_EQ(granted->user_id, ann_);
    EXPECT_EQ(since(), (Types{"factor.passkey_used", "session.started"}));
    ASSERT_EQ(granted->proofs.size(), 1u);
    EXPECT_EQ(granted->proofs.front().method, ProofMethod::kPasskey);
    EXPECT_EQ(assurance_of(granted->proofs).level, kTwoFactors);
    EXPECT_EQ(session_of(*granted).proofs, granted->proofs);
    EXPECT_TRUE(succeeds(run(refresh_session(services(), test::refresh_of(*granted), caller()))));
}

TEST_F(PasskeysTest, LogNobodyInWhomTheyAreNotOf) {
    const PlainAuthenticator phone = made();
    PlainAuthenticator stranger = phone;
    stranger.credential_id = "c3RyYW5nZXI";
    EXPECT_TRUE(refused(log_in_with(stranger), refusals::kPasskeyNotProven));
    PlainAuthenticator silent = phone;
    silent.user_handle.clear();
    EXPECT_TRUE(refused(log_in_with(silent), refusals::kPasskeyNotProven));
    PlainAuthenticator of_other = phone;
    of_other.user_handle = "b3RoZXI";
    EXPECT_TRUE(refused(log_in_with(of_other), refusals::kPasskeyNotProven));
    PasskeyAnswer forged = phone.answer(asked_of_anybody());
    forged.signature = "forged";
    EXPECT_TRUE(refused(run(logging_in(node, std::move(forged))), refusals::kPasskeyNotProven));
    PasskeyAnswer odd = phone.answer(asked_of_anybody());
    odd.credential_id = "!";
    EXPECT_TRUE(refused(run(logging_in(node, std::move(odd))), refusals::kPasskeyNotProven));
    EXPECT_EQ(since(), Types{}) << "whoever proves nothing writes nothing";
}

// What was asked for one thing opens no other.
TEST_F(PasskeysTest, AnswerWhatTheyWereAskedFor) {
    const PlainAuthenticator phone = made();
    const std::string token = half();
    EXPECT_TRUE(refused(run(logging_in(node, phone.answer(asked_of_half(token)))), refusals::kPasskeyNotProven));
    EXPECT_TRUE(refused(run(logging_in(node, phone.answer(asked_of_ann()))), refusals::kPasskeyNotProven));
    EXPECT_TRUE(refused(complete(token, presented(phone.answer(asked_of_anybody()))), refusals::kWrongPasskey));
    EXPECT_TRUE(refused(complete(token, presented(phone.answer(asked_of_ann()))), refusals::kWrongPasskey));
    EXPECT_TRUE(refused(complete(token, presented(phone.answer(asked_of_half(half())))), refusals::kWrongPasskey));
    const AskedPasskey to_browser = ask_for_passkey(services(), "browser").value();
    EXPECT_TRUE(refused(run(logging_in(node, phone.answer(to_browser))), refusals::kPasskeyNotProven));
    EXPECT_TRUE(succeeds(complete(token, presented(phone.answer(asked_of_half(token))))));
}

TEST_F(PasskeysTest, LogNobodyInWhoIsDisabledOrGone) {
    const PlainAuthenticator phone = made();
    world.create_administrator(node, "root@example.com");
    const Grant root = world.log_in(node, "root@example.com");
    ASSERT_TRUE(succeeds(run(disable_user(services(), bearer_of(root), ann_, "", caller_of(root)))));
    EXPECT_TRUE(refused(log_in_with(phone), refusals::kUserDisabled));
    ASSERT_TRUE(succeeds(run(enable_user(services(), bearer_of(root), ann_, caller_of(root)))));
    const auto granted = log_in_with(phone);
    ASSERT_TRUE(succeeds(granted));
    ErasureRequest request{bearer_of(*granted), Secret(std::string_view(kPassword))};
    ASSERT_TRUE(succeeds(run(request_own_erasure(services(), std::move(request), caller_of(*granted)))));
    EXPECT_EQ(kept_credentials(), 0u);
    EXPECT_TRUE(refused(log_in_with(phone), refusals::kPasskeyNotProven));
    world.register_user(node, "bob@example.com");
    grant_ = world.log_in(node, "bob@example.com");
    made();  // nobody's any more
}

// Somebody who can write to the database, and makes Ann's own stream look as if she had no second factor.
TEST_F(PasskeysTest, OpenNothingThatTheUsersOwnStreamDoesNotTellOf) {
    const PlainAuthenticator phone = made();
    Streams streams;
    const auto user = streams.read<User>(ann_);
    const Step forge = [&](Attempt& attempt) -> StepResult {
        co_return attempt.decide_and_append(user, TurnOffSecondFactor{});
    };
    ASSERT_TRUE(succeeds(run(node.executor.run(caller(), streams, forge))));
    EXPECT_TRUE(refused(log_in_with(phone), refusals::kPasskeyNotProven));
}

// ---- copies ------------------------------------------------------------------------------------------------------
TEST_F(PasskeysTest, ThatMayBeCopiedAreToldAndLetIn) {
    const auto is_at_risk = [this](int points) {
        const auto last = world.events().back();
        return last.type == "session.started" &&
               last.payload.find("\"risk\":" + std::to_string(points) + ',') != std::string::npos;
    };
    PlainAuthenticator phone = made();
    phone.counter = 7;
    ASSERT_TRUE(succeeds(log_in_with(phone)));
    EXPECT_TRUE(is_at_risk(0)) << world.events().back().payload;
    mark();
    phone.counter = 3;
    ASSERT_TRUE(succeeds(log_in_with(phone)));
    EXPECT_EQ(since(), (Types{"factor.passkey_counter_went_back", "factor.passkey_used", "session.started"}));
    EXPECT_TRUE(is_at_risk(40)) << world.events().back().payload;
    const std::string token = half();
    ASSERT_TRUE(succeeds(complete(token, presented(phone.answer(asked_of_half(token))))));
    EXPECT_TRUE(is_at_risk(40)) << world.events().back().payload;
}

// ---- the second factor -------------------------------------------------------------------------------------------
TEST_F(PasskeysTest, FinishALogInWithThePassword) {
    PlainAuthenticator phone = made();
    const std::string token = half();
    const AskedPasskey ask = asked_of_half(token);
    EXPECT_EQ(ask.credential_ids, std::vector<std::string>{"cGhvbmU"});
    phone.user_handle.clear();  // it was told which
    const auto completed = complete(token, presented(phone.answer(ask)));
    ASSERT_TRUE(succeeds(completed));
    EXPECT_EQ(since(), (Types{"factor.passkey_used", "session.started"}));
    const Session session = session_of(completed->grant);
    ASSERT_EQ(session.proofs.size(), 2u);
    EXPECT_EQ(session.proofs[1].method, ProofMethod::kPasskey);
    EXPECT_TRUE(refused(complete(token, presented(phone.answer(ask))), refusals::kHalfLoginOver));
    EXPECT_TRUE(refused(run(ask_for_passkey_while_logging_in(services(), Secret("made up"), caller())),
                        refusals::kHalfLoginOver));
}

// Whoever has the password can't keep its owner out by guessing codes.
TEST_F(PasskeysTest, GoOnWherePausesStopCodes) {
    const PlainAuthenticator phone = made();
    for (int i = 0; i < 6; ++i) (void)complete(half(), totp("000000"));
    const std::string token = half();
    EXPECT_TRUE(refused(complete(token, totp("000000")), refusals::kTooManyAttempts));
    EXPECT_TRUE(succeeds(complete(token, presented(phone.answer(asked_of_half(token))))));
    EXPECT_TRUE(succeeds(log_in_with(phone)));
}

TEST_F(PasskeysTest, AreAskedForOfWhoeverHasOne) {
    EXPECT_TRUE(
        refused(run(ask_for_own_passkey(services(), bearer_of(grant_), caller_of(grant_))), refusals::kFactorUnknown));
    enrol();
    EXPECT_TRUE(
        refused(run(ask_for_passkey_while_logging_in(services(), Secret(half()), caller())), refusals::kFactorUnknown));
}

// ---- step-up -----------------------------------------------------------------------------------------------------
TEST_F(PasskeysTest, ProveAgainWhoSomebodyIs) {
    const PlainAuthenticator phone = made();
    Reauthentication again;
    again.bearer = bearer_of(grant_);
    again.proof = passkey_alone(phone.answer(asked_of_ann()));
    again.client = test::first_party();
    const auto granted = run(reauthenticate(services(), std::move(again), caller_of(grant_)));
    ASSERT_TRUE(succeeds(granted));
    EXPECT_EQ(since(), (Types{"factor.passkey_used", "session.reauthenticated"}));
    EXPECT_EQ(assurance_of(granted->proofs).level, kTwoFactors);
}

struct OwnerAndThief : PasskeysTest {
    void TestBody() override {}
    OwnerAndThief() {
        SetUp();
        owners_ = made();
        owners_answer_ = owners_.answer(asked_of_ann());
        thiefs_answer_ = PlainAuthenticator{"c3RyYW5nZXI", "nobody"}.answer(asked_of_ann());
    }
    // The session is theirs, too; a passkey of the account they do not have.
    Result<Grant, CommandError> thief_proves() {
        Reauthentication again;
        again.bearer = bearer_of(grant_);
        again.proof = passkey_alone(std::move(thiefs_answer_));
        again.client = test::first_party();
        return run(reauthenticate(services(), std::move(again), caller_of(grant_)));
    }
    asio::awaitable<void> owner_removes_it() {
        FactorRemoval removal{bearer_of(grant_), proof(presented(std::move(owners_answer_))), std::nullopt};
        auto removed = co_await remove_factor(other.services, std::move(removal), caller_of(grant_));
        was_removed = removed.has_value();
    }
    bool was_removed = false;
    PlainAuthenticator owners_;
    PasskeyAnswer owners_answer_, thiefs_answer_;
};

// Scenario: whoever took over a session shows a passkey of their own, at every step of which the owner turns the second
// factor off in that session. It proves nothing, whether there is a factor any more or not.
TEST(PasskeysAtOnce, OfStrangersProveNothingWhileTheFactorIsTurnedOff) {
    int removed = 0;
    test::for_every_step([&](test::Steps& steps) {
        OwnerAndThief scene;
        scene.stepped.steps = &steps;
        steps.meanwhile = [&] { return scene.owner_removes_it(); };
        const auto granted = scene.thief_proves();
        scene.stepped.steps = nullptr;
        EXPECT_FALSE(granted) << steps.where();
        if (steps.happened() && scene.was_removed) ++removed;
    });
    EXPECT_GE(removed, 3);
}

// ---- used once (I13) ---------------------------------------------------------------------------------------------
template <class T>
int count_of(const std::vector<Result<T, CommandError>>& outcomes) {
    return static_cast<int>(std::ranges::count_if(outcomes, [](const auto& one) { return one.has_value(); }));
}

TEST_F(PasskeysTest, OpenOnceForOneChallengeOnTwoNodes) {
    const PlainAuthenticator phone = made();
    const AskedPasskey ask = asked_of_anybody();
    std::vector<asio::awaitable<Result<Grant, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i)
        rivals.push_back(
            logging_in(i % 2 == 0 ? node : other, phone.answer(ask), from("network " + std::to_string(i))));
    EXPECT_EQ(count_of(test::run_all(std::move(rivals))), 1);
    const Types all = since();
    EXPECT_EQ(std::ranges::count(all, "session.started"), 1);
    EXPECT_TRUE(refused(run(logging_in(node, phone.answer(ask))), refusals::kPasskeyNotProven));
}

TEST_F(PasskeysTest, FinishOneLogInForOneChallengeOnTwoNodes) {
    const PlainAuthenticator phone = made();
    const std::string token = half();
    const AskedPasskey ask = asked_of_half(token);
    std::vector<asio::awaitable<Result<CompletedLogIn, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i)
        rivals.push_back(completing(i % 2 == 0 ? node : other, token, presented(phone.answer(ask)),
                                    from("network " + std::to_string(i))));
    EXPECT_EQ(count_of(test::run_all(std::move(rivals))), 1);
}

TEST_F(PasskeysTest, AreMadeOnceForOneChallengeOnTwoNodes) {
    auto begun = begin_passkey_with(proof());
    ASSERT_TRUE(succeeds(begun));
    std::vector<asio::awaitable<Result<RegisteredPasskey, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i)
        rivals.push_back(registering(i % 2 == 0 ? node : other, grant_, begun->asked.handle,
                                     {begun->asked.challenge, "cGtB" + std::string(1, static_cast<char>('A' + i % 26)) +
                                                                  std::string(3, static_cast<char>('A' + i / 26))}));
    EXPECT_EQ(count_of(test::run_all(std::move(rivals))), 1);
}

}  // namespace
}  // namespace keyledger::commands

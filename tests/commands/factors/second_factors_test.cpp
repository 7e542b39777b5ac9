// Second factors from enrolment over log-in to the end, and what somebody does who has one part of them.
#include <numeric>
#include <set>

#include "commands/accounts/erase_user.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/credentials/unlock_user.hpp"
#include "commands/factors/change_factors.hpp"
#include "commands/factors/reset_second_factor.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "domain/access/role.hpp"
#include "domain/sessions/session.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::kDay;
using test::kMinute;
using test::kPassword;
using test::login;
using test::run;
using test::Types;

PresentedFactor totp(std::string code) { return {ProofMethod::kTotp, Secret::take(std::move(code))}; }
PresentedFactor recovery(const Secret& code) { return {ProofMethod::kRecoveryCode, code.clone()}; }
OwnProof proof(std::optional<PresentedFactor> present = std::nullopt, const char* password = kPassword) {
    return {Secret(std::string_view(password)), std::move(present)};
}

Caller from(const std::string& network) {
    Caller one = caller();
    one.network = network;
    return one;
}

class SecondFactorsTest : public test::CommandTest {
protected:
    void SetUp() override {
        clock.advance(stores->server_now() - clock.now());  // steps are spent by the store's clock
        ann_ = world.register_user(node, kAnnsEmail);
        grant_ = world.log_in(node, kAnnsEmail);
        before_ = world.head();
    }
    Types since() { return world.types(before_); }
    void mark() { before_ = world.head(); }

    // A code of the next step: the one of this step may be used.
    std::string next_code(const std::string& app) {
        clock.advance(kTotpStep);
        return test::code_at(app, clock.now());
    }
    Result<BegunEnrolment, CommandError> begin(OwnProof shown, std::string name = "phone") {
        Enrolment enrolment{bearer_of(grant_), std::move(shown), std::move(name)};
        return run(begin_factor_enrolment(services(), std::move(enrolment), caller_of(grant_)));
    }
    Result<ShownCodes, CommandError> confirm(std::string code) {
        return run(
            confirm_factor_enrolment(services(), bearer_of(grant_), Secret::take(std::move(code)), caller_of(grant_)));
    }
    // What the app keeps, and the codes that were shown with it.
    std::string enrol() {
        auto begun = begin(proof());
        if (!begun) throw std::runtime_error(std::string(begun.error().refusal->advice));
        const std::string app(begun->secret.base32.reveal());
        auto shown = confirm(next_code(app));
        if (!shown) throw std::runtime_error(std::string(shown.error().refusal->advice));
        codes_ = std::move(shown->recovery_codes);
        factor_id_ = begun->factor_id;
        mark();
        return app;
    }
    // The token of a log-in that waits for a second factor, or for an enrolment.
    std::string half(const Refusal& expected = refusals::kSecondFactorNeeded) {
        auto waiting = run(log_in(services(), login(kAnnsEmail), caller()));
        EXPECT_TRUE(test::refused(waiting, expected));
        if (waiting || !waiting.error().go_on) return {};
        kinds_ = waiting.error().go_on->kinds;
        return waiting.error().go_on->token;
    }
    asio::awaitable<Result<CompletedLogIn, CommandError>> completing(test::Node& at, std::string token,
                                                                     PresentedFactor present, Caller by = caller()) {
        SecondStep second{Secret::take(std::move(token)), std::move(present)};
        auto completed = co_await complete_log_in(at.services, std::move(second), std::move(by));
        co_return completed;
    }
    Result<CompletedLogIn, CommandError> complete(std::string token, PresentedFactor present, Caller by = caller()) {
        return run(completing(node, std::move(token), std::move(present), std::move(by)));
    }
    Result<Receipt, CommandError> remove(OwnProof shown, std::optional<FactorId> factor_id = std::nullopt) {
        FactorRemoval removal{bearer_of(grant_), std::move(shown), factor_id};
        return run(remove_factor(services(), std::move(removal), caller_of(grant_)));
    }
    std::size_t kept_credentials() {
        auto all = run(world.store.read_credentials(ann_, Deadline::max()));
        return all.value().size();
    }
    void demand_of_all() { world.accounts.second_factors.policy.of_all = SecondFactorPolicy::Demand::kOfEverybody; }

    UserId ann_;
    Grant grant_;
    FactorId factor_id_;
    std::vector<Secret> codes_;
    std::vector<std::string> kinds_;
    Position before_ = 0;
};

// ---- enrolment ---------------------------------------------------------------------------------------------------
TEST_F(SecondFactorsTest, AreOnOnceACodeOfTheAppWasShown) {
    auto begun = begin(proof());
    ASSERT_TRUE(test::succeeds(begun));
    EXPECT_EQ(since(), Types{"factor.enrolment_begun"});
    world.log_in(node, kAnnsEmail);  // it opens nothing, and demands nothing, before
    mark();
    const std::string app(begun->secret.base32.reveal());
    EXPECT_TRUE(test::refused(confirm("000000"), refusals::kWrongSecondFactor));
    auto shown = confirm(next_code(app));
    ASSERT_TRUE(test::succeeds(shown));
    EXPECT_EQ(since(), (Types{"factor.attempt_taken", "factor.attempt_taken", "factor.attempt_passed",
                              "factor.enrolled", "factor.recovery_codes_made", "user.second_factor_turned_on"}));
    std::set<std::string> codes;
    for (const Secret& code : shown->recovery_codes) codes.emplace(code.reveal());
    EXPECT_EQ(codes.size(), 10u);
}

TEST_F(SecondFactorsTest, AreEnrolledByWhoeverHasThePassword) {
    EXPECT_TRUE(test::refused(begin(proof({}, "not it at all")), refusals::kWrongPassword));
    EXPECT_EQ(since(), Types{"login.failed"}) << "a guess is a guess";
    ASSERT_TRUE(test::succeeds(run(log_out(services(), bearer_of(grant_), caller_of(grant_)))));
    EXPECT_TRUE(test::refused(begin(proof()), refusals::kInvalidToken));
}

TEST_F(SecondFactorsTest, AreAddedByWhoeverHasOne) {
    const std::string app = enrol();
    EXPECT_TRUE(test::refused(begin(proof()), refusals::kFactorNotPresented));
    EXPECT_TRUE(test::refused(begin(proof(totp("000000"))), refusals::kWrongSecondFactor));
    auto second = begin(proof(totp(next_code(app))), "tablet");
    ASSERT_TRUE(test::succeeds(second));
    auto shown = confirm(next_code(std::string(second->secret.base32.reveal())));
    ASSERT_TRUE(test::succeeds(shown));
    EXPECT_TRUE(shown->recovery_codes.empty()) << "those that there are stay good";
    EXPECT_TRUE(test::succeeds(complete(half(), totp(next_code(std::string(second->secret.base32.reveal()))))));
    EXPECT_TRUE(test::succeeds(complete(half(), totp(next_code(app)))));
}

TEST_F(SecondFactorsTest, KeepNoMoreThanTheSecretThatWasShownLast) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(test::succeeds(begin(proof())));
    EXPECT_EQ(kept_credentials(), 2u) << "the password, and one";
}

TEST_F(SecondFactorsTest, AreListedAndNamed) {
    enrol();
    const auto renamed = run(rename_factor(services(), bearer_of(grant_), factor_id_, "old phone", caller_of(grant_)));
    ASSERT_TRUE(test::succeeds(renamed));
    EXPECT_EQ(since(), Types{"factor.renamed"});
    const auto listed = run(list_factors(services(), bearer_of(grant_), caller_of(grant_)));
    ASSERT_TRUE(test::succeeds(listed));
    ASSERT_EQ(listed->factors.size(), 1u);
    EXPECT_EQ(listed->factors.front().id, factor_id_);
    EXPECT_EQ(listed->factors.front().name, "old phone");
    EXPECT_EQ(listed->recovery_codes_left, 10);
    const FactorId nobodys{test::uuid(0xF9)};
    EXPECT_TRUE(test::refused(run(rename_factor(services(), bearer_of(grant_), nobodys, "x", caller_of(grant_))),
                              refusals::kFactorUnknown));
}

// ---- log-in ------------------------------------------------------------------------------------------------------
TEST_F(SecondFactorsTest, AreAskedForAfterThePassword) {
    const std::string app = enrol();
    const std::string token = half();
    EXPECT_EQ(kinds_, (std::vector<std::string>{"otp", "recovery_code"}));
    EXPECT_EQ(since(), Types{}) << "half a log-in is nothing that happened";
    auto completed = complete(token, totp(next_code(app)));
    ASSERT_TRUE(test::succeeds(completed));
    EXPECT_EQ(since(), (Types{"factor.attempt_taken", "factor.attempt_passed", "session.started"}));
    EXPECT_TRUE(completed->recovery_codes.empty());
    EXPECT_EQ(completed->grant.user_id, ann_);
    EXPECT_TRUE(test::succeeds(run(refresh_session(services(), test::refresh_of(completed->grant), caller()))));
    Streams streams;
    streams.read<Session>(completed->grant.session_id);
    const auto folds = run(node.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
    const Session& session = state_of<Session>(folds->front());
    ASSERT_EQ(session.proofs.size(), 2u);
    EXPECT_EQ(session.proofs[0].method, ProofMethod::kPassword);
    EXPECT_EQ(session.proofs[1].method, ProofMethod::kTotp);
}

TEST_F(SecondFactorsTest, ArePresentedToTheLogInThatAsked) {
    const std::string app = enrol();
    EXPECT_TRUE(test::refused(complete("never sealed", totp(next_code(app))), refusals::kHalfLoginOver));
    const std::string late = half();
    clock.advance(kHalfLoginLasts);
    EXPECT_TRUE(test::refused(complete(late, totp(next_code(app))), refusals::kHalfLoginOver));
    const std::string once = half();
    ASSERT_TRUE(test::succeeds(complete(once, totp(next_code(app)))));
    EXPECT_TRUE(test::refused(complete(once, totp(next_code(app))), refusals::kHalfLoginOver));
}

TEST_F(SecondFactorsTest, AreOfNoUseOnceAllSessionsWereEnded) {
    const std::string app = enrol();
    const std::string token = half();
    ASSERT_TRUE(test::succeeds(
        run(revoke_all_sessions(services(), bearer_of(grant_), SessionsToKeep::kNoSession, caller_of(grant_)))));
    mark();
    EXPECT_TRUE(test::refused(complete(token, totp(next_code(app))), refusals::kHalfLoginOver));
    EXPECT_EQ(since(), Types{}) << "no attempt is taken by whoever may not present one";
}

TEST_F(SecondFactorsTest, AreGoneWithWhoeverWasErasedMeanwhile) {
    const std::string app = enrol();
    const auto whole = complete(half(), totp(next_code(app)));
    ASSERT_TRUE(test::succeeds(whole));
    const std::string token = half();
    ErasureRequest request{bearer_of(whole->grant), Secret(std::string_view(kPassword))};
    ASSERT_TRUE(test::succeeds(run(request_own_erasure(services(), std::move(request), caller_of(whole->grant)))));
    EXPECT_EQ(kept_credentials(), 0u);
    mark();
    EXPECT_TRUE(test::refused(complete(token, totp(next_code(app))), refusals::kHalfLoginOver));
    EXPECT_EQ(since(), Types{});
}

// Somebody who can write to the database, and makes the stream of the factors look empty.
TEST_F(SecondFactorsTest, DoNotOpenWhereTheyAreHidden) {
    Streams streams;
    const auto user = streams.read<User>(ann_);
    const Step forge = [&](Attempt& attempt) -> StepResult {
        co_return attempt.decide_and_append(user, TurnOnSecondFactor{});
    };
    ASSERT_TRUE(test::succeeds(run(node.executor.run(caller(), streams, forge))));
    EXPECT_TRUE(test::refused(run(log_in(services(), login(kAnnsEmail), caller())), refusals::kFactorsMissing));
    EXPECT_TRUE(test::refused(begin(proof(totp("000000"))), refusals::kFactorsMissing));
    EXPECT_FALSE(world.operator_log.lines().empty());
}

// ---- used once (I13) ---------------------------------------------------------------------------------------------
int count_of(const std::vector<Result<CompletedLogIn, CommandError>>& outcomes) {
    return static_cast<int>(std::ranges::count_if(outcomes, [](const auto& one) { return one.has_value(); }));
}

TEST_F(SecondFactorsTest, OpenOnceForOneCodeOnTwoNodes) {
    const std::string app = enrol();
    std::vector<std::string> tokens;
    for (int i = 0; i < 50; ++i) tokens.push_back(half());
    const std::string code = next_code(app);
    std::vector<asio::awaitable<Result<CompletedLogIn, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i)
        rivals.push_back(completing(i % 2 == 0 ? node : other, tokens[static_cast<std::size_t>(i)], totp(code),
                                    from("network " + std::to_string(i))));
    EXPECT_EQ(count_of(test::run_all(std::move(rivals))), 1);
}

TEST_F(SecondFactorsTest, OpenOnceForOneRecoveryCodeOnTwoNodes) {
    enrol();
    std::vector<asio::awaitable<Result<CompletedLogIn, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i)
        rivals.push_back(completing(i % 2 == 0 ? node : other, half(), recovery(codes_.front()),
                                    from("network " + std::to_string(i))));
    EXPECT_EQ(count_of(test::run_all(std::move(rivals))), 1);
    EXPECT_TRUE(test::refused(complete(half(), recovery(codes_.front()), from("home")), refusals::kWrongSecondFactor));
    EXPECT_TRUE(test::succeeds(complete(half(), recovery(codes_.back()), from("home"))));
}

TEST_F(SecondFactorsTest, OpenOnceForOneTokenOnTwoNodes) {
    enrol();
    const std::string token = half();
    std::vector<asio::awaitable<Result<CompletedLogIn, CommandError>>> rivals;
    for (std::size_t i = 0; i < 50; ++i)
        rivals.push_back(completing(i % 2 == 0 ? node : other, token, recovery(codes_[i % codes_.size()]),
                                    from("network " + std::to_string(i))));
    EXPECT_EQ(count_of(test::run_all(std::move(rivals))), 1);
}

// ---- guesses -----------------------------------------------------------------------------------------------------
TEST_F(SecondFactorsTest, PauseWhereCodesAreWrongAndNowhereElse) {
    const std::string app = enrol();
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(test::refused(complete(half(), totp("000000"), from("thief")), refusals::kWrongSecondFactor)) << i;
    const auto paused = complete(half(), totp(test::code_at(app, clock.now())), from("thief"));
    EXPECT_TRUE(test::refused(paused, refusals::kTooManyAttempts)) << "right or wrong, nothing is looked at";
    EXPECT_EQ(paused.error().retry_after, seconds(1));
    EXPECT_TRUE(test::succeeds(complete(half(), totp(next_code(app)), from("home"))));
}

// NIST SP 800-63B-4 section 3.2.2, over all networks; and what somebody knows stays open.
TEST_F(SecondFactorsTest, EndForStrangersAfterSoManyGuessesOfAllTogether) {
    world.accounts.second_factors.attempts.in_a_row = 10;
    const std::string app = enrol();
    ASSERT_TRUE(test::succeeds(complete(half(), totp(next_code(app)), from("home"))));
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(test::refused(complete(half(), totp("000000"), from("thief " + std::to_string(i))),
                                  refusals::kWrongSecondFactor));
    EXPECT_TRUE(test::refused(complete(half(), totp(next_code(app)), from("elsewhere")), refusals::kTooManyAttempts));
    EXPECT_TRUE(test::succeeds(complete(half(), totp(next_code(app)), from("home"))));
}

TEST_F(SecondFactorsTest, AreForgivenByAnAdministrator) {
    world.accounts.second_factors.attempts.in_a_row = 3;
    const std::string app = enrol();
    for (int i = 0; i < 3; ++i) (void)complete(half(), totp("000000"), from("thief"));
    EXPECT_TRUE(test::refused(complete(half(), totp(next_code(app)), from("new")), refusals::kTooManyAttempts));
    world.create_administrator(node, "root@example.com");
    const Grant root = world.log_in(node, "root@example.com");
    mark();
    ASSERT_TRUE(test::succeeds(run(unlock_user(services(), bearer_of(root), ann_, caller_of(root)))));
    EXPECT_EQ(since(), Types{"factor.attempts_forgiven"});
    EXPECT_TRUE(test::succeeds(complete(half(), totp(next_code(app)), from("new"))));
}

// ---- changes -----------------------------------------------------------------------------------------------------
TEST_F(SecondFactorsTest, AreTakenOffWithPasswordAndFactor) {
    const std::string app = enrol();
    EXPECT_TRUE(test::refused(remove(proof()), refusals::kFactorNotPresented));
    EXPECT_TRUE(test::refused(remove(proof(totp(next_code(app)), "not it at all")), refusals::kWrongPassword));
    mark();
    ASSERT_TRUE(test::succeeds(remove(proof(totp(next_code(app))))));
    EXPECT_EQ(since(), (Types{"factor.attempt_taken", "factor.attempt_passed", "factor.removed",
                              "user.second_factor_turned_off"}));
    EXPECT_EQ(kept_credentials(), 1u);
    world.log_in(node, kAnnsEmail);
}

TEST_F(SecondFactorsTest, AreTakenOffOneByOne) {
    const std::string app = enrol();
    auto second = begin(proof(totp(next_code(app))));
    ASSERT_TRUE(test::succeeds(second));
    const std::string tablet(second->secret.base32.reveal());
    ASSERT_TRUE(test::succeeds(confirm(next_code(tablet))));
    ASSERT_TRUE(test::succeeds(remove(proof(recovery(codes_[0])), factor_id_)));
    EXPECT_TRUE(test::refused(complete(half(), totp(next_code(app))), refusals::kWrongSecondFactor));
    EXPECT_TRUE(test::refused(remove(proof(totp(next_code(tablet))), factor_id_), refusals::kFactorUnknown));
    ASSERT_TRUE(test::succeeds(remove(proof(totp(next_code(tablet))), second->factor_id)));
    world.log_in(node, kAnnsEmail);
}

TEST_F(SecondFactorsTest, GetNewRecoveryCodes) {
    const std::string app = enrol();
    auto renewed =
        run(renew_recovery_codes(services(), bearer_of(grant_), proof(totp(next_code(app))), caller_of(grant_)));
    ASSERT_TRUE(test::succeeds(renewed));
    EXPECT_EQ(renewed->recovery_codes.size(), 10u);
    EXPECT_TRUE(test::refused(complete(half(), recovery(codes_[0])), refusals::kWrongSecondFactor));
    EXPECT_TRUE(test::succeeds(complete(half(), recovery(renewed->recovery_codes[0]))));
}

TEST_F(SecondFactorsTest, AreResetByWhoeverHasAuthority) {
    enrol();
    EXPECT_TRUE(test::refused(run(reset_second_factor(services(), bearer_of(grant_), ann_, caller_of(grant_))),
                              refusals::kForbidden));
    world.create_administrator(node, "root@example.com");
    const Grant root = world.log_in(node, "root@example.com");
    mark();
    ASSERT_TRUE(test::succeeds(run(reset_second_factor(services(), bearer_of(root), ann_, caller_of(root)))));
    EXPECT_EQ(since(), (Types{"factor.removed", "user.second_factor_turned_off"}));
    EXPECT_EQ(kept_credentials(), 1u);
    world.log_in(node, kAnnsEmail);
    mark();
    ASSERT_TRUE(test::succeeds(run(reset_second_factor(services(), bearer_of(root), ann_, caller_of(root)))));
    EXPECT_EQ(since(), Types{});
}

// ---- policy ------------------------------------------------------------------------------------------------------
TEST_F(SecondFactorsTest, AreEnrolledWhileLoggingInWhereTheyAreDemanded) {
    demand_of_all();
    const std::string token = half(refusals::kEnrolmentNeeded);
    EXPECT_EQ(kinds_, std::vector<std::string>{"totp"});
    EXPECT_TRUE(test::refused(complete(token, totp("000000")), refusals::kNoEnrolment));
    auto begun = run(enrol_while_logging_in(services(), Secret(token), "phone", caller()));
    ASSERT_TRUE(test::succeeds(begun));
    const std::string app(begun->secret.base32.reveal());
    EXPECT_TRUE(test::refused(complete(token, totp("000000")), refusals::kWrongSecondFactor));
    mark();
    auto completed = complete(token, totp(next_code(app)));
    ASSERT_TRUE(test::succeeds(completed));
    EXPECT_EQ(completed->recovery_codes.size(), 10u);
    EXPECT_EQ(since(), (Types{"factor.attempt_taken", "factor.attempt_passed", "factor.enrolled",
                              "factor.recovery_codes_made", "user.second_factor_turned_on", "session.started"}));
    EXPECT_TRUE(test::refused(run(enrol_while_logging_in(services(), Secret(token), "thief", caller())),
                              refusals::kHalfLoginOver))
        << "whoever has a factor by now presents it";
    EXPECT_TRUE(test::succeeds(complete(half(), totp(next_code(app)))));
}

// A token that waits for a second factor enrols none.
TEST_F(SecondFactorsTest, AreNotEnrolledInPlaceOfTheOneThatIsThere) {
    enrol();
    EXPECT_TRUE(test::refused(run(enrol_while_logging_in(services(), Secret(half()), "thief", caller())),
                              refusals::kHalfLoginOver));
}

TEST_F(SecondFactorsTest, AreDemandedOfRoles) {
    world.accounts.second_factors.policy.of_roles = {kAdministratorRole};
    world.log_in(node, kAnnsEmail);
    world.create_administrator(node, "root@example.com");
    EXPECT_TRUE(
        test::refused(run(log_in(services(), login("root@example.com"), caller())), refusals::kEnrolmentNeeded));
}

TEST_F(SecondFactorsTest, AreDemandedWhereSomebodyWasNotSeen) {
    services().settings.attempts.known_for = kDay;
    world.log_in(node, kAnnsEmail);
    world.accounts.second_factors.policy.of_new_devices = SecondFactorPolicy::NewDevices::kDemand;
    world.log_in(node, kAnnsEmail);
    EXPECT_TRUE(
        test::refused(run(log_in(services(), login(kAnnsEmail), from("elsewhere"))), refusals::kEnrolmentNeeded));
}

TEST_F(SecondFactorsTest, CanWaitForTheGrace) {
    demand_of_all();
    world.accounts.second_factors.policy.grace = kDay;
    world.log_in(node, kAnnsEmail);
    clock.advance(kDay);
    half(refusals::kEnrolmentNeeded);
}

// ---- cost --------------------------------------------------------------------------------------------------------
TEST_F(SecondFactorsTest, CostALogInWithoutThemNothing) {
    stepped.calls.clear();
    world.log_in(node, kAnnsEmail);
    const std::map<std::string, int> expected{{"append", 1}, {"find_credential", 1}, {"read_streams", 1}};
    EXPECT_EQ(stepped.calls, expected);
}

}  // namespace
}  // namespace keyledger::commands

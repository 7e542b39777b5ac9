// Second factors from enrolment over log-in to the end, and what somebody does who has one part of them.
#include "tests/commands/factors/second_factors.hpp"

namespace keyledger::commands {
namespace {

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
                              refusals::kNotOnOneself));
    world.register_user(node, "bob@example.com");
    const Grant bob = world.log_in(node, "bob@example.com");
    EXPECT_TRUE(test::refused(run(reset_second_factor(services(), bearer_of(bob), ann_, caller_of(bob))),
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

TEST_F(SecondFactorsTest, AreDemandedOfRiskyLogIns) {
    world.accounts.second_factors.policy.from_risk = 10;
    node.services.settings.attempts.known_for = days(90);
    EXPECT_TRUE(test::succeeds(run(log_in(services(), login(kAnnsEmail), from("home")))));
    EXPECT_TRUE(test::succeeds(run(log_in(services(), login(kAnnsEmail), from("home")))));
    EXPECT_TRUE(
        test::refused(run(log_in(services(), login(kAnnsEmail), from("198.51.100.7"))), refusals::kEnrolmentNeeded));
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

// Log-in by a link or code of a mail, and an account that a mail opens: once (I13), and only for who asked.
#include "commands/sessions/log_in_by_mail.hpp"

#include "commands/account_services.hpp"
#include "commands/credentials/unlock_by_mail.hpp"
#include "commands/factors/enrol_factor.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "domain/sessions/session.hpp"
#include "tests/commands/challenges/mail_proofs.hpp"
#include "tests/support/world/second_factors.hpp"

namespace keyledger::commands {
namespace {

using test::refused;
using test::run;
using test::succeeds;

constexpr auto kByLink = ChallengePurpose::kLogInByLink;
constexpr auto kByCode = ChallengePurpose::kLogInByCode;

class LogInByMailTest : public MailProofTest {
protected:
    asio::awaitable<Result<Grant, CommandError>> log_in_at(test::Node& at, Presented presented,
                                                           Caller caller = test::caller()) {
        MailedLogIn log_in{std::move(presented), {}, test::first_party()};
        return log_in_by_mail(at.services, std::move(log_in), std::move(caller));
    }
    Result<Grant, CommandError> log_in(Presented presented) { return run(log_in_at(other, std::move(presented))); }
    // The secret, as it is shown once.
    std::string enrol_app() {
        clock.advance(stores->server_now() - clock.now());  // steps are spent by the store's clock
        const Grant grant = world.log_in(node, test::kAnnsEmail);
        Enrolment enrolment{test::bearer_of(grant), {Secret(std::string(test::kPassword)), std::nullopt}, "phone"};
        const auto begun = run(begin_factor_enrolment(node.services, std::move(enrolment), test::caller_of(grant)));
        EXPECT_TRUE(succeeds(begun));
        const std::string shown(begun->secret.base32.reveal());
        EXPECT_TRUE(succeeds(run(confirm_factor_enrolment(node.services, test::bearer_of(grant), Secret(code_of(shown)),
                                                          test::caller_of(grant)))));
        return shown;
    }
    std::string code_of(const std::string& shown) { return test::code_at(shown, clock.now()); }
    Presented link_with(const std::string& link, const std::string& handle) {
        Presented presented = by_link(link, kByLink);
        presented.handle = Secret(handle);
        return presented;
    }
};

TEST_F(LogInByMailTest, BeginsASessionThatSaysHow) {
    const std::string handle = ask(kByCode);
    const std::string code = mailed_code(handle, kByCode);
    EXPECT_EQ(code.size(), 8U);
    const auto grant = log_in(by_code(handle, code, kByCode));
    ASSERT_TRUE(succeeds(grant));
    EXPECT_EQ(grant->user_id, ann_);
    EXPECT_EQ(world.types(before_),
              (test::Types{"challenge.asked", "user.email_verified", "session.started", "challenge.completed"}));
    EXPECT_NE(world.events(before_)[2].payload.find(R"("methods":["mail"])"), std::string::npos);
    EXPECT_TRUE(succeeds(run(refresh_session(node.services, test::refresh_of(*grant), test::caller()))));
}

TEST_F(LogInByMailTest, EarnsOneSessionForFiftyAtOnceOnTwoNodes) {
    test::Node second(world, store);
    const std::string coded = ask(kByCode);
    const std::string linked = ask(kByLink);
    const std::string code = mailed_code(coded, kByCode);
    const std::string link = mailed_link(linked, kByLink);
    for (const bool with_link : {false, true}) {
        std::vector<asio::awaitable<Result<Grant, CommandError>>> rivals;
        for (int i = 0; i < 50; ++i)
            rivals.push_back(log_in_at(i % 2 == 0 ? second : other,
                                       with_link ? link_with(link, linked) : by_code(coded, code, kByCode)));
        int granted = 0;
        for (const auto& outcome : test::run_all(std::move(rivals))) granted += outcome ? 1 : 0;
        EXPECT_EQ(granted, 1) << with_link;
    }
    EXPECT_EQ(count("session.started"), 2);
}

// Whoever reads somebody's mail without having asked, as a scanner or a thief, begins no session by a link.
TEST_F(LogInByMailTest, ByALinkIsForWhoAsked) {
    const std::string handle = ask(kByLink);
    const std::string link = mailed_link(handle, kByLink);
    const std::string thiefs = ask(kByLink);
    EXPECT_TRUE(refused(log_in(by_link(link, kByLink)), refusals::kNotProven));
    EXPECT_TRUE(refused(log_in(link_with(link, thiefs)), refusals::kNotProven));
    EXPECT_TRUE(refused(log_in(link_with(link, ask(kByCode))), refusals::kNotProven));
    EXPECT_TRUE(succeeds(log_in(link_with(link, handle))));
}

TEST_F(LogInByMailTest, LeadsNoFurtherThanTheSecondFactorAndIsUsedUpByThat) {
    const std::string shown = enrol_app();
    const std::string handle = ask(kByCode);
    const std::string code = mailed_code(handle, kByCode);
    const auto half = log_in(by_code(handle, code, kByCode));
    ASSERT_TRUE(refused(half, refusals::kSecondFactorNeeded));
    ASSERT_TRUE(half.error().go_on);
    EXPECT_TRUE(refused(log_in(by_code(handle, code, kByCode)), refusals::kNotProven)) << "one code, one half";
    EXPECT_EQ(count("session.started"), 1) << "the one that enrolled it";
    clock.advance(seconds(30));
    const auto whole = run(complete_log_in(
        other.services, {Secret(half.error().go_on->token), {ProofMethod::kTotp, Secret(code_of(shown))}},
        test::caller()));
    ASSERT_TRUE(succeeds(whole));
    const std::vector<Proof>& proofs = whole->grant.proofs;
    ASSERT_EQ(proofs.size(), 2U);
    EXPECT_EQ(proofs[0].method, ProofMethod::kMail);
    EXPECT_EQ(proofs[1].method, ProofMethod::kTotp);
}

// As by the password: nothing is told, and the proof is good yet for who is known there.
TEST_F(LogInByMailTest, IsRefusedWhereItIsTooRisky) {
    world.accounts.refused_risk = 10;
    for (test::Node* one : {&node, &other}) one->services.settings.attempts.known_for = days(90);
    world.log_in(node, test::kAnnsEmail);
    Caller stranger = test::caller();
    stranger.network = "198.51.100.7";
    const std::string coded = ask(kByCode);
    const std::string linked = ask(kByLink);
    const std::string code = mailed_code(coded, kByCode);
    const std::string link = mailed_link(linked, kByLink);
    for (const bool with_link : {false, true}) {
        const auto proof = [&] { return with_link ? link_with(link, linked) : by_code(coded, code, kByCode); };
        const Position before = world.head();
        EXPECT_TRUE(refused(run(log_in_at(other, proof(), stranger)), refusals::kNotProven));
        ASSERT_EQ(world.types(before), test::Types{"login.failed"});
        EXPECT_NE(world.events(before).front().payload.find("too_risky"), std::string::npos);
        EXPECT_TRUE(succeeds(log_in(proof())));
    }
}

// Else whoever reads the mail would shut the owner out, and be stepped up by what they enrolled themselves.
TEST_F(LogInByMailTest, EnrolsNoFactorWhereOneIsDemanded) {
    world.accounts.second_factors.policy.of_all = SecondFactorPolicy::Demand::kOfEverybody;
    const std::string handle = ask(kByCode);
    const auto half = log_in(by_code(handle, mailed_code(handle, kByCode), kByCode));
    EXPECT_TRUE(refused(half, refusals::kEnrolmentNeedsPassword));
    EXPECT_FALSE(half.error().go_on);
    EXPECT_EQ(count("session.started"), 0);
}

TEST_F(LogInByMailTest, OpensNoAccountWhoseFactorsSomebodyHides) {
    const std::string handle = ask(kByCode);
    turn_on_second_factor();
    EXPECT_TRUE(refused(log_in(by_code(handle, mailed_code(handle, kByCode), kByCode)), refusals::kFactorsMissing));
    EXPECT_EQ(count("session.started"), 0);
}

TEST_F(LogInByMailTest, IsOnlyWhatIsOffered) {
    const std::string handle = ask(kByCode);
    world.accounts.log_in_by_mail = {true, false};
    EXPECT_TRUE(refused(log_in(by_code(handle, mailed_code(handle, kByCode), kByCode)), refusals::kLogInByMailOff));
    ChallengeAsk ask{kByCode, test::kAnnsEmail, {}, {}};
    EXPECT_TRUE(
        refused(run(ask_log_in_by_mail(node.services, std::move(ask), test::caller())), refusals::kLogInByMailOff));
}

TEST_F(LogInByMailTest, OpensAnAccountThatGuessesHaveClosed) {
    for (int i = 0; i < 200; ++i)
        (void)run(commands::log_in(node.services, test::login(test::kAnnsEmail, "wrong"), test::caller()));
    EXPECT_FALSE(succeeds(run(commands::log_in(node.services, test::login(test::kAnnsEmail), test::caller()))));
    const std::string handle = ask(ChallengePurpose::kUnlock);
    const std::string link = mailed_link(handle, ChallengePurpose::kUnlock);
    ASSERT_TRUE(succeeds(run(unlock_by_mail(node.services, by_link(link, ChallengePurpose::kUnlock), test::caller()))));
    EXPECT_EQ(count("login.unlocked"), 1);
    EXPECT_TRUE(succeeds(run(commands::log_in(node.services, test::login(test::kAnnsEmail), test::caller()))));
    EXPECT_TRUE(refused(run(unlock_by_mail(node.services, by_link(link, ChallengePurpose::kUnlock), test::caller())),
                        refusals::kNotProven));
}

}  // namespace
}  // namespace keyledger::commands

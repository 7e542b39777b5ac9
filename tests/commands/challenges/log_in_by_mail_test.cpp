// Log-in by a link or code of a mail, and an account that a mail opens: once (I13), and only for who asked.
#include "commands/sessions/log_in_by_mail.hpp"

#include "commands/credentials/reset_password.hpp"
#include "commands/credentials/unlock_by_mail.hpp"
#include "domain/sessions/session.hpp"
#include "tests/commands/challenges/mail_proofs.hpp"

namespace keyledger::commands {
namespace {

using test::refused;
using test::run;
using test::succeeds;

constexpr auto kByLink = ChallengePurpose::kLogInByLink;
constexpr auto kByCode = ChallengePurpose::kLogInByCode;

class LogInByMailTest : public MailProofTest {
protected:
    asio::awaitable<Result<Grant, CommandError>> log_in_at(test::Node& at, Presented presented) {
        MailedLogIn log_in{std::move(presented), {}, test::first_party()};
        return log_in_by_mail(at.services, std::move(log_in), test::caller());
    }
    Result<Grant, CommandError> log_in(Presented presented) { return run(log_in_at(other, std::move(presented))); }
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

TEST_F(LogInByMailTest, OpensNoAccountThatHasASecondFactor) {
    const std::string handle = ask(kByCode);
    turn_on_second_factor();
    EXPECT_TRUE(refused(log_in(by_code(handle, mailed_code(handle, kByCode), kByCode)), refusals::kSecondFactorNeeded));
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

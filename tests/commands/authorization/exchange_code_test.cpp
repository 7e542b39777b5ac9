// From a browser that is logged in to an application's session, and what ends it.
#include "commands/authorization/exchange_code.hpp"

#include "commands/sessions/end_sessions.hpp"
#include "tests/commands/authorization/shop_fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::kAnnsEmail;
using test::run;
using test::Types;

class ExchangeCodeTest : public ShopTest {};

TEST_F(ExchangeCodeTest, BeginsTheSessionThatTheCodeNames) {
    const auto given = code();
    const auto granted = exchange(given);
    ASSERT_TRUE(test::succeeds(granted));
    EXPECT_EQ(granted->grant.session_id, given.session_id);
    EXPECT_EQ(granted->grant.client_id, shop_.to_string());
    EXPECT_EQ(granted->grant.scope, (std::vector<std::string>{"openid", "email"}));
    EXPECT_EQ(granted->grant.audiences, std::vector<std::string>{services().settings.issuer + "/oauth2/userinfo"});
    EXPECT_EQ(granted->nonce, "n-0S6_WzA2Mj");
    EXPECT_TRUE(granted->refreshes);
    EXPECT_EQ(since(), Types{"session.started"});
}

// Nobody who has a code alone, or sends it from elsewhere, gets anything or ends anything.
TEST_F(ExchangeCodeTest, RefusesAndEndsNothingWithoutAllThatBelongsToTheCode) {
    const auto given = code();
    const auto granted = exchange(given);
    ASSERT_TRUE(test::succeeds(granted));
    std::vector<CodeExchange> lies;
    lies.push_back(whole(given));
    lies.back().code_verifier = Secret(std::string_view("another-verifier-of-43-characters-or-more-0000"));
    lies.push_back(whole(given));
    lies.back().redirect_uri += "/";
    lies.push_back(whole(given));
    lies.back().application_id = ApplicationId{test::uuid(0xEE)};
    for (CodeExchange& lie : lies)
        EXPECT_TRUE(test::refused(run(exchange_code(services(), std::move(lie), caller())), refusals::kCodeNotGood));
    EXPECT_EQ(since(), Types{"session.started"});
    EXPECT_FALSE(is_over(granted->grant));
}

TEST_F(ExchangeCodeTest, BeginsNothingByACodeThatIsTooOld) {
    const auto given = code();
    clock.advance(kCodeLasts);
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
    EXPECT_EQ(since(), Types{});
}

TEST_F(ExchangeCodeTest, NoticesForMinutesThatACodeIsUsedAgain) {
    const auto early = code();
    const auto late = code();
    const auto first = exchange(early);
    const auto second = exchange(late);
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(test::succeeds(second));
    clock.advance(kCodeLasts + kCodeReuseNoticed - milliseconds(1));
    EXPECT_TRUE(test::refused(exchange(early), refusals::kCodeNotGood));
    EXPECT_TRUE(is_over(first->grant));
    clock.advance(milliseconds(1));
    EXPECT_TRUE(test::refused(exchange(late), refusals::kCodeNotGood));
    EXPECT_FALSE(is_over(second->grant));
}

TEST_F(ExchangeCodeTest, GivesALostAnswerAgainToAnApplicationWithoutASecret) {
    const auto given = code();
    const auto first = exchange(given);
    ASSERT_TRUE(test::succeeds(first));
    clock.advance(seconds(10));
    const auto again = exchange(given);
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_EQ(again->grant.generation, first->grant.generation);
    EXPECT_EQ(again->grant.generated_at, first->grant.generated_at) << "the same refresh token";
    EXPECT_EQ(since(), Types{"session.started"});
    clock.advance(milliseconds(1));
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
    EXPECT_EQ(since(), (Types{"session.started", "session.ended"}));
    EXPECT_TRUE(is_over(first->grant));
}

TEST_F(ExchangeCodeTest, GivesALostAnswerAsOftenAsItIsLostAndOnAllNodes) {
    const auto given = code();
    const auto first = exchange(given);
    ASSERT_TRUE(test::succeeds(first));
    for (test::Node* at : {&other, &node, &other}) {
        const auto again = run(exchange_code(at->services, whole(given), caller()));
        ASSERT_TRUE(test::succeeds(again));
        EXPECT_EQ(again->grant.generated_at, first->grant.generated_at) << "the same refresh token";
    }
    EXPECT_EQ(since(), Types{"session.started"});
    EXPECT_FALSE(is_over(first->grant));
}

// RFC 9449: whoever has code and verifier, and not the key that the first exchange showed, gets no tokens without one.
// And one of the two is a thief: perhaps who came first, with a key of their own.
TEST_F(ExchangeCodeTest, GivesNoAnswerAgainWhereTheFirstWasBoundToAKeyAndEndsTheSession) {
    const auto given = code();
    CodeExchange with_key = whole(given);
    with_key.key_thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    const auto first = run(exchange_code(services(), std::move(with_key), caller()));
    ASSERT_TRUE(test::succeeds(first));
    EXPECT_TRUE(test::refused(run(exchange_code(other.services, whole(given), caller())), refusals::kCodeNotGood));
    EXPECT_EQ(since(), (Types{"session.started", "session.ended"}));
    EXPECT_TRUE(is_over(first->grant));
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
}

TEST_F(ExchangeCodeTest, EndsNothingForWhoLacksTheKeyThatTheCodeNames) {
    auto given = code();
    given.key_thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    CodeExchange with_key = whole(given);
    with_key.key_thumbprint = given.key_thumbprint;
    const auto first = run(exchange_code(services(), std::move(with_key), caller()));
    ASSERT_TRUE(test::succeeds(first));
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
    EXPECT_EQ(since(), Types{"session.started"});
    EXPECT_FALSE(is_over(first->grant));
}

TEST_F(ExchangeCodeTest, GivesNoAnswerAgainOnceWhatItRestsOnIsGone) {
    const auto given = code();
    ASSERT_TRUE(test::succeeds(exchange(given)));
    ASSERT_TRUE(test::succeeds(run(log_out(other.services, browser_, caller().acting_as(ann_)))));
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
}

TEST_F(ExchangeCodeTest, EndsTheSessionWhereTheFirstAnswerWasUsed) {
    const auto given = code();
    const auto first = exchange(given);
    ASSERT_TRUE(test::succeeds(refresh(first->grant)));
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
    EXPECT_TRUE(is_over(first->grant));
}

TEST_F(ExchangeCodeTest, EndsTheSessionOfAnApplicationThatKeepsASecret) {
    define(ClientAuthentication::kSecretBasic);
    ASSERT_TRUE(test::succeeds(run(give_consent(services(), browser_, request(), caller()))));
    const auto given = code();
    const auto first = exchange(given);
    ASSERT_TRUE(test::succeeds(first));
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
    EXPECT_TRUE(is_over(first->grant));
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
}

// RFC 9700 section 4.8.2: who brings a verifier to a code without a challenge had the challenge taken out on the way.
TEST_F(ExchangeCodeTest, TakesACodeWithoutAChallengeFromAnApplicationThatKeepsASecretAlone) {
    const auto without = [&](const char* verifier) {
        CodeExchange asked = whole(code());
        asked.code.code_challenge.clear();
        asked.code_verifier = Secret(std::string_view(verifier));
        return run(exchange_code(services(), std::move(asked), caller()));
    };
    EXPECT_TRUE(test::refused(without(""), refusals::kCodeNotGood)) << "it has no secret";
    define(ClientAuthentication::kSecretBasic);
    ASSERT_TRUE(test::succeeds(run(give_consent(services(), browser_, request(), caller()))));
    EXPECT_TRUE(test::refused(without(kVerifier), refusals::kCodeNotGood));
    EXPECT_TRUE(test::succeeds(without("")));
    CodeExchange bare = whole(code());
    bare.code_verifier = Secret();
    EXPECT_TRUE(test::refused(run(exchange_code(services(), std::move(bare), caller())), refusals::kCodeNotGood))
        << "there was a challenge";
}

TEST_F(ExchangeCodeTest, BeginsOneSessionForFiftyAtOnceOnTwoNodes) {
    for (const auto authentication : {ClientAuthentication::kNone, ClientAuthentication::kPrivateKeyJwt}) {
        define(authentication);
        ASSERT_TRUE(test::succeeds(run(give_consent(services(), browser_, request(), caller()))));
        before_ = world.head();
        const auto given = code();
        std::vector<asio::awaitable<Result<CodeGrant, CommandError>>> rivals;
        for (int i = 0; i < 50; ++i)
            rivals.push_back(exchange_code((i % 2 == 0 ? node : other).services, whole(given), caller()));
        int answered = 0;
        for (const auto& outcome : test::run_all(std::move(rivals))) answered += outcome.has_value() ? 1 : 0;
        EXPECT_GE(answered, 1);
        const bool is_public = authentication == ClientAuthentication::kNone;
        EXPECT_EQ(answered, is_public ? 50 : 1) << "all the same answer, or the first one its own";
        const Types events = since();
        EXPECT_EQ(std::ranges::count(events, "session.started"), 1);
        EXPECT_EQ(std::ranges::count(events, "session.ended"), is_public ? 0 : 1);
    }
}

// ---- what a code does not survive ------------------------------------------------------------------------------
TEST_F(ExchangeCodeTest, IsRefusedOnceTheBrowserWasLoggedOut) {
    const auto given = code();
    ASSERT_TRUE(test::succeeds(run(log_out(other.services, browser_, caller().acting_as(ann_)))));
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
}
TEST_F(ExchangeCodeTest, IsRefusedOnceTheConsentWasWithdrawn) {
    const auto given = code();
    const Grant phone = world.log_in(node, kAnnsEmail);
    ASSERT_TRUE(
        test::succeeds(run(withdraw_consent(other.services, test::bearer_of(phone), shop_, test::caller_of(phone)))));
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
}
// Scenario: the application is let in anew, and a code of before is left over.
TEST_F(ExchangeCodeTest, IsRefusedAlsoWhereTheyAgreedAgainAfterThat) {
    const auto given = code();
    const Grant phone = world.log_in(node, kAnnsEmail);
    ASSERT_TRUE(
        test::succeeds(run(withdraw_consent(other.services, test::bearer_of(phone), shop_, test::caller_of(phone)))));
    ASSERT_TRUE(test::succeeds(run(give_consent(services(), browser_, request(), caller()))));
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
    EXPECT_TRUE(test::succeeds(exchange(code())));
}
TEST_F(ExchangeCodeTest, IsRefusedAlsoWhereTheApplicationWasDisabledInBetween) {
    const auto given = code();
    const auto same =
        run(view_authorization(services(), shop_, browser_, Deadline::max())).value().application.definition;
    of_application(ChangeApplication{same, ApplicationStatus::kDisabled});
    of_application(ChangeApplication{same, ApplicationStatus::kEnabled});
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
    EXPECT_TRUE(test::succeeds(exchange(code())));
}
TEST_F(ExchangeCodeTest, IsRefusedOnceTheApplicationMayNotHaveItAnyMore) {
    const auto given = code();
    ApplicationDefinition less =
        run(view_authorization(services(), shop_, browser_, Deadline::max())).value().application.definition;
    less.scopes = {"openid"};
    of_application(ChangeApplication{std::move(less), ApplicationStatus::kEnabled});
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
}
// Also where a code was made for more than was agreed to: that is looked at anew.
TEST_F(ExchangeCodeTest, IsRefusedWhereTheyDidNotAgreeToTheResourceServer) {
    const std::vector<std::string> stock{"https://stock.example"};
    ApplicationDefinition more =
        run(view_authorization(services(), shop_, browser_, Deadline::max())).value().application.definition;
    more.audiences = stock;
    of_application(ChangeApplication{std::move(more), ApplicationStatus::kEnabled});
    AuthorizationRequest asked = request();
    asked.resources = stock;
    const auto code_for_stock = [&] {
        return code_for(services(), run(view_authorization(services(), shop_, browser_, Deadline::max())).value(),
                        asked);
    };
    EXPECT_TRUE(test::refused(exchange(code_for_stock()), refusals::kCodeNotGood)) << "to the scope alone";
    EXPECT_TRUE(test::succeeds(exchange(code())));
    ASSERT_TRUE(test::succeeds(run(give_consent(services(), browser_, asked, caller()))));
    const auto granted = exchange(code_for_stock());
    ASSERT_TRUE(test::succeeds(granted));
    EXPECT_EQ(granted->grant.audiences, stock);
    EXPECT_TRUE(test::succeeds(exchange(code()))) << "userinfo needs no word of its own";
}
TEST_F(ExchangeCodeTest, IsRefusedOnceTheApplicationWasDeleted) {
    const auto given = code();
    of_application(DeleteApplication{});
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
}
TEST_F(ExchangeCodeTest, IsRefusedOnceAllSessionsWereEnded) {
    const auto given = code();
    const Grant phone = world.log_in(node, kAnnsEmail);
    ASSERT_TRUE(test::succeeds(run(revoke_all_sessions(other.services, test::bearer_of(phone),
                                                       SessionsToKeep::kCurrentSession, test::caller_of(phone)))));
    EXPECT_TRUE(test::refused(exchange(given), refusals::kCodeNotGood));
}

// ---- what a session does not survive ---------------------------------------------------------------------------
TEST_F(ExchangeCodeTest, TheSessionEndsWithThatOfTheBrowser) {
    const auto granted = exchange(code());
    EXPECT_FALSE(is_over(granted->grant));
    const auto next = exchange(code());
    ASSERT_TRUE(test::succeeds(run(log_out(other.services, browser_, caller().acting_as(ann_)))));
    EXPECT_TRUE(is_over(next->grant));
}
TEST_F(ExchangeCodeTest, TheSessionForOfflineAccessStays) {
    const std::vector<std::string> scope{"openid", "offline_access"};
    ASSERT_TRUE(test::succeeds(run(give_consent(services(), browser_, request(scope), caller()))));
    const auto granted = exchange(code(scope));
    ASSERT_TRUE(test::succeeds(run(log_out(other.services, browser_, caller().acting_as(ann_)))));
    EXPECT_FALSE(is_over(granted->grant));
}
TEST_F(ExchangeCodeTest, TheSessionEndsWithTheConsentAndDoesNotComeBack) {
    const auto granted = exchange(code());
    const Grant phone = world.log_in(node, kAnnsEmail);
    ASSERT_TRUE(
        test::succeeds(run(withdraw_consent(other.services, test::bearer_of(phone), shop_, test::caller_of(phone)))));
    EXPECT_TRUE(is_over(granted->grant));
    ASSERT_TRUE(test::succeeds(run(give_consent(services(), browser_, request(), caller()))));
    EXPECT_TRUE(is_over(granted->grant));
    EXPECT_FALSE(is_over(exchange(code())->grant));
}
TEST_F(ExchangeCodeTest, TheSessionEndsWithTheApplication) {
    const auto granted = exchange(code());
    of_application(DeleteApplication{});
    EXPECT_TRUE(is_over(granted->grant));
}

// An application is not its user.
TEST_F(ExchangeCodeTest, TheSessionCommandsNothing) {
    const auto granted = exchange(code());
    const Bearer bearer = test::bearer_of(granted->grant);
    EXPECT_TRUE(
        test::refused(run(log_out(other.services, bearer, test::caller_of(granted->grant))), refusals::kInvalidToken));
    EXPECT_TRUE(test::refused(run(bearer_at_head(other.services, bearer, Deadline::max())), refusals::kInvalidToken));
    Refresh again{{granted->grant.session_id, 1, granted->grant.client_id}, services().settings.issuer, client(), {}};
    EXPECT_TRUE(
        test::refused(run(refresh_session(other.services, std::move(again), caller())), refusals::kInvalidTarget))
        << "and gets no token that would";
}

TEST_F(ExchangeCodeTest, TheSessionGetsNoOtherAudienceThanItHas) {
    const auto granted = exchange(code());
    Client one = client();
    one.audiences = {"https://stock.example"};
    Refresh wider{{granted->grant.session_id, 1, granted->grant.client_id}, "https://stock.example", one, {}};
    EXPECT_TRUE(
        test::refused(run(refresh_session(other.services, std::move(wider), caller())), refusals::kInvalidTarget));
}

// ---- refreshing ------------------------------------------------------------------------------------------------
TEST_F(ExchangeCodeTest, RefreshTokensRotateWithoutASecretAlone) {
    const auto first = exchange(code());
    EXPECT_EQ(refresh(first->grant)->generation, 2);
    define(ClientAuthentication::kSecretBasic);
    ASSERT_TRUE(test::succeeds(run(give_consent(services(), browser_, request(), caller()))));
    const auto kept = exchange(code());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(refresh(kept->grant)->generation, 1);
}
TEST_F(ExchangeCodeTest, RefreshingEndsWithTheGrantType) {
    const auto first = exchange(code());
    const auto view = run(view_authorization(services(), shop_, browser_, Deadline::max()));
    ApplicationDefinition less = view.value().application.definition;
    less.grant_types = {GrantType::kAuthorizationCode};
    of_application(ChangeApplication{std::move(less), ApplicationStatus::kEnabled});
    EXPECT_TRUE(test::refused(refresh(first->grant), refusals::kInvalidGrant));
}
// A longer one than the service's says nothing.
TEST_F(ExchangeCodeTest, SessionsLastAsTheApplicationWantsIt) {
    const auto view = run(view_authorization(services(), shop_, browser_, Deadline::max()));
    ApplicationDefinition changed = view.value().application.definition;
    changed.session_idle_lifetime = minutes(10);
    changed.session_lifetime = minutes(25);
    of_application(ChangeApplication{changed, ApplicationStatus::kEnabled});
    const auto first = exchange(code());
    const auto second = exchange(code());
    clock.advance(minutes(9));
    const auto next = refresh(first->grant);
    ASSERT_TRUE(test::succeeds(next));
    clock.advance(minutes(1));
    EXPECT_TRUE(test::refused(refresh(second->grant), refusals::kInvalidGrant)) << "it was idle";
    clock.advance(minutes(8));
    const auto last = refresh(*next);
    ASSERT_TRUE(test::succeeds(last));
    clock.advance(minutes(7));
    EXPECT_TRUE(test::refused(refresh(*last), refusals::kInvalidGrant)) << "it is too old";
    EXPECT_TRUE(is_over(*last));
    changed.session_lifetime = services().settings.lifetimes.absolute * 2;
    of_application(ChangeApplication{changed, ApplicationStatus::kEnabled});
    const auto longest = exchange(code());
    Streams streams;
    streams.read<Session>(longest->grant.session_id);
    const auto folds = run(services().executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
    EXPECT_EQ(state_of<Session>(folds->front()).expires_at, clock.now() + services().settings.lifetimes.absolute);
}
TEST_F(ExchangeCodeTest, RefreshingNarrowsTheScopeAndNeverWidensIt) {
    const auto first = exchange(code());
    const auto narrow = refresh(first->grant, std::vector<std::string>{"openid"});
    ASSERT_TRUE(test::succeeds(narrow));
    EXPECT_EQ(narrow->scope, std::vector<std::string>{"openid"});
    const auto wide = refresh(*narrow);
    ASSERT_TRUE(test::succeeds(wide));
    EXPECT_EQ(wide->scope, first->grant.scope) << "it is the session's again";
    EXPECT_TRUE(test::refused(refresh(*wide, std::vector<std::string>{"openid", "profile"}), refusals::kInvalidScope));
}

}  // namespace
}  // namespace keyledger::commands

// From a device that shows a code to its session, and who may stand in between.
#include "commands/authorization/device_grant.hpp"

#include <cctype>
#include <set>

#include "commands/sessions/end_sessions.hpp"
#include "eventstore/lookups.hpp"
#include "tests/commands/authorization/shop_fixture.hpp"
#include "tests/support/world/plain_cursors.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::run;
using test::Types;
using Outcome = PollOutcome;

constexpr const char* kBobsEmail = "bob@example.com";

class DeviceGrantTest : public ShopTest {
protected:
    void SetUp() override {
        world.accounts.user_codes = &user_codes_;
        ShopTest::SetUp();
        define_device(ClientAuthentication::kNone, ConsentRule::kRequired);
    }
    void define_device(ClientAuthentication authentication, ConsentRule consent) {
        definition_ = {};
        definition_.name = "Television";
        definition_.type =
            authentication == ClientAuthentication::kNone ? ApplicationType::kNative : ApplicationType::kWeb;
        definition_.authentication = authentication;
        definition_.consent = consent;
        definition_.grant_types = {GrantType::kDeviceCode, GrantType::kRefreshToken};
        definition_.scopes = {"email", "offline_access", "openid"};
        shop_ = ApplicationId{world.identifiers.next()};
        of_application(RegisterApplication{definition_});
        before_ = world.head();
    }
    SealedBy by() { return {cursors_, log_id_}; }

    // What the device knows: its code, opened, and what it shows.
    struct Shown {
        DeviceCode code;
        std::string user_code;
    };
    Shown begun(std::vector<std::string> scope = {"openid", "email"}, std::vector<std::string> resources = {}) {
        DeviceRequest asked{shop_, std::move(scope), std::move(resources)};
        const auto begun = run(begin_device(services(), by(), std::move(asked), Deadline::max()));
        EXPECT_TRUE(test::succeeds(begun));
        return {*open_device_code(by(), begun->device_code), begun->user_code};
    }
    Result<std::optional<TypedDevice>, CommandError> typed(const std::string& text, const Bearer& browser) {
        return run(find_device(other.services, by(), browser, text, Deadline::max()));
    }
    bool is_found(const std::string& text) {
        const auto found = typed(text, browser_);
        EXPECT_TRUE(test::succeeds(found));
        return found && found->has_value();
    }
    Result<Receipt, CommandError> answer(const DeviceCode& code, DeviceVerdict verdict, const Bearer& browser) {
        return run(answer_device(other.services, browser, code, verdict, caller()));
    }
    void approve(const DeviceCode& code) {
        EXPECT_TRUE(test::succeeds(answer(code, DeviceVerdict::kApprove, browser_)));
    }
    PolledDevice poll(const DeviceCode& code) {
        const auto polled = run(poll_device(services(), code, Deadline::max()));
        EXPECT_TRUE(test::succeeds(polled));
        return polled.value();
    }
    Result<CodeGrant, CommandError> exchange_of(const DeviceCode& code, std::string key = {}) {
        const PolledDevice polled = poll(code);
        EXPECT_EQ(polled.outcome, Outcome::kApproved);
        return run(exchange_device(services(), code, polled.answer, std::move(key), caller()));
    }
    // Somebody else, who is logged in at a browser of their own.
    Bearer bob() {
        (void)world.register_user(node, kBobsEmail);
        LogIn login = test::login(kBobsEmail);
        login.client = Client{std::string(kBrowserClientId), {}};
        const auto grant = run(log_in(services(), std::move(login), caller()));
        before_ = world.head();
        return {grant->user_id, grant->session_id, grant->security_stamp, clock.now()};
    }

    eventstore::ProcessLookups user_codes_{[this] { return clock.now(); }};
    test::PlainCursors cursors_;
    const Uuid log_id_ = test::uuid(77);
    ApplicationDefinition definition_;
};

TEST_F(DeviceGrantTest, BeginsTheSessionOnceSomebodyAgreed) {
    const Shown shown = begun();
    EXPECT_EQ(poll(shown.code).outcome, Outcome::kPending);
    const auto found = typed(shown.user_code, browser_);
    ASSERT_TRUE(test::succeeds(found));
    ASSERT_TRUE(*found);
    EXPECT_EQ((*found)->application.definition.name, "Television");
    EXPECT_EQ((*found)->device.scope, (std::vector<std::string>{"openid", "email"}));
    EXPECT_EQ(since(), Types{}) << "nothing is appended before somebody answers";
    approve((*found)->device);
    clock.advance(kPollInterval);
    const auto granted = exchange_of(shown.code);
    ASSERT_TRUE(test::succeeds(granted));
    EXPECT_EQ(granted->grant.user_id, ann_);
    EXPECT_EQ(granted->grant.session_id, shown.code.session_id);
    EXPECT_EQ(granted->grant.client_id, shop_.to_string());
    EXPECT_EQ(granted->grant.scope, (std::vector<std::string>{"openid", "email"}));
    EXPECT_EQ(granted->grant.audiences, std::vector<std::string>{services().settings.issuer + "/oauth2/userinfo"});
    EXPECT_TRUE(granted->refreshes);
    EXPECT_EQ(since(), (Types{"device_authorization.approved", "consent.given", "session.started"}));
    EXPECT_FALSE(is_over(granted->grant));
}

// With the yes to a device its application may act at the resource servers that the page named, and at no others.
TEST_F(DeviceGrantTest, RecordsToWhichResourceServersTheyAgreed) {
    const std::vector<std::string> stock{"https://stock.example"};
    definition_.audiences = stock;
    of_application(ChangeApplication{definition_, ApplicationStatus::kEnabled});
    const auto agreed = [&] {
        return run(view_authorization(services(), shop_, browser_, Deadline::max())).value().consent.audiences;
    };
    Shown without = begun();
    approve(without.code);
    EXPECT_EQ(agreed(), std::vector<std::string>{}) << "userinfo is none of them";
    without.code.audiences = stock;
    EXPECT_TRUE(test::refused(exchange_of(without.code), refusals::kCodeNotGood));
    const Shown with = begun({"openid"}, stock);
    approve(with.code);
    EXPECT_EQ(agreed(), stock);
    const auto granted = exchange_of(with.code);
    ASSERT_TRUE(test::succeeds(granted));
    EXPECT_EQ(granted->grant.audiences, stock);
}

TEST_F(DeviceGrantTest, AsksForTheOperatorsOwnApplicationsTooAndRecordsNoConsentForThem) {
    define_device(ClientAuthentication::kNone, ConsentRule::kFirstParty);
    const Shown shown = begun();
    EXPECT_EQ(poll(shown.code).outcome, Outcome::kPending);
    approve(shown.code);
    EXPECT_EQ(since(), Types{"device_authorization.approved"});
    clock.advance(kPollInterval);
    EXPECT_TRUE(test::succeeds(exchange_of(shown.code)));
}

// ---- the code that people type ---------------------------------------------------------------------------------
TEST_F(DeviceGrantTest, TakesTheCodeAsPeopleTypeIt) {
    const std::string code = begun().user_code;
    std::string small = code;
    for (char& c : small) c = static_cast<char>(std::tolower(c));
    const std::string bare = code.substr(0, 4) + code.substr(5);
    for (const std::string& text : {code, small, bare, " " + bare.substr(0, 3) + " " + bare.substr(3) + "\t",
                                    code.substr(0, 4) + "\xE2\x80\x93" + code.substr(5)})
        EXPECT_TRUE(is_found(text)) << text;
    for (const std::string& text : {bare.substr(1), bare + "B", std::string(), "A" + bare.substr(1), bare + "1"})
        EXPECT_FALSE(is_found(text)) << text;
}

TEST_F(DeviceGrantTest, ShowsEightLettersWithoutVowels) {
    std::set<std::string> codes;
    for (int i = 0; i < 200; ++i) {
        const std::string code = begun().user_code;
        EXPECT_EQ(shown_user_code(typed_user_code(code)), code);
        EXPECT_EQ(code.find_first_of("AEIOUY0123456789"), code.npos) << code;
        codes.insert(code);
    }
    EXPECT_EQ(codes.size(), 200U);
}

TEST_F(DeviceGrantTest, TakesNoCodeThatIsOver) {
    const Shown late = begun();
    const Shown answered = begun();
    const Shown refused = begun();
    approve(answered.code);
    EXPECT_TRUE(test::succeeds(answer(refused.code, DeviceVerdict::kRefuse, browser_)));
    EXPECT_FALSE(is_found(answered.user_code));
    EXPECT_FALSE(is_found(refused.user_code));
    clock.advance(kDeviceCodeLasts - milliseconds(1));
    EXPECT_TRUE(is_found(late.user_code));
    clock.advance(milliseconds(1));
    EXPECT_FALSE(is_found(late.user_code));
    EXPECT_TRUE(test::refused(answer(late.code, DeviceVerdict::kApprove, browser_), refusals::kDeviceCodeOver));
}

TEST_F(DeviceGrantTest, TakesNoCodeFromWhoIsLoggedOut) {
    const Shown shown = begun();
    ASSERT_TRUE(test::succeeds(run(log_out(services(), browser_, caller().acting_as(ann_)))));
    EXPECT_TRUE(test::refused(typed(shown.user_code, browser_), refusals::kInvalidToken));
    EXPECT_TRUE(test::refused(answer(shown.code, DeviceVerdict::kApprove, browser_), refusals::kInvalidToken));
}

// RFC 8628 section 5.1: in whatever session somebody guesses, they guess ten times.
TEST_F(DeviceGrantTest, LetsNobodyGuess) {
    const Shown shown = begun();
    const Bearer other_user = bob();
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(is_found("BBBB-BBB" + std::string(1, "CDFGHJKLMN"[i])));
    EXPECT_TRUE(test::refused(typed(shown.user_code, browser_), refusals::kTooManyAttempts)) << "also a right one";
    EXPECT_TRUE(typed(shown.user_code, other_user)->has_value()) << "nobody takes it from somebody else";
    clock.advance(minutes(1));
    EXPECT_TRUE(is_found(shown.user_code));
}

// While everybody together guesses more than 60 times a minute, nobody's code is looked for beyond their first three.
TEST_F(DeviceGrantTest, LetsAllTogetherGuessNoMore) {
    const Shown shown = begun();
    eventstore::Bucket wrong;
    wrong.key = "wrong device codes of everybody, 60/600";
    wrong.burst = 600;
    for (int i = 0; i < 599; ++i) ASSERT_EQ(run(world.limits.take({wrong}, Deadline::max()))->wait, Duration());
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(is_found("BBBB-BBBB")) << "their first three take nothing";
    EXPECT_TRUE(is_found(shown.user_code)) << "a right one takes nothing";
    EXPECT_TRUE(is_found(shown.user_code));
    EXPECT_FALSE(is_found("BBBB-BBBB"));
    EXPECT_TRUE(test::refused(typed(shown.user_code, browser_), refusals::kTooManyAttempts));
    const Bearer other_user = bob();
    EXPECT_FALSE(typed("BBBB-BBBB", other_user)->has_value());
    for (int i = 0; i < 2; ++i)
        EXPECT_TRUE(typed(shown.user_code, other_user)->has_value()) << "guessing keeps nobody else out";
    EXPECT_TRUE(test::refused(typed(shown.user_code, other_user), refusals::kTooManyAttempts));
    clock.advance(seconds(1));
    EXPECT_TRUE(typed(shown.user_code, other_user)->has_value());
}

// ---- polling ---------------------------------------------------------------------------------------------------
TEST_F(DeviceGrantTest, TellsADeviceToSlowDown) {
    const Shown shown = begun();
    EXPECT_EQ(poll(shown.code).outcome, Outcome::kPending);
    EXPECT_EQ(poll(shown.code).outcome, Outcome::kPending) << "once more, with the nonce that it was told";
    EXPECT_EQ(poll(shown.code).outcome, Outcome::kTooSoon);
    EXPECT_EQ(poll(begun().code).outcome, Outcome::kPending) << "of each device";
    for (int i = 0; i < 20; ++i) {
        clock.advance(kPollInterval);
        EXPECT_EQ(poll(shown.code).outcome, Outcome::kPending);
    }
    approve(shown.code);
    EXPECT_EQ(poll(shown.code).outcome, Outcome::kTooSoon) << "also of one that was approved";
}

TEST_F(DeviceGrantTest, TellsADeviceThatTheyDidNotAgree) {
    const Shown shown = begun();
    ASSERT_TRUE(test::succeeds(answer(shown.code, DeviceVerdict::kRefuse, browser_)));
    EXPECT_EQ(since(), Types{"device_authorization.refused"});
    const PolledDevice polled = poll(shown.code);
    EXPECT_EQ(polled.outcome, Outcome::kRefused);
    EXPECT_TRUE(test::refused(run(exchange_device(services(), shown.code, polled.answer, {}, caller())),
                              refusals::kCodeNotGood));
}

TEST_F(DeviceGrantTest, TellsADeviceThatItsCodeExpired) {
    const Shown silent = begun();
    const Shown approved = begun();
    approve(approved.code);
    clock.advance(kDeviceCodeLasts);
    EXPECT_EQ(poll(silent.code).outcome, Outcome::kExpired);
    EXPECT_TRUE(test::refused(exchange_of(approved.code), refusals::kCodeNotGood)) << "it came too late";
    clock.advance(kCodeReuseNoticed);
    EXPECT_EQ(poll(approved.code).outcome, Outcome::kExpired);
    EXPECT_EQ(since(), (Types{"device_authorization.approved", "consent.given"}));
}

// ---- I13 -------------------------------------------------------------------------------------------------------
TEST_F(DeviceGrantTest, BeginsOneSessionForFiftyAtOnceOnTwoNodes) {
    for (const auto authentication : {ClientAuthentication::kNone, ClientAuthentication::kPrivateKeyJwt}) {
        define_device(authentication, ConsentRule::kRequired);
        const Shown shown = begun();
        approve(shown.code);
        const DeviceAuthorization answer = poll(shown.code).answer;
        std::vector<asio::awaitable<Result<CodeGrant, CommandError>>> rivals;
        for (int i = 0; i < 50; ++i)
            rivals.push_back(exchange_device((i % 2 == 0 ? node : other).services, shown.code, answer, {}, caller()));
        int answered = 0;
        for (const auto& outcome : test::run_all(std::move(rivals))) answered += outcome.has_value() ? 1 : 0;
        EXPECT_GE(answered, 1);
        EXPECT_TRUE(answered == 1 || authentication == ClientAuthentication::kNone) << answered;
        const Types events = since();
        EXPECT_EQ(std::ranges::count(events, "session.started"), 1);
        EXPECT_LE(std::ranges::count(events, "session.ended"), 1);
    }
}

TEST_F(DeviceGrantTest, TakesOneAnswerOfFiftyAtOnceOnTwoNodes) {
    const Shown shown = begun();
    const Bearer other_user = bob();
    std::vector<asio::awaitable<Result<Receipt, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i) {
        const auto verdict = i % 3 == 0 ? DeviceVerdict::kRefuse : DeviceVerdict::kApprove;
        const Bearer& browser = i % 2 == 0 ? browser_ : other_user;
        rivals.push_back(answer_device((i % 4 < 2 ? node : other).services, browser, shown.code, verdict, caller()));
    }
    (void)test::run_all(std::move(rivals));
    const Types events = since();
    EXPECT_EQ(std::ranges::count_if(events, [](const auto& type) { return type.starts_with("device_"); }), 1);
    EXPECT_LE(std::ranges::count(events, "consent.given"), 1);
}

TEST_F(DeviceGrantTest, ChangesNothingWhereTheSameIsSaidAgain) {
    const Shown shown = begun();
    const Bearer other_user = bob();
    approve(shown.code);
    approve(shown.code);
    EXPECT_TRUE(test::refused(answer(shown.code, DeviceVerdict::kRefuse, browser_), refusals::kDeviceCodeOver));
    EXPECT_TRUE(test::refused(answer(shown.code, DeviceVerdict::kApprove, other_user), refusals::kDeviceCodeOver));
    EXPECT_EQ(since(), (Types{"device_authorization.approved", "consent.given"}));
    clock.advance(kPollInterval);
    EXPECT_EQ(poll(shown.code).answer.user_id, ann_);
}

TEST_F(DeviceGrantTest, GivesALostAnswerAgainAndEndsTheSessionWhereItsCodeIsUsedLater) {
    const Shown shown = begun();
    approve(shown.code);
    const auto first = exchange_of(shown.code);
    ASSERT_TRUE(test::succeeds(first));
    clock.advance(seconds(10));
    const auto again = exchange_of(shown.code);
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_EQ(again->grant.generated_at, first->grant.generated_at) << "the same refresh token";
    EXPECT_FALSE(is_over(first->grant));
    clock.advance(minutes(5));
    EXPECT_TRUE(test::refused(exchange_of(shown.code), refusals::kCodeNotGood));
    EXPECT_TRUE(is_over(first->grant));
}

TEST_F(DeviceGrantTest, EndsTheSessionOfAnApplicationThatKeepsASecret) {
    define_device(ClientAuthentication::kSecretBasic, ConsentRule::kRequired);
    const Shown shown = begun();
    approve(shown.code);
    const auto first = exchange_of(shown.code);
    ASSERT_TRUE(test::succeeds(first));
    EXPECT_TRUE(test::refused(exchange_of(shown.code), refusals::kCodeNotGood));
    EXPECT_TRUE(is_over(first->grant));
}

TEST_F(DeviceGrantTest, WantsAKeyWhereTheApplicationsTokensAreBoundToOne) {
    definition_.token_binding = TokenBinding::kDpop;
    of_application(ChangeApplication{definition_, ApplicationStatus::kEnabled});
    const Shown shown = begun();
    approve(shown.code);
    EXPECT_TRUE(test::refused(exchange_of(shown.code), refusals::kPossessionWanted));
    EXPECT_TRUE(test::succeeds(exchange_of(shown.code, "thumbprint")));
}

// ---- what a code and its session do not survive ----------------------------------------------------------------
TEST_F(DeviceGrantTest, IsRefusedOnceTheBrowserWasLoggedOut) {
    const Shown shown = begun();
    approve(shown.code);
    ASSERT_TRUE(test::succeeds(run(log_out(other.services, browser_, caller().acting_as(ann_)))));
    EXPECT_TRUE(test::refused(exchange_of(shown.code), refusals::kCodeNotGood));
}
// Scenario: somebody is talked into approving a phisher's device, takes it back, and lets the application in anew; the
// device polls after that.
TEST_F(DeviceGrantTest, IsRefusedWhereTheConsentWasWithdrawnThoughTheyAgreedAgain) {
    const Shown phishers = begun();
    approve(phishers.code);
    const Grant phone = world.log_in(node, test::kAnnsEmail);
    ASSERT_TRUE(
        test::succeeds(run(withdraw_consent(other.services, test::bearer_of(phone), shop_, test::caller_of(phone)))));
    ASSERT_TRUE(test::succeeds(run(give_consent(services(), browser_, request(), caller()))));
    EXPECT_TRUE(test::refused(exchange_of(phishers.code), refusals::kCodeNotGood));
    const Shown own = begun();
    approve(own.code);
    EXPECT_TRUE(test::succeeds(exchange_of(own.code)));
}
TEST_F(DeviceGrantTest, IsRefusedWhereTheApplicationWasDisabledInBetween) {
    const Shown shown = begun();
    approve(shown.code);
    of_application(ChangeApplication{definition_, ApplicationStatus::kDisabled});
    of_application(ChangeApplication{definition_, ApplicationStatus::kEnabled});
    EXPECT_TRUE(test::refused(exchange_of(shown.code), refusals::kCodeNotGood));
}
// Scenario: a thief of the code polls first, with a key of their own; then the device, which shows none.
TEST_F(DeviceGrantTest, EndsTheSessionOfAThiefWhoShowedAKey) {
    const Shown shown = begun();
    approve(shown.code);
    const auto stolen = exchange_of(shown.code, "thumbprint of the thief's");
    ASSERT_TRUE(test::succeeds(stolen));
    EXPECT_TRUE(test::refused(exchange_of(shown.code), refusals::kCodeNotGood));
    EXPECT_TRUE(is_over(stolen->grant));
}
TEST_F(DeviceGrantTest, IsRefusedOnceTheApplicationMayNotHaveItAnyMore) {
    const Shown shown = begun();
    const Shown answered = begun();
    approve(answered.code);
    definition_.grant_types = {GrantType::kAuthorizationCode, GrantType::kRefreshToken};
    definition_.redirect_uris = {"com.example.television:/callback"};
    of_application(ChangeApplication{definition_, ApplicationStatus::kEnabled});
    EXPECT_FALSE(is_found(shown.user_code));
    EXPECT_TRUE(test::refused(answer(shown.code, DeviceVerdict::kApprove, browser_), refusals::kDeviceCodeOver));
    EXPECT_TRUE(test::refused(exchange_of(answered.code), refusals::kCodeNotGood));
}
TEST_F(DeviceGrantTest, TheSessionEndsWithThatOfTheBrowserButForOfflineAccess) {
    const Shown shown = begun();
    const Shown offline = begun({"openid", "offline_access"});
    approve(shown.code);
    approve(offline.code);
    const auto ends = exchange_of(shown.code);
    const auto stays = exchange_of(offline.code);
    ASSERT_TRUE(test::succeeds(run(log_out(other.services, browser_, caller().acting_as(ann_)))));
    EXPECT_TRUE(is_over(ends->grant));
    EXPECT_FALSE(is_over(stays->grant));
}

// ---- what is sealed --------------------------------------------------------------------------------------------
TEST_F(DeviceGrantTest, KeepsWhatPeopleTypeApartFromWhatTheDeviceAsksBy) {
    const Shown shown = begun();
    const std::string sealed = seal_device_code(by(), shown.code);
    EXPECT_FALSE(open_asked_device(by(), sealed));
    EXPECT_FALSE(open_device_code(by(), typed(shown.user_code, browser_)->value().sealed))
        << "whoever types the code gets none of the tokens";
    const Uuid restored = test::uuid(78);
    EXPECT_FALSE(open_device_code({cursors_, restored}, sealed)) << "of another log";
}

TEST_F(DeviceGrantTest, KeepsNoMoreThanThereIsRoomFor) {
    eventstore::ProcessLookups small([this] { return clock.now(); }, 2);
    world.accounts.user_codes = &small;
    (void)begun();
    (void)begun();
    const auto ask = [&] { return run(begin_device(services(), by(), {shop_, {"openid"}, {}}, Deadline::max())); };
    EXPECT_TRUE(test::refused(ask(), refusals::kTooManyAttempts));
    clock.advance(kDeviceCodeLasts);
    EXPECT_TRUE(test::succeeds(ask()));
}

}  // namespace
}  // namespace keyledger::commands

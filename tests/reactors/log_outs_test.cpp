// Applications are told of each of their sessions that is over, once for each job, whatever ended it; and the log says
// so in the session's own stream.
#include "reactors/log_outs.hpp"

#include <gtest/gtest.h>

#include "commands/accounts/erase_user.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/authorization/exchange_code.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "commands/sessions/log_in.hpp"
#include "commands/sessions/record_ends.hpp"
#include "domain/sessions/grounds.hpp"
#include "eventstore/aggregates.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/declarations.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/world.hpp"

namespace keyledger::reactors {
namespace {

using commands::OutgoingFault;
using test::caller;
using test::run;

constexpr const char* kAnnsEmail = "ann@example.com";
constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";  // RFC 7636 appendix B
constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
constexpr const char* kCallback = "https://shop.example/callback";
constexpr const char* kLogOutUri = "https://shop.example/backchannel";

template <class T>
testing::AssertionResult succeeds(const Result<T, commands::CommandError>& result) {
    if (result) return testing::AssertionSuccess();
    return testing::AssertionFailure() << result.error().refusal->slug;
}

class RecordedTokens : public commands::LogoutTokens {
public:
    asio::awaitable<std::string> issue(commands::LogoutToken told) override {
        issued.push_back(std::move(told));
        co_return "token-" + std::to_string(issued.size());
    }
    std::vector<commands::LogoutToken> issued;
};

class RecordedOutgoing : public commands::Outgoing {
public:
    asio::awaitable<Result<commands::OutgoingAnswer, OutgoingFault>> ask(commands::OutgoingRequest request,
                                                                         Deadline) override {
        urls.push_back(request.url);
        EXPECT_EQ(request.body->type, "application/x-www-form-urlencoded");
        bodies.emplace_back(request.body->content.reveal());
        if (fault) co_return Unexpected(*fault);
        co_return commands::OutgoingAnswer{status, "", ""};
    }
    int status = 200;
    std::optional<OutgoingFault> fault;
    std::vector<std::string> urls;
    std::vector<std::string> bodies;
};

class LogOutsTest : public testing::Test {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail);
        shop_ = define(kLogOutUri);
        browser_ = open_browser();
    }
    ApplicationId define(std::optional<std::string> uri) {
        ApplicationDefinition definition;
        definition.name = "Shop";
        definition.type = ApplicationType::kSpa;
        definition.authentication = ClientAuthentication::kNone;
        definition.grant_types = {GrantType::kAuthorizationCode, GrantType::kRefreshToken};
        definition.scopes = {"email", "offline_access", "openid"};
        definition.redirect_uris = {kCallback};
        definition.backchannel_logout_uri = std::move(uri);
        definition.id_token_algorithm = KeyAlgorithm::kEs256;
        const ApplicationId id{world.identifiers.next()};
        change(id, RegisterApplication{std::move(definition)});
        return id;
    }
    template <class Command>
    void change(const ApplicationId& id, const Command& command) {
        commands::Streams streams;
        const auto application = streams.read<Application>(id);
        const commands::Step step = [&](commands::Attempt& attempt) -> commands::StepResult {
            co_return attempt.decide_and_append(application, command);
        };
        ASSERT_TRUE(succeeds(run(node.executor.run(caller(), streams, step))));
    }
    commands::Bearer open_browser() {
        commands::LogIn login = test::login(kAnnsEmail);
        login.client = commands::Client{std::string(kBrowserClientId), {}};
        const auto grant = run(commands::log_in(node.services, std::move(login), caller()));
        return {grant->user_id, grant->session_id, grant->security_stamp, clock.now()};
    }
    SessionId begin(const commands::Bearer& browser, const ApplicationId& application,
                    std::vector<std::string> scope = {"openid"}) {
        AuthorizationRequest request;
        request.application_id = application;
        request.redirect_uri = kCallback;
        request.scope = std::move(scope);
        request.code_challenge = kChallenge;
        request.made_at = clock.now();
        EXPECT_TRUE(succeeds(run(commands::give_consent(node.services, browser, request, caller()))));
        const auto view = run(commands::view_authorization(node.services, application, browser, Deadline::max()));
        const auto code = commands::code_for(node.services, view.value(), request);
        commands::CodeExchange whole{code, kCallback, Secret(std::string_view(kVerifier)), application};
        EXPECT_TRUE(succeeds(run(commands::exchange_code(node.services, std::move(whole), caller()))));
        return code.session_id;
    }
    commands::Caller as_ann() { return caller().acting_as(ann_); }

    // ---- the reactor ---------------------------------------------------------------------------------------------
    // As the read model has them: when each ended, by itself or with others.
    asio::awaitable<std::optional<std::vector<ListedSession>>> rows(UserId user_id) {
        if (sessions_unavailable) co_return std::nullopt;
        std::vector<ListedSession> all;
        std::vector<UserId> users;  // of each of them
        for (const auto& recorded : world.events(0)) {
            eventstore::NullFieldOpener nothing;
            const auto event = eventstore::decode_any(recorded, nothing);
            if (const auto* of_session = eventstore::event_in<Session>(*event)) {
                if (const auto* started = std::get_if<SessionStarted>(of_session)) {
                    auto& row = all.emplace_back();
                    row.id = SessionId{recorded.stream_id};
                    users.push_back(started->user_id);
                    row.client_id = started->client_id;
                    row.first_position = recorded.position;
                } else if (std::holds_alternative<SessionEnded>(*of_session)) {
                    for (auto& row : all)
                        if (row.id == recorded.stream_id && !row.ended_position) row.ended_position = recorded.position;
                }
            }
            const auto* of_user = eventstore::event_in<User>(*event);
            if (of_user == nullptr || !end_of_sessions(*of_user)) continue;
            for (std::size_t i = 0; i < all.size(); ++i)
                if (users[i] == recorded.stream_id && !all[i].ended_position) all[i].ended_position = recorded.position;
        }
        std::vector<ListedSession> theirs;
        for (std::size_t i = 0; i < all.size(); ++i)
            if (users[i] == user_id && ApplicationId::parse(all[i].client_id)) theirs.push_back(all[i]);
        co_return theirs;
    }
    // All jobs of the events behind that position are performed, and of the events that follow from them.
    std::vector<Performed> perform_all(Position behind) {
        std::vector<Performed> came_of_it;
        for (Position position = behind + 1; position <= world.head(); ++position)
            for (Performed& performed : perform_of(position)) came_of_it.push_back(std::move(performed));
        return came_of_it;
    }
    std::vector<Performed> perform_of(Position position) {
        const auto recorded = world.events(position - 1).front();
        const eventstore::FollowedEvent event(recorded);
        std::vector<Performed> came_of_it;
        std::int32_t ordinal = 0;
        for (const PlannedJob& planned : reactor.plan(sealed(event))) {
            Job job{{log_id, "log-out", position, ordinal++}, planned.kind, planned.subject, planned.arguments};
            came_of_it.push_back(run(reactor.perform(std::move(job), Deadline::max())));
        }
        return came_of_it;
    }
    std::vector<SessionId> told() const {
        std::vector<SessionId> all;
        for (const auto& one : tokens.issued) all.push_back(one.session_id);
        std::ranges::sort(all);
        return all;
    }
    static std::vector<SessionId> sorted(std::vector<SessionId> all) {
        std::ranges::sort(all);
        return all;
    }
    std::optional<SessionEndReason> end_of(const SessionId& session_id) {
        for (const auto& recorded : world.events(0)) {
            if (recorded.stream_id != session_id || recorded.type != SessionEnded::kType) continue;
            eventstore::NullFieldOpener nothing;
            const auto event = eventstore::decode_any(recorded, nothing);
            return std::get<SessionEnded>(*eventstore::event_in<Session>(*event)).reason;
        }
        return std::nullopt;
    }

    test::FixedClock clock{test::kNow};
    eventstore::MemoryStore store{[this] { return clock.now(); }};
    test::World world{store, clock};
    test::Node node{world, store};
    test::Node other{world, store};
    const Uuid log_id = test::uuid(0x10);
    RecordedTokens tokens;
    RecordedOutgoing outgoing;
    bool sessions_unavailable = false;
    LogOuts reactor{
        {other.services, [this](UserId user_id, Position, Deadline) { return rows(user_id); }, tokens, outgoing}};
    UserId ann_;
    ApplicationId shop_;
    commands::Bearer browser_;
};

TEST_F(LogOutsTest, AreToldOfAllThatRestedOnABrowsersSession) {
    const ApplicationId forum = define("https://forum.example/out");
    const auto elsewhere = open_browser();
    const auto in_shop = begin(browser_, shop_);
    const auto in_forum = begin(browser_, forum);
    begin(elsewhere, shop_);
    begin(browser_, shop_, {"openid", "offline_access"});
    const Position before = world.head();
    ASSERT_TRUE(succeeds(run(commands::log_out(node.services, browser_, as_ann()))));
    for (const Performed& one : perform_all(before)) EXPECT_TRUE(std::holds_alternative<Done>(one));
    EXPECT_EQ(told(), sorted({in_shop, in_forum})) << "neither what another browser began, nor what outlives it";
    EXPECT_EQ(end_of(in_shop), SessionEndReason::kBrowserSessionEnded);
    EXPECT_EQ(outgoing.urls.size(), 2U);
    EXPECT_EQ(outgoing.bodies[0], "logout_token=token-1");
    const auto one = tokens.issued[0];
    EXPECT_EQ(one.user_id, ann_);
    EXPECT_EQ(one.client_id, (one.session_id == in_shop ? shop_ : forum).to_string());
    EXPECT_EQ(one.algorithm, KeyAlgorithm::kEs256);
    EXPECT_NE(tokens.issued[0].id, tokens.issued[1].id);

    const Position settled = world.head();
    perform_all(before);
    EXPECT_EQ(world.head(), settled) << "a job that is done twice records nothing";
    EXPECT_EQ(tokens.issued[2].id, one.id) << "and tells the same";
}

TEST_F(LogOutsTest, AreToldWhereAllSessionsOfTheUserEnd) {
    const auto first = begin(browser_, shop_);
    const auto second = begin(browser_, shop_, {"openid", "offline_access"});
    const Position before = world.head();
    ASSERT_TRUE(succeeds(run(
        commands::revoke_all_sessions(node.services, browser_, commands::SessionsToKeep::kCurrentSession, as_ann()))));
    perform_all(before);
    EXPECT_EQ(told(), sorted({first, second}));
    EXPECT_EQ(end_of(first), SessionEndReason::kUserSessionsEnded);
    EXPECT_EQ(end_of(browser_.session_id), std::nullopt) << "it was kept";
}

TEST_F(LogOutsTest, AreToldWhereAConsentIsWithdrawn) {
    const ApplicationId forum = define("https://forum.example/out");
    const auto in_shop = begin(browser_, shop_);
    begin(browser_, forum);
    const Position before = world.head();
    const auto grant = run(commands::log_in(node.services, test::login(kAnnsEmail), caller()));
    const commands::Bearer bearer{ann_, grant->session_id, grant->security_stamp, clock.now()};
    ASSERT_TRUE(succeeds(run(commands::withdraw_consent(node.services, bearer, shop_, as_ann()))));
    perform_all(before);
    EXPECT_EQ(told(), std::vector{in_shop});
    EXPECT_EQ(end_of(in_shop), SessionEndReason::kConsentWithdrawn);
}

TEST_F(LogOutsTest, AreToldWhereOneSessionIsRevoked) {
    const auto in_shop = begin(browser_, shop_);
    const Position before = world.head();
    ASSERT_TRUE(succeeds(run(commands::revoke_session(node.services, browser_, in_shop, as_ann()))));
    EXPECT_EQ(perform_all(before).size(), 1U);
    EXPECT_EQ(told(), std::vector{in_shop});
    EXPECT_EQ(end_of(in_shop), SessionEndReason::kRevoked);
}

TEST_F(LogOutsTest, AreToldThoughTheUserIsErased) {
    const auto in_shop = begin(browser_, shop_);
    const Position before = world.head();
    ASSERT_TRUE(succeeds(run(commands::repeat_erasure(node.services, ann_, caller()))));
    perform_all(before);
    EXPECT_EQ(told(), std::vector{in_shop});
    EXPECT_EQ(end_of(in_shop), SessionEndReason::kUserSessionsEnded);
}

TEST_F(LogOutsTest, AreOfNoConcernToWhoeverDoesNotAsk) {
    const ApplicationId quiet = define(std::nullopt);
    const auto session = begin(browser_, quiet);
    const Position before = world.head();
    ASSERT_TRUE(succeeds(run(commands::log_out(node.services, browser_, as_ann()))));
    perform_all(before);
    EXPECT_EQ(end_of(session), SessionEndReason::kBrowserSessionEnded) << "the log says it all the same";
    EXPECT_TRUE(outgoing.urls.empty());
}

// Rows that no event has caused: whoever has the service's role can write them.
TEST_F(LogOutsTest, EndNothingThatIsNotOver) {
    const auto in_shop = begin(browser_, shop_);
    const Position before = world.head();
    const auto forged = [&](std::string kind, const Uuid& subject, std::vector<Uuid> arguments = {}) {
        Job job{{log_id, "log-out", before + 1, 0}, std::move(kind), subject, std::move(arguments)};
        return run(reactor.perform(std::move(job), Deadline::max()));
    };
    EXPECT_TRUE(std::holds_alternative<Again>(forged("session-ended", in_shop)));
    EXPECT_TRUE(std::holds_alternative<Again>(forged("session-ended", browser_.session_id)));
    forged("sessions-ended", ann_);
    forged("consent-withdrawn", ann_, {shop_});
    EXPECT_TRUE(std::holds_alternative<Again>(forged("consent-withdrawn", ann_)));
    EXPECT_TRUE(std::holds_alternative<Again>(forged("from-the-future", ann_)));
    EXPECT_EQ(world.head(), before);
    EXPECT_TRUE(outgoing.urls.empty());
}

TEST_F(LogOutsTest, WaitForTheReadModel) {
    begin(browser_, shop_);
    const Position before = world.head();
    ASSERT_TRUE(succeeds(run(commands::log_out(node.services, browser_, as_ann()))));
    sessions_unavailable = true;
    EXPECT_TRUE(std::holds_alternative<Again>(perform_of(before + 1).at(0)));
    sessions_unavailable = false;
    EXPECT_TRUE(std::holds_alternative<Done>(perform_of(before + 1).at(0)));
}

TEST_F(LogOutsTest, AreTriedAgainUnlessTheAnswerIsNo) {
    const auto in_shop = begin(browser_, shop_);
    ASSERT_TRUE(succeeds(run(commands::revoke_session(node.services, browser_, in_shop, as_ann()))));
    const Position ended = world.head();
    const auto comes_of = [&](int status) {
        outgoing.status = status;
        return perform_of(ended).at(0);
    };
    for (const int good : {200, 204}) EXPECT_TRUE(std::holds_alternative<Done>(comes_of(good))) << good;
    for (const int later : {408, 429, 500, 503}) EXPECT_TRUE(std::holds_alternative<Again>(comes_of(later))) << later;
    for (const int never : {400, 404}) EXPECT_TRUE(std::holds_alternative<Dead>(comes_of(never))) << never;
    for (const auto fault : {OutgoingFault::kUnreachable, OutgoingFault::kTls, OutgoingFault::kTooSlow}) {
        outgoing.fault = fault;
        EXPECT_TRUE(std::holds_alternative<Again>(perform_of(ended).at(0)));
    }
    for (const auto fault : {OutgoingFault::kForbiddenHost, OutgoingFault::kRedirected}) {
        outgoing.fault = fault;
        EXPECT_TRUE(std::holds_alternative<Dead>(perform_of(ended).at(0)));
    }
}

TEST_F(LogOutsTest, TellNobodyWhoseApplicationIsGone) {
    const auto in_shop = begin(browser_, shop_);
    const Position before = world.head();
    ASSERT_TRUE(succeeds(run(commands::revoke_session(node.services, browser_, in_shop, as_ann()))));
    change(shop_, DeleteApplication{});
    perform_all(before);
    EXPECT_TRUE(outgoing.urls.empty());
}

}  // namespace
}  // namespace keyledger::reactors

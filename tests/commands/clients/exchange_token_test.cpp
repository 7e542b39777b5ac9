// A user's token for another one (RFC 8693): what it takes, and that nothing is won by it.
#include "commands/accounts/set_user_status.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "tests/commands/clients/exchange_fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::kAnnsEmail;
using test::run;
using test::Types;

class ExchangeTokenTest : public ExchangeTest {
protected:
    void refuses(const Service& by, AccessClaims subject, RefusalRef expected, const Change& change = {}) {
        EXPECT_TRUE(test::refused(trade(by, std::move(subject), change), expected));
    }
};
using Texts = std::vector<std::string>;

// ---- what it takes ---------------------------------------------------------------------------------------------
TEST_F(ExchangeTokenTest, GivesATokenByWhichTheServiceActsForTheUser) {
    const AccessClaims subject = shown();
    const auto made = trade(orders_, subject);
    ASSERT_TRUE(test::succeeds(made));
    EXPECT_EQ(since(), Types{"service_token.exchanged"});
    const AccessClaims& claims = made->claims;
    EXPECT_EQ(claims.bearer.user_id, ann_);
    EXPECT_EQ(claims.bearer.session_id, session_.session_id);
    EXPECT_EQ(claims.client_id, orders_.id.to_string());
    EXPECT_EQ(claims.audiences, Texts{kStockServer});
    EXPECT_EQ(claims.scope, (Texts{"openid", "email"}));
    EXPECT_EQ(claims.actors, std::vector<ServiceAccountId>{orders_.id});
    ASSERT_EQ(claims.exchanges.size(), 1u);
    EXPECT_EQ(claims.exchanges.front().account_id, orders_.id);
    EXPECT_EQ(claims.exchanges.front().token_id.to_string(), claims.token_id);
    EXPECT_EQ(claims.authenticated_at, subject.authenticated_at) << "it is no new log-in";
    EXPECT_EQ(claims.methods, subject.methods);
    EXPECT_EQ(claims.strength, subject.strength);
    EXPECT_EQ(made->position, world.head());
    const auto use = use_of_token(claims);
    ASSERT_TRUE(test::succeeds(use));
    EXPECT_EQ(use->user.subject_id, SubjectId{ann_});
    EXPECT_EQ(use->scope, claims.scope);
}

TEST_F(ExchangeTokenTest, NamesNobodyWhereTheServiceMayImpersonate) {
    const Service robot = service("robot", {kOrdersServer, kStockServer}, {kMayImpersonate});
    const AccessClaims claims = traded(robot, shown());
    EXPECT_TRUE(claims.actors.empty());
    EXPECT_TRUE(is_good(claims));
    refuses(robot, shown(), refusals::kMayNotExchange, [&](TokenExchange& request) {
        request.has_actor = true;
        request.actor = own_token(robot);
    });
}

TEST_F(ExchangeTokenTest, TakesAPermissionOfItsOwn) {
    const Service clerk = service("clerk", {kOrdersServer, kStockServer}, {"keyledger.tokens:introspect"});
    before_ = world.head();
    refuses(clerk, shown(), refusals::kMayNotExchange);
    EXPECT_EQ(since(), Types{});
    const Service both = service("both", {kOrdersServer, kStockServer}, {kMayDelegate, kMayImpersonate});
    EXPECT_TRUE(traded(both, shown()).actors.empty());
    const Change as_itself = [&](TokenExchange& request) {
        request.has_actor = true;
        request.actor = own_token(both);
    };
    EXPECT_EQ(traded(both, shown(), as_itself).actors, std::vector<ServiceAccountId>{both.id});
}

TEST_F(ExchangeTokenTest, TellsNobodyOfATokenWhoHasNotProvenWhoTheyAre) {
    const Secret wrong(std::string_view("kls_of another one"));
    const Change unproven = [&](TokenExchange& request) { request.proof = proof_of_secret(orders_.id, wrong); };
    refuses(orders_, shown(), refusals::kInvalidClient, unproven);
    AccessClaims of_another = shown();
    of_another.audiences = {"https://else.example"};
    refuses(orders_, of_another, refusals::kInvalidClient, unproven);
    const Change of_nobody = [&](TokenExchange& request) {
        request.proof = proof_of_name(orders_.id);
        request.subject.reset();
    };
    refuses(orders_, shown(), refusals::kInvalidClient, of_nobody);
    change(orders_, AccountStatus::kDisabled);
    refuses(orders_, shown(), refusals::kInvalidClient);
}

TEST_F(ExchangeTokenTest, SpendsAnAssertionOnAllNodes) {
    ASSERT_TRUE(test::succeeds(run(add_account_key(services(), roots(), orders_.id, "key", as_root()))));
    const std::string text = orders_.id.to_string();
    const std::string assertion = "key|" + text + '|' + text + '|' + std::string(test::kIssuer) + "|one|" +
                                  std::to_string((clock.now() + minutes(1)).ms());
    const auto exchange_at = [&](test::Node& at) {
        TokenExchange request = request_of(orders_, shown());
        request.proof = proof_of_assertion(at.services, assertion).value();
        return run(exchange_token(at.services, std::move(request), caller()));
    };
    ASSERT_TRUE(test::succeeds(exchange_at(node)));
    EXPECT_TRUE(test::refused(exchange_at(node), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(exchange_at(other), refusals::kInvalidClient));
}

// ---- what may be shown -----------------------------------------------------------------------------------------
// Scenario: a resource server, or a thief, has a token of Ann's for somebody else, and no use for it there.
TEST_F(ExchangeTokenTest, RefusesTokensThatAreNotForTheService) {
    const auto for_audiences = [&](Texts audiences) {
        AccessClaims subject = shown();
        subject.audiences = std::move(audiences);
        return subject;
    };
    const std::string issuer = services().settings.issuer;
    refuses(orders_, for_audiences({"https://else.example"}), refusals::kSubjectTokenNotGood);
    refuses(orders_, for_audiences({issuer}), refusals::kSubjectTokenNotGood);
    refuses(orders_, for_audiences({issuer + "/oauth2/userinfo"}), refusals::kSubjectTokenNotGood);
    EXPECT_TRUE(test::succeeds(trade(orders_, for_audiences({"https://else.example", kOrdersServer}))));
    // Registered with this service's own addresses, it is not this service.
    const Service greedy = service("greedy", {issuer, issuer + "/oauth2/userinfo", kStockServer}, {kMayDelegate});
    refuses(greedy, for_audiences({issuer}), refusals::kSubjectTokenNotGood);
    refuses(greedy, for_audiences({issuer + "/oauth2/userinfo"}), refusals::kSubjectTokenNotGood);
}

TEST_F(ExchangeTokenTest, RefusesWhatIsNoUsersAccessToken) {
    refuses(orders_, shown(), refusals::kSubjectTokenNotGood, [](TokenExchange& request) { request.subject.reset(); });
    refuses(orders_, own_token(orders_), refusals::kSubjectTokenNotGood);
    AccessClaims of_a_service = own_token(orders_);
    of_a_service.audiences = {kOrdersServer};
    refuses(orders_, of_a_service, refusals::kSubjectTokenNotGood);
}

TEST_F(ExchangeTokenTest, TakesAnActorTokenOfTheServiceItselfAlone) {
    const Service stock = service("stock", {kStockServer}, {kMayDelegate});
    const auto with = [](std::optional<AccessClaims> actor) {
        return [actor](TokenExchange& request) {
            request.has_actor = true;
            request.actor = actor;
        };
    };
    const AccessClaims own = own_token(orders_);
    EXPECT_EQ(traded(orders_, shown(), with(own)).actors, std::vector<ServiceAccountId>{orders_.id});
    refuses(orders_, shown(), refusals::kActorTokenNotGood, with(own_token(stock)));
    refuses(orders_, shown(), refusals::kActorTokenNotGood, with(shown()));
    refuses(orders_, shown(), refusals::kActorTokenNotGood, with(std::nullopt));
    AccessClaims for_orders = own;
    for_orders.audiences = {kOrdersServer};
    refuses(orders_, shown(), refusals::kActorTokenNotGood, with(for_orders));
    ASSERT_TRUE(test::succeeds(run(revoke_service_token(
        other.services, *own.service, client_of(orders_.id, ServiceAccess{}, AccessRules{}), caller()))));
    refuses(orders_, shown(), refusals::kActorTokenNotGood, with(own));
}

// One that the log has no event of is one like others. What an exchange gives always has one.
TEST_F(ExchangeTokenTest, TakesAnActorTokenThatCarriesItsRecord) {
    ServiceLogIn login{proof_of_secret(orders_.id, orders_.secret), {}, {}, ServiceTokenRecords::kNone};
    const auto grant = run(log_in_service(other.services, std::move(login), caller())).value();
    AccessClaims own = own_token(orders_);
    own.service = ServiceBearer{grant.account_id, grant.token_id, grant.scope, grant.record};
    const auto with_own = [&](TokenExchange& request) {
        request.has_actor = true;
        request.actor = own;
    };
    const AccessClaims made = traded(orders_, shown(), with_own);
    EXPECT_EQ(made.actors, std::vector<ServiceAccountId>{orders_.id});
    EXPECT_FALSE(made.exchanges.front().record);
    EXPECT_TRUE(is_good(made));
    AccessClaims forged = made;
    forged.exchanges.front().token_id = ServiceTokenId{test::uuid(9)};
    forged.exchanges.front().record = grant.record;
    EXPECT_FALSE(is_good(forged)) << "no exchange is carried";
    const Position seen = own.service->record->position;
    own.service->record->position = world.head() + 1;
    refuses(orders_, shown(), refusals::kActorTokenNotGood, with_own);  // of events that the log has lost
    own.service->record->position = seen;
    ASSERT_TRUE(test::succeeds(run(revoke_service_token(
        other.services, *own.service, client_of(orders_.id, ServiceAccess{}, AccessRules{}), caller()))));
    refuses(orders_, shown(), refusals::kActorTokenNotGood, with_own);
}

TEST_F(ExchangeTokenTest, WantsTheKeyThatATokenIsBoundTo) {
    AccessClaims bound = shown();
    bound.key_thumbprint = "of Ann's key";
    const auto shows = [](const char* key) { return [key](TokenExchange& request) { request.key_thumbprint = key; }; };
    refuses(orders_, bound, refusals::kExchangeWantsKey);
    refuses(orders_, bound, refusals::kExchangeWantsKey, shows("of another key"));
    EXPECT_EQ(traded(orders_, bound, shows("of Ann's key")).key_thumbprint, "of Ann's key");
    EXPECT_EQ(traded(orders_, shown(), shows("of its own key")).key_thumbprint, "of its own key");
    refuses(orders_, bound, refusals::kExchangeWantsKey, [&](TokenExchange& request) {
        request.key_thumbprint = "of Ann's key";
        request.has_actor = true;
        request.actor = own_token(orders_);
        request.actor->key_thumbprint = "of its own key";
    });
}

// ---- what it gives ---------------------------------------------------------------------------------------------
TEST_F(ExchangeTokenTest, GivesNoWiderScope) {
    const auto with = [](const char* scope) { return [scope](TokenExchange& request) { request.scope = scope; }; };
    AccessClaims subject = shown();
    EXPECT_EQ(traded(orders_, subject, with("email")).scope, Texts{"email"});
    refuses(orders_, subject, refusals::kScopeNotOfSubject, with("email profile"));
    refuses(orders_, subject, refusals::kScopeNotOfSubject, with("orders:read"));
    refuses(orders_, subject, refusals::kScopeNotOfSubject, with(" "));
    subject.scope = {"email", "keyledger:account", "keyledger:admin", "offline_access"};
    EXPECT_EQ(traded(orders_, subject).scope, Texts{"email"});
    for (const char* kept_back : {"keyledger:account", "keyledger:admin", "offline_access"})
        refuses(orders_, subject, refusals::kScopeNotOfSubject, with(kept_back));
    // Nothing is left, and a token without a scope would be for all that the user may do.
    for (const Texts& nothing : {Texts{"offline_access"}, Texts{"keyledger:account", "keyledger:admin"}, Texts{}}) {
        subject.scope = nothing;
        refuses(orders_, subject, refusals::kScopeNotOfSubject);
    }
    EXPECT_EQ(since(), (Types{"service_token.exchanged", "service_token.exchanged"}));
}

TEST_F(ExchangeTokenTest, NarrowsASessionThatNoApplicationHolds) {
    const RoleDefinition clerk{"clerk", {"orders:*", "keyledger.users:read"}};
    const RoleId role = run(define_role(services(), roots(), clerk, as_root())).value().id;
    ASSERT_TRUE(test::succeeds(run(assign_role(services(), roots(), Subject::user(ann_), role, as_root()))));
    const AccessClaims subject = shown_of(world.log_in(node, kAnnsEmail));
    const auto with = [](const char* scope) { return [scope](TokenExchange& request) { request.scope = scope; }; };
    const AccessClaims whole = traded(orders_, subject);
    EXPECT_TRUE(whole.scope.empty());
    EXPECT_EQ(use_of_token(whole)->scope, (Texts{"keyledger.users:read", "orders:*"}));
    const AccessClaims narrow = traded(orders_, subject, with("orders:read"));
    EXPECT_EQ(narrow.scope, Texts{"orders:read"});
    EXPECT_EQ(use_of_token(narrow)->scope, Texts{"orders:read"});
    refuses(orders_, subject, refusals::kScopeNotOfSubject, with("stock:read"));
    refuses(orders_, subject, refusals::kScopeNotOfSubject, with("keyledger.users:read"));
    refuses(orders_, subject, refusals::kScopeNotOfSubject, with("email"));
    refuses(orders_, narrow, refusals::kScopeNotOfSubject, with("orders:write"));
    EXPECT_EQ(traded(orders_, narrow).scope, Texts{"orders:read"}) << "what was narrowed stays so";
    ASSERT_TRUE(test::succeeds(run(withdraw_role(other.services, roots(), Subject::user(ann_), role, as_root()))));
    EXPECT_TRUE(use_of_token(narrow)->scope.empty()) << "and she may do nothing of it any more";
}

TEST_F(ExchangeTokenTest, IsForOneResourceServerOfTheService) {
    const std::string issuer = services().settings.issuer;
    const auto with = [](Texts targets) { return [targets](TokenExchange& request) { request.targets = targets; }; };
    EXPECT_EQ(traded(orders_, shown(), with({kStockServer, kStockServer})).audiences, Texts{kStockServer});
    EXPECT_EQ(traded(orders_, shown(), with({kOrdersServer})).audiences, Texts{kOrdersServer});
    for (const Texts& targets : {Texts{}, Texts{kStockServer, kOrdersServer}, Texts{"https://else.example"},
                                 Texts{issuer}, Texts{issuer + "/oauth2/userinfo"}})
        refuses(orders_, shown(), refusals::kTargetNotOfAccount, with(targets));
    const Service greedy = service("greedy", {issuer, issuer + "/oauth2/userinfo", kOrdersServer}, {kMayDelegate});
    refuses(greedy, shown(), refusals::kTargetNotOfAccount, with({issuer}));
    refuses(greedy, shown(), refusals::kTargetNotOfAccount, with({issuer + "/oauth2/userinfo"}));
}

// Scenario: whoever exchanges a token again and again gains not a second by it.
TEST_F(ExchangeTokenTest, LastsNoLongerThanWhatWasShown) {
    AccessClaims subject = shown();
    clock.advance(seconds(100));
    const Instant end = subject.expires_at;
    AccessClaims claims = traded(orders_, subject);
    EXPECT_EQ(claims.expires_at, end);
    clock.advance(seconds(100));
    const auto back_to_orders = [](TokenExchange& request) { request.targets = {kOrdersServer}; };
    claims = traded(orders_, claims, back_to_orders);
    EXPECT_EQ(claims.expires_at, end);
    clock.advance(end - milliseconds(1) - clock.now());
    EXPECT_TRUE(is_good(claims));
    EXPECT_EQ(traded(orders_, claims, back_to_orders).expires_at, end);
    clock.advance(end - clock.now());
    EXPECT_FALSE(is_good(claims));
    refuses(orders_, claims, refusals::kSubjectTokenNotGood);
}

TEST_F(ExchangeTokenTest, LastsNoLongerThanTheSession) {
    const SessionLifetimes& lifetimes = services().settings.lifetimes;
    const Instant end = session_ends_at(clock.now(), clock.now() + lifetimes.absolute, lifetimes.idle);
    clock.advance(end - seconds(20) - clock.now());
    AccessClaims subject = shown();
    EXPECT_EQ(traded(orders_, subject).expires_at, end);
    clock.advance(end - clock.now());
    subject.expires_at = clock.now() + minutes(5);
    refuses(orders_, subject, refusals::kSubjectTokenNotGood);
}

// ---- what it does not survive ----------------------------------------------------------------------------------
TEST_F(ExchangeTokenTest, EndsWithTheSession) {
    const AccessClaims claims = traded(orders_, shown());
    ASSERT_TRUE(test::succeeds(run(revoke_token(other.services, session_.session_id, client(), caller()))));
    EXPECT_FALSE(is_good(claims));
    refuses(orders_, shown(), refusals::kSubjectTokenNotGood);
}
TEST_F(ExchangeTokenTest, EndsWithTheBrowsersSession) {
    const AccessClaims claims = traded(orders_, shown());
    ASSERT_TRUE(test::succeeds(run(log_out(other.services, browser_, caller().acting_as(ann_)))));
    EXPECT_FALSE(is_good(claims));
    refuses(orders_, shown(), refusals::kSubjectTokenNotGood);
}
TEST_F(ExchangeTokenTest, EndsWithTheConsent) {
    const AccessClaims claims = traded(orders_, shown());
    const Grant phone = world.log_in(node, kAnnsEmail);
    ASSERT_TRUE(
        test::succeeds(run(withdraw_consent(other.services, test::bearer_of(phone), shop_, test::caller_of(phone)))));
    EXPECT_FALSE(is_good(claims));
    refuses(orders_, shown(), refusals::kSubjectTokenNotGood);
}
TEST_F(ExchangeTokenTest, EndsWithTheApplication) {
    const AccessClaims claims = traded(orders_, shown());
    of_application(DeleteApplication{});
    EXPECT_FALSE(is_good(claims));
    refuses(orders_, shown(), refusals::kSubjectTokenNotGood);
}
TEST_F(ExchangeTokenTest, EndsWithAllSessionsOfTheUser) {
    const AccessClaims claims = traded(orders_, shown());
    const Grant phone = world.log_in(node, kAnnsEmail);
    ASSERT_TRUE(test::succeeds(run(revoke_all_sessions(other.services, test::bearer_of(phone),
                                                       SessionsToKeep::kCurrentSession, test::caller_of(phone)))));
    EXPECT_FALSE(is_good(claims));
    refuses(orders_, shown(), refusals::kSubjectTokenNotGood);
}
TEST_F(ExchangeTokenTest, EndsWithTheUser) {
    const AccessClaims claims = traded(orders_, shown());
    ASSERT_TRUE(test::succeeds(run(disable_user(other.services, roots(), ann_, "gone", as_root()))));
    EXPECT_FALSE(is_good(claims));
    ASSERT_TRUE(test::succeeds(run(enable_user(other.services, roots(), ann_, as_root()))));
    EXPECT_FALSE(is_good(claims)) << "what ended stays ended";
    refuses(orders_, shown(), refusals::kSubjectTokenNotGood);
}
TEST_F(ExchangeTokenTest, EndsWithTheServiceForGood) {
    const AccessClaims claims = traded(orders_, shown());
    change(orders_, AccountStatus::kDisabled);
    EXPECT_FALSE(is_good(claims));
    change(orders_, AccountStatus::kEnabled);
    EXPECT_FALSE(is_good(claims)) << "what ended stays ended";
    EXPECT_TRUE(is_good(traded(orders_, shown())));
}
TEST_F(ExchangeTokenTest, EndsWithWhatTheServiceAuthenticatedBy) {
    const AccessClaims claims = traded(orders_, shown());
    ASSERT_TRUE(
        test::succeeds(run(remove_account_secret(other.services, roots(), orders_.id, orders_.secret_id, as_root()))));
    EXPECT_FALSE(is_good(claims));
}
TEST_F(ExchangeTokenTest, EndsWithThePermission) {
    const AccessClaims claims = traded(orders_, shown());
    withdraw(orders_);
    EXPECT_FALSE(is_good(claims));
    refuses(orders_, shown(), refusals::kMayNotExchange);
}
TEST_F(ExchangeTokenTest, IsRevokedByItsOwnAloneAndWithoutTheSession) {
    const AccessClaims claims = traded(orders_, shown());
    const Service stock = service("stock", {kStockServer}, {});
    const auto revoke_as = [&](const Client& by) {
        return run(revoke_service_token(other.services, claims.exchanges.front(), by, caller()));
    };
    EXPECT_TRUE(test::succeeds(revoke_as(client_of(stock.id, ServiceAccess{}, AccessRules{}))));
    EXPECT_TRUE(test::succeeds(revoke_as(client())));
    EXPECT_TRUE(is_good(claims)) << "it is not theirs";
    EXPECT_TRUE(test::succeeds(revoke_as(client_of(orders_.id, ServiceAccess{}, AccessRules{}))));
    EXPECT_FALSE(is_good(claims));
    EXPECT_TRUE(is_good(traded(orders_, shown()))) << "the session goes on";
}

// ---- chains ----------------------------------------------------------------------------------------------------
// Scenario: orders calls stock for Ann, and stock calls a third. Each may narrow, none escapes what the ones before it
// are held to.
class ExchangeChainTest : public ExchangeTokenTest {
protected:
    void SetUp() override {
        ExchangeTokenTest::SetUp();
        stock_ = service("stock", {kStockServer, "https://third.example"}, {kMayDelegate});
        first_ = traded(orders_, shown());
        second_ = traded(stock_, first_, [](TokenExchange& request) { request.targets = {"https://third.example"}; });
    }
    Service stock_;
    AccessClaims first_, second_;
};

TEST_F(ExchangeChainTest, TellsWhoActsForWhom) {
    EXPECT_EQ(second_.actors, (std::vector<ServiceAccountId>{stock_.id, orders_.id}));
    ASSERT_EQ(second_.exchanges.size(), 2u);
    EXPECT_EQ(second_.exchanges.back().account_id, orders_.id);
    EXPECT_EQ(second_.exchanges.back().token_id.to_string(), first_.token_id);
    EXPECT_EQ(second_.client_id, stock_.id.to_string());
    EXPECT_TRUE(is_good(second_));
}
TEST_F(ExchangeChainTest, KeepsWhoActedWhereSomebodyImpersonates) {
    const Service robot = service("robot", {kStockServer, kOrdersServer}, {kMayImpersonate});
    const AccessClaims claims =
        traded(robot, first_, [](TokenExchange& request) { request.targets = {kOrdersServer}; });
    EXPECT_EQ(claims.actors, std::vector<ServiceAccountId>{orders_.id});
    EXPECT_TRUE(is_good(claims));
    change(robot, AccountStatus::kDisabled);
    EXPECT_FALSE(is_good(claims));
    EXPECT_TRUE(is_good(first_));
}
TEST_F(ExchangeChainTest, EndsWithAnyOfThem) {
    change(orders_, AccountStatus::kDisabled);
    EXPECT_FALSE(is_good(first_));
    EXPECT_FALSE(is_good(second_));
    refuses(stock_, first_, refusals::kSubjectTokenNotGood);
}
TEST_F(ExchangeChainTest, EndsWithThePermissionOfAnyOfThem) {
    withdraw(orders_);
    EXPECT_FALSE(is_good(second_));
    refuses(stock_, first_, refusals::kSubjectTokenNotGood);
}
TEST_F(ExchangeChainTest, EndsWithTheTokenThatWasExchanged) {
    ASSERT_TRUE(test::succeeds(run(revoke_service_token(
        other.services, first_.exchanges.front(), client_of(orders_.id, ServiceAccess{}, AccessRules{}), caller()))));
    EXPECT_FALSE(is_good(second_));
    refuses(stock_, first_, refusals::kSubjectTokenNotGood);
}
TEST_F(ExchangeChainTest, DoesNotEndBackwards) {
    change(stock_, AccountStatus::kDisabled);
    EXPECT_FALSE(is_good(second_));
    EXPECT_TRUE(is_good(first_));
}
TEST_F(ExchangeChainTest, HasAnEnd) {
    const auto again = [](TokenExchange& request) { request.targets = {"https://third.example"}; };
    AccessClaims claims = second_;
    while (claims.exchanges.size() < kMaxTokenExchanges) claims = traded(stock_, claims, again);
    EXPECT_TRUE(is_good(claims));
    refuses(stock_, claims, refusals::kExchangedTooOften, again);
}

// ---- at the same time ------------------------------------------------------------------------------------------
// Scenario: what the token rests on is taken away between two steps of its exchange, by another node. The token is
// either refused, or begins before that and is over with it.
class ExchangedMeanwhile : public ExchangeTest {
public:
    enum class What { kLogOut, kDisable, kRemoveSecret, kWithdraw, kConsent };
    void TestBody() override {}
    static int tell(What what) {
        return test::for_every_step([&](test::Steps& steps) {
            ExchangedMeanwhile story;
            story.SetUp();
            const AccessClaims subject = story.shown();
            const Grant phone = story.world.log_in(story.node, kAnnsEmail);
            steps.meanwhile = [&]() { return story.take_away(what, phone); };
            story.stepped.steps = &steps;
            const auto made = story.trade(story.orders_, subject);
            story.stepped.steps = nullptr;
            if (!steps.happened()) return;
            const bool is_good = made && story.is_good(made->claims);
            EXPECT_FALSE(is_good) << steps.where();
        });
    }

private:
    asio::awaitable<void> take_away(What what, const Grant& phone) {
        auto taking = taking_away(what, phone);
        const auto done = co_await std::move(taking);
        EXPECT_TRUE(test::succeeds(done));
    }
    Answer<Receipt> taking_away(What what, const Grant& phone) {
        Services& elsewhere = other.services;
        const AccountDefinition same{orders_.name, orders_.audiences};
        switch (what) {
            case What::kLogOut: return log_out(elsewhere, browser_, caller().acting_as(ann_));
            case What::kDisable:
                return change_service_account(elsewhere, roots(), orders_.id, same, AccountStatus::kDisabled,
                                              as_root());
            case What::kRemoveSecret:
                return remove_account_secret(elsewhere, roots(), orders_.id, orders_.secret_id, as_root());
            case What::kWithdraw:
                return withdraw_role(elsewhere, roots(), Subject::service_account(orders_.id), orders_.role, as_root());
            case What::kConsent: break;
        }
        return withdraw_consent(elsewhere, test::bearer_of(phone), shop_, test::caller_of(phone));
    }
};

TEST(ExchangedTokens, NeverOutliveWhatEndsThemMeanwhile) {
    using What = ExchangedMeanwhile::What;
    for (const What what : {What::kLogOut, What::kDisable, What::kRemoveSecret, What::kWithdraw, What::kConsent})
        EXPECT_GE(ExchangedMeanwhile::tell(what), 2);
}

}  // namespace
}  // namespace keyledger::commands

// Tokens that the log has no event of: good for just as long as others, and for nothing that anybody makes up.
#include "commands/applications/register_client.hpp"
#include "tests/commands/clients/service_accounts_fixture.hpp"

namespace keyledger::commands {
namespace {

class UnrecordedTokensTest : public ServiceAccountsTest {
protected:
    void SetUp() override {
        ServiceAccountsTest::SetUp();
        id_ = account();
        made_ = secret(id_);
        before_ = world.head();
    }
    Result<ServiceGrant, CommandError> earn(test::Node& at, ClientProof proof, std::optional<std::string> scope = {}) {
        ServiceLogIn request{std::move(proof), {}, std::move(scope), ServiceTokenRecords::kNone};
        return run(log_in_service(at.services, std::move(request), caller()));
    }
    Result<ServiceGrant, CommandError> earn(test::Node& at) { return earn(at, proof_of_secret(id_, *made_.secret)); }
    ServiceBearer earned(std::optional<std::string> scope = {}) {
        auto grant = earn(node, proof_of_secret(id_, *made_.secret), std::move(scope));
        EXPECT_TRUE(test::succeeds(grant));
        return grant ? bearer(*grant) : ServiceBearer{};
    }
    static ServiceBearer bearer(const ServiceGrant& grant) {
        return {grant.account_id, grant.token_id, grant.scope, grant.record};
    }
    // On another node.
    bool is_good(const ServiceBearer& token) {
        return run(access_of_service_token(other.services, token, Deadline::max())).has_value();
    }
    Result<Receipt, CommandError> revoke(test::Node& at, const ServiceBearer& token, const Client& by) {
        return run(revoke_service_token(at.services, token, by, caller()));
    }
    Client itself() const {
        Client client;
        client.client_id = id_.to_string();
        return client;
    }

    ServiceAccountId id_;
    SecretReceipt made_;
};

TEST_F(UnrecordedTokensTest, AreEarnedWithoutAnEvent) {
    const auto first = earn(node);
    const auto second = earn(other);
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(test::succeeds(second));
    EXPECT_EQ(since(), Types{});
    EXPECT_EQ(first->position, 0);
    ASSERT_TRUE(first->record);
    EXPECT_EQ(first->record->credential, made_.secret_id.to_string());
    EXPECT_NE(first->token_id, second->token_id);
    EXPECT_TRUE(is_good(bearer(*first)));
    clock.advance(services().settings.access_token_lifetime);
    EXPECT_FALSE(is_good(bearer(*first)));
}

TEST_F(UnrecordedTokensTest, HoldWhatTheirAccountHoldsByNow) {
    const RoleId clerk = role("clerk", {"orders:read", "invoices:read"});
    ASSERT_TRUE(test::succeeds(assign(roots_, id_, clerk)));
    const ServiceBearer some = earned("orders:read");
    EXPECT_EQ(some.scope, std::vector<std::string>{"orders:read"});
    EXPECT_TRUE(
        test::refused(earn(node, proof_of_secret(id_, *made_.secret), "orders:write"), refusals::kInvalidScope));
    ASSERT_TRUE(test::succeeds(withdraw(id_, clerk)));
    auto access = run(access_of_service_token(other.services, some, Deadline::max()));
    ASSERT_TRUE(test::succeeds(access));
    EXPECT_TRUE(access->still_held(some.scope).empty());
    EXPECT_TRUE(earned().scope.empty());
}

TEST_F(UnrecordedTokensTest, EndAtOnceWithWhatEarnedThem) {
    const SecretReceipt rotated = secret(id_);
    const ServiceBearer by_first = earned();
    const auto by_second = earn(node, proof_of_secret(id_, *rotated.secret));
    ASSERT_TRUE(test::succeeds(by_second));
    ASSERT_TRUE(test::succeeds(remove_secret(id_, made_.secret_id)));
    EXPECT_FALSE(is_good(by_first));
    EXPECT_TRUE(is_good(bearer(*by_second)));
    EXPECT_TRUE(test::refused(earn(other), refusals::kInvalidClient));
    ASSERT_TRUE(test::succeeds(change(roots_, id_, AccountStatus::kDisabled)));
    EXPECT_FALSE(is_good(bearer(*by_second)));
    EXPECT_TRUE(test::refused(earn(node, proof_of_secret(id_, *rotated.secret)), refusals::kInvalidClient));
    ASSERT_TRUE(test::succeeds(change(roots_, id_, AccountStatus::kEnabled)));
    EXPECT_FALSE(is_good(bearer(*by_second))) << "what ended stays ended";
    const auto again = earn(node, proof_of_secret(id_, *rotated.secret));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_TRUE(is_good(bearer(*again)));
    ASSERT_TRUE(test::succeeds(remove(roots_, id_)));
    EXPECT_FALSE(is_good(bearer(*again)));
}

TEST_F(UnrecordedTokensTest, AreRevokedOnceByTheirOwn) {
    const ServiceBearer token = earned();
    Client stranger;
    stranger.client_id = test::uuid(4).to_string();
    EXPECT_TRUE(test::succeeds(revoke(other, token, stranger)));
    EXPECT_TRUE(is_good(token));
    EXPECT_EQ(since(), Types{}) << "another's request writes nothing";
    const auto revoked = revoke(node, token, itself());
    ASSERT_TRUE(test::succeeds(revoked));
    EXPECT_GT(revoked->position, 0);
    EXPECT_FALSE(is_good(token));
    for (test::Node* at : {&node, &other}) {
        const auto again = revoke(*at, token, itself());
        ASSERT_TRUE(test::succeeds(again));
        EXPECT_EQ(again->position, 0);
    }
    EXPECT_EQ(since(), Types{"service_token.revoked"});
    EXPECT_EQ(world.events().back().stream_id, token.token_id);
    const ServiceBearer next = earned();
    stranger.revocation_right = RevocationRight::kAllTokens;
    ASSERT_TRUE(test::succeeds(revoke(other, next, stranger)));
    EXPECT_FALSE(is_good(next));
}

// Scenario: one token is revoked fifty times at the same moment, on two nodes.
TEST_F(UnrecordedTokensTest, GetOneEventWhenFiftyRevokeAtOnce) {
    const ServiceBearer token = earned();
    const auto present = [&](int nth) -> asio::awaitable<bool> {
        test::Node& at = nth % 2 == 0 ? node : other;
        auto by = itself();
        auto from = caller();
        const auto revoked = co_await revoke_service_token(at.services, token, std::move(by), std::move(from));
        co_return revoked.has_value();
    };
    std::vector<asio::awaitable<bool>> rivals;
    for (int i = 0; i < 50; ++i) rivals.push_back(present(i));
    const auto done = test::run_all(std::move(rivals));
    EXPECT_GE(std::ranges::count(done, true), 1);
    EXPECT_EQ(since(), Types{"service_token.revoked"});
    EXPECT_FALSE(is_good(token));
}

// The attack: tokens cost nothing to get, and each that is revoked is written down and remembered.
TEST_F(UnrecordedTokensTest, AreRevokedNoFasterThanASessionMayChangeThings) {
    for (test::Node* at : {&node, &other}) at->services.settings.limits.writes = {1, 2};
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(test::succeeds(revoke(node, earned(), itself())));
    const ServiceBearer third = earned();
    EXPECT_TRUE(test::refused(revoke(node, third, itself()), refusals::kTooManyAttempts));
    EXPECT_TRUE(is_good(third));
    const auto recorded = log_in(node, id_, *made_.secret);
    ASSERT_TRUE(test::succeeds(recorded));
    EXPECT_TRUE(test::succeeds(revoke(node, bearer(*recorded), itself()))) << "they paid with an append";
    Client gateway;
    gateway.client_id = "gateway";
    gateway.revocation_right = RevocationRight::kAllTokens;
    EXPECT_TRUE(test::succeeds(revoke(node, third, gateway))) << "who else may is not kept from it";
    EXPECT_FALSE(is_good(third));
}

// The attack: a record that is made up, or of another token. Only who could sign could show it; nobody gets more by it.
TEST_F(UnrecordedTokensTest, AreNoBetterThanTheLogSays) {
    const auto recorded = log_in(node, id_, *made_.secret);
    ASSERT_TRUE(test::succeeds(recorded));
    ServiceBearer token = bearer(*recorded);
    EXPECT_TRUE(is_good(token));
    const ServiceBearer another = earned();
    ASSERT_TRUE(test::succeeds(revoke(node, token, itself())));
    token.record = another.record;
    EXPECT_FALSE(is_good(token)) << "it was revoked";
    ServiceBearer without = another;
    without.record.reset();
    EXPECT_FALSE(is_good(without)) << "the log has no event of it";
    ServiceBearer of_nobody = another;
    of_nobody.account_id = test::uuid(5);
    EXPECT_FALSE(is_good(of_nobody));
    const ServiceAccountId stock = account("stock");
    const SecretReceipt theirs = secret(stock);
    ServiceBearer of_another = another;
    of_another.account_id = stock;
    EXPECT_FALSE(is_good(of_another)) << "its credential is not that account's";
    EXPECT_TRUE(test::refused(earn(node, proof_of_secret(stock, *made_.secret)), refusals::kInvalidClient));
    EXPECT_TRUE(test::succeeds(earn(node, proof_of_secret(stock, *theirs.secret))));
}

// Scenario: a failover loses the last events, among them one that disabled the account. Tokens of behind the log's new
// end are not good, for nobody knows any more what ended them. They can still be revoked.
TEST_F(UnrecordedTokensTest, AreNotGoodWhereTheLogDoesNotReachThem) {
    ServiceBearer token = earned();
    ASSERT_TRUE(token.record);
    EXPECT_EQ(token.record->position, world.head());
    EXPECT_TRUE(is_good(token)) << "of the head itself";
    token.record->position = world.head() + 1;
    for (test::Node* at : {&node, &other})
        EXPECT_TRUE(
            test::refused(run(access_of_service_token(at->services, token, Deadline::max())), refusals::kInvalidToken));
    EXPECT_TRUE(test::succeeds(revoke(node, token, itself())));
    EXPECT_EQ(since(), Types{"service_token.revoked"});
    EXPECT_EQ(world.head(), token.record->position);
    EXPECT_FALSE(is_good(token)) << "nor when the log is as long again";
}

TEST_F(UnrecordedTokensTest, AreRefusedLikeOthers) {
    const Secret wrong(std::string(made_.secret->reveal()).substr(0, 40) + std::string(28, 'A'));
    EXPECT_TRUE(test::refused(earn(node, proof_of_secret(id_, wrong)), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(earn(node, proof_of_secret(test::uuid(4), wrong)), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(earn(node, proof_of_name(id_)), refusals::kInvalidClient));
    const auto lines = world.operator_log.lines().size();
    EXPECT_GE(lines, 3U);
    ServiceLogIn request{proof_of_secret(id_, *made_.secret), {"https://else.example"}, {}, ServiceTokenRecords::kNone};
    EXPECT_TRUE(test::refused(run(log_in_service(services(), std::move(request), caller())), refusals::kInvalidTarget));
    EXPECT_EQ(since(), Types{});
}

TEST_F(UnrecordedTokensTest, RefuseASecretThatTheLogDoesNotName) {
    stepped.edit_credential = [](auto& credential) { credential->sealed.back() ^= 1; };
    EXPECT_TRUE(test::refused(earn(node), refusals::kCredentialTampered));
    EXPECT_EQ(world.operator_log.lines().size(), 1u);
    stepped.edit_credential = nullptr;
    EXPECT_TRUE(test::succeeds(earn(node)));
}

TEST_F(UnrecordedTokensTest, SpendTheAssertionThatEarnsThem) {
    ASSERT_TRUE(test::succeeds(add_key(roots_, id_, "key")));
    before_ = world.head();
    const auto proof_of = [&](const std::string& text) { return *proof_of_assertion(services(), text); };
    const auto grant = earn(node, proof_of(assertion(id_, "one")));
    ASSERT_TRUE(test::succeeds(grant));
    EXPECT_EQ(since(), Types{});
    EXPECT_TRUE(is_good(bearer(*grant)));
    for (test::Node* at : {&node, &other})
        EXPECT_TRUE(test::refused(earn(*at, proof_of(assertion(id_, "one"))), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(log_in_with(other, assertion(id_, "one")), refusals::kInvalidClient));
    ASSERT_TRUE(test::succeeds(run(remove_account_key(services(), bearer_of(roots_), id_, "key", caller_of(roots_)))));
    EXPECT_FALSE(is_good(bearer(*grant)));
}

// Scenario: one assertion is presented fifty times at the same moment, to two nodes with different settings.
TEST_F(UnrecordedTokensTest, AreEarnedOnceWhenFiftyComeAtOnceOnTwoNodes) {
    ASSERT_TRUE(test::succeeds(add_key(roots_, id_, "key")));
    const auto present = [&](int nth) -> asio::awaitable<bool> {
        test::Node& at = nth % 2 == 0 ? node : other;
        const auto records = nth % 2 == 0 ? ServiceTokenRecords::kNone : ServiceTokenRecords::kEach;
        auto proof = *proof_of_assertion(at.services, assertion(id_, "one"));
        auto from = caller();
        ServiceLogIn request{std::move(proof), {}, {}, records};
        const auto earned = co_await log_in_service(at.services, std::move(request), std::move(from));
        co_return earned.has_value();
    };
    std::vector<asio::awaitable<bool>> rivals;
    for (int i = 0; i < 50; ++i) rivals.push_back(present(i));
    const auto opened = test::run_all(std::move(rivals));
    EXPECT_EQ(std::ranges::count(opened, true), 1);
}

// The setting may differ between nodes, and change: what a token says of itself counts, and not the setting.
TEST_F(UnrecordedTokensTest, AreGoodBesideOthers) {
    const ServiceBearer without = earned();
    const auto with = log_in(other, id_, *made_.secret);
    ASSERT_TRUE(test::succeeds(with));
    for (test::Node* at : {&node, &other})
        for (const ServiceBearer& token : {without, bearer(*with)})
            EXPECT_TRUE(test::succeeds(run(access_of_service_token(at->services, token, Deadline::max()))));
    EXPECT_TRUE(test::succeeds(revoke(node, bearer(*with), itself())));
    EXPECT_TRUE(test::succeeds(revoke(other, without, itself())));
    for (const ServiceBearer& token : {without, bearer(*with)}) EXPECT_FALSE(is_good(token));
}

TEST_F(UnrecordedTokensTest, RegisterApplicationsUntilTheyEnd) {
    ASSERT_TRUE(test::succeeds(assign(roots_, id_, role("registrars", {"keyledger.clients:register", "a:b"}))));
    const auto try_with = [&](const ServiceBearer& token) {
        ClientRegistration registration;
        registration.definition.name = "Shop";
        registration.definition.type = ApplicationType::kSpa;
        registration.definition.grant_types = {GrantType::kAuthorizationCode};
        registration.definition.scopes = {"openid"};
        registration.definition.redirect_uris = {"https://shop.example/callback"};
        registration.definition.authentication = ClientAuthentication::kNone;
        return run(register_client(services(), token, std::move(registration), caller()));
    };
    const ServiceBearer token = earned();
    EXPECT_TRUE(test::succeeds(try_with(token)));
    EXPECT_TRUE(test::refused(try_with(earned("a:b")), refusals::kForbidden));
    ServiceBearer of_lost_events = token;
    of_lost_events.record->position = world.head() + 1;
    EXPECT_TRUE(test::refused(try_with(of_lost_events), refusals::kInvalidToken));
    ASSERT_TRUE(test::succeeds(revoke(other, token, itself())));
    EXPECT_TRUE(test::refused(try_with(token), refusals::kInvalidToken));
    const ServiceBearer next = earned();
    ASSERT_TRUE(test::succeeds(change(roots_, id_, AccountStatus::kDisabled)));
    EXPECT_TRUE(test::refused(try_with(next), refusals::kInvalidToken));
}

}  // namespace
}  // namespace keyledger::commands

// Service accounts: who may make and change them, what proves who they are, what their tokens are good for.
#include "domain/access/assignments.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"
#include "tests/commands/clients/service_accounts_fixture.hpp"

namespace keyledger::commands {
namespace {

// ---- administration --------------------------------------------------------------------------------------------
TEST_F(ServiceAccountsTest, AreRegisteredUnderNamesOfTheirOwn) {
    const ServiceAccountId id = account("Billing");
    EXPECT_EQ(since(), Types{"service_account.registered"});
    EXPECT_EQ(world.events().back().stream_id, id);
    EXPECT_TRUE(test::refused(register_as(roots_, "billing"), refusals::kAccountNameTaken));
    EXPECT_TRUE(test::refused(register_as(roots_, "no good"), refusals::kInvalidAccountName));
    ASSERT_TRUE(test::succeeds(change(roots_, id, AccountStatus::kEnabled, "pay")));
    EXPECT_TRUE(test::succeeds(register_as(roots_, "billing"))) << "the name is free again";
    EXPECT_TRUE(test::refused(change(roots_, id, AccountStatus::kEnabled, "BILLING"), refusals::kAccountNameTaken));
    ASSERT_TRUE(test::succeeds(remove(roots_, id)));
    EXPECT_TRUE(test::succeeds(register_as(roots_, "pay")));
}

TEST_F(ServiceAccountsTest, RefuseAudiencesThatNoTokenCanBeFor) {
    const auto with = [&](std::vector<std::string> audiences) {
        return run(register_service_account(services(), bearer_of(roots_), {"billing", std::move(audiences)},
                                            caller_of(roots_)));
    };
    EXPECT_TRUE(test::refused(with({"orders"}), refusals::kInvalidAudience));
    EXPECT_TRUE(test::refused(with({"https://orders.example/#part"}), refusals::kInvalidAudience));
    std::vector<std::string> many;
    for (std::size_t i = 0; i <= kMaxAudiencesPerClient; ++i) many.push_back("urn:a:" + std::to_string(i));
    EXPECT_TRUE(test::refused(with(many), refusals::kTooManyAudiences));
    EXPECT_TRUE(test::succeeds(with({kIssuer, kOrders, kOrders})));
    EXPECT_NE(world.events().back().payload.find(R"("audiences":["https://orders.example"])"), std::string::npos);
}

TEST_F(ServiceAccountsTest, AreForThoseWhoHoldThePermission) {
    const ServiceAccountId id = account();
    EXPECT_TRUE(test::refused(register_as(anns_, "hers"), refusals::kForbidden));
    EXPECT_TRUE(test::refused(add_secret(anns_, id), refusals::kForbidden));
    EXPECT_TRUE(test::refused(remove(anns_, id), refusals::kForbidden));
    let_ann({"keyledger.clients:write"});
    EXPECT_TRUE(test::succeeds(register_as(anns_, "hers")));
    EXPECT_TRUE(test::succeeds(add_secret(anns_, id)));
    EXPECT_TRUE(test::refused(add_secret(anns_, test::uuid(5)), refusals::kAccountUnknown));
    EXPECT_TRUE(test::refused(add_key(anns_, id, "bad"), refusals::kInvalidKey));
}

TEST_F(ServiceAccountsTest, HaveTwoSecretsAtMostEachShownOnce) {
    const ServiceAccountId id = account();
    const SecretReceipt first = secret(id);
    ASSERT_TRUE(first.secret);
    EXPECT_TRUE(first.secret->reveal().starts_with("kls_"));
    const SecretReceipt second = secret(id);
    EXPECT_TRUE(test::refused(add_secret(roots_, id), refusals::kTooManySecrets));
    EXPECT_TRUE(test::succeeds(log_in(node, id, *first.secret)));
    EXPECT_TRUE(test::succeeds(log_in(node, id, *second.secret)));
    EXPECT_TRUE(test::succeeds(remove_secret(id, first.secret_id)));
    EXPECT_TRUE(test::refused(remove_secret(id, first.secret_id), refusals::kCredentialUnknown));
    EXPECT_TRUE(test::refused(log_in(node, id, *first.secret), refusals::kInvalidClient));
    EXPECT_TRUE(test::succeeds(log_in(node, id, *second.secret)));
}

TEST_F(ServiceAccountsTest, MakeASecretOnceUnderOneIdempotencyKey) {
    const ServiceAccountId id = account();
    Caller with_key = caller_of(roots_);
    with_key.idempotency = test::caller_with_key(7).idempotency;
    auto first = run(add_account_secret(services(), bearer_of(roots_), id, with_key));
    auto again = run(add_account_secret(other.services, bearer_of(roots_), id, with_key));
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_TRUE(first->secret.has_value());
    EXPECT_FALSE(again->secret.has_value()) << "shown once";
    EXPECT_EQ(again->secret_id, first->secret_id);
}

// I10: neither the secret nor its digest stands in the log, and what is stored opens for nobody without the key.
TEST_F(ServiceAccountsTest, LeaveNoSecretInTheLog) {
    const ServiceAccountId id = account();
    const SecretReceipt made = secret(id);
    const auto digest = security::sha256(made.secret->reveal());
    std::string all;
    for (const auto& event : world.events()) all += event.payload + event.metadata;
    EXPECT_EQ(all.find(made.secret->reveal()), std::string::npos);
    EXPECT_EQ(all.find(security::hex_encode(security::view_of(digest))), std::string::npos);
}

TEST_F(ServiceAccountsTest, TakeTheirSecretsAndTheKeyOfThemWhenTheyAreDeleted) {
    const ServiceAccountId id = account();
    const SecretReceipt made = secret(id);
    const auto grant = log_in(node, id, *made.secret);
    ASSERT_TRUE(test::succeeds(grant));
    ASSERT_TRUE(test::succeeds(remove(roots_, id)));
    EXPECT_FALSE(holds(*grant));
    EXPECT_TRUE(test::refused(log_in(node, id, *made.secret), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(add_secret(roots_, id), refusals::kAccountUnknown));
    auto stored = run(store.read_credential(id, client_secret_kind(made.secret_id), Deadline::max()));
    ASSERT_TRUE(stored);
    EXPECT_FALSE(stored->has_value());
    std::vector<Uuid> subjects{id};
    auto keys = run(store.read_subject_keys(subjects, Deadline::max()));
    ASSERT_TRUE(keys);
    ASSERT_EQ(keys->size(), 1u);
    EXPECT_TRUE(keys->front().destroyed);
}

// The attack: whoever may write clients adds a secret to an account that may do more than they may.
TEST_F(ServiceAccountsTest, LendNobodyAPermissionThatTheyLack) {
    const ServiceAccountId id = account();
    const SecretReceipt made = secret(id);
    ASSERT_TRUE(test::succeeds(assign(roots_, id, role("cashier", {"payments:make"}))));
    let_ann({"keyledger.clients:write", "keyledger.roles:write", "invoices:read"});
    before_ = world.head();
    EXPECT_TRUE(test::refused(add_secret(anns_, id), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(add_key(anns_, id, "hers"), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(change(anns_, id, AccountStatus::kDisabled), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(remove(anns_, id), refusals::kExceedsAuthority));
    EXPECT_TRUE(
        test::refused(run(remove_account_secret(services(), bearer_of(anns_), id, made.secret_id, caller_of(anns_))),
                      refusals::kExceedsAuthority));
    auto registered = register_as(anns_, "hers");
    ASSERT_TRUE(test::succeeds(registered));
    const ServiceAccountId own = registered->account_id;
    EXPECT_TRUE(test::refused(assign(anns_, own, role("payer", {"payments:make"})), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(assign(anns_, own, kAdministratorRole), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(assign(roots_, own, kAdministratorRole), refusals::kAdministratorsAreUsers));
    EXPECT_TRUE(test::succeeds(assign(anns_, own, role("reader", {"invoices:read"}))));
    EXPECT_TRUE(test::refused(assign(anns_, test::uuid(5), role("other", {})), refusals::kAccountUnknown));
}

TEST_F(ServiceAccountsTest, AreGrantedAScopeOfWhatTheyHoldAndLoseItWithTheRole) {
    const ServiceAccountId id = account();
    const SecretReceipt made = secret(id);
    const RoleId clerk = role("clerk", {"invoices:*", "orders:read"});
    ASSERT_TRUE(test::succeeds(assign(roots_, id, clerk)));
    const auto all = log_in(node, id, *made.secret);
    ASSERT_TRUE(test::succeeds(all));
    EXPECT_EQ(all->scope, (std::vector<std::string>{"invoices:*", "orders:read"}));
    const auto some = log_in(node, id, *made.secret, {}, "orders:read invoices:read");
    ASSERT_TRUE(test::succeeds(some));
    EXPECT_EQ(some->scope, (std::vector<std::string>{"invoices:read", "orders:read"}));
    for (const char* more : {"orders:write", "orders:read users:read", "*:*", "nonsense", " ", "orders:read  "})
        EXPECT_TRUE(test::refused(log_in(node, id, *made.secret, {}, more), refusals::kInvalidScope)) << more;
    auto of = [&](const ServiceGrant& grant) {
        const ServiceBearer bearer{grant.account_id, grant.token_id, grant.scope};
        auto access = run(access_of_service_token(other.services, bearer, Deadline::max()));
        EXPECT_TRUE(test::succeeds(access));
        return access ? access->still_held(bearer.scope) : std::vector<std::string>{};
    };
    EXPECT_EQ(of(*some), some->scope);
    auto changed =
        run(change_role(services(), bearer_of(roots_), clerk, {"clerk", {"orders:read"}}, caller_of(roots_)));
    ASSERT_TRUE(test::succeeds(changed));
    EXPECT_EQ(of(*some), std::vector<std::string>{"orders:read"});
    ASSERT_TRUE(test::succeeds(withdraw(id, clerk)));
    EXPECT_TRUE(of(*some).empty());
    EXPECT_TRUE(test::refused(log_in(other, id, *made.secret, {}, "orders:read"), refusals::kInvalidScope));
    ASSERT_TRUE(test::succeeds(assign(roots_, id, role("watch", {"keyledger.tokens:introspect"}))));
    auto client = run(authenticate_client(services(), proof_of_secret(id, *made.secret), caller()));
    ASSERT_TRUE(test::succeeds(client));
    EXPECT_EQ(client->introspection_right, IntrospectionRight::kAllTokens);
    EXPECT_EQ(client->revocation_right, RevocationRight::kOwnTokens) << "to look is not to take";
    EXPECT_EQ(client->evaluation_right, EvaluationRight::kNobody);
    ASSERT_TRUE(test::succeeds(assign(roots_, id, role("ender", {"keyledger.tokens:revoke"}))));
    client = run(authenticate_client(services(), proof_of_secret(id, *made.secret), caller()));
    ASSERT_TRUE(test::succeeds(client));
    EXPECT_EQ(client->revocation_right, RevocationRight::kAllTokens);
}

// ---- log-in ----------------------------------------------------------------------------------------------------
TEST_F(ServiceAccountsTest, EarnATokenByOneAppendAndNoReadWhenTheyAreKnown) {
    const ServiceAccountId id = account();
    const SecretReceipt made = secret(id);
    ASSERT_TRUE(test::succeeds(log_in(node, id, *made.secret)));
    before_ = world.head();
    stepped.calls.clear();
    const auto grant = log_in(node, id, *made.secret);
    ASSERT_TRUE(test::succeeds(grant));
    EXPECT_EQ(since(), Types{"service_token.issued"});
    EXPECT_EQ(stepped.calls, (std::map<std::string, int>{{"append", 1}}));
    EXPECT_EQ(grant->audiences, std::vector<std::string>{kIssuer});
    EXPECT_EQ(grant->expires_at, kNow + minutes(5));
    const auto event = world.events().back();
    EXPECT_EQ(event.stream_id, grant->token_id);
    eventstore::NullFieldOpener nothing;
    const auto envelope = eventstore::decode_metadata(event, nothing);
    EXPECT_EQ(envelope.actor_type, eventstore::ActorType::kClient);
    EXPECT_EQ(envelope.actor_id, id.to_string());
    EXPECT_TRUE(holds(*grant));
}

TEST_F(ServiceAccountsTest, ThatProveNothingGetNothingAndAreCounted) {
    const ServiceAccountId id = account();
    const ServiceAccountId another = account("another");
    const SecretReceipt made = secret(id);
    const SecretReceipt of_another = secret(another);
    const Secret unlike(std::string(made.secret->reveal()).substr(0, 40) + std::string(28, 'A'));
    before_ = world.head();
    EXPECT_TRUE(test::refused(log_in(node, id, unlike), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(log_in(node, id, Secret("guess")), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(log_in(node, id, *of_another.secret), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(log_in(node, test::uuid(4), *made.secret), refusals::kInvalidClient));
    EXPECT_TRUE(since().empty());
    for (test::Node* one : {&node, &other}) one->services.settings.limits.passwords = {1, 4};
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(test::refused(log_in(other, id, unlike), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(log_in(node, id, unlike), refusals::kTooManyAttempts)) << "counted on all nodes together";
    EXPECT_TRUE(test::succeeds(log_in(node, id, *made.secret))) << "what is right passes";
}

// What is public of an account, its id, is enough to fail with; the work must not be the service's.
TEST_F(ServiceAccountsTest, WaitBeforeAnythingIsReadWhereTheirNetworkFailsAllTheTime) {
    node.services.settings.limits.passwords = {1, 2};
    const ServiceAccountId id = account();
    const SecretReceipt made = secret(id);
    ASSERT_TRUE(test::succeeds(log_in(node, id, *made.secret)));
    const Secret unlike(std::string(made.secret->reveal()).substr(0, 40) + std::string(28, 'A'));
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(test::refused(log_in(node, id, unlike), refusals::kInvalidClient));
    stepped.calls.clear();
    for (const test::TestId& claimed : test::TestIds{id, test::uuid(4), anns_.session_id})
        EXPECT_TRUE(test::refused(log_in(node, claimed, unlike), refusals::kTooManyAttempts));
    auto introspecting = run(authenticate_client(services(), proof_of_secret(id, unlike), caller()));
    EXPECT_TRUE(test::refused(introspecting, refusals::kTooManyAttempts));
    EXPECT_TRUE(stepped.calls.empty());
    EXPECT_TRUE(test::succeeds(log_in(node, id, *made.secret))) << "what is right always passes";
    clock.advance(minutes(1));
    EXPECT_TRUE(test::refused(log_in(node, id, unlike), refusals::kInvalidClient));
}

TEST_F(ServiceAccountsTest, ThatDoNotExistCostNoReadWhereAllAreRemembered) {
    struct Remembering : FoldedAccess {
        using FoldedAccess::FoldedAccess;
        bool answers_from_memory() const override { return true; }
        asio::awaitable<Result<ServiceAccess, eventstore::StoreError>> read_service(ServiceSubject subject,
                                                                                    Deadline) override {
            ServiceAccount account;
            account.status = ServiceAccount::Status::kEnabled;
            ServiceAccess access;
            if (subject.account_id == known) access.found_account = std::make_shared<const ServiceAccount>(account);
            co_return access;
        }
        ServiceAccountId known;
    } remembering{node.executor, stepped};
    auto& s = services();
    Services serving{s.executor,    remembering,    s.store,  s.cipher,       s.clock,
                     s.identifiers, s.pseudonyms,   s.hasher, s.policy,       s.client_secret_cache,
                     s.assertions,  s.operator_log, s.limits, s.failure_sums, s.unrecorded_failures,
                     s.accounts,    s.settings};
    const ServiceAccountId id = account();
    const SecretReceipt made = secret(id);
    remembering.known = id;
    node.cache.drop(id);
    const auto ask = [&](const test::TestId& claimed) {
        ServiceLogIn request{proof_of_secret(claimed, *made.secret), {}, {}};
        return run(log_in_service(serving, std::move(request), caller()));
    };
    stepped.calls.clear();
    for (const test::TestId& claimed : test::TestIds{test::uuid(4), ann_, anns_.session_id})
        EXPECT_TRUE(test::refused(ask(claimed), refusals::kInvalidClient));
    EXPECT_TRUE(stepped.calls.empty());
    EXPECT_TRUE(test::succeeds(ask(id)));
}

TEST_F(ServiceAccountsTest, AskForResourcesOfTheirOwnOrForTheIssuerAlone) {
    const ServiceAccountId id = account();
    const SecretReceipt made = secret(id);
    const auto grant = log_in(node, id, *made.secret, {kOrders});
    ASSERT_TRUE(test::succeeds(grant));
    EXPECT_EQ(grant->audiences, std::vector<std::string>{kOrders});
    EXPECT_TRUE(test::refused(log_in(node, id, *made.secret, {"https://stock.example"}), refusals::kInvalidTarget));
    EXPECT_TRUE(test::refused(log_in(node, id, *made.secret, {kIssuer, kOrders}), refusals::kInvalidTarget))
        << "who is handed it there could replay it here";
}

TEST_F(ServiceAccountsTest, RefuseASecretThatTheLogDoesNotName) {
    const ServiceAccountId id = account();
    const SecretReceipt made = secret(id);
    stepped.edit_credential = [](auto& credential) { credential->sealed.back() ^= 1; };
    EXPECT_TRUE(test::refused(log_in(node, id, *made.secret), refusals::kCredentialTampered));
    EXPECT_EQ(world.operator_log.lines().size(), 1u);
    stepped.edit_credential = nullptr;
    EXPECT_TRUE(test::succeeds(log_in(node, id, *made.secret)));
}

TEST_F(ServiceAccountsTest, LoseTheirTokensWithWhatEarnedThem) {
    const ServiceAccountId id = account();
    const SecretReceipt first = secret(id);
    const SecretReceipt second = secret(id);
    const auto by_first = log_in(node, id, *first.secret);
    const auto by_second = log_in(node, id, *second.secret);
    ASSERT_TRUE(test::succeeds(remove_secret(id, first.secret_id)));
    EXPECT_FALSE(holds(*by_first));
    EXPECT_TRUE(holds(*by_second));
    ASSERT_TRUE(test::succeeds(change(roots_, id, AccountStatus::kDisabled)));
    EXPECT_FALSE(holds(*by_second));
    EXPECT_TRUE(test::refused(log_in(node, id, *second.secret), refusals::kInvalidClient));
    ASSERT_TRUE(test::succeeds(change(roots_, id, AccountStatus::kEnabled)));
    EXPECT_FALSE(holds(*by_second)) << "what ended stays ended";
    EXPECT_TRUE(test::succeeds(log_in(node, id, *second.secret)));
}

// ---- asking and revoking ---------------------------------------------------------------------------------------
TEST_F(ServiceAccountsTest, RevokeTheirOwnTokensOnly) {
    const ServiceAccountId id = account();
    const SecretReceipt made = secret(id);
    const auto grant = log_in(node, id, *made.secret);
    ASSERT_TRUE(test::succeeds(grant));
    const ServiceBearer bearer{grant->account_id, grant->token_id};
    Client stranger;
    stranger.client_id = test::uuid(4).to_string();
    EXPECT_TRUE(test::succeeds(run(revoke_service_token(services(), bearer, stranger, caller()))));
    EXPECT_TRUE(holds(*grant));
    Client itself;
    itself.client_id = id.to_string();
    EXPECT_TRUE(test::succeeds(run(revoke_service_token(services(), bearer, itself, caller()))));
    EXPECT_FALSE(holds(*grant));
    auto again = run(revoke_service_token(services(), bearer, itself, caller()));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_EQ(again->position, 0);
}

}  // namespace
}  // namespace keyledger::commands

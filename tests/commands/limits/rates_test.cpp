#include "commands/limits/rates.hpp"
#include "domain/access/subject_access.hpp"

#include "commands/clients/service_accounts.hpp"
#include "commands/clients/service_tokens.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::kAnnsEmail;
using test::run;

class RatesTest : public test::CommandTest {
protected:
    void SetUp() override {
        world.register_user(node, kAnnsEmail);
        laptop_ = world.log_in(node, kAnnsEmail);
        phone_ = world.log_in(node, kAnnsEmail);
        services().settings.limits.writes = {1, 2};
    }
    bool takes(const Grant& grant) { return admit_write(services(), test::bearer_of(grant)).has_value(); }

    Grant laptop_, phone_;
};

// A thief of one token must not keep its owner from changing the password with another.
TEST_F(RatesTest, OfWritesAreOfASessionBeforeTheyAreOfItsUser) {
    EXPECT_TRUE(takes(laptop_) && takes(laptop_));
    const auto refused = admit_write(services(), test::bearer_of(laptop_));
    EXPECT_TRUE(test::refused(refused, refusals::kTooManyAttempts));
    EXPECT_GT(refused.error().retry_after, Duration());
    EXPECT_TRUE(takes(phone_) && takes(phone_));
    EXPECT_FALSE(takes(phone_));
    clock.advance(minutes(1));
    EXPECT_TRUE(takes(laptop_));
}

TEST_F(RatesTest, OfWritesAreBoundedOverAllSessionsOfAUser) {
    int taken = 0;
    for (int session = 0; session < 10; ++session) {
        const Grant one = world.log_in(node, kAnnsEmail);
        while (takes(one)) ++taken;
    }
    EXPECT_EQ(taken, 8);
}

TEST_F(RatesTest, OfRefreshesAreOfTheSession) {
    const auto refresh = [&](Grant& grant) {
        auto again = run(refresh_session(services(), test::refresh_of(grant), test::caller()));
        if (again) grant = *again;
        return again;
    };
    EXPECT_TRUE(test::succeeds(refresh(laptop_)));
    EXPECT_TRUE(test::succeeds(refresh(laptop_)));
    const Position before = world.head();
    EXPECT_TRUE(test::refused(refresh(laptop_), refusals::kTooManyAttempts));
    EXPECT_EQ(world.head(), before);
    EXPECT_TRUE(test::succeeds(refresh(phone_)));
    clock.advance(minutes(1));
    EXPECT_TRUE(test::succeeds(refresh(laptop_)));
}

// ---- failures as one client, from many networks ----------------------------------------------------------------
// A memory of all accounts that is level with the log, as a serving node has it.
struct Remembering : FoldedAccess {
    using FoldedAccess::FoldedAccess;
    bool answers_from_memory() const override { return true; }
    asio::awaitable<Result<ServiceAccess, eventstore::StoreError>> read_service(ServiceSubject subject,
                                                                                Deadline) override {
        ServiceAccess access;
        if (const auto at = accounts.find(subject.account_id); at != accounts.end())
            access.found_account = std::make_shared<const ServiceAccount>(at->second);
        co_return access;
    }
    std::map<ServiceAccountId, ServiceAccount> accounts;
};

class FailuresAsOneClient : public test::CommandTest {
protected:
    void SetUp() override {
        world.create_administrator(node, "root@example.com");
        const Grant roots = world.log_in(node, "root@example.com");
        for (auto* made : {&billing_, &stock_}) {
            const std::string name = made == &billing_ ? "billing" : "stock";
            const auto from = test::caller_of(roots);
            made->id = run(register_service_account(services(), test::bearer_of(roots), {name, {}}, from))->account_id;
            auto secret = run(add_account_secret(services(), test::bearer_of(roots), made->id, from));
            made->secret.emplace(std::move(*secret->secret));
        }
        for (test::Node* one : {&node, &other}) one->services.settings.limits.passwords = {1, 2};
    }
    struct Account {
        ServiceAccountId id;
        std::optional<Secret> secret;
    };
    // As many guesses as all networks have together, two of each.
    void use_up() {
        for (int i = 0; i < 20; ++i) {
            test::Node& where = i % 2 ? node : other;
            const std::string network = "network " + std::to_string(i / 2);
            EXPECT_TRUE(test::refused(ask(where.services, network, billing_, wrong()), refusals::kInvalidClient)) << i;
        }
    }
    Secret wrong() const { return Secret(std::string(billing_.secret->reveal()).substr(0, 40) + std::string(28, 'A')); }
    static Result<ServiceGrant, CommandError> ask(Services& at, const std::string& network, const Account& as,
                                                  const Secret& secret) {
        Caller from = test::caller();
        from.client_address = from.network = network;
        ServiceLogIn request{proof_of_secret(as.id, secret), {}, {}};
        return run(log_in_service(at, std::move(request), from));
    }

    Account billing_, stock_;
};

// What is wrong waits, on every node; what is right passes, from there too: nobody keeps an account out by failing as
// it. Other accounts are as they were, and so are ids that nobody has, of which there are as many as anybody likes.
TEST_F(FailuresAsOneClient, WaitTogetherAndKeepNobodyOut) {
    use_up();
    const Account nobody{test::uuid(4), std::nullopt};
    for (test::Node* one : {&node, &other}) {
        const std::string network = one == &node ? "a fresh one" : "another";
        Services& at = one->services;
        EXPECT_TRUE(test::refused(ask(at, network, billing_, wrong()), refusals::kTooManyAttempts));
        EXPECT_TRUE(test::succeeds(ask(at, network, billing_, *billing_.secret))) << "what is right passes";
        EXPECT_TRUE(test::refused(ask(at, network, stock_, wrong()), refusals::kInvalidClient));
        EXPECT_TRUE(test::succeeds(ask(at, network, stock_, *stock_.secret)));
        EXPECT_TRUE(test::refused(ask(at, network, nobody, wrong()), refusals::kInvalidClient));
    }
    clock.advance(minutes(1));
    EXPECT_TRUE(test::refused(ask(services(), "later", billing_, wrong()), refusals::kInvalidClient)) << "not for good";
}

TEST_F(FailuresAsOneClient, CostNoReadWhereAllAccountsAreRemembered) {
    use_up();
    Remembering remembering{node.executor, stepped};
    auto& s = services();
    Services serving{s.executor,    remembering,    s.store,  s.cipher,       s.clock,
                     s.identifiers, s.pseudonyms,   s.hasher, s.policy,       s.client_secret_cache,
                     s.assertions,  s.operator_log, s.limits, s.failure_sums, s.unrecorded_failures,
                     s.accounts,    s.settings};
    ASSERT_TRUE(test::succeeds(ask(s, "home", billing_, *billing_.secret)));
    remembering.accounts[billing_.id] = state_of<ServiceAccount>(*node.cache.find(billing_.id));
    stepped.calls.clear();
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(
            test::refused(ask(serving, "fresh " + std::to_string(i), billing_, wrong()), refusals::kTooManyAttempts));
    EXPECT_TRUE(stepped.calls.empty());
    EXPECT_TRUE(test::succeeds(ask(serving, "fresh", billing_, *billing_.secret)));
    node.cache.drop(billing_.id);
    EXPECT_TRUE(test::succeeds(ask(serving, "fresh", billing_, *billing_.secret))) << "remembered by the feed alone";
}

}  // namespace
}  // namespace keyledger::commands

// Service accounts and their tokens in memory, against whoever folds their streams.
#include <filesystem>
#include <random>

#include "commands/access/groups.hpp"
#include "commands/applications/applications.hpp"
#include "commands/clients/service_accounts.hpp"
#include "commands/clients/service_tokens.hpp"
#include "domain/access/subject_access.hpp"
#include "projections/hot/snapshot_file.hpp"
#include "tests/projections/hot/asked.hpp"

namespace keyledger::projections::test {
namespace {

using namespace commands;
using keyledger::test::bearer_of;
using keyledger::test::run;

// Administrators and services do what they may at random; the seed is the test's.
class Services {
public:
    explicit Services(Stage& stage, std::uint32_t seed) : stage_(stage), random_(seed) {
        stage.world.create_administrator(stage.node, "root@example.com");
        root_ = stage.world.log_in(stage.node, "root@example.com");
        for (const char* name : {"clerk", "watch"}) {
            const RoleDefinition definition{name, {std::string(name) + ":read"}};
            roles_.push_back(run(define_role(at(), bearer_of(root_), definition, as_root()))->id);
        }
        for (const char* name : {"upper", "lower"})
            groups_.push_back(run(define_group(at(), bearer_of(root_), name, as_root()))->id);
        const RoleDefinition denying{"denying", {"desk:enter"}, {"clerk:*"}};
        roles_.push_back(run(define_role(at(), bearer_of(root_), denying, as_root()))->id);
        for (std::size_t i = 0; i < groups_.size(); ++i)
            (void)run(assign_role(at(), bearer_of(root_), Subject::group(groups_[i]), roles_[1 + i], as_root()));
    }

    void act() {
        if (chance(12)) return act_on_application();
        if (accounts_.empty() || chance(8)) return register_one();
        Account& one = accounts_[pick(accounts_.size())];
        const Subject subject = Subject::service_account(one.id);
        const RoleId& role = roles_[pick(roles_.size())];
        const GroupId& group = groups_[pick(groups_.size())];
        switch (pick(24)) {
            case 0: return add_secret(one);
            case 1: return remove_secret(one);
            case 2: return set(one, chance(3) ? AccountStatus::kDisabled : AccountStatus::kEnabled);
            case 3: return (void)run(assign_role(at(), bearer_of(root_), subject, role, as_root()));
            case 4: return (void)run(withdraw_role(at(), bearer_of(root_), subject, role, as_root()));
            case 5: return revoke();
            case 7:
            case 8: return (void)run(add_member(at(), bearer_of(root_), subject, group, as_root()));
            case 9: return (void)run(remove_member(at(), bearer_of(root_), subject, group, as_root()));
            case 10: return nest_or_not();
            case 6:
                if (chance(4)) (void)run(delete_service_account(at(), bearer_of(root_), one.id, as_root()));
                return;
            default: return log_in(one);
        }
    }
    std::vector<ServiceBearer> tokens;
    std::vector<ServiceAccountId> ids;
    std::vector<ApplicationId> applications;

private:
    struct Account {
        ServiceAccountId id;
        std::vector<std::pair<CredentialId, Secret>> secrets;
    };
    commands::Services& at() { return stage_.node.services; }
    Caller as_root() { return keyledger::test::caller_of(root_); }
    std::size_t pick(std::size_t count) { return random_() % count; }
    bool chance(std::size_t in) { return pick(in) == 0; }

    void register_one() {
        const AccountDefinition definition{"account-" + std::to_string(accounts_.size()), {}};
        auto registered = run(register_service_account(at(), bearer_of(root_), definition, as_root()));
        ASSERT_TRUE(registered);
        accounts_.push_back({registered->account_id, {}});
        ids.push_back(registered->account_id);
        add_secret(accounts_.back());
    }
    void act_on_application() {
        ApplicationDefinition definition;
        definition.name = "Application " + std::to_string(random_());
        definition.grant_types = {GrantType::kDeviceCode};
        definition.access_token_lifetime = seconds(60);
        if (applications.size() < 2 || chance(4)) {
            auto registered = run(register_application(at(), bearer_of(root_), definition, as_root()));
            ASSERT_TRUE(registered);
            return applications.push_back(registered->application_id);
        }
        const ApplicationId& one = applications[pick(applications.size())];
        const auto status = chance(3) ? ApplicationStatus::kDisabled : ApplicationStatus::kEnabled;
        switch (pick(4)) {
            case 0: return (void)run(delete_application(at(), bearer_of(root_), one, as_root()));
            case 1: return (void)run(add_application_secret(at(), bearer_of(root_), one, as_root()));
            default: return (void)run(change_application(at(), bearer_of(root_), one, definition, status, as_root()));
        }
    }
    void add_secret(Account& one) {
        auto made = run(add_account_secret(at(), bearer_of(root_), one.id, as_root()));
        if (made) one.secrets.emplace_back(made->secret_id, std::move(*made->secret));
    }
    void remove_secret(Account& one) {
        if (one.secrets.empty()) return;
        const std::size_t which = pick(one.secrets.size());
        (void)run(remove_account_secret(at(), bearer_of(root_), one.id, one.secrets[which].first, as_root()));
        one.secrets.erase(one.secrets.begin() + static_cast<std::ptrdiff_t>(which));
    }
    void set(const Account& one, AccountStatus account_status) {
        const AccountDefinition same{"renamed-" + std::to_string(random_()), {}};
        (void)run(change_service_account(at(), bearer_of(root_), one.id, same, account_status, as_root()));
    }
    void log_in(const Account& one) {
        if (one.secrets.empty()) return;
        ServiceLogIn request{proof_of_secret(one.id, one.secrets[pick(one.secrets.size())].second), {}, {}};
        if (chance(2)) request.records = ServiceTokenRecords::kNone;
        auto grant = run(log_in_service(at(), std::move(request), keyledger::test::caller()));
        if (grant) tokens.push_back({grant->account_id, grant->token_id, grant->scope, grant->record});
        stage_.clock.advance(seconds(20));
    }
    void nest_or_not() {
        const Nesting nesting{groups_[0], groups_[1]};
        const auto nested = run(nest_group(at(), bearer_of(root_), nesting, as_root()));
        if (nested && nested->position == 0) (void)run(unnest_group(at(), bearer_of(root_), nesting, as_root()));
    }
    void revoke() {
        if (tokens.empty()) return;
        const ServiceBearer& bearer = tokens[pick(tokens.size())];
        Client itself;
        itself.client_id = bearer.account_id.to_string();
        (void)run(revoke_service_token(at(), bearer, itself, keyledger::test::caller()));
    }

    Stage& stage_;
    std::mt19937 random_;
    Grant root_;
    std::vector<RoleId> roles_;
    std::vector<GroupId> groups_;
    std::vector<Account> accounts_;
};

// What an answer depends on. Who was deleted is nobody.
std::string text_of(const ServiceAccount& account, const std::vector<std::shared_ptr<const Role>>& roles,
                    const std::vector<std::shared_ptr<const Group>>& groups) {
    if (!account.exists()) return "nobody";
    std::string text = account.name + ' ' + std::to_string(static_cast<int>(account.status)) + ' ' +
                       std::to_string(account.tokens_ended_before) + ' ' + std::to_string(account.registered_at.ms());
    for (const auto& secret : account.secrets) text += ' ' + secret.id.to_string() + secret.sealed_sha256;
    for (const auto& role : roles) text += ' ' + role->name;
    for (const auto& group : groups) text += " in " + group->name;
    return text;
}

int in_groups = 0;  // compared so far
int live_applications = 0;
int unrecorded_revoked = 0;

void compare(Stage& stage, const AccessState& state, const Services& services, int& holding) {
    Node reader(stage.world, stage.store);
    const Instant now = stage.clock.now();
    for (const ServiceAccountId& id : services.ids) {
        const auto folded = run(reader.access.read_service({id, std::nullopt}, Deadline::max()));
        const auto found = state.find_service(id, std::nullopt);
        EXPECT_EQ(text_of(found.account(), found.held.roles, found.held.groups),
                  text_of(folded->account(), folded->held.roles, folded->held.groups));
        if (found.account().exists() && !found.held.groups.empty()) ++in_groups;
    }
    for (const ApplicationId& id : services.applications) {
        const ServiceAccountId client_id{id.uuid};
        const auto folded = run(reader.access.read_service({client_id, std::nullopt}, Deadline::max()));
        const auto found = state.find_service(client_id, std::nullopt);
        ASSERT_EQ(found.application != nullptr, folded->application != nullptr);
        if (!found.application) continue;
        EXPECT_EQ(*found.application, *folded->application);
        ++live_applications;
    }
    for (const ServiceBearer& bearer : services.tokens) {
        const auto folded = run(reader.access.read_service({bearer.account_id, bearer.token_id}, Deadline::max()));
        const auto found = state.find_service(bearer.account_id, bearer.token_id);
        const auto as_folded = with_carried(folded->token, bearer.account_id, bearer.record);
        const auto as_found = with_carried(found.token, bearer.account_id, bearer.record);
        const bool good = holds(as_folded, bearer.account_id, folded->account(), now);
        EXPECT_EQ(holds(as_found, bearer.account_id, found.account(), now), good);
        EXPECT_FALSE(holds(as_found, ServiceAccountId{Uuid{{7}}}, found.account(), now)) << "another's";
        holding += good ? 1 : 0;
        if (bearer.record && as_found.status == ServiceToken::Status::kRevoked) ++unrecorded_revoked;
    }
}

TEST(ServiceState, SaysWhatTheFoldsSay) {
    int holding = 0;
    for (std::uint32_t seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Stage stage;
        stage.world.accounts.step_up_window = days(365);  // root logs in once
        Services services(stage, seed);
        AccessState state({});
        Position applied = 0;
        for (int round = 0; round < 30; ++round) {
            for (int i = 0; i < 10; ++i) services.act();
            for (const auto& event : stage.world.events(applied))
                state.apply(AccessState::read_change(eventstore::FollowedEvent(event)));
            applied = stage.world.head();
            compare(stage, state, services, holding);
            for (std::size_t shard = 0; shard < Sharded<Uuid, int>::kShards; ++shard)
                state.sweep(shard, stage.clock.now());
            int again = 0;
            compare(stage, state, services, again);
        }
        EXPECT_GT(services.tokens.size(), 20U);
        EXPECT_LT(state.service_tokens(), services.tokens.size()) << "what ended has left";

        const std::string path =
            (std::filesystem::temp_directory_path() / ("keyledger-services-" + std::to_string(::getpid()))).string();
        const Uuid log_id{{1}};
        SnapshotWriter out(path, {Uuid{{2}}, log_id, "test"}, stage.world.cipher);
        state.write(out);
        ASSERT_TRUE(out.finish());
        auto in = SnapshotReader::open(path, log_id, "test", stage.world.cipher);
        ASSERT_TRUE(in);
        AccessState again({});
        again.read(*in);
        int holding_again = 0;
        compare(stage, again, services, holding_again);
        EXPECT_EQ(again.service_tokens(), state.service_tokens());
        std::filesystem::remove(path);
    }
    EXPECT_GT(holding, 100) << "there was something to compare";
    EXPECT_GT(in_groups, 100);
    EXPECT_GT(live_applications, 100);
    EXPECT_GT(unrecorded_revoked, 100);
}

// Once it could not be good any more nobody can come with it.
TEST(ServiceState, ForgetsARevokedTokenWithoutARecordAfterTheLongestLife) {
    AccessState state({});
    const ServiceAccountId account{Uuid{{1}}};
    const ServiceTokenId token{Uuid{{2}}};
    const Instant then = keyledger::test::kNow;
    const auto sweep_at = [&](Instant now) {
        for (std::size_t shard = 0; shard < Sharded<Uuid, int>::kShards; ++shard) state.sweep(shard, now);
        return state.find_service(account, token).token.status;
    };
    state.apply({token, {1, then}, eventstore::any_event<ServiceToken>(ServiceTokenRevoked{account})});
    EXPECT_EQ(state.service_tokens(), 0U);
    EXPECT_EQ(sweep_at(then + kLongestServiceToken + kExpiredTokensStay - milliseconds(1)),
              ServiceToken::Status::kRevoked);
    EXPECT_EQ(sweep_at(then + kLongestServiceToken + kExpiredTokensStay), ServiceToken::Status::kAbsent);
}

TEST(ServiceState, TakesLessThanSixtyBytesARevokedTokenWithoutARecord) {
    constexpr int kTokens = 100'000;
    AccessState state({});
    std::mt19937_64 random(1);
    const std::size_t before = state.bytes();
    for (int i = 1; i <= kTokens; ++i) {
        keyledger::test::TestId id;
        for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(random());
        const ServiceTokenRevoked revoked{ServiceAccountId{Uuid{{1}}}};
        state.apply({id, {i, Instant::at_ms(i)}, eventstore::any_event<ServiceToken>(revoked)});
    }
    EXPECT_LT((state.bytes() - before) / kTokens, 60U);
}

TEST(ServiceState, TakesLessThanAHundredAndSixtyBytesAToken) {
    constexpr int kTokens = 100'000;
    AccessState state({});
    std::mt19937_64 random(1);
    const auto some_id = [&] {
        keyledger::test::TestId id;
        for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(random());
        return id;
    };
    const ServiceAccountId account = some_id();
    const ServiceTokenIssued issued{
        account, {"https://shop.example"}, {"orders:read"}, "secret", Instant::at_ms(1LL << 50)};
    for (int i = 1; i <= kTokens; ++i)
        state.apply({some_id(), {i, Instant::at_ms(i)}, eventstore::any_event<ServiceToken>(issued)});
    EXPECT_EQ(state.service_tokens(), static_cast<std::size_t>(kTokens));
    EXPECT_LT(state.bytes() / kTokens, 160U);
}

}  // namespace
}  // namespace keyledger::projections::test

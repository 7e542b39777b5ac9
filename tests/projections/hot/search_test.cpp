// Who may do something, out of memory: the same people that evaluations say yes for, each once, however the
// answer is cut into pages.
#include "commands/access/roles.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/clients/service_accounts.hpp"
#include "tests/commands/runtime/chance.hpp"
#include "tests/projections/hot/asked.hpp"

namespace keyledger::projections::test {
namespace {

std::vector<SubjectId> all_pages(const AccessState& state, const SubjectSearch& search, std::size_t limit) {
    std::vector<SubjectId> ids;
    std::optional<SubjectPlace> place = SubjectPlace{};
    for (int pages = 0; place && pages < 100'000; ++pages) {
        const SubjectPage found = state.search(search, *place, limit);
        EXPECT_LE(found.ids.size(), limit);
        ids.insert(ids.end(), found.ids.begin(), found.ids.end());
        place = found.next;
    }
    EXPECT_FALSE(place) << "it comes to an end";
    return ids;
}

AccessState state_of(World& world) {
    AccessState state({});
    for (const auto& event : world.events()) state.apply(AccessState::read_change(eventstore::FollowedEvent(event)));
    return state;
}

// What the roles of a random history are about (tests/commands/runtime/chance.hpp).
std::vector<SubjectSearch> questions_about(const std::set<UserId>& users) {
    std::vector<SubjectSearch> questions;
    for (const char* resource : {"a", "b", "keyledger.users", "nothing"})
        for (const char* action : {"read", "write"}) {
            questions.push_back({SubjectType::kUser, resource, action, "42", std::nullopt});
            for (const UserId& owner : users)
                questions.push_back({SubjectType::kUser, resource, action, "42", owner.to_string()});
        }
    for (const char* instance : {"0", "1", "2"})
        questions.push_back({SubjectType::kUser, "c", "write", instance, std::nullopt});
    return questions;
}

class SubjectSearchTest : public testing::TestWithParam<int> {
protected:
    Stage stage_;
    Chance chance_{seed_of(*testing::UnitTest::GetInstance()->current_test_info()), stage_, stage_.node, stage_.other};
};
INSTANTIATE_TEST_SUITE_P(Seeds, SubjectSearchTest, testing::Range(0, 6));

TEST_P(SubjectSearchTest, FindsWhomEvaluationsAllow) {
    chance_.begin();
    std::size_t found = 0;
    for (int round = 0; round < 6; ++round) {
        for (int i = 0; i < 25; ++i) run(chance_.act());
        const AccessState state = state_of(stage_.world);
        Node reader(stage_.world, stage_.store);
        const std::set<UserId> users = named_in(stage_.world).users;
        for (const SubjectSearch& search : questions_about(users)) {
            std::set<SubjectId> expected;
            for (const UserId& user : users) {
                auto access = run(commands::access_of_user(reader.services, user, Deadline::max()));
                ASSERT_TRUE(succeeds(access));
                if (access->decide(search.question())) expected.insert(user);
            }
            const std::vector<SubjectId> all = all_pages(state, search, 1000);
            EXPECT_EQ(all.size(), expected.size());
            EXPECT_EQ(std::set<SubjectId>(all.begin(), all.end()), expected) << search.resource << ':' << search.action;
            EXPECT_EQ(all_pages(state, search, 1), all);
            EXPECT_EQ(all_pages(state, search, 3), all);
            found += all.size();
        }
    }
    EXPECT_GT(found, 20U);
}

// More people than one look takes in, and parts with several: every cut is met.
TEST(SubjectSearch, CutsAnAnswerAnywhere) {
    AccessState state({});
    const RoleId role_id{{42}};
    const GroupId group_id{{43}};
    RoleDefined defined{"reader", {"docs:read"}};
    state.apply({role_id, {}, eventstore::any_event<Role>(defined)});
    state.apply({group_id, {}, eventstore::any_event<Group>(GroupDefined{"readers"})});
    state.apply({assignments_of(group_id),
                 {},
                 eventstore::any_event<Assignments>(RoleAssigned{group_id, role_id, SubjectType::kGroup})});
    std::set<SubjectId> readers;
    std::mt19937_64 random(7);
    constexpr int kPeople = 10'000;
    for (int i = 0; i < kPeople; ++i) {
        keyledger::test::TestId id;
        for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random());
        id.bytes[6] = static_cast<std::uint8_t>(0x70 | (id.bytes[6] & 0x0F));
        state.apply({id, {i + 1, {}}, eventstore::any_event<User>(UserRegistered{})});
        if (i % 3 == 0) {
            const GroupMemberAdded added{id, group_id, SubjectType::kUser};
            state.apply({assignments_of(id), {}, eventstore::any_event<Assignments>(added)});
            readers.insert(id);
        }
        if (i % 9 == 0) {
            state.apply({id, {i + 1, {}}, eventstore::any_event<User>(UserDisabled{})});
            readers.erase(id);
        }
    }
    const SubjectSearch search{SubjectType::kUser, "docs", "read", "7", std::nullopt};
    const std::vector<SubjectId> all = all_pages(state, search, 1000);
    EXPECT_EQ(std::set<SubjectId>(all.begin(), all.end()), readers);
    EXPECT_EQ(all.size(), readers.size()) << "each once";
    for (const std::size_t limit : {1U, 2U, 7U, 13U, 100U, 999U})
        EXPECT_EQ(all_pages(state, search, limit), all) << limit;
    // What one call looks at is bounded, whether it finds anybody or not.
    const SubjectSearch nobody{SubjectType::kUser, "docs", "burn", "7", std::nullopt};
    const SubjectPage first = state.search(nobody, {}, 1000);
    EXPECT_TRUE(first.ids.empty());
    ASSERT_TRUE(first.next);
    EXPECT_GT(first.next->part, 0U);
    EXPECT_LT(first.next->part, 200U);
    EXPECT_TRUE(all_pages(state, nobody, 1000).empty());
    EXPECT_FALSE(state.search(search, {100'000, {}}, 10).next) << "beyond the end is the end";
}

TEST(SubjectSearch, FindsServiceAccountsThatAreThere) {
    Stage stage;
    stage.world.create_administrator(stage.node, "root@example.com");
    const auto root = stage.world.log_in(stage.node, "root@example.com");
    const auto as_root = [&] { return caller_of(root); };
    auto role =
        run(commands::define_role(stage.node.services, bearer_of(root), {"reader", {"docs:read"}, {}}, as_root()));
    ASSERT_TRUE(succeeds(role));
    std::vector<ServiceAccountId> accounts;
    for (const char* name : {"a", "b", "c", "d", "e"}) {
        auto made =
            run(commands::register_service_account(stage.node.services, bearer_of(root), {name, {}}, as_root()));
        ASSERT_TRUE(succeeds(made));
        accounts.push_back(made->account_id);
        const auto subject = Subject::service_account(made->account_id);
        ASSERT_TRUE(
            succeeds(run(commands::assign_role(stage.node.services, bearer_of(root), subject, role->id, as_root()))));
    }
    // The last one has it by the group above its own, and another is in a group that denies it.
    const auto as_member = [&](const std::string& group, const ServiceAccountId& account) {
        auto made = run(commands::define_group(stage.node.services, bearer_of(root), group, as_root()));
        EXPECT_TRUE(succeeds(run(commands::add_member(stage.node.services, bearer_of(root),
                                                      Subject::service_account(account), made->id, as_root()))));
        return made->id;
    };
    const GroupId inner = as_member("inner", accounts.back());
    const GroupId frozen = as_member("frozen", accounts.front());
    auto outer = run(commands::define_group(stage.node.services, bearer_of(root), "outer", as_root()));
    ASSERT_TRUE(
        succeeds(run(commands::nest_group(stage.node.services, bearer_of(root), {outer->id, inner}, as_root()))));
    auto denying =
        run(commands::define_role(stage.node.services, bearer_of(root), {"denying", {}, {"docs:*"}}, as_root()));
    const auto give = [&](const GroupId& group, const RoleId& what) {
        EXPECT_TRUE(succeeds(
            run(commands::assign_role(stage.node.services, bearer_of(root), Subject::group(group), what, as_root()))));
    };
    give(outer->id, role->id);
    give(frozen, denying->id);
    ASSERT_TRUE(succeeds(run(commands::withdraw_role(stage.node.services, bearer_of(root),
                                                     Subject::service_account(accounts.back()), role->id, as_root()))));
    accounts.erase(accounts.begin());
    const auto found = [&] { return std::vector<SubjectId>(accounts.begin(), accounts.end()); };
    const SubjectSearch search{SubjectType::kServiceAccount, "docs", "read", "7", std::nullopt};
    EXPECT_EQ(all_pages(state_of(stage.world), search, 10), found());
    EXPECT_EQ(all_pages(state_of(stage.world), search, 2), found());
    EXPECT_TRUE(all_pages(state_of(stage.world), {SubjectType::kUser, "docs", "read", "7", {}}, 10).size() == 1)
        << "of users, the administrator";
    ASSERT_TRUE(
        succeeds(run(commands::delete_service_account(stage.node.services, bearer_of(root), accounts[2], as_root()))));
    accounts.erase(accounts.begin() + 2);
    EXPECT_EQ(all_pages(state_of(stage.world), search, 1), found());
    EXPECT_EQ(state_of(stage.world).actions_of("docs"), std::set<std::string>{"read"});
    EXPECT_EQ(state_of(stage.world).actions_of("mails"), std::set<std::string>{});
}

}  // namespace
}  // namespace keyledger::projections::test

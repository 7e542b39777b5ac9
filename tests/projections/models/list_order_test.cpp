#include "projections/engine/limits.hpp"
#include "projections/engine/queries.hpp"
#include "projections/models/groups.hpp"
#include "projections/models/roles.hpp"
#include "projections/models/users.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/projections/permissions_fixture.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

using ListedTest = PermissionsFixture;

}  // namespace

// Ids are given before passwords are hashed, so their order is none. Pages go on where they ended, whoever is
// erased or comes in between.
TEST_F(ListedTest, ComeInTheOrderInWhichTheyCameIntoBeing) {
    std::vector<Uuid> ids;
    for (int i = 0; i < 9; ++i) ids.push_back(story.new_id());
    std::ranges::sort(ids, std::greater{});
    for (std::size_t i = 0; i < 3; ++i) {
        story.record(ids[i], RoleEvent(RoleDefined{"r" + std::to_string(i), {}, RoleKind::kCustom}), By{});
        story.record(ids[3 + i], GroupEvent(GroupDefined{"g" + std::to_string(i)}), By{});
    }
    std::vector<Uuid> registered;
    for (int i = 0; i < 5; ++i) registered.push_back(story.registers("u" + std::to_string(i) + "@example.com"));
    story.record(ids[0], RoleEvent(RoleChanged{"r9", {}, {}}), By{});
    story.record(ids[3], GroupEvent(GroupRenamed{"g9"}), By{});
    project();
    const auto all = [](auto list, auto cursor) {
        std::vector<Uuid> listed;
        do {
            const auto page = answer_of(list(cursor));
            for (const auto& row : page->items) listed.push_back(row.id);
            cursor = page->next;
        } while (cursor);
        return listed;
    };
    const auto users_by = [&](std::optional<UserCursor> after) { return list_users(queries, "", after, 2, soon()); };
    const auto roles_by = [&](std::optional<RoleCursor> after) { return list_roles(queries, after, 2, soon()); };
    const auto groups_by = [&](std::optional<GroupCursor> after) { return list_groups(queries, after, 2, soon()); };
    EXPECT_EQ(all(users_by, std::optional<UserCursor>()), registered);
    EXPECT_EQ(all(roles_by, std::optional<RoleCursor>()), (std::vector<Uuid>{ids[0], ids[1], ids[2]}));
    EXPECT_EQ(all(groups_by, std::optional<GroupCursor>()), (std::vector<Uuid>{ids[3], ids[4], ids[5]}));
    const auto first = answer_of(users_by({}));
    story.record(registered[1], UserEvent(UserErased{}), By{});
    registered.push_back(story.registers("late@example.com"));
    project();
    EXPECT_EQ(all(users_by, first->next), std::vector<Uuid>(registered.begin() + 2, registered.end()));
}

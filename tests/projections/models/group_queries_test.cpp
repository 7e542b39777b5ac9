// Who is in which group, and why somebody may do what they may, as the read model `permissions` tells it.
#include <gtest/gtest.h>

#include "projections/models/groups.hpp"
#include "projections/models/permissions.hpp"
#include "tests/projections/permissions_fixture.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

using GroupQueriesTest = PermissionsFixture;

using Strings = std::vector<std::string>;

}  // namespace

TEST_F(GroupQueriesTest, SaysWhySomebodyMayDoWhatTheyMay) {
    const UserId ann = story.registers("ann@example.com");
    const UserId root = story.new_id();
    const RoleId reader = story.new_id();
    const GroupId staff = story.new_id();
    const GroupId clerks = story.new_id();
    By by = Story::user(root);
    story.record(reader, RoleEvent(RoleDefined{"reader", {"a:b"}, RoleKind::kCustom, {"a/7:b"}}), By{});
    story.record(staff, GroupEvent(GroupDefined{"staff"}), By{});
    story.record(clerks, GroupEvent(GroupDefined{"clerks"}), By{});
    const Position given =
        story.record(assignments_of(staff), AssignmentsEvent(RoleAssigned{staff, reader, SubjectType::kGroup}), by);
    const Position nested = story.record(kNestingsStream, NestingsEvent(GroupNested{staff, clerks}), by);
    const Position joined = story.record(assignments_of(ann), AssignmentsEvent(GroupMemberAdded{ann, clerks}), By{});
    const Position own = story.record(assignments_of(ann), AssignmentsEvent(RoleAssigned{ann, reader}), by);
    project();
    const auto why = answer_of(explain(queries, Subject::user(ann), 10, soon()));
    ASSERT_TRUE(why);
    EXPECT_EQ(why->position, own);
    ASSERT_EQ(why->value.size(), 2U);
    const ReasonRow& through = why->value[0];
    EXPECT_EQ(through.role_id, reader);
    EXPECT_EQ(through.permissions, Strings{"a:b"});
    EXPECT_EQ(through.deny, Strings{"a/7:b"});
    EXPECT_EQ(through.granted.position, given);
    EXPECT_EQ(through.granted.actor_id, root.to_string());
    ASSERT_EQ(through.groups.size(), 2U);
    EXPECT_EQ(through.groups[0].group_name, "clerks");
    EXPECT_EQ(through.groups[0].granted.position, joined);
    EXPECT_EQ(through.groups[0].granted.actor_id, "");
    EXPECT_EQ(through.groups[1].group_id, staff);
    EXPECT_EQ(through.groups[1].granted.position, nested);
    EXPECT_EQ(through.groups[1].granted.actor_type, "user");
    EXPECT_EQ(why->value[1].granted.position, own);
    EXPECT_TRUE(why->value[1].groups.empty());
    EXPECT_EQ(answer_of(explain(queries, Subject::user(ann), 1, soon()))->value.size(), 1U);
    EXPECT_TRUE(answer_of(explain(queries, Subject::user(root), 10, soon()))->value.empty());
}

TEST_F(GroupQueriesTest, TellsWhatComesToAUserAsOneOfEveryone) {
    const UserId ann = story.registers("ann@example.com");
    const RoleId viewer = story.new_id();
    By by = Story::user(story.new_id());
    story.record(viewer, RoleEvent(RoleDefined{"viewer", {"a:b"}, RoleKind::kCustom}), By{});
    const Position there = story.record(kEveryone, GroupEvent(GroupDefined{"everyone"}), by);
    const AssignmentsEvent assigned(RoleAssigned{kEveryone, viewer, SubjectType::kGroup});
    const Position given = story.record(assignments_of(kEveryone), assigned, by);
    project();
    const auto why = answer_of(explain(queries, Subject::user(ann), 10, soon()));
    ASSERT_EQ(why->value.size(), 1U);
    EXPECT_EQ(why->value[0].role_id, viewer);
    EXPECT_EQ(why->value[0].granted.position, given);
    EXPECT_EQ(why->value[0].granted.actor_id, by.id);
    ASSERT_EQ(why->value[0].groups.size(), 1U);
    EXPECT_EQ(why->value[0].groups[0].group_id, kEveryone);
    EXPECT_EQ(why->value[0].groups[0].granted.position, there);
    EXPECT_EQ(why->value[0].groups[0].granted.actor_type, "system");
    EXPECT_EQ(why->value[0].groups[0].granted.actor_id, "");
    story.record(assignments_of(kEveryone), AssignmentsEvent(RoleWithdrawn{kEveryone, viewer, SubjectType::kGroup}),
                 by);
    project();
    EXPECT_TRUE(answer_of(explain(queries, Subject::user(ann), 10, soon()))->value.empty());
}

TEST_F(GroupQueriesTest, ListsGroupsTheirMembersAndThoseOfAUser) {
    const UserId ann = story.registers("ann@example.com");
    const GroupId staff = story.new_id();
    const GroupId clerks = story.new_id();
    story.record(staff, GroupEvent(GroupDefined{"staff"}), By{});
    story.record(clerks, GroupEvent(GroupDefined{"clerks"}), By{});
    story.record(assignments_of(ann), AssignmentsEvent(GroupMemberAdded{ann, clerks}), By{});
    story.record(kNestingsStream, NestingsEvent(GroupNested{staff, clerks}), By{});
    project();
    EXPECT_EQ(answer_of(find_group(queries, staff, soon()))->value->name, "staff");
    EXPECT_FALSE(answer_of(find_group(queries, TestId(ann), soon()))->value);
    const auto first = answer_of(list_groups(queries, std::nullopt, 1, soon()));
    ASSERT_TRUE(first->next);
    EXPECT_EQ(first->items.size() + answer_of(list_groups(queries, first->next, 9, soon()))->items.size(), 2U);
    const auto members = answer_of(list_members(queries, clerks, std::nullopt, 9, soon()));
    ASSERT_EQ(members->items.size(), 1U);
    EXPECT_EQ(members->items[0].id, ann);
    EXPECT_EQ(members->items[0].type, "user");
    EXPECT_EQ(answer_of(list_members(queries, staff, std::nullopt, 9, soon()))->items.at(0).type, "group");
    EXPECT_EQ(answer_of(list_groups_of(queries, ann, soon()))->value.at(0).group.id, clerks);
}

// Of everyone, too, though it has roles: no service account is in it.
TEST_F(GroupQueriesTest, ListsAndExplainsServiceAccountsInGroups) {
    const ServiceAccountId billing = story.new_id();
    const GroupId staff = story.new_id();
    const RoleId reader = story.new_id();
    By by = Story::user(story.new_id());
    story.record(reader, RoleEvent(RoleDefined{"reader", {"a:b"}, RoleKind::kCustom}), By{});
    story.record(kEveryone, GroupEvent(GroupDefined{"everyone"}), By{});
    for (const GroupId& group : {kEveryone, staff})
        story.record(assignments_of(group), AssignmentsEvent(RoleAssigned{group, reader, SubjectType::kGroup}), by);
    story.record(staff, GroupEvent(GroupDefined{"staff"}), By{});
    const GroupMemberAdded added{billing, staff, SubjectType::kServiceAccount};
    const Position joined = story.record(assignments_of(billing), AssignmentsEvent(added), by);
    project();
    const auto members = answer_of(list_members(queries, staff, std::nullopt, 9, soon()));
    ASSERT_EQ(members->items.size(), 1U);
    EXPECT_EQ(members->items[0].id, billing);
    EXPECT_EQ(members->items[0].type, "service_account");
    EXPECT_EQ(answer_of(list_groups_of(queries, billing, soon()))->value.at(0).group.id, staff);
    const auto why = answer_of(explain(queries, Subject::service_account(billing), 10, soon()));
    ASSERT_EQ(why->value.size(), 1U);
    EXPECT_EQ(why->value[0].role_id, reader);
    ASSERT_EQ(why->value[0].groups.size(), 1U);
    EXPECT_EQ(why->value[0].groups[0].granted.position, joined);
    EXPECT_EQ(why->value[0].groups[0].granted.actor_id, by.id);
    const GroupMemberRemoved removed{billing, staff, SubjectType::kServiceAccount};
    story.record(assignments_of(billing), AssignmentsEvent(removed), by);
    project();
    EXPECT_TRUE(answer_of(list_members(queries, staff, std::nullopt, 9, soon()))->items.empty());
    EXPECT_TRUE(answer_of(explain(queries, Subject::service_account(billing), 10, soon()))->value.empty());
}

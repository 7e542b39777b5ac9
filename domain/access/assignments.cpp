#include "domain/access/assignments.hpp"

#include <algorithm>

namespace keyledger {
namespace {

using Events = std::vector<AssignmentsEvent>;

RoleWithdrawn withdrawn(const Subject& subject, const RoleId& role_id) { return {subject.id, role_id, subject.type}; }

GroupMemberRemoved removed(const Subject& subject, const GroupId& group_id) {
    return {subject.id, group_id, subject.type};
}

// A role of a group concerns all of its members.
bool may(const Subject& subject, const AccessRules& held, const AccessRules& rules) {
    return subject.type == SubjectType::kGroup ? held.covers_for_many(rules) : held.covers(rules);
}

AssignmentsDecision decide_on(const Assignments& assignments, const AssignRole& command) {
    if (!may(command.subject, command.held, command.rules)) return Unexpected(refusals::kExceedsAuthority);
    if (command.role_id == kAdministratorRole && command.subject.type != SubjectType::kUser)
        return Unexpected(refusals::kAdministratorsAreUsers);
    if (command.subject.id == kEveryone && command.rules.allow.reaches_administration())
        return Unexpected(refusals::kNotForEveryone);
    if (assignments.holds(command.role_id)) return Events{};
    Events events;
    for (const RoleId& role_id : command.deleted)
        if (assignments.holds(role_id)) events.push_back(withdrawn(command.subject, role_id));
    const bool of_group = command.subject.type == SubjectType::kGroup;
    if (assignments.roles.size() - events.size() >= (of_group ? kMaxRolesPerGroup : kMaxRolesPerUser))
        return Unexpected(refusals::kTooManyRoles);
    events.push_back(RoleAssigned{command.subject.id, command.role_id, command.subject.type});
    return events;
}

AssignmentsDecision decide_on(const Assignments& assignments, const WithdrawRole& command) {
    if (!may(command.subject, command.held, command.rules)) return Unexpected(refusals::kExceedsAuthority);
    if (!assignments.holds(command.role_id)) return Events{};
    return Events{withdrawn(command.subject, command.role_id)};
}

AssignmentsDecision decide_on(const Assignments& assignments, const WithdrawAllRoles& command) {
    Events events;
    for (const RoleId& role_id : assignments.roles) events.push_back(withdrawn(command.subject, role_id));
    return events;
}

AssignmentsDecision decide_on(const Assignments& assignments, const AddMember& command) {
    if (command.group_id == kEveryone) return Unexpected(refusals::kGroupBuiltIn);
    if (!command.held.covers(command.rules)) return Unexpected(refusals::kExceedsAuthority);
    if (assignments.is_in(command.group_id)) return Events{};
    Events events;
    for (const GroupId& group_id : command.deleted)
        if (assignments.is_in(group_id)) events.push_back(removed(command.subject, group_id));
    if (assignments.groups.size() - events.size() >= kMaxGroupsPerSubject) return Unexpected(refusals::kTooManyGroups);
    events.push_back(GroupMemberAdded{command.subject.id, command.group_id, command.subject.type});
    return events;
}

AssignmentsDecision decide_on(const Assignments& assignments, const RemoveMember& command) {
    if (command.group_id == kEveryone) return Unexpected(refusals::kGroupBuiltIn);
    if (!command.held.covers(command.rules)) return Unexpected(refusals::kExceedsAuthority);
    if (!assignments.is_in(command.group_id)) return Events{};
    return Events{removed(command.subject, command.group_id)};
}

AssignmentsDecision decide_on(const Assignments& assignments, const LeaveAllGroups& command) {
    Events events;
    for (const GroupId& group_id : assignments.groups) events.push_back(removed(command.subject, group_id));
    return events;
}

Assignments apply(Assignments assignments, const GroupMemberAdded& event) {
    assignments.groups.push_back(event.group_id);
    return assignments;
}
Assignments apply(Assignments assignments, const GroupMemberRemoved& event) {
    std::erase(assignments.groups, event.group_id);
    return assignments;
}
Assignments apply(Assignments assignments, const RoleAssigned& event) {
    assignments.roles.push_back(event.role_id);
    return assignments;
}
Assignments apply(Assignments assignments, const RoleWithdrawn& event) {
    std::erase(assignments.roles, event.role_id);
    return assignments;
}

}  // namespace

bool Assignments::holds(const RoleId& role_id) const {
    return std::find(roles.begin(), roles.end(), role_id) != roles.end();
}

bool Assignments::is_in(const GroupId& group_id) const {
    return std::find(groups.begin(), groups.end(), group_id) != groups.end();
}

AssignmentsDecision decide(const Assignments& assignments, const AssignmentsCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(assignments, c); }, command);
}

Assignments evolve(Assignments assignments, const AssignmentsEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(std::move(assignments), e); }, event);
}

}  // namespace keyledger

#include "domain/access/assignments.hpp"

#include <algorithm>

namespace keyledger {
namespace {

using Events = std::vector<AssignmentsEvent>;

RoleWithdrawn withdrawn(const Subject& subject, const Uuid& role_id) {
    return {subject.id, role_id, subject.type};
}

AssignmentsDecision decide_on(const Assignments& assignments, const AssignRole& command) {
    if (!command.held.covers(command.rules)) return Unexpected(AssignmentsError::kLacksPermission);
    if (command.role_id == kAdministratorRole && command.subject.type != SubjectType::kUser)
        return Unexpected(AssignmentsError::kNoUser);
    if (assignments.holds(command.role_id)) return Events{};
    Events events;
    for (const Uuid& role_id : command.deleted)
        if (assignments.holds(role_id)) events.push_back(withdrawn(command.subject, role_id));
    if (assignments.roles.size() - events.size() >= kMaxRolesPerUser)
        return Unexpected(AssignmentsError::kTooManyRoles);
    events.push_back(RoleAssigned{command.subject.id, command.role_id, command.subject.type});
    return events;
}

AssignmentsDecision decide_on(const Assignments& assignments, const WithdrawRole& command) {
    if (!command.held.covers(command.rules)) return Unexpected(AssignmentsError::kLacksPermission);
    if (!assignments.holds(command.role_id)) return Events{};
    return Events{withdrawn(command.subject, command.role_id)};
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

bool Assignments::holds(const Uuid& role_id) const {
    return std::find(roles.begin(), roles.end(), role_id) != roles.end();
}

AssignmentsDecision decide(const Assignments& assignments, const AssignmentsCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(assignments, c); }, command);
}

Assignments evolve(Assignments assignments, const AssignmentsEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(std::move(assignments), e); }, event);
}

}  // namespace keyledger

#include "domain/access/group.hpp"

namespace keyledger {
namespace {

using Events = std::vector<GroupEvent>;
using Status = Group::Status;

GroupDecision decide_on(const Group& group, const DefineGroup& command) {
    if (group.status != Status::kAbsent) return Unexpected(GroupError::kAlreadyDefined);
    return Events{GroupDefined{command.name}};
}

GroupDecision decide_on(const Group& group, const RenameGroup& command) {
    if (group.status != Status::kDefined) return Unexpected(GroupError::kUnknown);
    if (group.name == command.name) return Events{};
    return Events{GroupRenamed{command.name}};
}

GroupDecision decide_on(const Group& group, const DeleteGroup&) {
    if (group.status != Status::kDefined) return Unexpected(GroupError::kUnknown);
    return Events{GroupDeleted{}};
}

Group apply(Group, const GroupDefined& event) { return {Status::kDefined, event.name}; }
Group apply(Group group, const GroupRenamed& event) {
    group.name = event.name;
    return group;
}
Group apply(Group group, const GroupDeleted&) {
    group.status = Status::kDeleted;
    return group;
}

}  // namespace

GroupDecision decide(const Group& group, const GroupCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(group, c); }, command);
}

Group evolve(Group group, const GroupEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(std::move(group), e); }, event);
}

}  // namespace keyledger

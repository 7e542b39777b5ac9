#include "domain/access/group.hpp"

#include "domain/access/permission.hpp"

namespace keyledger {
namespace {

using Events = std::vector<GroupEvent>;
using Status = Group::Status;

GroupDecision decide_on(const Group& group, const DefineGroup& command) {
    if (group.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    if (is_reserved_group_name(command.name) != (command.group_id == kEveryone))
        return Unexpected(refusals::kGroupNameReserved);
    return Events{GroupDefined{command.name}};
}

GroupDecision decide_on(const Group& group, const RenameGroup& command) {
    if (command.group_id == kEveryone) return Unexpected(refusals::kGroupBuiltIn);
    if (group.status != Status::kDefined) return Unexpected(refusals::kGroupUnknown);
    if (is_reserved_group_name(command.name)) return Unexpected(refusals::kGroupNameReserved);
    if (group.name == command.name) return Events{};
    return Events{GroupRenamed{command.name}};
}

GroupDecision decide_on(const Group& group, const DeleteGroup& command) {
    if (command.group_id == kEveryone) return Unexpected(refusals::kGroupBuiltIn);
    if (group.status != Status::kDefined) return Unexpected(refusals::kGroupUnknown);
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

bool is_reserved_group_name(std::string_view name) {
    const auto parsed = parse_role_name(name);
    return parsed && parsed->key == kEveryoneName;
}

std::vector<ClaimedName> Group::held_names() const {
    return status == Status::kDefined ? held_as("group_name", name, refusals::kGroupNameTaken)
                                      : std::vector<ClaimedName>{};
}

GroupDecision decide(const Group& group, const GroupCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(group, c); }, command);
}

Group evolve(Group group, const GroupEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(std::move(group), e); }, event);
}

}  // namespace keyledger

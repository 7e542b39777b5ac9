#pragma once
// The aggregate `group`: a name under which subjects stand together. Pure. Stream id = group id. Names are
// unique without regard to case (claims of kind "group_name"). Its roles are in its own stream of
// assignments, its members in theirs, the groups that stand under others in `nestings`.
#include <string>
#include <variant>
#include <vector>

#include "domain/declare.hpp"
#include "domain/result.hpp"

namespace keyledger {

// ---- events
// ----------------------------------------------------------------------------------------------------
struct GroupDefined {
    std::string name;
    static constexpr std::string_view kType = "group.defined";
    static constexpr int kSchema = 1;
    static constexpr auto fields() { return std::tuple{Field{"name", &GroupDefined::name}}; }
};
struct GroupRenamed {
    std::string name;
    static constexpr std::string_view kType = "group.renamed";
    static constexpr int kSchema = 1;
    static constexpr auto fields() { return std::tuple{Field{"name", &GroupRenamed::name}}; }
};
struct GroupDeleted {  // its roles and nestings end with the same append
    static constexpr std::string_view kType = "group.deleted";
    static constexpr int kSchema = 1;
    static constexpr auto fields() { return std::tuple{}; }
};
using GroupEvent = std::variant<GroupDefined, GroupRenamed, GroupDeleted>;

// ---- commands
// --------------------------------------------------------------------------------------------------
struct DefineGroup {
    std::string name;
};
struct RenameGroup {
    std::string name;
};
struct DeleteGroup {};

// ---- errors
// ----------------------------------------------------------------------------------------------------
enum class GroupError { kAlreadyDefined, kUnknown };

// ---- state
// -----------------------------------------------------------------------------------------------------
struct Group {
    enum class Status { kAbsent, kDefined, kDeleted };
    Status status = Status::kAbsent;
    std::string name;

    static constexpr std::string_view kStreamType = "group";
    using Event = GroupEvent;
};

// ---- rules
// -----------------------------------------------------------------------------------------------------
using GroupDecision = Result<std::vector<GroupEvent>, GroupError>;
using GroupCommand = std::variant<DefineGroup, RenameGroup, DeleteGroup>;

GroupDecision decide(const Group& group, const GroupCommand& command);
Group evolve(Group group, const GroupEvent& event, const Recorded& recorded);

}  // namespace keyledger

#pragma once
// The aggregate `group`: a named set of subjects. Pure. Stream id = group id. Names are unique without regard to case
// (claims of kind "group_name"). The group's roles are in its stream of assignments, members in the members' own
// streams, nested groups in `nestings`.
#include <string>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/held_name.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"

namespace keyledger {

// The built-in group of all users, whose roles are the default roles. Nobody joins or leaves it: every registered
// user is a member, without an event (for_each_group() in nestings.hpp). It can't be renamed, deleted or nested, and
// is defined with the first role that it is given.
//
// Its id is the same in every log: the UUID of version 5 (RFC 9562 section 5.5) of
// "urn:keyledger:group:everyone" in the namespace of URLs. Generators here make version 7. Version 8 would
// not do: the stream of its assignments has this id as one of version 8.
inline constexpr GroupId kEveryone{Uuid{{0x18, 0x90, 0xda, 0x4a, 0x93, 0x42, 0x53, 0x8d,  //
                                         0x99, 0x91, 0x73, 0x9c, 0xb9, 0xba, 0xad, 0xa4}}};
inline constexpr std::string_view kEveryoneName = "everyone";  // kept for it, without regard to case
bool is_reserved_group_name(std::string_view name);

// ---- events -----------------------------------------------------------------------------------------------
struct GroupDefined {
    std::string name;
    static constexpr std::string_view kType = "group.defined";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "There is a group of this name from now on, in which nobody is.";
    static constexpr auto fields() {
        return std::tuple{Field{"name", &GroupDefined::name, "unique without regard to case"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(name); }
};
struct GroupRenamed {
    std::string name;
    static constexpr std::string_view kType = "group.renamed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "It is called so from now on.";
    static constexpr auto fields() {
        return std::tuple{Field{"name", &GroupRenamed::name, "unique without regard to case"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(name); }
};
struct GroupDeleted {  // its roles and nestings end with the same append
    static constexpr std::string_view kType = "group.deleted";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "It grants nothing any more: its roles and its places under and above "
                                                 "others end with the same append. No `group.member_removed` follows.";
    static constexpr auto fields() { return std::tuple{}; }
};
using GroupEvent = std::variant<GroupDefined, GroupRenamed, GroupDeleted>;

// ---- commands ---------------------------------------------------------------------------------------------
struct DefineGroup {
    GroupId group_id;
    std::string name;
};
struct RenameGroup {
    GroupId group_id;
    std::string name;
};
struct DeleteGroup {
    GroupId group_id;
};

// ---- refusals ---------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kInvalidGroupName =
    invalid_field("name", "Use 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first.");
inline constexpr Refusal kGroupNameReserved = invalid_field(
    "name", "This name is kept for the built-in group of all users. Choose another one.", RefusalKind::kUnsuitable);
inline constexpr Refusal kGroupUnknown{RefusalKind::kUnknown, "group-unknown", "No such group",
                                       "There is no group with this id."};
inline constexpr Refusal kGroupNameTaken{RefusalKind::kConflict, "group-name-taken", "Group name in use",
                                         "There is a group of this name. Choose another one."};
// Everyone, whom nobody joins or leaves, and who stands neither above nor under another.
inline constexpr Refusal kGroupBuiltIn{
    RefusalKind::kConflict, "group-built-in", "Built-in group",
    "'everyone' is the built-in group of all users. It is given roles and loses them; nobody joins or leaves it, "
    "and it is neither renamed, deleted nor nested."};
inline constexpr Refusal kEveryoneNameTaken{
    RefusalKind::kConflict, "group-built-in", "Built-in group",
    "Another group has the name 'everyone' from before, which is now that of the group of all users. Rename that "
    "one, then send this again."};
}  // namespace refusals

// ---- state ------------------------------------------------------------------------------------------------
struct Group {
    enum class Status { kAbsent, kDefined, kDeleted };
    friend constexpr auto enum_names(Status) {
        return std::array{EnumName{Status::kAbsent, "absent"}, EnumName{Status::kDefined, "defined"},
                          EnumName{Status::kDeleted, "deleted"}};
    }
    Status status = Status::kAbsent;
    std::string name;

    static constexpr std::array<std::string_view, 1> kNameKinds{"group_name"};
    std::vector<ClaimedName> held_names() const;

    static constexpr std::string_view kStreamType = "group";
    static constexpr std::string_view kTitle = "Groups";
    static constexpr std::string_view kMeaning =
        "One a group; the stream's id is the group's. `1890da4a-9342-538d-9991-739cb9baada4` is `everyone`: every "
        "registered user is in it, and no event says so. In Kafka these events have the group as their subject.";
    static constexpr About kAbout = About::stream();
    using Event = GroupEvent;
    static constexpr int kFold = 1;  // as Session's
    static constexpr auto fields() { return std::tuple{Field{"status", &Group::status}, Field{"name", &Group::name}}; }
};

// ---- rules ------------------------------------------------------------------------------------------------
using GroupDecision = Result<std::vector<GroupEvent>, RefusalRef>;
using GroupCommand = std::variant<DefineGroup, RenameGroup, DeleteGroup>;

GroupDecision decide(const Group& group, const GroupCommand& command);
Group evolve(Group group, const GroupEvent& event, const Recorded& recorded);

}  // namespace keyledger

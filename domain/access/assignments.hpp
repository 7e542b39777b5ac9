#pragma once
// The aggregate `assignments`: the roles and groups of one subject. Pure. A stream of its own beside the
// subject's, so that granting disturbs no log-in; its id follows from the subject's id.
#include <optional>
#include <variant>
#include <vector>

#include "domain/access/group.hpp"
#include "domain/access/role.hpp"
#include "domain/access/subject.hpp"
#include "domain/base/declare.hpp"
#include "domain/base/result.hpp"
#include "domain/base/uuid.hpp"

namespace keyledger {

// ---- events -----------------------------------------------------------------------------------------------
// Version 1 of both had a `user_id` in place of the subject.
struct RoleAssigned {
    Uuid subject_id;
    Uuid role_id;
    SubjectType subject_type = SubjectType::kUser;
    static constexpr std::string_view kType = "role.assigned";
    static constexpr int kSchema = 2;
    static constexpr auto fields() {
        using E = RoleAssigned;
        return std::tuple{Field{"subject_id", &E::subject_id}, Field{"role_id", &E::role_id},
                          Field{"subject_type", &E::subject_type}};
    }
};
struct RoleWithdrawn {
    Uuid subject_id;
    Uuid role_id;
    SubjectType subject_type = SubjectType::kUser;
    static constexpr std::string_view kType = "role.withdrawn";
    static constexpr int kSchema = 2;
    static constexpr auto fields() {
        using E = RoleWithdrawn;
        return std::tuple{Field{"subject_id", &E::subject_id}, Field{"role_id", &E::role_id},
                          Field{"subject_type", &E::subject_type}};
    }
};
struct GroupMemberAdded {
    Uuid subject_id;
    Uuid group_id;
    SubjectType subject_type = SubjectType::kUser;
    static constexpr std::string_view kType = "group.member_added";
    static constexpr int kSchema = 1;
    static constexpr auto fields() {
        using E = GroupMemberAdded;
        return std::tuple{Field{"subject_id", &E::subject_id}, Field{"group_id", &E::group_id},
                          Field{"subject_type", &E::subject_type}};
    }
};
struct GroupMemberRemoved {
    Uuid subject_id;
    Uuid group_id;
    SubjectType subject_type = SubjectType::kUser;
    static constexpr std::string_view kType = "group.member_removed";
    static constexpr int kSchema = 1;
    static constexpr auto fields() {
        using E = GroupMemberRemoved;
        return std::tuple{Field{"subject_id", &E::subject_id}, Field{"group_id", &E::group_id},
                          Field{"subject_type", &E::subject_type}};
    }
};
using AssignmentsEvent = std::variant<RoleAssigned, RoleWithdrawn, GroupMemberAdded, GroupMemberRemoved>;

// ---- commands --------------------------------------------------------------------------------------------------
struct AssignRole {
    Subject subject;
    Uuid role_id;
    AccessRules rules;          // of the role
    AccessRules held;           // by whoever assigns it
    std::vector<Uuid> deleted;  // of the subject's roles, those that are deleted: they are withdrawn by the way
};
struct WithdrawRole {
    Subject subject;
    Uuid role_id;
    AccessRules rules;
    AccessRules held;
};

struct WithdrawAllRoles {  // of a group that is deleted
    Subject subject;
};
struct AddMember {
    Subject subject;
    Uuid group_id;
    AccessRules rules;          // of the group and of all above it
    AccessRules held;           // by whoever adds it
    std::vector<Uuid> deleted;  // of the subject's groups, those that are deleted: it leaves them by the way
};
struct RemoveMember {
    Subject subject;
    Uuid group_id;
    AccessRules rules;
    AccessRules held;
};
struct LeaveAllGroups {  // of a user who is erased
    Subject subject;
};

// ---- errors ----------------------------------------------------------------------------------------------------
enum class AssignmentsError {
    kLacksPermission,  // the actor, of one that the role allows or denies
    kNoUser,           // the administrator's role is for users
    kTooManyRoles,
    kTooManyGroups,
    kNotForEveryone,  // a role that grants something of Keyledger's own
    kBuiltInGroup,    // everyone, whom nobody joins or leaves
};

// ---- state -----------------------------------------------------------------------------------------------------
struct Assignments {
    std::vector<Uuid> roles;   // in the order of their assignment
    std::vector<Uuid> groups;  // in which the subject is itself

    bool holds(const Uuid& role_id) const;
    bool is_in(const Uuid& group_id) const;

    static constexpr std::string_view kStreamType = "assignments";
    using Event = AssignmentsEvent;
    static constexpr int kFold = 1;  // as Session's
    static constexpr auto fields() {
        return std::tuple{Field{"roles", &Assignments::roles}, Field{"groups", &Assignments::groups}};
    }
};
// A subject's stream of assignments: its id as a UUID of version 8 (RFC 9562 section 5.8). Nothing else has
// such an id.
constexpr Uuid assignments_of(Uuid subject_id) {
    subject_id.bytes[6] = static_cast<std::uint8_t>(0x80 | (subject_id.bytes[6] & 0x0F));
    return subject_id;
}

static_assert(assignments_of(kEveryone) != kEveryone);

// ---- rules -----------------------------------------------------------------------------------------------------
using AssignmentsDecision = Result<std::vector<AssignmentsEvent>, AssignmentsError>;
using AssignmentsCommand =
    std::variant<AssignRole, WithdrawRole, WithdrawAllRoles, AddMember, RemoveMember, LeaveAllGroups>;

AssignmentsDecision decide(const Assignments& assignments, const AssignmentsCommand& command);
Assignments evolve(Assignments assignments, const AssignmentsEvent& event, const Recorded& recorded);

}  // namespace keyledger

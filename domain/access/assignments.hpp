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
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"

namespace keyledger {

// ---- events -----------------------------------------------------------------------------------------------
// The audit trail names users alone as the subjects of these: those of groups and service accounts are found by what
// they are given.
constexpr About about_subject(SubjectType type, const SubjectId& id) {
    return type == SubjectType::kUser ? About::account(id) : About::thing(id);
}
// Which role or group it is is their outcome's reason: of the subject's own stream it can't be told.
// Version 1 of both had a `user_id` in place of the subject.
struct RoleAssigned {
    SubjectId subject_id;
    RoleId role_id;
    SubjectType subject_type = SubjectType::kUser;
    static constexpr std::string_view kType = "role.assigned";
    static constexpr int kSchema = 2;
    static constexpr std::string_view kMeaning = "The subject has the role from now on.";
    static constexpr auto fields() {
        using E = RoleAssigned;
        return std::tuple{Field{"subject_id", &E::subject_id, "who has it"},
                          Field{"role_id", &E::role_id, "which role"},
                          Field{"subject_type", &E::subject_type, "what the subject is"}};
    }
    constexpr About about() const { return about_subject(subject_type, subject_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(role_id.to_string()); }
};
struct RoleWithdrawn {
    SubjectId subject_id;
    RoleId role_id;
    SubjectType subject_type = SubjectType::kUser;
    static constexpr std::string_view kType = "role.withdrawn";
    static constexpr int kSchema = 2;
    static constexpr std::string_view kMeaning =
        "It has it no more. Also recorded, when the next role is assigned, of roles that were deleted.";
    static constexpr auto fields() {
        using E = RoleWithdrawn;
        return std::tuple{Field{"subject_id", &E::subject_id, "who had it"},
                          Field{"role_id", &E::role_id, "which role"},
                          Field{"subject_type", &E::subject_type, "what the subject is"}};
    }
    constexpr About about() const { return about_subject(subject_type, subject_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(role_id.to_string()); }
};
struct GroupMemberAdded {
    SubjectId subject_id;
    GroupId group_id;
    SubjectType subject_type = SubjectType::kUser;
    static constexpr std::string_view kType = "group.member_added";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The subject is in the group from now on, and has the roles of the group and of all above it.";
    static constexpr auto fields() {
        using E = GroupMemberAdded;
        return std::tuple{Field{"subject_id", &E::subject_id, "who is in it"},
                          Field{"group_id", &E::group_id, "which group"},
                          Field{"subject_type", &E::subject_type, "what the subject is: `user` or `service_account`"}};
    }
    constexpr About about() const { return about_subject(subject_type, subject_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(group_id.to_string()); }
};
struct GroupMemberRemoved {
    SubjectId subject_id;
    GroupId group_id;
    SubjectType subject_type = SubjectType::kUser;
    static constexpr std::string_view kType = "group.member_removed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "It is in it no more. Also recorded, when it is added to the next group, of groups that were deleted, and when "
        "a user is erased or a service account is deleted, with that event.";
    static constexpr auto fields() {
        using E = GroupMemberRemoved;
        return std::tuple{Field{"subject_id", &E::subject_id, "who was in it"},
                          Field{"group_id", &E::group_id, "which group"},
                          Field{"subject_type", &E::subject_type, "what the subject is"}};
    }
    constexpr About about() const { return about_subject(subject_type, subject_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(group_id.to_string()); }
};
using AssignmentsEvent = std::variant<RoleAssigned, RoleWithdrawn, GroupMemberAdded, GroupMemberRemoved>;

// ---- commands --------------------------------------------------------------------------------------------------
struct AssignRole {
    Subject subject;
    RoleId role_id;
    AccessRules rules;            // of the role
    AccessRules held;             // by whoever assigns it
    std::vector<RoleId> deleted;  // of the subject's roles, those that are deleted: they are withdrawn by the way
};
struct WithdrawRole {
    Subject subject;
    RoleId role_id;
    AccessRules rules;
    AccessRules held;
};

struct WithdrawAllRoles {  // of a group that is deleted
    Subject subject;
};
struct AddMember {
    Subject subject;
    GroupId group_id;
    AccessRules rules;             // of the group and of all above it
    AccessRules held;              // by whoever adds it
    std::vector<GroupId> deleted;  // of the subject's groups, those that are deleted: it leaves them by the way
};
struct RemoveMember {
    Subject subject;
    GroupId group_id;
    AccessRules rules;
    AccessRules held;
};
struct LeaveAllGroups {  // of a user who is erased
    Subject subject;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kAdministratorsAreUsers{
    RefusalKind::kConflict, "role-built-in", "Built-in role",
    "The administrator's role is given to users, one by one. Define a role of your own for others."};
inline constexpr Refusal kTooManyRoles =
    limit_reached("A user has at most 24 roles of his own, a group 8. Withdraw one first.");
inline constexpr Refusal kTooManyGroups =
    limit_reached("A member is in at most 8 groups by itself. Remove it from one, or nest groups.");
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct Assignments {
    std::vector<RoleId> roles;    // in the order of their assignment
    std::vector<GroupId> groups;  // in which the subject is itself

    bool holds(const RoleId& role_id) const;
    bool is_in(const GroupId& group_id) const;
    // That there are no default roles is asked for by most commands, so it is remembered, too.
    static constexpr bool is_often_asked(const AssignmentsId& stream_id);

    static constexpr std::string_view kStreamType = "assignments";
    static constexpr std::string_view kTitle = "Assignments";
    static constexpr std::string_view kMeaning =
        "One a user, group or service account; the stream's id is the subject's with the version nibble 8 in place of "
        "7. In Kafka these events have the subject as theirs. Version 1 of both events had `user_id` in place of "
        "`subject_type` and `subject_id`.";
    using Event = AssignmentsEvent;
    static constexpr int kFold = 1;  // as Session's
    static constexpr auto fields() {
        return std::tuple{Field{"roles", &Assignments::roles}, Field{"groups", &Assignments::groups}};
    }
};
// A subject's stream of assignments: its id as a UUID of version 8 (RFC 9562 section 5.8). Nothing else has
// such an id.
constexpr AssignmentsId assignments_of(const SubjectId& subject_id) {
    Uuid id = subject_id;
    id.bytes[6] = static_cast<std::uint8_t>(0x80 | (id.bytes[6] & 0x0F));
    return AssignmentsId{id};
}

static_assert(assignments_of(kEveryone).uuid != kEveryone.uuid);
constexpr bool Assignments::is_often_asked(const AssignmentsId& stream_id) {
    return stream_id == assignments_of(kEveryone);
}

// ---- rules -----------------------------------------------------------------------------------------------------
using AssignmentsDecision = Result<std::vector<AssignmentsEvent>, RefusalRef>;
using AssignmentsCommand =
    std::variant<AssignRole, WithdrawRole, WithdrawAllRoles, AddMember, RemoveMember, LeaveAllGroups>;

AssignmentsDecision decide(const Assignments& assignments, const AssignmentsCommand& command);
Assignments evolve(Assignments assignments, const AssignmentsEvent& event, const Recorded& recorded);

}  // namespace keyledger

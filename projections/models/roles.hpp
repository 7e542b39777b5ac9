#pragma once
// The roles of `permissions`, and who has them. One row a role, gone once it is deleted; in a further table one an
// assignment, gone with it or its role.
#include "domain/base/time.hpp"
#include "projections/engine/columns.hpp"
#include "projections/models/permissions.hpp"

namespace keyledger::projections {

struct RoleRow {
    RoleId id;
    std::string name;
    std::vector<std::string> permissions;  // sorted
    std::vector<std::string> deny;
    bool built_in = false;
    Instant created_at;
    Instant updated_at;
    std::int32_t version = 0;
    Position position = 0;
    Position first_position = 0;

    static constexpr auto columns() {
        return std::tuple{
            Column{"id", &RoleRow::id, ColumnUse::kKey},
            Column{"name", &RoleRow::name},
            Column{"permissions", &RoleRow::permissions, R"(collate "C")"},
            Column{"denied", &RoleRow::deny, R"(collate "C")"},
            Column{"built_in", &RoleRow::built_in, ColumnUse::kSetOnce},
            Column{"created_at_ms", &RoleRow::created_at, ColumnUse::kSetOnce},
            Column{"updated_at_ms", &RoleRow::updated_at},
            Column{"version", &RoleRow::version},
            Column{"position", &RoleRow::position},
            Column{"first_position", &RoleRow::first_position, ColumnUse::kSetOnce, "unique"},
        };
    }
};

// Of a user, a service account or a group.
struct AssignmentRow {
    SubjectId subject_id;
    std::string subject_type;
    RoleId role_id;
    Instant assigned_at;
    std::string actor_type;
    std::string actor_id;  // empty: `system`
    Position position = 0;

    static constexpr auto columns() {
        return std::tuple{
            Column{"subject_id", &AssignmentRow::subject_id, ColumnUse::kKey},
            Column{"subject_type", &AssignmentRow::subject_type, ColumnUse::kSetOnce},
            Column{"role_id", &AssignmentRow::role_id, ColumnUse::kKey},
            Column{"assigned_at_ms", &AssignmentRow::assigned_at},
            Column{"actor_type", &AssignmentRow::actor_type},
            Column{"actor_id", &AssignmentRow::actor_id},
            Column{"position", &AssignmentRow::position},
        };
    }
};

struct AssignedRoleRow {
    RoleRow role;
    Instant assigned_at;
};
struct RoleCursor {
    Position after = 0;
};

Answer<FoundRow<RoleRow>> find_role(Queries& queries, RoleId id, Queries::Deadline deadline);
Answer<Page<RoleRow, RoleCursor>> list_roles(Queries& queries, std::optional<RoleCursor> cursor, std::int32_t limit,
                                             Queries::Deadline deadline);
// All of one subject: there are at most kMaxRolesPerUser, deleted ones aside.
Answer<AllRows<AssignedRoleRow>> list_assigned_roles(Queries& queries, SubjectId subject, Queries::Deadline deadline);

}  // namespace keyledger::projections

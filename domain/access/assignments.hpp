#pragma once
// The aggregate `assignments`: the roles of one user. Pure. A stream of its own beside the user's, so that granting
// disturbs no log-in; its id follows from the user's id.
#include <optional>
#include <variant>
#include <vector>

#include "domain/access/permission.hpp"
#include "domain/declare.hpp"
#include "domain/result.hpp"
#include "domain/uuid.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
struct RoleAssigned {
    Uuid user_id;
    Uuid role_id;
    static constexpr std::string_view kType = "role.assigned";
    static constexpr int kSchema = 1;
    static constexpr auto fields() {
        return std::tuple{Field{"user_id", &RoleAssigned::user_id}, Field{"role_id", &RoleAssigned::role_id}};
    }
};
struct RoleWithdrawn {
    Uuid user_id;
    Uuid role_id;
    static constexpr std::string_view kType = "role.withdrawn";
    static constexpr int kSchema = 1;
    static constexpr auto fields() {
        return std::tuple{Field{"user_id", &RoleWithdrawn::user_id}, Field{"role_id", &RoleWithdrawn::role_id}};
    }
};
using AssignmentsEvent = std::variant<RoleAssigned, RoleWithdrawn>;

// ---- commands --------------------------------------------------------------------------------------------------
struct AssignRole {
    Uuid user_id;
    Uuid role_id;
    PermissionSet grants;  // of the role
    PermissionSet held;    // by whoever assigns it
    std::vector<Uuid> deleted;  // of the user's roles, those that are deleted: they are withdrawn by the way
};
struct WithdrawRole {
    Uuid user_id;
    Uuid role_id;
};

// ---- errors ----------------------------------------------------------------------------------------------------
enum class AssignmentsError { kLacksPermission, kTooManyRoles };

// ---- state -----------------------------------------------------------------------------------------------------
struct Assignments {
    std::vector<Uuid> roles;  // in the order of their assignment

    bool holds(const Uuid& role_id) const;

    static constexpr std::string_view kStreamType = "assignments";
    using Event = AssignmentsEvent;
};
// A user's stream of assignments: his id as a UUID of version 8 (RFC 9562 section 5.8). Nothing else has such an id.
constexpr Uuid assignments_of(Uuid user_id) {
    user_id.bytes[6] = static_cast<std::uint8_t>(0x80 | (user_id.bytes[6] & 0x0F));
    return user_id;
}

// ---- rules -----------------------------------------------------------------------------------------------------
using AssignmentsDecision = Result<std::vector<AssignmentsEvent>, AssignmentsError>;
using AssignmentsCommand = std::variant<AssignRole, WithdrawRole>;

AssignmentsDecision decide(const Assignments& assignments, const AssignmentsCommand& command);
Assignments evolve(Assignments assignments, const AssignmentsEvent& event, const Recorded& recorded);

}  // namespace keyledger

#pragma once
// `permissions`: the roles (models/roles.hpp) and groups (models/groups.hpp) there are, who has the former and is in
// the latter. For lists and for the why only: what somebody may do is asked of the log.
#include "domain/access/subject.hpp"
#include "domain/base/time.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::projections {

inline constexpr Model kPermissionsModel{"permissions", 4};

// Why somebody is allowed or denied something: a role, and how it comes to them.
struct ReasonRow {
    struct Granted {
        Instant at;
        Position position = 0;
        std::string actor_type;
        std::string actor_id;  // empty: `system`
    };
    struct Step {
        GroupId group_id;
        std::string group_name;
        Granted granted;  // that they, or the group before, are in it
    };
    RoleId role_id;
    std::string role_name;
    std::vector<std::string> permissions;
    std::vector<std::string> deny;
    Granted granted;           // the role, to the last of the groups, or without one to themselves
    std::vector<Step> groups;  // from the one that they are in themselves upwards
};

// Every way in which a role comes to a user or a service account, to a user also as one of kEveryone, in
// the order in which the roles were given; at most `limit`. That there is one is known to the caller.
Answer<AllRows<ReasonRow>> explain(Queries& queries, Subject subject, std::int32_t limit, Queries::Deadline deadline);

}  // namespace keyledger::projections

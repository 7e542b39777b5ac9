#pragma once
// The groups of `permissions`, and who is in them. One row a group, gone once it is deleted; in a further table one a
// member (a subject, or a group that stands under another), gone with it or its group.
#include "domain/base/time.hpp"
#include "projections/engine/columns.hpp"
#include "projections/models/permissions.hpp"

namespace keyledger::projections {

struct GroupRow {
    GroupId id;
    std::string name;
    Instant created_at{};
    Instant updated_at{};  // when it was named last
    std::int32_t version = 0;
    Position position = 0;
    Position first_position = 0;

    static constexpr auto columns() {
        return std::tuple{
            Column{"id", &GroupRow::id, ColumnUse::kKey},
            Column{"name", &GroupRow::name},
            Column{"created_at_ms", &GroupRow::created_at, ColumnUse::kSetOnce},
            Column{"updated_at_ms", &GroupRow::updated_at},
            Column{"version", &GroupRow::version},
            Column{"position", &GroupRow::position},
            Column{"first_position", &GroupRow::first_position, ColumnUse::kSetOnce, "unique"},
        };
    }
};

struct MemberRow {
    GroupId group_id;
    SubjectId id;
    std::string type;  // "user", "service_account"; "group": one that stands under it
    Instant since;
    std::string actor_type;
    std::string actor_id;  // empty: `system`
    Position position = 0;

    static constexpr auto columns() {
        return std::tuple{
            Column{"group_id", &MemberRow::group_id, ColumnUse::kKey},
            Column{"member_id", &MemberRow::id, ColumnUse::kKey},
            Column{"member_type", &MemberRow::type, ColumnUse::kSetOnce},
            Column{"since_ms", &MemberRow::since},
            Column{"actor_type", &MemberRow::actor_type},
            Column{"actor_id", &MemberRow::actor_id},
            Column{"position", &MemberRow::position},
        };
    }
};

struct MembershipRow {
    GroupRow group;
    Instant since;
};
struct GroupCursor {
    Position after = 0;
};
struct MemberCursor {  // by id
    SubjectId after;
};

Answer<FoundRow<GroupRow>> find_group(Queries& queries, GroupId id, Queries::Deadline deadline);
Answer<Page<GroupRow, GroupCursor>> list_groups(Queries& queries, std::optional<GroupCursor> cursor, std::int32_t limit,
                                                Queries::Deadline deadline);
// By their ids.
Answer<Page<MemberRow, MemberCursor>> list_members(Queries& queries, GroupId group, std::optional<MemberCursor> cursor,
                                                   std::int32_t limit, Queries::Deadline deadline);
// The groups that the subject is in itself, at most kMaxGroupsPerSubject.
Answer<AllRows<MembershipRow>> list_groups_of(Queries& queries, SubjectId subject, Queries::Deadline deadline);

}  // namespace keyledger::projections

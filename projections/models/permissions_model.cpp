#include <map>
#include <optional>

#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "domain/access/role.hpp"
#include "eventstore/subscription.hpp"
#include "projections/engine/table.hpp"
#include "projections/models/groups.hpp"
#include "projections/models/read_models.hpp"
#include "projections/models/roles.hpp"

namespace keyledger::projections {
namespace {

// Roles and groups; then assignments and members.
constexpr const char* kFewStorage =
    "with (fillfactor = 85, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000)";
constexpr const char* kManyStorage = "with (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000)";

// What a batch does to a role or a group: what its last event leaves, and how it was begun if that was in this batch.
template <class Row>
struct Change {
    Row row;
    bool is_new = false;
    bool deleted = false;
};
// Empty: removed or withdrawn.
template <class Row, class First, class Second>
using Pairs = std::map<std::pair<Id<First>, Id<Second>>, std::optional<Row>>;
struct Changes {
    std::map<RoleId, Change<RoleRow>> roles;
    std::map<GroupId, Change<GroupRow>> groups;
    Pairs<AssignmentRow, Subject, Role> assignments;
    Pairs<MemberRow, Group, Subject> members;
};

struct OnRole {
    Change<RoleRow>& role;

    void operator()(const RoleDefined& event) const {
        role.is_new = true;
        role.row.built_in = event.kind == RoleKind::kBuiltIn;
        role.row.created_at = role.row.updated_at;
        role.row.first_position = role.row.position;
        means(event.name, event.permissions, event.deny);
    }
    void operator()(const RoleChanged& event) const { means(event.name, event.permissions, event.deny); }
    void operator()(const RoleDeleted&) const { role.deleted = true; }

    void means(const std::string& name, const std::vector<std::string>& permissions,
               const std::vector<std::string>& deny) const {
        role.row.name = name;
        role.row.permissions = permissions;
        role.row.deny = deny;
    }
};

MemberRow member_by(const DecodedEvent& decoded, const GroupId& group, const SubjectId& member, SubjectType type) {
    const auto& metadata = decoded.metadata;
    return {group,
            member,
            std::string(stored_name(type)),
            metadata.occurred_at,
            std::string(stored_name(metadata.actor_type)),
            metadata.actor_id,
            decoded.recorded->position};
}

struct OnAssignments {
    Changes& changes;
    const DecodedEvent& decoded;

    void operator()(const RoleAssigned& event) const {
        changes.assignments[{event.subject_id, event.role_id}] = assignment(event);
    }
    void operator()(const GroupMemberAdded& event) const {
        changes.members[{event.group_id, event.subject_id}] =
            member_by(decoded, event.group_id, event.subject_id, event.subject_type);
    }
    void operator()(const GroupMemberRemoved& event) const {
        changes.members[{event.group_id, event.subject_id}] = std::nullopt;
    }
    void operator()(const RoleWithdrawn& event) const {
        changes.assignments[{event.subject_id, event.role_id}] = std::nullopt;
    }

    AssignmentRow assignment(const RoleAssigned& event) const {
        const auto& metadata = decoded.metadata;
        return {event.subject_id,          std::string(stored_name(event.subject_type)),  event.role_id,
                metadata.occurred_at,      std::string(stored_name(metadata.actor_type)), metadata.actor_id,
                decoded.recorded->position};
    }
};

struct OnGroup {
    Change<GroupRow>& group;

    void operator()(const GroupDefined& event) const {
        group.is_new = true;
        group.row.created_at = group.row.updated_at;
        group.row.first_position = group.row.position;
        group.row.name = event.name;
    }
    void operator()(const GroupRenamed& event) const { group.row.name = event.name; }
    void operator()(const GroupDeleted&) const { group.deleted = true; }
};

struct OnNestings {
    Changes& changes;
    const DecodedEvent& decoded;

    void operator()(const GroupNested& event) const {
        changes.members[{event.parent_id, event.child_id}] =
            member_by(decoded, event.parent_id, event.child_id, SubjectType::kGroup);
    }
    void operator()(const GroupUnnested& event) const {
        changes.members[{event.parent_id, event.child_id}] = std::nullopt;
    }
};

// Not the set of administrators, which says nothing that assignments do not.
using Concerns = eventstore::Subscription<Role, Assignments, Group, Nestings>;

struct Collect {
    Changes& changes;
    const DecodedEvent& decoded;

    void operator()(const RoleId& id, const RoleEvent& event) const {
        auto& role = changed(changes.roles, id);
        std::visit(OnRole{role}, event);
    }
    void operator()(const AssignmentsId&, const AssignmentsEvent& event) const {
        std::visit(OnAssignments{changes, decoded}, event);
    }
    void operator()(const GroupId& id, const GroupEvent& event) const {
        auto& group = changed(changes.groups, id);
        std::visit(OnGroup{group}, event);
    }
    void operator()(const Id<Nestings>&, const NestingsEvent& event) const {
        std::visit(OnNestings{changes, decoded}, event);
    }

    template <class Row, class Of>
    Change<Row>& changed(std::map<Id<Of>, Change<Row>>& rows, const Id<Of>& id) const {
        Change<Row>& change = rows[id];
        change.row.id = id;
        change.row.updated_at = decoded.metadata.occurred_at;
        change.row.version = decoded.recorded->version;
        change.row.position = decoded.recorded->position;
        return change;
    }
};

// Begins rows and changes those that are there. `what` is what the rows are of.
template <class Row, class Of>
void write(pqxx::transaction_base& transaction, const std::string& table, const std::map<Id<Of>, Change<Row>>& changes,
           const std::string& what) {
    std::vector<Row> begun;
    std::vector<Row> changed;
    for (const auto& [id, change] : changes)
        if (!change.deleted) (change.is_new ? begun : changed).push_back(change.row);
    insert_rows(transaction, table, begun);
    const std::size_t known = update_rows(transaction, table, changed);
    if (known != changed.size())
        throw InconsistentLog(std::to_string(changed.size() - known) + " " + what + "(s) have no row");
}

// Adds and removes assignments or members.
template <class Row, class First, class Second>
void write(pqxx::transaction_base& transaction, const std::string& table, const Pairs<Row, First, Second>& pairs,
           const std::string& first_column, const std::string& second_column) {
    std::vector<Row> added;
    SqlArray first, second;
    for (const auto& [pair, row] : pairs) {
        if (row) {
            added.push_back(*row);
        } else {
            first.add(pair.first);
            second.add(pair.second);
        }
    }
    write_rows(transaction, table, added);
    if (first.empty()) return;
    transaction.exec_params("delete from " + table + " as there using unnest($1::uuid[], $2::uuid[]) as gone (" +
                                first_column + ", " + second_column + ") where there." + first_column + " = gone." +
                                first_column + " and there." + second_column + " = gone." + second_column,
                            first.parameter(), second.parameter());
}

// With what is in the further table of them: nobody is assigned to a role, or added to a group, after it was deleted.
// So the order within a batch is lost without harm.
template <class Row, class Of>
void delete_those(pqxx::transaction_base& transaction, const std::map<Id<Of>, Change<Row>>& changes,
                  const std::string& table, const std::string& further_table, const std::string& column) {
    SqlArray deleted;
    for (const auto& [id, change] : changes)
        if (change.deleted) deleted.add(id);
    delete_rows(transaction, table, deleted);
    delete_rows(transaction, further_table, deleted, column);
}

}  // namespace

Model PermissionsModel::model() const { return kPermissionsModel; }

std::vector<std::string_view> PermissionsModel::parts() const { return {"", "assignments", "groups", "members"}; }

void PermissionsModel::create(pqxx::transaction_base& transaction, int generation) const {
    const auto index = [&](std::string_view part, const std::string& name, const std::string& column) {
        transaction.exec0("create index " + table_name(this->name(), generation, part) + name + " on " +
                          table(generation, part) + " (" + column + ")");
    };
    create_table<RoleRow>(transaction, table(generation), kFewStorage);
    create_table<AssignmentRow>(transaction, table(generation, "assignments"), kManyStorage);
    index("assignments", "_role", "role_id");
    create_table<GroupRow>(transaction, table(generation, "groups"), kFewStorage);
    create_table<MemberRow>(transaction, table(generation, "members"), kManyStorage);
    index("members", "_member", "member_id");
}

void PermissionsModel::apply(pqxx::transaction_base& transaction, int generation,
                             std::span<const DecodedEvent> events) const {
    Changes changes;
    for (const DecodedEvent& decoded : events)
        Concerns::deliver(*decoded.event, decoded.recorded->stream_id, Collect{changes, decoded});
    const std::string roles = table(generation);
    const std::string assignments = table(generation, "assignments");
    write(transaction, roles, changes.roles, "role");
    write(transaction, assignments, changes.assignments, "subject_id", "role_id");
    delete_those(transaction, changes.roles, roles, assignments, "role_id");
    const std::string groups = table(generation, "groups");
    const std::string members = table(generation, "members");
    write(transaction, groups, changes.groups, "group");
    write(transaction, members, changes.members, "group_id", "member_id");
    delete_those(transaction, changes.groups, groups, members, "group_id");
}

}  // namespace keyledger::projections

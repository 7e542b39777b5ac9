#include "projections/models/permissions_model.hpp"

#include <map>
#include <optional>

#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "domain/access/role.hpp"
#include "eventstore/subscription.hpp"
#include "projections/engine/database.hpp"
#include "projections/engine/sql_array.hpp"

namespace keyledger::projections {
namespace {

// Permissions are texts without spaces, so one column holds them as a scope does (RFC 6749 section 3.3).
constexpr const char* kRoleColumns = R"( (
    id            uuid primary key,
    name          text not null,
    permissions   text collate "C" not null,
    denied        text collate "C" not null,
    built_in      boolean not null,
    created_at_ms bigint not null,
    updated_at_ms bigint not null,
    version       integer not null,
    position      bigint not null,
    first_position bigint not null unique
) with (fillfactor = 85, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000))";

constexpr const char* kAssignmentColumns = R"( (
    subject_id     uuid not null,
    subject_type   text not null,
    role_id        uuid not null,
    assigned_at_ms bigint not null,
    actor_type     text not null,
    actor_id       text not null,
    position       bigint not null,
    primary key (subject_id, role_id)
) with (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000))";

constexpr const char* kBegin =
    R"( (id, name, permissions, denied, built_in, created_at_ms, updated_at_ms, version, position, first_position)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::bigint[], $7::bigint[],
                     $8::integer[], $9::bigint[], $10::bigint[]))";

constexpr const char* kChange = R"( as r
   set name = c.name, permissions = c.permissions, denied = c.denied, updated_at_ms = c.updated_at_ms,
       version = c.version, position = c.position
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::integer[], $7::bigint[])
       as c (id, name, permissions, denied, updated_at_ms, version, position)
 where r.id = c.id)";

constexpr const char* kAssign =
    R"( (subject_id, subject_type, role_id, assigned_at_ms, actor_type, actor_id, position)
select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::bigint[])
on conflict (subject_id, role_id) do update
   set assigned_at_ms = excluded.assigned_at_ms, actor_type = excluded.actor_type, actor_id = excluded.actor_id,
       position = excluded.position)";

constexpr const char* kWithdraw = R"( as a
 using unnest($1::uuid[], $2::uuid[]) as w (subject_id, role_id)
 where a.subject_id = w.subject_id and a.role_id = w.role_id)";

constexpr const char* kGroupColumns = R"( (
    id            uuid primary key,
    name          text not null,
    created_at_ms bigint not null,
    updated_at_ms bigint not null,
    version       integer not null,
    position      bigint not null,
    first_position bigint not null unique
) with (fillfactor = 85, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000))";

// Who is in which group: subjects, or the groups that stand under it.
constexpr const char* kMemberColumns = R"( (
    group_id    uuid not null,
    member_id   uuid not null,
    member_type text not null,
    since_ms    bigint not null,
    actor_type  text not null,
    actor_id    text not null,
    position    bigint not null,
    primary key (group_id, member_id)
) with (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000))";

constexpr const char* kBeginGroup =
    R"( (id, name, created_at_ms, updated_at_ms, version, position, first_position)
select * from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::integer[], $6::bigint[], $7::bigint[]))";

constexpr const char* kRenameGroup = R"( as g
   set name = c.name, updated_at_ms = c.updated_at_ms, version = c.version, position = c.position
  from unnest($1::uuid[], $2::text[], $3::bigint[], $4::integer[], $5::bigint[])
       as c (id, name, updated_at_ms, version, position)
 where g.id = c.id)";

constexpr const char* kAddMember =
    R"( (group_id, member_id, member_type, since_ms, actor_type, actor_id, position)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[])
on conflict (group_id, member_id) do update
   set since_ms = excluded.since_ms, actor_type = excluded.actor_type, actor_id = excluded.actor_id,
       position = excluded.position)";

constexpr const char* kRemoveMember = R"( as m
 using unnest($1::uuid[], $2::uuid[]) as r (group_id, member_id)
 where m.group_id = r.group_id and m.member_id = r.member_id)";

template <class Enum>
std::string name_of(Enum wanted) {
    for (const auto& [value, name] : enum_names(wanted))
        if (value == wanted) return std::string(name);
    throw InconsistentLog("an enumerator without a name");
}

std::string scope_of(const std::vector<std::string>& permissions) {
    std::string scope;
    for (const std::string& permission : permissions) scope += (scope.empty() ? "" : " ") + permission;
    return scope;
}

struct RoleChange {
    struct Begin {
        bool built_in = false;
        std::int64_t at_ms = 0;
        Position position = 0;
    };
    std::optional<Begin> begin;  // it was defined in this batch
    bool deleted = false;
    std::string name;
    std::string permissions;
    std::string denied;
    std::int64_t at_ms = 0;
    std::int32_t version = 0;
    Position position = 0;
};
struct Assigned {
    SubjectType subject_type = SubjectType::kUser;
    std::int64_t at_ms = 0;
    eventstore::ActorType actor_type = eventstore::ActorType::kSystem;
    std::string actor_id;
    Position position = 0;
};
struct GroupChange {
    std::optional<std::int64_t> created_at_ms;  // it was defined in this batch
    Position first_position = 0;                // then
    bool deleted = false;
    std::string name;
    std::int64_t at_ms = 0;
    std::int32_t version = 0;
    Position position = 0;
};
struct Changes {
    std::map<Uuid, GroupChange> groups;
    std::map<std::pair<Uuid, Uuid>, std::optional<Assigned>> members;  // group and member; empty: removed
    std::map<Uuid, RoleChange> roles;
    std::map<std::pair<Uuid, Uuid>, std::optional<Assigned>> assignments;  // subject and role; empty: withdrawn
};

Assigned assigned_by(const DecodedEvent& decoded, SubjectType type) {
    const auto& metadata = decoded.metadata;
    return {type, metadata.occurred_at_ms, metadata.actor_type, metadata.actor_id, decoded.recorded->position};
}

struct OnRole {
    RoleChange& role;
    const DecodedEvent& decoded;

    void operator()(const RoleDefined& event) const {
        role.begin = RoleChange::Begin{event.kind == RoleKind::kBuiltIn, decoded.metadata.occurred_at_ms,
                                       decoded.recorded->position};
        role.name = event.name;
        role.permissions = scope_of(event.permissions);
        role.denied = scope_of(event.deny);
    }
    void operator()(const RoleChanged& event) const {
        role.name = event.name;
        role.permissions = scope_of(event.permissions);
        role.denied = scope_of(event.deny);
    }
    void operator()(const RoleDeleted&) const { role.deleted = true; }
};

struct OnAssignments {
    Changes& changes;
    const DecodedEvent& decoded;

    void operator()(const RoleAssigned& event) const {
        changes.assignments[{event.subject_id, event.role_id}] = assigned_by(decoded, event.subject_type);
    }
    void operator()(const GroupMemberAdded& event) const {
        changes.members[{event.group_id, event.subject_id}] = assigned_by(decoded, event.subject_type);
    }
    void operator()(const GroupMemberRemoved& event) const {
        changes.members[{event.group_id, event.subject_id}] = std::nullopt;
    }
    void operator()(const RoleWithdrawn& event) const {
        changes.assignments[{event.subject_id, event.role_id}] = std::nullopt;
    }
};

struct OnGroup {
    GroupChange& group;

    void operator()(const GroupDefined& event) const {
        group.created_at_ms = group.at_ms;
        group.first_position = group.position;
        group.name = event.name;
    }
    void operator()(const GroupRenamed& event) const { group.name = event.name; }
    void operator()(const GroupDeleted&) const { group.deleted = true; }
};

struct OnNestings {
    Changes& changes;
    const DecodedEvent& decoded;

    void operator()(const GroupNested& event) const {
        changes.members[{event.parent_id, event.child_id}] = assigned_by(decoded, SubjectType::kGroup);
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

    void operator()(const RoleEvent& event) const {
        RoleChange& role = changes.roles[decoded.recorded->stream_id];
        role.at_ms = decoded.metadata.occurred_at_ms;
        role.version = decoded.recorded->version;
        role.position = decoded.recorded->position;
        std::visit(OnRole{role, decoded}, event);
    }
    void operator()(const AssignmentsEvent& event) const { std::visit(OnAssignments{changes, decoded}, event); }
    void operator()(const GroupEvent& event) const {
        GroupChange& group = changes.groups[decoded.recorded->stream_id];
        group.at_ms = decoded.metadata.occurred_at_ms;
        group.version = decoded.recorded->version;
        group.position = decoded.recorded->position;
        std::visit(OnGroup{group}, event);
    }
    void operator()(const NestingsEvent& event) const { std::visit(OnNestings{changes, decoded}, event); }
};

void begin_roles(pqxx::transaction_base& transaction, const std::string& table, const Changes& changes) {
    SqlArray id, name, permissions, denied, built_in, created, updated, version, position, first;
    for (const auto& [role, change] : changes.roles) {
        if (!change.begin || change.deleted) continue;
        id.add(role);
        name.add(change.name);
        permissions.add(change.permissions);
        denied.add(change.denied);
        built_in.add(change.begin->built_in);
        created.add(change.begin->at_ms);
        updated.add(change.at_ms);
        version.add(change.version);
        position.add(change.position);
        first.add(change.begin->position);
    }
    if (id.empty()) return;
    transaction.exec_params("insert into " + table + kBegin, id.literal(), name.literal(), permissions.literal(),
                            denied.literal(), built_in.literal(), created.literal(), updated.literal(),
                            version.literal(), position.literal(), first.literal());
}

void change_roles(pqxx::transaction_base& transaction, const std::string& table, const Changes& changes) {
    SqlArray id, name, permissions, denied, updated, version, position;
    for (const auto& [role, change] : changes.roles) {
        if (change.begin || change.deleted) continue;
        id.add(role);
        name.add(change.name);
        permissions.add(change.permissions);
        denied.add(change.denied);
        updated.add(change.at_ms);
        version.add(change.version);
        position.add(change.position);
    }
    if (id.empty()) return;
    const auto done =
        transaction.exec_params("update " + table + kChange, id.literal(), name.literal(), permissions.literal(),
                                denied.literal(), updated.literal(), version.literal(), position.literal());
    if (done.affected_rows() != id.size())
        throw InconsistentLog(std::to_string(id.size() - done.affected_rows()) + " role(s) have no row");
}

void move_assignments(pqxx::transaction_base& transaction, const std::string& table, const Changes& changes) {
    SqlArray subject, type, role, at_ms, actor_type, actor, position, former_subject, former_role;
    for (const auto& [pair, assigned] : changes.assignments) {
        if (!assigned) {
            former_subject.add(pair.first);
            former_role.add(pair.second);
            continue;
        }
        subject.add(pair.first);
        type.add(name_of(assigned->subject_type));
        role.add(pair.second);
        at_ms.add(assigned->at_ms);
        actor_type.add(name_of(assigned->actor_type));
        actor.add(assigned->actor_id);
        position.add(assigned->position);
    }
    if (!subject.empty())
        transaction.exec_params("insert into " + table + kAssign, subject.literal(), type.literal(), role.literal(),
                                at_ms.literal(), actor_type.literal(), actor.literal(), position.literal());
    if (!former_subject.empty())
        transaction.exec_params("delete from " + table + kWithdraw, former_subject.literal(), former_role.literal());
}

void begin_groups(pqxx::transaction_base& transaction, const std::string& table, const Changes& changes) {
    SqlArray id, name, created, updated, version, position, first;
    for (const auto& [group, change] : changes.groups) {
        if (!change.created_at_ms || change.deleted) continue;
        id.add(group);
        name.add(change.name);
        created.add(*change.created_at_ms);
        updated.add(change.at_ms);
        version.add(change.version);
        position.add(change.position);
        first.add(change.first_position);
    }
    if (id.empty()) return;
    transaction.exec_params("insert into " + table + kBeginGroup, id.literal(), name.literal(), created.literal(),
                            updated.literal(), version.literal(), position.literal(), first.literal());
}

void rename_groups(pqxx::transaction_base& transaction, const std::string& table, const Changes& changes) {
    SqlArray id, name, updated, version, position;
    for (const auto& [group, change] : changes.groups) {
        if (change.created_at_ms || change.deleted) continue;
        id.add(group);
        name.add(change.name);
        updated.add(change.at_ms);
        version.add(change.version);
        position.add(change.position);
    }
    if (id.empty()) return;
    const auto done = transaction.exec_params("update " + table + kRenameGroup, id.literal(), name.literal(),
                                              updated.literal(), version.literal(), position.literal());
    if (done.affected_rows() != id.size())
        throw InconsistentLog(std::to_string(id.size() - done.affected_rows()) + " group(s) have no row");
}

void move_members(pqxx::transaction_base& transaction, const std::string& table, const Changes& changes) {
    SqlArray group, member, type, at_ms, actor_type, actor, position, former_group, former_member;
    for (const auto& [pair, added] : changes.members) {
        if (!added) {
            former_group.add(pair.first);
            former_member.add(pair.second);
            continue;
        }
        group.add(pair.first);
        member.add(pair.second);
        type.add(name_of(added->subject_type));
        at_ms.add(added->at_ms);
        actor_type.add(name_of(added->actor_type));
        actor.add(added->actor_id);
        position.add(added->position);
    }
    if (!group.empty())
        transaction.exec_params("insert into " + table + kAddMember, group.literal(), member.literal(), type.literal(),
                                at_ms.literal(), actor_type.literal(), actor.literal(), position.literal());
    if (!former_group.empty())
        transaction.exec_params("delete from " + table + kRemoveMember, former_group.literal(),
                                former_member.literal());
}

// Nobody is added to a group after it was deleted.
void delete_groups(pqxx::transaction_base& transaction, const std::string& groups, const std::string& members,
                   const Changes& changes) {
    SqlArray id;
    for (const auto& [group, change] : changes.groups)
        if (change.deleted) id.add(group);
    if (id.empty()) return;
    transaction.exec_params("delete from " + groups + " where id = any($1::uuid[])", id.literal());
    transaction.exec_params("delete from " + members + " where group_id = any($1::uuid[])", id.literal());
}

// Nobody is assigned to a role after it was deleted: the order within a batch is lost without harm.
void delete_roles(pqxx::transaction_base& transaction, const std::string& roles, const std::string& assignments,
                  const Changes& changes) {
    SqlArray id;
    for (const auto& [role, change] : changes.roles)
        if (change.deleted) id.add(role);
    if (id.empty()) return;
    transaction.exec_params("delete from " + roles + " where id = any($1::uuid[])", id.literal());
    transaction.exec_params("delete from " + assignments + " where role_id = any($1::uuid[])", id.literal());
}

}  // namespace

std::vector<std::string> PermissionsModel::tables(int generation) const {
    return {table_name(kName, generation), table_name(kName, generation, "assignments"),
            table_name(kName, generation, "groups"), table_name(kName, generation, "members")};
}

void PermissionsModel::create(pqxx::transaction_base& transaction, int generation) const {
    const std::string assignments = table_name(kName, generation, "assignments");
    transaction.exec0("create table read_models." + table_name(kName, generation) + kRoleColumns);
    transaction.exec0("create table read_models." + assignments + kAssignmentColumns);
    transaction.exec0("create index " + assignments + "_role on read_models." + assignments + " (role_id)");
    const std::string members = table_name(kName, generation, "members");
    transaction.exec0("create table read_models." + table_name(kName, generation, "groups") + kGroupColumns);
    transaction.exec0("create table read_models." + members + kMemberColumns);
    transaction.exec0("create index " + members + "_member on read_models." + members + " (member_id)");
}

void PermissionsModel::apply(pqxx::transaction_base& transaction, int generation,
                             std::span<const DecodedEvent> events) const {
    Changes changes;
    for (const DecodedEvent& decoded : events) Concerns::deliver(*decoded.event, Collect{changes, decoded});
    const std::string roles = "read_models." + table_name(kName, generation);
    const std::string assignments = "read_models." + table_name(kName, generation, "assignments");
    begin_roles(transaction, roles, changes);
    change_roles(transaction, roles, changes);
    move_assignments(transaction, assignments, changes);
    delete_roles(transaction, roles, assignments, changes);
    const std::string groups = "read_models." + table_name(kName, generation, "groups");
    const std::string members = "read_models." + table_name(kName, generation, "members");
    begin_groups(transaction, groups, changes);
    rename_groups(transaction, groups, changes);
    move_members(transaction, members, changes);
    delete_groups(transaction, groups, members, changes);
}

}  // namespace keyledger::projections

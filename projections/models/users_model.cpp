#include "projections/models/users_model.hpp"

#include <unordered_map>

#include "domain/access/assignments.hpp"
#include "domain/users/user.hpp"
#include "projections/engine/database.hpp"
#include "projections/engine/sql_array.hpp"

namespace keyledger::projections {
namespace {

// Searches are prefixes, so plain btrees serve them; lower() follows the database's collation.
constexpr const char* kColumns = R"( (
    id             uuid primary key,
    email          text,
    username       text,
    name           text,
    status         text collate "C" not null check (status in ('active', 'disabled')),
    administrator  boolean not null,
    email_verified boolean not null,
    created_at_ms  bigint not null,
    updated_at_ms  bigint not null,
    version        integer not null,
    position       bigint not null,
    first_position bigint not null unique
) with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000))";

constexpr const char* kRead = R"(
select id, email, username, name, status, administrator, email_verified, created_at_ms, updated_at_ms, version,
       position, first_position from )";

constexpr const char* kWrite = R"( as u (id, email, username, name, status, administrator, email_verified,
    created_at_ms, updated_at_ms, version, position, first_position)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::boolean[],
                     $8::bigint[], $9::bigint[], $10::integer[], $11::bigint[], $12::bigint[])
on conflict (id) do update set email = excluded.email, username = excluded.username, name = excluded.name,
    status = excluded.status, administrator = excluded.administrator, email_verified = excluded.email_verified,
    updated_at_ms = excluded.updated_at_ms, version = excluded.version, position = excluded.position)";

struct UserRow {
    std::optional<std::string> email;
    std::optional<std::string> username;
    std::optional<std::string> name;
    std::string status = "active";
    bool administrator = false;
    bool email_verified = false;
    std::int64_t created_at_ms = 0;
    std::int64_t updated_at_ms = 0;
    std::int32_t version = 0;  // 0: there is no row yet
    Position position = 0;
    Position first_position = 0;
    bool erased = false;  // and so no row
};

struct Change {
    UserRow& row;
    const DecodedEvent& decoded;

    void operator()(const UserRegistered& event) const {
        row.email = event.email.value;
        row.username = event.username.value;
        row.name = event.name.value;
        row.created_at_ms = decoded.metadata.occurred_at_ms;
    }
    void operator()(const UserPasswordSet&) const {}
    void operator()(const UserPasswordChanged&) const {}
    void operator()(const UserPasswordHashRenewed&) const {}
    void operator()(const UserProfileUpdated& event) const {
        row.username = event.username.value;
        row.name = event.name.value;
    }
    void operator()(const UserDisabled&) const { row.status = "disabled"; }
    void operator()(const UserEnabled&) const { row.status = "active"; }
    void operator()(const UserSessionsRevoked&) const {}
    void operator()(const UserMadeAdministrator&) const { row.administrator = true; }
    void operator()(const UserErasureRequested&) const {}
    void operator()(const UserErasureWithdrawn&) const {}
    void operator()(const UserErased&) const { row.erased = true; }
};

using Rows = std::unordered_map<Uuid, UserRow>;

// The rows that the batch changes but does not begin.
void read_rows(pqxx::transaction_base& transaction, const std::string& table, const SqlArray& ids, Rows& rows) {
    if (ids.empty()) return;
    const std::string sql = kRead + table + " where id = any($1::uuid[])";
    for (const auto& found : transaction.exec_params(sql, ids.literal())) {
        UserRow& row = rows[uuid_from(found[0])];
        row.email = text_or_null(found[1]);
        row.username = text_or_null(found[2]);
        row.name = text_or_null(found[3]);
        row.status = found[4].c_str();
        row.administrator = found[5].as<bool>();
        row.email_verified = found[6].as<bool>();
        row.created_at_ms = found[7].as<std::int64_t>();
        row.updated_at_ms = found[8].as<std::int64_t>();
        row.version = found[9].as<std::int32_t>();
        row.position = found[10].as<std::int64_t>();
        row.first_position = found[11].as<std::int64_t>();
    }
}

void write_rows(pqxx::transaction_base& transaction, const std::string& table, const Rows& rows) {
    SqlArray id, email, username, name, status, administrator, verified, created, updated, version, position;
    SqlArray first_position, erased;
    for (const auto& [user, row] : rows) {
        if (row.erased) {
            erased.add(user);
            continue;
        }
        id.add(user);
        email.add(row.email);
        username.add(row.username);
        name.add(row.name);
        status.add(row.status);
        administrator.add(row.administrator);
        verified.add(row.email_verified);
        created.add(row.created_at_ms);
        updated.add(row.updated_at_ms);
        version.add(row.version);
        position.add(row.position);
        first_position.add(row.first_position);
    }
    if (!erased.empty())
        transaction.exec_params("delete from " + table + " where id = any($1::uuid[])", erased.literal());
    if (id.empty()) return;
    transaction.exec_params("insert into " + table + kWrite, id.literal(), email.literal(), username.literal(),
                            name.literal(), status.literal(), administrator.literal(), verified.literal(),
                            created.literal(), updated.literal(), version.literal(), position.literal(),
                            first_position.literal());
}

// Whether the administrator's role came or went by this event, and whose.
struct Standing {
    Uuid user;
    bool administrator;
};
std::optional<Standing> standing_by(const RoleAssigned& event) {
    if (event.role_id != kAdministratorRole) return std::nullopt;
    return Standing{event.subject_id, true};
}
std::optional<Standing> standing_by(const RoleWithdrawn& event) {
    if (event.role_id != kAdministratorRole) return std::nullopt;
    return Standing{event.subject_id, false};
}
std::optional<Standing> standing_by(const GroupMemberAdded&) { return std::nullopt; }
std::optional<Standing> standing_by(const GroupMemberRemoved&) { return std::nullopt; }
std::optional<Standing> standing_by(const DecodedEvent& decoded) {
    const auto* event = eventstore::event_in<Assignments>(*decoded.event);
    if (event == nullptr) return std::nullopt;
    return std::visit([](const auto& one) { return standing_by(one); }, *event);
}

// The user's own stream moves his row, and so does that one role of his.
std::optional<Uuid> moved_row(const DecodedEvent& decoded) {
    if (eventstore::event_in<User>(*decoded.event)) return decoded.recorded->stream_id;
    const auto standing = standing_by(decoded);
    return standing ? std::optional(standing->user) : std::nullopt;
}
bool begins_row(const DecodedEvent& decoded) {
    return eventstore::event_in<User>(*decoded.event) && decoded.recorded->version == 1;
}

void move_row(UserRow& row, const DecodedEvent& decoded) {
    if (row.version == 0 && !begins_row(decoded))
        throw InconsistentLog("position " + std::to_string(decoded.recorded->position) +
                              " is about a user who has no row");
    if (row.version == 0) row.first_position = decoded.recorded->position;
    row.updated_at_ms = decoded.metadata.occurred_at_ms;
    row.position = decoded.recorded->position;
    if (const auto standing = standing_by(decoded)) {
        row.administrator = standing->administrator;
        return;
    }
    std::visit(Change{row, decoded}, *eventstore::event_in<User>(*decoded.event));
    row.version = decoded.recorded->version;
}

}  // namespace

std::vector<std::string> UsersModel::tables(int generation) const { return {table_name(kName, generation)}; }

void UsersModel::create(pqxx::transaction_base& transaction, int generation) const {
    const std::string plain = table_name(kName, generation);
    const std::string table = "read_models." + plain;
    transaction.exec0("create table " + table + kColumns);
    for (const char* column : {"email", "username", "name"})
        transaction.exec0("create index " + plain + "_" + column + " on " + table + " (lower(" + column +
                          ") text_pattern_ops)");
}

void UsersModel::apply(pqxx::transaction_base& transaction, int generation,
                       std::span<const DecodedEvent> events) const {
    const std::string table = "read_models." + table_name(kName, generation);
    Rows rows;
    SqlArray known;
    for (const DecodedEvent& decoded : events) {
        const auto user = moved_row(decoded);
        if (user && rows.try_emplace(*user).second && !begins_row(decoded)) known.add(*user);
    }
    if (rows.empty()) return;
    read_rows(transaction, table, known, rows);
    for (const DecodedEvent& decoded : events)
        if (const auto user = moved_row(decoded)) move_row(rows[*user], decoded);
    write_rows(transaction, table, rows);
}

}  // namespace keyledger::projections

#include "projections/models/service_accounts_model.hpp"

#include <map>

#include "domain/clients/service_account.hpp"
#include "projections/engine/database.hpp"
#include "projections/engine/sql_array.hpp"

namespace keyledger::projections {
namespace {

// Audiences are URIs without spaces, so one column holds them.
constexpr const char* kColumns = R"( (
    id            uuid primary key,
    name          text not null,
    audiences     text collate "C" not null,
    enabled       boolean not null,
    created_at_ms bigint not null,
    updated_at_ms bigint not null,
    version       integer not null,
    position      bigint not null,
    first_position bigint not null unique
) with (fillfactor = 85, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000))";

constexpr const char* kRead = "select id, name, audiences, enabled, created_at_ms, first_position from read_models.";

constexpr const char* kWrite =
    R"( as a (id, name, audiences, enabled, created_at_ms, updated_at_ms, version, position,
         first_position)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::bigint[], $6::bigint[], $7::integer[],
                     $8::bigint[], $9::bigint[])
on conflict (id) do update set name = excluded.name, audiences = excluded.audiences, enabled = excluded.enabled,
    updated_at_ms = excluded.updated_at_ms, version = excluded.version, position = excluded.position)";

struct Row {
    std::string name;
    std::string audiences;
    bool enabled = true;
    std::int64_t created_at_ms = 0;
    std::int64_t updated_at_ms = 0;
    std::int32_t version = 0;
    Position position = 0;
    Position first_position = 0;
    bool known = false;  // it was registered
    bool deleted = false;
};
using Rows = std::map<Uuid, Row>;

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(word);
    return text;
}

struct Change {
    Row& row;
    const DecodedEvent& decoded;

    void operator()(const ServiceAccountRegistered& event) const {
        row.known = true;
        row.name = event.name;
        row.audiences = joined(event.audiences);
        row.created_at_ms = decoded.metadata.occurred_at_ms;
        row.first_position = decoded.recorded->position;
    }
    void operator()(const ServiceAccountChanged& event) const {
        row.name = event.name;
        row.audiences = joined(event.audiences);
    }
    void operator()(const ServiceAccountSecretAdded&) const {}
    void operator()(const ServiceAccountSecretRemoved&) const {}
    void operator()(const ServiceAccountKeyAdded&) const {}
    void operator()(const ServiceAccountKeyRemoved&) const {}
    void operator()(const ServiceAccountDisabled&) const { row.enabled = false; }
    void operator()(const ServiceAccountEnabled&) const { row.enabled = true; }
    void operator()(const ServiceAccountDeleted&) const { row.deleted = true; }
};

void read_rows(pqxx::transaction_base& transaction, const std::string& table, const SqlArray& ids, Rows& rows) {
    if (ids.empty()) return;
    for (const auto& found : transaction.exec_params(kRead + table + " where id = any($1::uuid[])", ids.literal())) {
        Row& row = rows[uuid_from(found[0])];
        row.known = true;
        row.name = found[1].c_str();
        row.audiences = found[2].c_str();
        row.enabled = found[3].as<bool>();
        row.created_at_ms = found[4].as<std::int64_t>();
        row.first_position = found[5].as<std::int64_t>();
    }
}

void write_rows(pqxx::transaction_base& transaction, const std::string& table, const Rows& rows) {
    SqlArray id, name, audiences, enabled, created, updated, version, position, first_position, deleted;
    for (const auto& [account, row] : rows) {
        if (row.deleted) {
            deleted.add(account);
            continue;
        }
        id.add(account);
        name.add(row.name);
        audiences.add(row.audiences);
        enabled.add(row.enabled);
        created.add(row.created_at_ms);
        updated.add(row.updated_at_ms);
        version.add(row.version);
        position.add(row.position);
        first_position.add(row.first_position);
    }
    if (!deleted.empty())
        transaction.exec_params("delete from read_models." + table + " where id = any($1::uuid[])", deleted.literal());
    if (id.empty()) return;
    transaction.exec_params("insert into read_models." + table + kWrite, id.literal(), name.literal(),
                            audiences.literal(), enabled.literal(), created.literal(), updated.literal(),
                            version.literal(), position.literal(), first_position.literal());
}

}  // namespace

std::vector<std::string> ServiceAccountsModel::tables(int generation) const { return {table_name(kName, generation)}; }

void ServiceAccountsModel::create(pqxx::transaction_base& transaction, int generation) const {
    transaction.exec0("create table read_models." + table_name(kName, generation) + kColumns);
}

void ServiceAccountsModel::apply(pqxx::transaction_base& transaction, int generation,
                                 std::span<const DecodedEvent> events) const {
    const std::string table = table_name(kName, generation);
    Rows rows;
    SqlArray earlier;
    for (const DecodedEvent& decoded : events) {
        if (!eventstore::event_in<ServiceAccount>(*decoded.event)) continue;
        const Uuid& account = decoded.recorded->stream_id;
        if (rows.try_emplace(account).second && decoded.recorded->version > 1) earlier.add(account);
    }
    if (rows.empty()) return;
    read_rows(transaction, table, earlier, rows);
    for (const DecodedEvent& decoded : events) {
        const auto* event = eventstore::event_in<ServiceAccount>(*decoded.event);
        if (event == nullptr) continue;
        Row& row = rows[decoded.recorded->stream_id];
        std::visit(Change{row, decoded}, *event);
        if (!row.known)
            throw InconsistentLog("position " + std::to_string(decoded.recorded->position) +
                                  " is about a service account that has no row");
        row.updated_at_ms = decoded.metadata.occurred_at_ms;
        row.version = decoded.recorded->version;
        row.position = decoded.recorded->position;
    }
    write_rows(transaction, table, rows);
}

}  // namespace keyledger::projections

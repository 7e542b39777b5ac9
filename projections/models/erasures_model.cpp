#include "projections/models/erasures_model.hpp"

#include <limits>
#include <map>
#include <optional>

#include "domain/users/user.hpp"
#include "projections/engine/database.hpp"
#include "projections/engine/limits.hpp"
#include "projections/engine/sql_array.hpp"

namespace keyledger::projections {
namespace {

constexpr const char* kColumns = R"( (
    user_id   uuid primary key,
    due_at_ms bigint not null
))";

constexpr const char* kWrite = R"( as e (user_id, due_at_ms)
select * from unnest($1::uuid[], $2::bigint[])
on conflict (user_id) do update set due_at_ms = excluded.due_at_ms)";

// What the batch leaves of each user that it names: when he is due, or nothing.
using Changes = std::map<Uuid, std::optional<std::int64_t>>;

struct Collect {
    Changes& changes;
    const Uuid& user;

    void operator()(const UserErasureRequested& event) const { changes[user] = event.due_at_ms; }
    void operator()(const UserErasureWithdrawn&) const { changes[user].reset(); }
    void operator()(const UserErased&) const { changes[user].reset(); }
    void operator()(const UserRegistered&) const {}
    void operator()(const UserPasswordSet&) const {}
    void operator()(const UserPasswordChanged&) const {}
    void operator()(const UserPasswordHashRenewed&) const {}
    void operator()(const UserProfileUpdated&) const {}
    void operator()(const UserDisabled&) const {}
    void operator()(const UserEnabled&) const {}
    void operator()(const UserSessionsRevoked&) const {}
    void operator()(const UserMadeAdministrator&) const {}
};

}  // namespace

std::vector<std::string> ErasuresModel::tables(int generation) const { return {table_name(kName, generation)}; }

void ErasuresModel::create(pqxx::transaction_base& transaction, int generation) const {
    transaction.exec0("create table read_models." + table_name(kName, generation) + kColumns);
}

void ErasuresModel::apply(pqxx::transaction_base& transaction, int generation,
                          std::span<const DecodedEvent> events) const {
    const std::string table = "read_models." + table_name(kName, generation);
    Changes changes;
    for (const DecodedEvent& decoded : events)
        if (const UserEvent* event = eventstore::event_in<User>(*decoded.event))
            std::visit(Collect{changes, decoded.recorded->stream_id}, *event);
    SqlArray over, pending, due;
    for (const auto& [user, due_at_ms] : changes) {
        if (!due_at_ms) {
            over.add(user);
            continue;
        }
        pending.add(user);
        due.add(*due_at_ms);
    }
    if (!over.empty())
        transaction.exec_params("delete from " + table + " where user_id = any($1::uuid[])", over.literal());
    if (!pending.empty()) transaction.exec_params("insert into " + table + kWrite, pending.literal(), due.literal());
}

std::vector<DueErasure> due_erasures(const std::string& database_url, std::int64_t now_ms,
                                     const std::optional<DueErasure>& behind, int at_most) {
    const Connection connection = connect(database_url, "keyledger erasures");
    const AnswerWithin bound(connection->sock(), kSilentLeaderTimeout);
    pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> snapshot(*connection);
    std::vector<DueErasure> due;
    if (snapshot.exec1("select to_regclass('read_models.current')")[0].is_null()) return due;
    const auto current = snapshot.exec_params("select generation from read_models.current where model = $1",
                                              std::string(ErasuresModel::kName));
    if (current.empty()) return due;
    const std::string table = table_name(ErasuresModel::kName, current[0][0].as<int>());
    const DueErasure after = behind.value_or(DueErasure{std::numeric_limits<std::int64_t>::min(), {}});
    for (const auto& row : snapshot.exec_params("select due_at_ms, user_id from read_models." + table +
                                                    " where due_at_ms <= $1 and (due_at_ms, user_id) > ($2, $3::uuid)"
                                                    " order by due_at_ms, user_id limit $4",
                                                now_ms, after.due_at_ms, after.user_id.to_string(), at_most))
        due.push_back({row[0].as<std::int64_t>(), uuid_from(row[1])});
    return due;
}

}  // namespace keyledger::projections

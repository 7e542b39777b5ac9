#include "eventstore/postgres/migrations/service_role.hpp"

#include "eventstore/postgres/connection/pqxx_connection.hpp"
#include "eventstore/postgres/migrations/migrator.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kPatience{10'000};

// A copy has the log's id; the server and the number of the database are its own.
constexpr const char* kWhichDatabase = R"(
select (select system_identifier from pg_control_system()) || '/' || oid, datname
  from pg_database where datname = current_database())";

// Before there is a schema, whoever owns the database will own it.
constexpr const char* kWhoAmI = R"(
select session_user, pg_get_userbyid(o.owner), o.owner = r.oid, r.rolsuper,
       pg_has_role(session_user, o.owner, 'member') or pg_has_role(current_user, o.owner, 'member')
  from pg_roles r,
       (select coalesce((select nspowner from pg_namespace where nspname = 'keyledger'),
                        (select datdba from pg_database where datname = current_database())) as owner) o
 where r.rolname = session_user)";

// Tables of members of keyledger_service are let be: whoever serves by one of several roles of that kind knows
// why.
constexpr const char* kForeignTables = R"(
select c.oid::regclass::text
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_roles r on r.oid = c.relowner
 where n.nspname = 'read_models' and c.relkind in ('r', 'p')
   and (r.rolsuper or c.relowner = n.nspowner or not pg_has_role(c.relowner, 'keyledger_service', 'member'))
   and r.rolname <> 'keyledger_service'
 order by 1)";

std::string statement_for(const std::string& table) { return "alter table " + table + " owner to keyledger_service"; }

// Whoever gives a table away has to be a member of the role that gets it (PostgreSQL 15, ALTER TABLE), and from 16 on
// one that may become it: there a member may have no more than the right to make members.
void hand_over(pqxx::connection& connection, const std::vector<std::string>& tables) {
    constexpr int kMembersDiffer = 160'000;
    const std::string needed = connection.server_version() < kMembersDiffer ? "member" : "set";
    pqxx::work work(connection);
    work.exec("set local lock_timeout = '30s'");
    const bool may_become =
        work.exec1("select pg_has_role(current_user, 'keyledger_service', '" + needed + "')")[0].as<bool>();
    if (!may_become) work.exec("grant keyledger_service to current_user");
    for (const std::string& table : tables) work.exec(statement_for(table));
    if (!may_become) work.exec("revoke keyledger_service from current_user");
    work.commit();
}

std::string by_hand(const std::vector<std::string>& tables) {
    std::string all;
    for (const std::string& table : tables) all += ' ' + statement_for(table) + ';';
    return all;
}

}  // namespace

std::optional<std::string> service_role_problem(const std::string& database_url) {
    try {
        const auto connection = connect(database_url);
        const AnswerWithin bound(connection->sock(), kPatience);
        pqxx::read_transaction work(*connection);
        const pqxx::row row = work.exec1(kWhoAmI);
        if (!row[4].as<bool>()) return std::nullopt;
        const auto owner = row[1].as<std::string>();
        const std::string why = row[2].as<bool>()   ? "owns the event store"
                                : row[3].as<bool>() ? "is a superuser"
                                                    : "is a member of '" + owner + "', which owns the event store";
        return "KEYLEDGER_DATABASE_URL is for the role that serves, keyledger_service: '" + row[0].as<std::string>() +
               "' " + why +
               ", and the read models that it made would not be the service's. Give the URL of "
               "keyledger_service (scripts/lib/roles.sql makes that role); the owner's belongs into "
               "KEYLEDGER_OWNER_DATABASE_URL";
    } catch (const pqxx::failure& failure) {
        throw MigrationFailure(failure.what());
    }
}

std::optional<std::string> one_database_problem(const std::string& owner_url, const std::string& service_url) {
    const auto ask = [](const std::string& url) {
        const auto connection = connect(url);
        const AnswerWithin bound(connection->sock(), kPatience);
        pqxx::read_transaction work(*connection);
        const pqxx::row row = work.exec1(kWhichDatabase);
        return std::pair(row[0].as<std::string>(), row[1].as<std::string>());
    };
    try {
        const auto [owners, owners_name] = ask(owner_url);
        const auto [services, services_name] = ask(service_url);
        if (owners == services) return std::nullopt;
        return "KEYLEDGER_DATABASE_URL and KEYLEDGER_OWNER_DATABASE_URL lead to two databases ('" + services_name +
               "' and '" + owners_name +
               "', perhaps of two servers): what is decided by one would be done to the "
               "other. Give both the same host, port and name";
    } catch (const pqxx::failure& failure) {
        throw MigrationFailure(failure.what());
    }
}

std::vector<std::string> give_back_read_models(const std::string& owner_url) {
    std::vector<std::string> tables;
    try {
        const auto connection = connect(owner_url);
        {
            pqxx::read_transaction work(*connection);
            for (const auto& row : work.exec(kForeignTables)) tables.push_back(row[0].as<std::string>());
        }
        if (!tables.empty()) hand_over(*connection, tables);
        return tables;
    } catch (const pqxx::insufficient_privilege&) {
        throw MigrationFailure("tables of the read models belong to another role than keyledger_service, and this one "
                               "may not give them back; as a superuser:" +
                               by_hand(tables));
    } catch (const pqxx::failure& failure) {
        throw MigrationFailure(failure.what());
    }
}

}  // namespace keyledger::eventstore::postgres

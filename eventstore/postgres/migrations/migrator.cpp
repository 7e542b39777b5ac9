#include "eventstore/postgres/migrations/migrator.hpp"

#include <map>
#include <thread>

#include "eventstore/log_facts.hpp"
#include "eventstore/postgres/connection/pqxx_connection.hpp"
#include "eventstore/postgres/migrations/ahead.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kPatience{10'000};  // of a start that only looks

// A lock that isn't to be had keeps all waiting who come after: it is given up soon, and asked for again. And a commit
// would hold its locks until the disk and the standbys have it: that is awaited afterwards, by kAwaitDisk. What a
// migration asks of the log it asks for a part that an index knows, whatever the statistics say (migration 11).
constexpr const char* kLockBriefly =
    "set local lock_timeout = '50ms'; set local synchronous_commit = off; set local enable_seqscan = off";
constexpr const char* kAwaitDisk = "update keyledger_migrations.applied set number = number where number = $1";
constexpr const char* kLockNotAvailable = "55P03";
constexpr std::chrono::milliseconds kBetweenAsking{300};
constexpr std::chrono::seconds kAskFor{60};

// By the names that app/serve/followers.cpp gives the outputs to Kafka; read models follow the log that they are in.
constexpr const char* kForgetPublished =
    "delete from keyledger.checkpoints where reader in ('publisher', 'state_publisher')";

// Asked for again and again: who waits in a statement is a transaction that an index which is being built waits for.
constexpr const char* kTryMigrationLock = "select pg_try_advisory_lock(5426354652)";
constexpr std::chrono::seconds kWaitForOthers{30};
constexpr std::chrono::milliseconds kBetweenTries{100};
constexpr const char* kRecords = R"(
    create schema if not exists keyledger_migrations;
    create table if not exists keyledger_migrations.applied (
        number     integer primary key,
        name       text not null,
        sha256     text not null,
        applied_at timestamptz not null default now()
    ))";

struct AppliedMigration {
    std::string name;
    std::string sha256;
    std::string applied_at;
};
using AppliedByNumber = std::map<int, AppliedMigration>;

std::string sha256_of(const Migration& migration) {
    return security::hex_encode(security::view_of(security::sha256(migration.up)));
}

AppliedByNumber read_applied(pqxx::transaction_base& work) {
    AppliedByNumber applied;
    if (work.exec1("select to_regclass('keyledger_migrations.applied')")[0].is_null()) return applied;
    const pqxx::result rows = work.exec(
        "select number, name, sha256, to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        " from keyledger_migrations.applied");
    for (const auto& row : rows)
        applied[row[0].as<int>()] = {row[1].as<std::string>(), row[2].as<std::string>(), row[3].as<std::string>()};
    return applied;
}

std::string what_of(const Migration& migration) {
    return "migration " + std::to_string(migration.number) + " (" + std::string(migration.name) + ")";
}

void refuse_foreign(const AppliedByNumber& applied) {
    for (const Migration& migration : migrations()) {
        const auto at = applied.find(migration.number);
        if (at != applied.end() && at->second.sha256 != sha256_of(migration))
            throw MigrationFailure(what_of(migration) + " was applied from another text than this program holds; "
                                                        "use the program that it was applied with");
    }
    if (!applied.empty() && applied.rbegin()->first > static_cast<int>(migrations().size()))
        throw MigrationFailure("the database was migrated by a newer program (migration " +
                               std::to_string(applied.rbegin()->first) + "); use that one");
}

// The one place where libpqxx's exceptions become ours.
template <class Work>
auto connected(const std::string& url, Work work) {
    try {
        const auto connection = connect(url);
        pqxx::nontransaction(*connection).exec("set lock_timeout = '30s'; set client_min_messages = warning");
        return work(*connection);
    } catch (const pqxx::failure& failure) {
        throw MigrationFailure(failure.what());
    }
}

void take_migration_lock(pqxx::connection& connection) {
    const auto until = std::chrono::steady_clock::now() + kWaitForOthers;
    while (!pqxx::nontransaction(connection).exec1(kTryMigrationLock)[0].as<bool>()) {
        if (std::chrono::steady_clock::now() >= until)
            throw MigrationFailure("another program is changing this schema; run this again when it has ended "
                                   "(pg_stat_activity shows it: one that was killed may still be building an index)");
        std::this_thread::sleep_for(kBetweenTries);  // a server tells nobody that a lock is free
    }
}

// `work` gets a connection that holds the migration lock.
template <class Work>
auto locked(const std::string& url, Work work) {
    return connected(url, [&work](pqxx::connection& connection) {
        take_migration_lock(connection);
        return work(connection);
    });
}

constexpr std::string_view kBeginsMacs = "believable_events";

const EventMacs& needed(const EventMacs* macs) {
    if (macs == nullptr)
        throw MigrationFailure("where the MACs of events begin has to be signed: set KEYLEDGER_KEYRING_FILE");
    return *macs;
}

void write_origin(pqxx::transaction_base& work, const LogOrigin& origin, const EventMacs& macs) {
    const std::string note = macs.sign(origin_note_name(origin.log_id), origin_text(origin));
    work.exec_params("insert into keyledger.origins (log_id, note) values ($1, $2)", origin.log_id.to_string(), note);
}

std::vector<std::string> writing_keys_of(const EventMacs& macs) {
    auto keys = macs.writing_keys();
    if (keys.empty())
        throw MigrationFailure("the keyring has no key for event-macs: run 'keyledger keys complete', and copy it to "
                               "every node");
    return keys;
}

// In the transaction that made room for MACs, under append's lock: nothing comes in between.
void begin_macs(pqxx::transaction_base& work, const EventMacs& macs) {
    const auto keys = writing_keys_of(macs);
    const pqxx::row row = work.exec1("select l.log_id, coalesce((select e.position from keyledger.events e"
                                     " order by e.position desc limit 1), 0) from keyledger.log l");
    LogOrigin origin{uuid_in(row[0]), keys.front(), {}};
    const auto without_macs = row[1].as<Position>();
    if (without_macs > 0) origin.earlier.push_back({without_macs, std::nullopt});
    write_origin(work, origin, macs);
}

LogOrigin read_origin(pqxx::transaction_base& work, const EventMacs& macs) {
    const pqxx::row row = work.exec1("select l.log_id, coalesce(o.note, '') from keyledger.log l"
                                     " left join keyledger.origins o using (log_id)");
    const auto text = macs.open(row[1].c_str());
    const auto origin = text ? parse_origin(*text) : std::nullopt;
    if (!origin || origin->log_id != uuid_in(row[0]))
        throw MigrationFailure("where this log's events come from was not signed by a key of this keyring");
    return *origin;
}

void apply_once(pqxx::connection& connection, const Migration& migration, const std::string& up,
                const EventMacs* macs) {
    pqxx::work work(connection);
    work.exec(kLockBriefly);
    work.exec(up);
    if (migration.name == kBeginsMacs) begin_macs(work, needed(macs));
    work.exec_params("insert into keyledger_migrations.applied (number, name, sha256) values ($1, $2, $3)",
                     migration.number, std::string(migration.name), sha256_of(migration));
    work.commit();
}

// Behind a transaction that is in the way (a backup, a long question) it is tried again for a minute.
void apply_between_others(pqxx::connection& connection, const Migration& migration, const std::string& up,
                          const EventMacs* macs) {
    const auto until = std::chrono::steady_clock::now() + kAskFor;
    for (;;) {
        try {
            return apply_once(connection, migration, up, macs);
        } catch (const pqxx::sql_error& failure) {
            if (failure.sqlstate() != kLockNotAvailable) throw;
            if (std::chrono::steady_clock::now() >= until)
                throw MigrationFailure("what " + what_of(migration) +
                                       " needs is in use by a long transaction, a backup for instance, or by appends "
                                       "that leave no gap; run this again when it has ended (pg_stat_activity shows "
                                       "it)");
        }
        std::this_thread::sleep_for(kBetweenAsking);  // a server tells nobody that a lock is free
    }
}

void apply(pqxx::connection& connection, const Migration& migration, const EventMacs* macs) {
    const auto indexes = indexes_ahead(migration);
    build(connection, indexes);
    apply_between_others(connection, migration, up_after(migration, indexes), macs);
    pqxx::nontransaction(connection).exec_params(kAwaitDisk, migration.number);
}

void take_back(pqxx::connection& connection, const Migration& migration) {
    pqxx::work work(connection);
    work.exec(std::string(migration.down));
    work.exec_params("delete from keyledger_migrations.applied where number = $1", migration.number);
    work.commit();
}

}  // namespace

std::vector<int> Migrator::up() {
    return locked(url_, [macs = macs_.get()](pqxx::connection& connection) {
        AppliedByNumber applied;
        {
            pqxx::work work(connection);
            if (work.exec1("select to_regclass('keyledger_migrations.applied')")[0].is_null()) work.exec(kRecords);
            applied = read_applied(work);
            work.commit();
        }
        refuse_foreign(applied);
        // What a later one needs is looked at before the first is applied: the old program goes on until all can be.
        for (const Migration& migration : migrations())
            if (migration.name == kBeginsMacs && !applied.contains(migration.number)) writing_keys_of(needed(macs));
        std::vector<int> done;
        for (const Migration& migration : migrations()) {
            if (applied.contains(migration.number)) continue;
            apply(connection, migration, macs);
            done.push_back(migration.number);
        }
        return done;
    });
}

std::vector<int> Migrator::down(int count) {
    return locked(url_, [count](pqxx::connection& connection) {
        AppliedByNumber applied;
        {
            pqxx::read_transaction work(connection);
            applied = read_applied(work);
        }
        refuse_foreign(applied);
        std::vector<int> done;
        for (auto at = migrations().rbegin(); at != migrations().rend() && std::ssize(done) < count; ++at) {
            if (!applied.contains(at->number)) continue;
            take_back(connection, *at);
            done.push_back(at->number);
        }
        return done;
    });
}

std::vector<MigrationState> Migrator::status() {
    return connected(url_, [](pqxx::connection& connection) {
        pqxx::read_transaction work(connection);
        AppliedByNumber applied = read_applied(work);
        std::vector<MigrationState> states;
        for (const Migration& migration : migrations()) {
            MigrationState& state = states.emplace_back();
            state.number = migration.number;
            state.name = migration.name;
            const auto at = applied.find(migration.number);
            if (at == applied.end()) continue;
            const bool same = at->second.sha256 == sha256_of(migration);
            state.status = same ? MigrationState::Status::kApplied : MigrationState::Status::kChanged;
            state.applied_at = at->second.applied_at;
            applied.erase(at);
        }
        for (auto& [number, record] : applied)
            states.push_back({number, record.name, MigrationState::Status::kUnknown, record.applied_at});
        return states;
    });
}

Uuid Migrator::renew_log_id() {
    return locked(url_, [&macs = needed(macs_.get())](pqxx::connection& connection) {
        pqxx::work work(connection);
        work.exec("select pg_advisory_xact_lock(5426354651)");
        LogOrigin origin = read_origin(work, macs);
        const auto head = work.exec1("select coalesce((select e.position from keyledger.events e"
                                     " order by e.position desc limit 1), 0)")[0]
                              .as<Position>();
        const Uuid before = origin.log_id;
        // A value says itself when it was made, by a clock that may be ahead, and this server's may be behind the lost
        // one's: a minute above both, or what was spent there would be good here once more.
        const auto text = work.exec1("update keyledger.log set log_id = gen_random_uuid(), created_at = now(),"
                                     " first_head_at = null, spent_since = interval '1 minute' + greatest("
                                     "   clock_timestamp(), (select e.recorded_at from keyledger.events e"
                                     "                        order by e.position desc limit 1))"
                                     " returning log_id")[0]
                              .as<std::string>();
        origin.log_id = Uuid::parse(text).value();
        // What is there was authenticated as the lost history's.
        if (head > (origin.earlier.empty() ? 0 : origin.earlier.back().until)) origin.earlier.push_back({head, before});
        write_origin(work, origin, macs);
        // Nothing of this history is in the topics that it is told to publish to.
        work.exec(kForgetPublished);
        work.commit();
        return origin.log_id;
    });
}

std::optional<std::string> schema_problem(const std::string& database_url) {
    try {
        const auto connection = connect(database_url);
        const AnswerWithin bound(connection->sock(), kPatience);
        pqxx::read_transaction work(*connection);
        if (work.exec1("select to_regclass('keyledger_migrations.applied')")[0].is_null())
            return "the database has no event store yet; run `keyledger migrate up`";
        if (!work.exec1("select has_schema_privilege('keyledger_migrations', 'usage')")[0].as<bool>())
            return "the database's event store is not for this role; connect as keyledger_service";
        const AppliedByNumber applied = read_applied(work);
        refuse_foreign(applied);
        for (const Migration& migration : migrations())
            if (!applied.contains(migration.number))
                return what_of(migration) + " is not applied; run `keyledger migrate up`";
        return std::nullopt;
    } catch (const MigrationFailure& failure) {
        return failure.what();
    } catch (const pqxx::failure& failure) {
        throw MigrationFailure(failure.what());
    }
}

}  // namespace keyledger::eventstore::postgres

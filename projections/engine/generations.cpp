#include "projections/engine/generations.hpp"

#include <spdlog/spdlog.h>

#include "projections/engine/limits.hpp"
#include "projections/engine/sql_array.hpp"

namespace keyledger::projections {
namespace {

constexpr const char* kCatalogue = R"(
create table if not exists read_models.generations (
    model text collate "C" not null, generation integer not null, layout integer not null,
    tables text[] not null, made_at timestamptz not null default now(), primary key (model, generation));
create table if not exists read_models.current (
    model text collate "C" primary key, generation integer not null, since_position bigint not null,
    foreign key (model, generation) references read_models.generations);
create table if not exists read_models.stopped (
    model text collate "C" not null, generation integer not null, kind text collate "C" not null,
    position bigint not null, event_type text not null, reason text not null,
    since timestamptz not null default now(), primary key (model, generation));
create table if not exists read_models.skips (
    model text collate "C" not null, generation integer not null, position bigint not null,
    event_type text not null, reason text not null, skipped_by text not null, why text not null,
    skipped_at timestamptz not null default now(), primary key (model, generation, position)))";

// Two processes that start at once must not both make the same thing.
void lock_catalogue(pqxx::transaction_base& transaction) {
    transaction.exec1("select pg_advisory_xact_lock(hashtextextended('keyledger.read_models.catalogue', 0))");
}

// Whatever is appended later is behind it, for this transaction sees less of the log than those that follow.
eventstore::Cursor beginning_of(pqxx::transaction_base& transaction, const ReadModel& model) {
    if (model.beginning() == ReadModel::Beginning::kFirstEvent) return {};
    eventstore::Cursor head;
    for (const auto& row : transaction.exec("select position, encode(leaf_hash, 'hex') from keyledger.events"
                                            " order by position desc limit 1"))
        head = {row[0].as<std::int64_t>(), digest_from_hex(row[1].c_str())};
    spdlog::debug("{} is new in this log: it begins at position {}, and what was before causes nothing", model.name(),
                  head.position);
    return head;
}

Generation make(pqxx::transaction_base& transaction, const ReadModel& model, int number) {
    const std::string name(model.name());
    const eventstore::Cursor beginning = beginning_of(transaction, model);
    SqlArray tables(ElementType::kText);
    for (const std::string& table : model.tables(number)) tables.add(table);
    transaction.exec_params0("insert into read_models.generations (model, generation, layout, tables) "
                             "values ($1, $2, $3, $4::text[])",
                             name, number, model.layout(), tables.parameter());
    transaction.exec_params0("insert into keyledger.checkpoints (reader, generation, position, leaf_hash) "
                             "values ($1, $2, $3, $4::bytea)",
                             name, number, beginning.position, bytea_text(beginning.leaf_hash));
    model.create(transaction, number);
    return {number, model.layout(), beginning};
}

// Whether something has the name of one of its tables, which nobody here made.
bool is_occupied(pqxx::transaction_base& transaction, const ReadModel& model, int number) {
    SqlArray tables(ElementType::kText);
    for (const std::string& table : model.tables(number)) tables.add(table);
    return transaction
        .exec_params1("select exists (select from unnest($1::text[]) as t(name)"
                      " where to_regclass('read_models.' || quote_ident(name)) is not null)",
                      tables.parameter())[0]
        .as<bool>();
}

int next_number(pqxx::transaction_base& transaction, const ReadModel& model) {
    // A number that has skips was used before, and they were not meant for this one.
    int number = transaction
                     .exec_params1("select coalesce(max(generation), 0) + 1 from "
                                   "(select model, generation from read_models.generations union all "
                                   " select model, generation from read_models.skips) as used where model = $1",
                                   std::string(model.name()))[0]
                     .as<int>();
    while (is_occupied(transaction, model, number)) {
        spdlog::warn("generation {} of {} is left out: somebody else's table has a name of its own", number,
                     model.name());
        ++number;
    }
    return number;
}

constexpr const char* kReadGeneration = R"(
select g.generation, g.layout, k.position, encode(k.leaf_hash, 'hex')
  from read_models.generations g
  join keyledger.checkpoints k on k.reader = g.model and k.generation = g.generation )";

Generation generation_from(const pqxx::row& row) {
    Generation generation;
    generation.number = row[0].as<int>();
    generation.layout = row[1].as<int>();
    generation.cursor = {row[2].as<std::int64_t>(), digest_from_hex(row[3].c_str())};
    return generation;
}

}  // namespace

void create_catalogue(pqxx::connection& connection) {
    pqxx::work transaction(connection);
    lock_catalogue(transaction);
    transaction.exec("set local client_min_messages = warning");
    transaction.exec(kCatalogue);
    transaction.commit();
}

Generation open_current(pqxx::connection& connection, const ReadModel& model) {
    // Where one was current and its checkpoint is gone, nobody knows what is in its tables: the next begins.
    const std::string name(model.name());
    pqxx::work transaction(connection);
    lock_catalogue(transaction);
    const auto found =
        transaction.exec_params(std::string(kReadGeneration) + "  join read_models.current c on c.model = g.model and "
                                                               "c.generation = g.generation where g.model = $1",
                                name);
    Generation current;
    if (found.empty()) {
        current = make(transaction, model, next_number(transaction, model));
        transaction.exec_params0("insert into read_models.current values ($1, $2, $3) on conflict (model) do update"
                                 " set generation = excluded.generation, since_position = excluded.since_position",
                                 name, current.number, current.cursor.position);
    } else {
        current = generation_from(found[0]);
    }
    transaction.commit();
    return current;
}

bool is_current(pqxx::connection& connection, std::string_view model, int number) {
    pqxx::nontransaction read(connection);
    return !read.exec_params("select from read_models.current where model = $1 and generation = $2", std::string(model),
                             number)
                .empty();
}

Generation create_next(pqxx::connection& connection, const ReadModel& model) {
    pqxx::work transaction(connection);
    lock_catalogue(transaction);
    const Generation next = make(transaction, model, next_number(transaction, model));
    transaction.commit();
    return next;
}

std::optional<Generation> find_unfinished(pqxx::connection& connection, const ReadModel& model) {
    pqxx::nontransaction read(connection);
    const auto found =
        read.exec_params(std::string(kReadGeneration) + "where g.model = $1 and g.generation > (select generation from "
                                                        "read_models.current where model = $1) "
                                                        "order by g.generation desc limit 1",
                         std::string(model.name()));
    if (found.empty()) return std::nullopt;
    return generation_from(found[0]);
}

std::optional<Generation> switch_generation(pqxx::connection& connection, const ReadModel& model, int old_number,
                                            const std::function<std::optional<Generation>(Position)>& catch_up) {
    const std::string name(model.name());
    pqxx::work transaction(connection);
    const auto old = transaction.exec_params(
        "select position from keyledger.checkpoints where reader = $1 and generation = $2 for update", name,
        old_number);
    if (old.empty()) return std::nullopt;
    const std::optional<Generation> next = catch_up(old[0][0].as<std::int64_t>());
    if (!next) return std::nullopt;
    const auto switched = transaction.exec_params(
        "update read_models.current set generation = $3, since_position = $4 where model = $1 and generation "
        "= $2",
        name, old_number, next->number, next->cursor.position);
    if (switched.affected_rows() != 1) return std::nullopt;
    for (const char* sql : {"delete from keyledger.checkpoints where reader = $1 and generation = $2",
                            "delete from read_models.stopped where model = $1 and generation = $2"})
        transaction.exec_params0(sql, name, old_number);
    transaction.commit();
    return next;
}

void drop_generations(pqxx::connection& connection, const ReadModel& model, DropScope which) {
    const std::string name(model.name());
    pqxx::result doomed;
    {
        pqxx::nontransaction read(connection);
        doomed = read.exec_params(
            "select g.generation, t.name from read_models.generations g "
            "  join read_models.current c using (model) cross join unnest(g.tables) as t(name) "
            " where g.model = $1 and (g.generation < c.generation or ($2 and g.generation > c.generation)) "
            " order by 1",
            name, which == DropScope::kRetiredAndUnfinished);
    }
    for (const auto& row : doomed) {
        const int number = row[0].as<int>();
        try {
            pqxx::work transaction(connection);
            transaction.exec("set local lock_timeout = " + std::to_string(kDropLockTimeout / 1ms));
            transaction.exec("drop table if exists read_models." + transaction.quote_name(row[1].c_str()));
            transaction.exec_params0("update read_models.generations set tables = array_remove(tables, $3) "
                                     " where model = $1 and generation = $2",
                                     name, number, row[1].c_str());
            for (const char* table : {"read_models.stopped", "read_models.generations"})
                transaction.exec_params0(std::string("delete from ") + table + " as t using " +
                                             "read_models.generations g where g.model = $1 and g.generation = $2 "
                                             "and g.tables = '{}' and t.model = g.model "
                                             "and t.generation = g.generation",
                                         name, number);
            transaction.exec_params0("delete from keyledger.checkpoints where reader = $1 and generation = $2 "
                                     "and not exists (select from read_models.generations "
                                     "where model = $1 and generation = $2)",
                                     name, number);
            transaction.commit();
        } catch (const std::exception& error) {
            const Failure failure = classify(error, &connection);
            if (failure.kind != FailureKind::kPassing) throw;
            spdlog::info("table read_models.{} is still in use; it is dropped another time", row[1].c_str());
        }
    }
}

std::set<Position> read_skips(pqxx::connection& connection, std::string_view model, int generation) {
    pqxx::nontransaction read(connection);
    std::set<Position> skips;
    for (const auto& row :
         read.exec_params("select position from read_models.skips where model = $1 and generation = $2",
                          std::string(model), generation))
        skips.insert(row[0].as<std::int64_t>());
    return skips;
}

}  // namespace keyledger::projections

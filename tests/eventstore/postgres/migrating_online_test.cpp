// Migrations that build indexes of long tables, and what is left of them where they are killed.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/postgres/migrations/ahead.hpp"
#include "eventstore/postgres/migrations/migrator.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"

using namespace keyledger;
using namespace keyledger::eventstore::postgres;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{30};
constexpr const char* kAllIndexes =
    "select string_agg(pg_get_indexdef(indexrelid) || case when indisvalid then '' else ' invalid' end, E'\\n'"
    " order by indexrelid::regclass::text) from pg_index i join pg_class c on c.oid = i.indexrelid"
    " where c.relnamespace = 'keyledger'::regnamespace";
constexpr const char* kApplied = "select coalesce(max(number), 0) from keyledger_migrations.applied";
constexpr const char* kMigrators =
    "select coalesce(max(pid), 0) from pg_locks where locktype = 'advisory' and granted and objsubid = 1"
    " and (classid::bigint << 32) | objid::bigint = 5426354652"
    " and database = (select oid from pg_database where datname = current_database())";

// An index that a migration builds ahead, and what is there before.
struct Building {
    int migration;
    std::string table;
    std::string index;
    int indexes_before;
};
const Building kBuildings[] = {{2, "keyledger.subject_keys", "subject_keys_destroyed", 0},
                               {6, "keyledger.commands", "commands_kept_briefly", 0},
                               {6, "keyledger.commands", "commands_kept_long", 1}};

const Migration& migration_of(int number) { return migrations().at(static_cast<std::size_t>(number) - 1); }

class MigratingOnline : public ::testing::TestWithParam<Building> {
protected:
    MigratingOnline() {
        migrator.up();
        migrator.down(static_cast<int>(migrations().size()) - GetParam().migration + 1);
        const auto ahead = indexes_ahead(migration_of(GetParam().migration));
        for (int i = 0; i < GetParam().indexes_before; ++i) execute(ahead[static_cast<std::size_t>(i)].statement);
    }

    std::string execute(const std::string& sql) {
        pqxx::nontransaction session(own);
        const pqxx::result rows = session.exec(sql);
        return rows.empty() || rows[0][0].is_null() ? "" : rows[0][0].c_str();
    }

    std::string index_state() {
        return execute("select indisvalid from pg_index where indexrelid = to_regclass('keyledger." + GetParam().index +
                       "')");
    }

    void await(const std::string& wanted, const std::function<std::string()>& ask) {
        const auto until = Clock::now() + kPatience;
        while (ask() != wanted) {
            ASSERT_LT(Clock::now(), until) << "it is " << ask() << ", not " << wanted;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));  // between two looks at what is awaited
        }
    }

    std::future<std::vector<int>> migrate() {
        return std::async(std::launch::async,
                          [url = database.owner_url()] { return Migrator(url, test::event_macs()).up(); });
    }

    void expect_all_of_it() {
        EXPECT_EQ(execute(kApplied), std::to_string(migrations().size()));
        const test::Database whole;
        EXPECT_EQ(execute(kAllIndexes), whole.execute(kAllIndexes));
        EXPECT_EQ(schema_problem(database.service_url()), std::nullopt);
    }

    const test::EmptyDatabase database;
    Migrator migrator{database.owner_url(), test::event_macs()};
    pqxx::connection own{database.owner_url()};
};

// A session that appended and has not committed yet: an index that is being built waits for it. Throws if it has to
// wait itself.
class Appending {
public:
    Appending(const std::string& url, const std::string& table) : connection_(url), work_(connection_) {
        work_.exec("set local lock_timeout = '20ms'");
        work_.exec("lock table " + table + " in row exclusive mode");
    }

private:
    pqxx::connection connection_;
    pqxx::work work_;
};

INSTANTIATE_TEST_SUITE_P(Indexes, MigratingOnline, ::testing::ValuesIn(kBuildings),
                         [](const auto& info) { return info.param.index; });

}  // namespace

TEST_P(MigratingOnline, BuildsWhileOthersAppend) {
    auto first = std::make_unique<Appending>(database.owner_url(), GetParam().table);
    auto migrated = migrate();
    await("f", [this] { return index_state(); });
    for (int i = 0; i < 50; ++i) EXPECT_NO_THROW(Appending(database.owner_url(), GetParam().table));
    EXPECT_EQ(index_state(), "f") << "it was not being built";
    EXPECT_EQ(execute(kApplied), std::to_string(GetParam().migration - 1));
    first.reset();
    migrated.get();
    expect_all_of_it();
}

TEST_P(MigratingOnline, BuildsAgainWhatWasHalfMadeWhenItWasKilled) {
    auto appending = std::make_unique<Appending>(database.owner_url(), GetParam().table);
    auto killed = migrate();
    await("f", [this] { return index_state(); });
    execute("select pg_terminate_backend((" + std::string(kMigrators) + "))");
    EXPECT_THROW(killed.get(), MigrationFailure);
    appending.reset();
    EXPECT_EQ(index_state(), "f") << "nothing was left half made";
    migrator.up();
    expect_all_of_it();
}

TEST_P(MigratingOnline, GoesOnFromAnIndexThatWasMadeWhenItWasKilled) {
    pqxx::connection connection(database.owner_url());
    auto in_the_way = std::make_unique<pqxx::work>(connection);
    in_the_way->exec("lock table keyledger_migrations.applied in share mode");
    auto killed = migrate();
    const std::string last = indexes_ahead(migration_of(GetParam().migration)).back().name;
    await("t", [&] {
        return execute("select indisvalid from pg_index where indexrelid = to_regclass('keyledger." + last + "')");
    });
    execute("select pg_terminate_backend((" + std::string(kMigrators) + "))");
    EXPECT_THROW(killed.get(), MigrationFailure);
    EXPECT_EQ(execute(kApplied), std::to_string(GetParam().migration - 1)) << "it was done before it was killed";
    in_the_way.reset();
    const std::string made = execute("select 'keyledger." + GetParam().index + "'::regclass::oid");
    migrator.up();
    EXPECT_EQ(execute("select 'keyledger." + GetParam().index + "'::regclass::oid"), made) << "it was built twice";
    expect_all_of_it();
}

// What waits in a statement for its turn is a transaction that the index waits for, and PostgreSQL ends one of the two.
TEST_P(MigratingOnline, IsNotEndedByAProgramFromBeforeThatWaitsForItsTurn) {
    auto appending = std::make_unique<Appending>(database.owner_url(), GetParam().table);
    auto migrated = migrate();
    await("f", [this] { return index_state(); });
    auto old_program = std::async(std::launch::async, [url = database.owner_url()] {
        pqxx::connection connection(url);
        pqxx::nontransaction session(connection);
        session.exec("set lock_timeout = '2500ms'");
        try {
            session.exec("select pg_advisory_lock(5426354652)");
        } catch (const pqxx::failure&) {
        }
    });
    await("1", [this] {
        return execute("select count(*) from pg_locks where locktype = 'advisory' and not granted"
                       " and database = (select oid from pg_database where datname = current_database())");
    });
    appending.reset();
    migrated.get();
    old_program.get();
    expect_all_of_it();
}

// Databases to which earlier programs applied these go on, and those that this one applies them to serve earlier ones.
TEST(MigrationsOfBefore, KeepTheirChecksums) {
    EXPECT_EQ(test::database().execute("select string_agg(sha256, ' ' order by number)"
                                       " from keyledger_migrations.applied where number in (2, 6)"),
              "bd9d9d8c53e1ddc5d8fde4081269eb65c029da7c9ad96a7e8ee95fed50ff4fb6"
              " 62c0613e0bd7eaef5532149fee194c3faa15292cef03409a0d522dc5e6d31bcd");
}

TEST(MigrationsOfBefore, LeadToTheSameIndexes) {
    const test::EmptyDatabase database;
    Migrator migrator(database.owner_url(), test::event_macs());
    migrator.up();
    migrator.down(static_cast<int>(migrations().size()));
    pqxx::connection connection(database.owner_url());
    pqxx::work work(connection);
    for (const Migration& migration : migrations()) work.exec(std::string(migration.up));
    EXPECT_STREQ(work.exec1(kAllIndexes)[0].c_str(), test::database().execute(kAllIndexes).c_str());
}

TEST(IndexesAhead, AreLeftOutOfWhatFollows) {
    const Migration migration{7, "later", "-- what\ncreate index a on keyledger.b (c);\ncreate index d on e (f);\n", "",
                              "create index concurrently a on keyledger.b (c);\n"};
    const auto indexes = indexes_ahead(migration);
    ASSERT_EQ(std::ssize(indexes), 1);
    EXPECT_EQ(indexes[0].name, "a");
    EXPECT_EQ(up_after(migration, indexes), "-- what\ncreate index d on e (f);\n");
}

// What migration 11 asks of the log is asked while nobody can append.
TEST(MigrationsOfBefore, AskTheLogByAnIndex) {
    const test::EmptyDatabase database;
    Migrator migrator(database.owner_url(), test::event_macs());
    migrator.up();
    const std::string up = up_after(migration_of(11), {});
    const auto begin = up.find("exists (select from keyledger.events e\n");
    ASSERT_NE(begin, std::string::npos);
    pqxx::connection connection(database.owner_url());
    pqxx::work work(connection);
    work.exec("set local enable_seqscan = off");
    std::string plan;
    for (const auto& row : work.exec("explain select where " + up.substr(begin, up.find(";\n", begin) - begin)))
        plan += std::string(row[0].c_str()) + '\n';
    EXPECT_NE(plan.find("events_recorded_at"), std::string::npos) << plan;
}

// It is no part of what is compared when a schema is looked at, and may be done twice.
TEST(IndexesAhead, AreNothingElse) {
    for (const char* text :
         {"drop table a;\n", "create unique index concurrently a on b (c);\n", "create index concurrently a on b (c)",
          "-- words\ncreate index concurrently a on b (c);\n", "create index concurrently a on b (c); drop table b;\n"})
        EXPECT_THROW(indexes_ahead({7, "later", "", "", text}), MigrationFailure) << text;
    int building = 0;
    for (const Migration& migration : migrations()) building += indexes_ahead(migration).empty() ? 0 : 1;
    EXPECT_EQ(building, 2);
}

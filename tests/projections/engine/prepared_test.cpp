// Statements that are prepared once for each session: what a session has of them, and what becomes of one whose
// statements no longer do.
#include "projections/engine/statements/prepared.hpp"

#include <gtest/gtest.h>

#include <map>

#include "projections/engine/table.hpp"
#include "projections/models/read_models.hpp"
#include "tests/projections/driver.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

constexpr const char* kOfOurs = " from pg_prepared_statements where name like 'keyledger\\_%'";

std::int64_t count_prepared(pqxx::connection& connection) {
    pqxx::nontransaction read(connection);
    return read.exec1(std::string("select count(*)") + kOfOurs)[0].as<std::int64_t>();
}

class Prepared : public testing::Test {
protected:
    keyledger::test::Database& database = fresh_database();
    Story story{database};
    UsersModel users;

    Connection session() {
        Connection connection = connect(database.service_url(), "keyledger prepared test");
        prepare_writer(*connection);
        return connection;
    }
    static std::int64_t ask(pqxx::connection& connection, const std::string& sql, std::int64_t value) {
        pqxx::nontransaction work(connection);
        return execute_prepared(work, sql, value)[0][0].as<std::int64_t>();
    }
    std::string count_users() { return database.execute("select count(*) from read_models.users_1"); }
};

}  // namespace

TEST_F(Prepared, OnceForEachSession) {
    const Connection first = session();
    for (std::int64_t i = 0; i < 20; ++i) EXPECT_EQ(ask(*first, "select $1::bigint + 1", i), i + 1);
    EXPECT_EQ(count_prepared(*first), 1);
    pqxx::nontransaction read(*first);
    // Planned without looking at a parameter, so planned once.
    const pqxx::row plans = read.exec1(std::string("select generic_plans, custom_plans") + kOfOurs);
    EXPECT_EQ(plans[0].as<std::int64_t>(), 20);
    EXPECT_EQ(plans[1].as<std::int64_t>(), 0);

    const Connection second = session();
    EXPECT_EQ(count_prepared(*second), 0);
    EXPECT_EQ(ask(*second, "select $1::bigint + 1", 1), 2);
}

TEST_F(Prepared, TheLaterOfTwoTextsTakesTheNameThatTheyShare) {
    const Connection connection = session();
    std::map<std::string, std::int64_t> by_name;
    const auto text = [](std::int64_t n) { return "select $1::bigint + " + std::to_string(n); };
    for (std::int64_t n = 0;; ++n) {
        ASSERT_LE(n, std::int64_t(kMaxPreparedStatements));
        const auto [one, is_new] = by_name.try_emplace(prepared(*connection, text(n)), n);
        if (is_new) continue;
        for (int round = 0; round < 3; ++round) {
            EXPECT_EQ(ask(*connection, text(one->second), 1'000'000), 1'000'000 + one->second);
            EXPECT_EQ(ask(*connection, text(n), 1'000'000), 1'000'000 + n);
        }
        break;
    }
    EXPECT_EQ(count_prepared(*connection), 1);
}

TEST_F(Prepared, NoMoreThanTheyMayBe) {
    const Connection connection = session();
    pqxx::work work(*connection);
    for (std::size_t n = 0; n < 2 * kMaxPreparedStatements; ++n)
        execute_prepared(work, "select " + std::to_string(n) + " + $1::bigint", 1);
    work.commit();
    EXPECT_GT(count_prepared(*connection), std::int64_t(kMaxPreparedStatements / 2));
    EXPECT_LE(count_prepared(*connection), std::int64_t(kMaxPreparedStatements));
}

TEST_F(Prepared, AFailureLeavesThemUsable) {
    const Connection connection = session();
    for (int round = 0; round < 3; ++round) {
        EXPECT_THROW(ask(*connection, "select 1 / $1::bigint", 0), pqxx::sql_error);
        EXPECT_THROW(ask(*connection, "select no_such_column + $1::bigint", 1), pqxx::sql_error);
        EXPECT_EQ(ask(*connection, "select 1 / $1::bigint", 1), 1);
    }
    EXPECT_EQ(count_prepared(*connection), 1);
}

// However long a session lives: the texts are those of the code.
TEST_F(Prepared, ASessionOfAReadModelHasAFewThatAllProbeKeys) {
    std::int64_t of_all = 0;
    const auto models = all_read_models();
    std::vector<std::unique_ptr<Driver>> drivers;
    for (const auto& model : models) drivers.push_back(std::make_unique<Driver>(database, story, *model));
    for (int round = 0; round < 2; ++round) {
        story.random_events(400);
        story.publish();
        for (const auto& driver : drivers) driver->apply(7);
        std::int64_t now = 0;
        for (const auto& driver : drivers) now += count_prepared(driver->connection());
        if (round == 1) {
            EXPECT_LE(now, of_all + 5);
        }
        of_all = now;
    }
    EXPECT_GE(of_all, 14);
    EXPECT_LE(of_all, 60);
    // Prepared while the tables were empty.
    for (const auto& driver : drivers) {
        pqxx::nontransaction read(driver->connection());
        for (const auto& statement : read.exec(std::string("select name, statement, cardinality(parameter_types)") +
                                               " from pg_prepared_statements where not from_sql")) {
            std::string nulls;
            for (int i = 0; i < statement[2].as<int>(); ++i) nulls += i == 0 ? "null" : ", null";
            std::string plan;
            for (const auto& line :
                 read.exec("explain (costs off) execute " + read.quote_name(statement[0].c_str()) + '(' + nulls + ')'))
                plan += std::string(line[0].c_str()) + '\n';
            const auto times = [&](const std::string& word) {
                int found = 0;
                for (auto at = plan.find(word); at != std::string::npos; at = plan.find(word, at + 1)) ++found;
                return found;
            };
            EXPECT_EQ(times("Seq Scan"), 0) << statement[1].c_str() << '\n' << plan;
            EXPECT_EQ(times("Index Scan") + times("Index Only Scan"), times("Index Cond")) << plan;
        }
    }
}

TEST_F(Prepared, ATableThatIsGoneIsTroubleThatPasses) {
    story.registers("ann@example.com");
    Driver driver(database, story, users);
    driver.tell();
    database.execute("alter table read_models.users_1 rename to away");
    story.registers("bob@example.com");
    EXPECT_THROW(driver.tell(), std::runtime_error);
    EXPECT_FALSE(driver.projection().stopped());
    database.execute("alter table read_models.away rename to users_1");
    driver.apply();
    EXPECT_EQ(count_users(), "2");
    // Made again, with an index more: planned again.
    database.execute("create table read_models.other (like read_models.users_1 including all);"
                     "insert into read_models.other select * from read_models.users_1;"
                     "drop table read_models.users_1; alter table read_models.other rename to users_1;"
                     "grant all on read_models.users_1 to keyledger_test_service;"
                     "create index more on read_models.users_1 (position)");
    story.registers("cid@example.com");
    driver.tell();
    EXPECT_EQ(count_users(), "3");
}

// What a session can't go on with costs the session, never an event: a leader stands down, and the next one goes on.
TEST_F(Prepared, StatementsThatNoLongerDoCostTheSessionAndNoEvent) {
    const UserId ann = story.registers("ann@example.com");
    const auto is_named = [&](const std::string& name) {
        story.record(ann, UserEvent(UserProfileUpdated{{}, {name}}), Story::user(ann));
    };
    const auto disturbed_by = [&](const char* what, const std::function<void(pqxx::connection&)>& disturb) {
        Driver driver(database, story, users);
        is_named(std::string("before ") + what);
        driver.tell();
        is_named(std::string("again ") + what);
        driver.tell(1);
        disturb(driver.connection());
        is_named(what);
        EXPECT_THROW(driver.tell(), StandDown) << what;
        EXPECT_FALSE(driver.projection().stopped()) << what;
        Driver next(database, story, users);
        next.apply();
        EXPECT_FALSE(next.projection().stopped()) << what;
        EXPECT_EQ(database.execute("select name from read_models.users_1"), what);
    };
    disturbed_by("forgotten", [](pqxx::connection& connection) {  // a pooler that resets a session in use
        pqxx::nontransaction(connection).exec("deallocate all");
    });
    disturbed_by("other columns", [&](pqxx::connection&) {
        database.execute("alter table read_models.users_1 alter column position type numeric");
    });
    disturbed_by("there before", [](pqxx::connection& connection) {
        pqxx::nontransaction work(connection);
        for (const auto& row : work.exec("select name from pg_prepared_statements where statement like 'select%'")) {
            connection.unprepare(row[0].c_str());
            work.exec("prepare " + work.quote_name(row[0].c_str()) + " as select 1");
        }
    });
}

TEST_F(Prepared, InsertsOfSeveralTablesAreOneStatement) {
    struct Row {
        std::int64_t id = 0;
        std::string text;
        static constexpr auto columns() {
            return std::tuple{Column{"id", &Row::id, ColumnUse::kKey}, Column{"text", &Row::text}};
        }
    };
    const Connection connection = session();
    pqxx::work work(*connection);
    for (const char* table : {"pg_temp.a", "pg_temp.b", "pg_temp.c"}) create_table<Row>(work, table);
    const auto insert = [&](const std::vector<Row>& a, const std::vector<Row>& b, const std::vector<Row>& c) {
        Inserts inserts;
        inserts.add("pg_temp.a", a);
        inserts.add("pg_temp.b", b, on_conflict_update(columns_of<Row>()));
        inserts.add("pg_temp.c", c);
        inserts.execute(work);
    };
    insert({}, {}, {});
    insert({{1, "one"}, {2, "two"}}, {{1, "uno"}}, {{3, "three"}});
    insert({{4, "four"}}, {{1, "due"}, {5, "cinque"}}, {});
    insert({}, {{5, "six"}}, {});
    std::vector<std::string> found;
    for (const auto& row : work.exec("select concat_ws(' ', 'a', id, text) from pg_temp.a union all select concat_ws("
                                     "' ', 'b', id, text) from pg_temp.b union all select concat_ws(' ', 'c', id, "
                                     "text) from pg_temp.c order by 1"))
        found.emplace_back(row[0].c_str());
    EXPECT_EQ(found, (std::vector<std::string>{"a 1 one", "a 2 two", "a 4 four", "b 1 due", "b 5 six", "c 3 three"}));
    EXPECT_THROW(insert({{6, "six"}}, {}, {{3, "again"}}), pqxx::unique_violation);
}

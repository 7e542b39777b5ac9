#include "eventstore/postgres/nodes/postgres_lookups.hpp"

#include <gtest/gtest.h>

#include <pqxx/pqxx>

#include "eventstore/postgres/upkeep/housekeeping.hpp"
#include "security/primitives/digest.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/run.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;

namespace {

Uuid name_of(std::string_view name) {
    const auto digest = security::sha256(name);
    Uuid id;
    std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
    return id;
}

PostgresLookups::Settings settings(const std::string& url) {
    PostgresLookups::Settings settings;
    settings.url = url;
    return settings;
}

class LookupsTest : public testing::Test {
protected:
    Result<Keeping, StoreError> keep(const std::string& name, const std::string& value, Duration lasts = minutes(10)) {
        return test::run(first.keep({name, value, lasts}, Deadline::max()));
    }
    std::optional<std::string> find(const std::string& name) {
        const auto found = test::run(second.find(name, Deadline::max()));
        EXPECT_TRUE(found) << "the store is away";
        return found.value();
    }
    void let_all_expire() {
        database.execute("update keyledger.lookups set expires_at = expires_at - interval '1 hour'");
    }

    test::Database database;
    PostgresLookups first{settings(database.service_url()), name_of};
    PostgresLookups second{settings(database.service_url()), name_of};  // another process
};

TEST_F(LookupsTest, LeadToWhatAnotherNodeKept) {
    EXPECT_EQ(keep("one", "sealed one").value(), Keeping::kKept);
    EXPECT_EQ(keep("two", std::string(kMaxLookupBytes, 'x')).value(), Keeping::kKept);
    EXPECT_EQ(find("one"), "sealed one");
    EXPECT_EQ(find("two"), std::string(kMaxLookupBytes, 'x'));
    EXPECT_EQ(find("three"), std::nullopt);
    EXPECT_EQ(
        database.execute("select count(*) from keyledger.lookups where name = '" + name_of("one").to_string() + "'"),
        "1");
}

TEST_F(LookupsTest, KeepANameForWhatItLedToFirst) {
    EXPECT_EQ(keep("one", "a").value(), Keeping::kKept);
    EXPECT_EQ(keep("one", "b").value(), Keeping::kTaken);
    EXPECT_EQ(find("one"), "a");
    let_all_expire();
    EXPECT_EQ(find("one"), std::nullopt);
    EXPECT_EQ(keep("one", "b").value(), Keeping::kKept);
    EXPECT_EQ(find("one"), "b");
}

TEST_F(LookupsTest, AreForgottenWhenTheyHaveExpired) {
    for (const char* name : {"one", "two", "three", "four", "five", "six"}) EXPECT_TRUE(keep(name, "a"));
    let_all_expire();
    EXPECT_TRUE(keep("seven", "a"));
    EXPECT_EQ(database.execute("select count(*) from keyledger.lookups"), "3") << "each that comes takes four with it";
    EXPECT_EQ(prune_lookups(database.service_url(), 1).value(), 1);
    EXPECT_EQ(prune_lookups(database.service_url(), 100).value(), 1);
    EXPECT_EQ(find("seven"), "a");
}

TEST_F(LookupsTest, HaveRoomForSoManyAtOnce) {
    database.execute(
        "insert into keyledger.lookups select gen_random_uuid(), 'x', clock_timestamp() + interval '1 minute'"
        " from generate_series(1, 49999)");
    EXPECT_EQ(keep("one", "a").value(), Keeping::kKept);
    EXPECT_EQ(keep("two", "a").value(), Keeping::kNoRoom);
    let_all_expire();
    EXPECT_EQ(prune_lookups(database.service_url(), 50'000).value(), 50'000);
    EXPECT_EQ(keep("two", "a").value(), Keeping::kKept);
}

// Whoever asks for one has proven nothing: it costs as much among many as among few.
TEST_F(LookupsTest, AreKeptWithoutCountingThem) {
    database.execute(
        "insert into keyledger.lookups select gen_random_uuid(), 'x', clock_timestamp() + interval '1 minute'"
        " from generate_series(1, 40000)");
    pqxx::connection session(database.owner_url());
    pqxx::nontransaction work(session);
    const auto rows_read = [&] {
        work.exec("select pg_stat_force_next_flush()");
        return work
            .exec1("select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_all_tables"
                   " where relid = 'keyledger.lookups'::regclass")[0]
            .as<std::int64_t>();
    };
    const auto before = rows_read();
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(work.exec1("select keyledger.keep_lookup(gen_random_uuid(), 'a', 60000)")[0].as<int>(), 0);
    EXPECT_LT(rows_read() - before, 100);
    EXPECT_EQ(database.execute("select held from keyledger.lookups_held"), "40005");
}

TEST_F(LookupsTest, AreCountedWhoeverTakesThemAway) {
    for (const char* name : {"one", "two", "three"}) EXPECT_TRUE(keep(name, "a"));
    EXPECT_EQ(keep("one", "b").value(), Keeping::kTaken);
    EXPECT_EQ(database.execute("select held from keyledger.lookups_held"), "3");
    database.execute("delete from keyledger.lookups where name = '" + name_of("two").to_string() + "'");
    EXPECT_EQ(database.execute("select held from keyledger.lookups_held"), "2");
    database.execute("truncate keyledger.lookups");
    EXPECT_EQ(keep("four", "a").value(), Keeping::kKept);
    EXPECT_EQ(database.execute("select held from keyledger.lookups_held"), "1");
}

TEST_F(LookupsTest, TakeNothingThatIsTooLongOrLastsTooLong) {
    EXPECT_EQ(keep("one", std::string(kMaxLookupBytes + 1, 'x')).error(), StoreError::kBadData);
    EXPECT_EQ(keep("one", "").error(), StoreError::kBadData);
    EXPECT_EQ(keep("one", "a", kLookupLasts + milliseconds(1)).error(), StoreError::kBadData);
    EXPECT_EQ(keep("one", "a", Duration()).error(), StoreError::kBadData);
    EXPECT_EQ(find("one"), std::nullopt);
}

TEST_F(LookupsTest, FailWhenTheStoreIsAway) {
    PostgresLookups nowhere(settings("postgresql://nobody@127.0.0.1:1/nowhere"), name_of);
    EXPECT_EQ(test::run(nowhere.find("one", Deadline::max())).error(), StoreError::kUnavailable);
    EXPECT_EQ(test::run(nowhere.keep({"one", "a", minutes(1)}, Deadline::max())).error(), StoreError::kUnavailable);
    first.stop();
    EXPECT_EQ(keep("one", "a").error(), StoreError::kUnavailable);
}

// Somebody holds the table and does not let go: whoever waits is told in time, and the thread lives on.
TEST_F(LookupsTest, AnswerInTimeWhileTheServerHangs) {
    ASSERT_TRUE(keep("one", "a"));
    {
        pqxx::connection connection(database.owner_url());
        pqxx::work holds(connection);
        holds.exec("lock table keyledger.lookups in access exclusive mode");
        const auto begun = std::chrono::steady_clock::now();
        EXPECT_FALSE(test::run(first.find("one", begun + std::chrono::milliseconds(200))));
        EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
    }
    bool found = false;
    for (int i = 0; i < 20 && !found; ++i) found = test::run(first.find("one", Deadline::max())).has_value();
    EXPECT_TRUE(found);
}

// Least privilege: the service's role can keep and look for one by its name, and neither list nor change nor empty.
TEST_F(LookupsTest, AreOutOfReachOfTheServicesRoleButByName) {
    pqxx::connection connection(database.service_url());
    for (const char* sql : {"select * from keyledger.lookups", "delete from keyledger.lookups",
                            "update keyledger.lookups set value = 'x'", "truncate keyledger.lookups",
                            "insert into keyledger.lookups values (gen_random_uuid(), 'x', now())",
                            "select * from keyledger.lookups_held", "update keyledger.lookups_held set held = 0",
                            "delete from keyledger.lookups_held"}) {
        pqxx::nontransaction work(connection);
        EXPECT_THROW(work.exec(sql), pqxx::insufficient_privilege) << sql;
    }
}

}  // namespace

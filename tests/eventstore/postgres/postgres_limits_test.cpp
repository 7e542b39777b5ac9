#include "eventstore/postgres/nodes/postgres_limits.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <pqxx/pqxx>

#include "eventstore/postgres/upkeep/housekeeping.hpp"
#include "security/primitives/digest.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/run.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;

namespace {

Uuid name_of(std::string_view key) {
    const auto digest = security::sha256(key);
    Uuid name;
    std::copy_n(digest.begin(), name.bytes.size(), name.bytes.begin());
    return name;
}

PostgresLimits::Settings settings(const test::Database& database) {
    PostgresLimits::Settings settings;
    settings.url = database.service_url();
    return settings;
}

// One that flows back so slowly that it does not matter while a test runs.
Bucket bucket(std::string key, std::int64_t burst) {
    Bucket one;
    one.key = std::move(key);
    one.per_minute = 1;
    one.burst = burst;
    return one;
}

class PostgresLimitsTest : public testing::Test {
protected:
    static std::int64_t wait(PostgresLimits& limits, std::vector<Bucket> buckets) {
        auto taken = test::run(limits.take(std::move(buckets), Deadline::max()));
        EXPECT_TRUE(taken) << "the store is away";
        return taken ? taken->wait.ms() : -1;
    }

    test::Database database;
    PostgresLimits first{settings(database), name_of};
    PostgresLimits second{settings(database), name_of};  // another process
};

boost::asio::awaitable<int> attempt(PostgresLimits& limits, std::vector<Bucket> buckets) {
    auto taken = co_await limits.take(std::move(buckets), Deadline::max());
    co_return taken && taken->wait == Duration() ? 1 : 0;
}

}  // namespace

TEST_F(PostgresLimitsTest, AreSharedByTwoNodes) {
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(wait(first, {bucket("net", 4)}), 0);
        EXPECT_EQ(wait(second, {bucket("net", 4)}), 0);
    }
    EXPECT_GT(wait(second, {bucket("net", 4)}), 0);
    EXPECT_GT(wait(first, {bucket("net", 4)}), 0);
    EXPECT_EQ(wait(first, {bucket("another", 4)}), 0);
}

// Two processes at once on the same three buckets, named in different orders: exactly as many pass as fit into the
// narrowest, nobody deadlocks, and what was refused took from none.
TEST_F(PostgresLimitsTest, LetExactlyAsManyPassAsFitHoweverManyAskAtOnce) {
    std::vector<boost::asio::awaitable<int>> all;
    for (int i = 0; i < 300; ++i) {
        PostgresLimits& node = i % 2 == 0 ? first : second;
        std::vector<Bucket> buckets{bucket("a", 1000), bucket("b", 50), bucket("c", 1000)};
        if (i % 3 == 0) std::reverse(buckets.begin(), buckets.end());
        all.push_back(attempt(node, std::move(buckets)));
    }
    int passed = 0;
    for (const int one : test::run_all(std::move(all))) passed += one;
    EXPECT_EQ(passed, 50);
    EXPECT_EQ(first.counts().failures + second.counts().failures, 0u);
    auto left = test::run(second.take({bucket("a", 1000)}, Deadline::max()));
    ASSERT_TRUE(left);
    EXPECT_EQ(left_in(bucket("a", 1000), left->first_level_us), 1000 - 50 - 1);
}

// One statement answers all who came while the one before was under way.
TEST_F(PostgresLimitsTest, ShareStatements) {
    ASSERT_EQ(wait(first, {bucket("net", 1000)}), 0);
    std::vector<boost::asio::awaitable<int>> all;
    for (int i = 0; i < 500; ++i) all.push_back(attempt(first, {bucket("net", 1000), bucket(std::to_string(i), 1)}));
    int passed = 0;
    for (const int one : test::run_all(std::move(all))) passed += one;
    EXPECT_EQ(passed, 500);
    EXPECT_EQ(first.counts().requests, 501u);
    EXPECT_LT(first.counts().statements, 250u);
}

TEST_F(PostgresLimitsTest, ShedAFloodWithoutAStatement) {
    EXPECT_EQ(wait(second, {bucket("net", 1)}), 0);
    EXPECT_GT(wait(first, {bucket("net", 1), bucket("name", 5)}), 0) << "it learns of it by its first statement";
    const auto before = first.counts().statements;
    for (int i = 0; i < 1000; ++i) EXPECT_GT(wait(first, {bucket("net", 1), bucket("name", 5)}), 0);
    EXPECT_GT(first.known({bucket("net", 1)}).wait, Duration());
    EXPECT_EQ(first.known({bucket("name", 5)}).wait, Duration());
    EXPECT_EQ(first.counts().statements, before);
    EXPECT_EQ(first.counts().shed, 1000u);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(wait(first, {bucket("name", 5)}), 0) << "what was refused took from it";
}

TEST_F(PostgresLimitsTest, AreTakenAllOrNoneOfThem) {
    EXPECT_EQ(wait(first, {bucket("small", 1)}), 0);
    for (int i = 0; i < 5; ++i) EXPECT_GT(wait(second, {bucket("large", 2), bucket("small", 1)}), 0);
    EXPECT_EQ(wait(first, {bucket("large", 2)}), 0);
    EXPECT_EQ(wait(second, {bucket("large", 2)}), 0);
    EXPECT_GT(wait(first, {bucket("large", 2)}), 0);
}

TEST_F(PostgresLimitsTest, CanBeLookedAt) {
    Bucket look = bucket("net", 1);
    look.use = Bucket::Use::kLook;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(wait(first, {look}), 0);
    EXPECT_EQ(wait(second, {bucket("net", 1)}), 0);
    EXPECT_GT(wait(first, {look}), 0);
}

TEST_F(PostgresLimitsTest, LockNobodyOutWhenTheServersClockStepsBack) {
    EXPECT_EQ(wait(first, {bucket("net", 1)}), 0);
    database.execute("update keyledger.limits set full_at_us = full_at_us + 86400::bigint * 1000000");
    const std::int64_t wait_ms = wait(second, {bucket("net", 1)});
    EXPECT_GT(wait_ms, 50'000);
    EXPECT_LE(wait_ms, 60'000) << "no longer than an empty bucket makes anybody wait";
}

TEST_F(PostgresLimitsTest, FailWhenTheStoreIsAway) {
    PostgresLimits::Settings nowhere = settings(database);
    nowhere.url = "postgresql://nobody@127.0.0.1:1/nowhere";
    PostgresLimits limits(nowhere, name_of);
    const auto taken = test::run(limits.take({bucket("net", 1000)}, Deadline::max()));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error(), StoreError::kUnavailable);
    EXPECT_EQ(limits.take_local({bucket("net", 1)}).wait, Duration()) << "its own are always there";
}

// Somebody holds the bucket and does not let go: whoever waits is told in time, and the thread lives on.
TEST_F(PostgresLimitsTest, AnswerInTimeWhileTheServerHangs) {
    ASSERT_EQ(wait(first, {bucket("net", 100)}), 0);
    {
        pqxx::connection connection(database.owner_url());
        pqxx::work holds(connection);
        holds.exec("lock table keyledger.limits in access exclusive mode");
        const auto begun = std::chrono::steady_clock::now();
        const auto late = test::run(first.take({bucket("net", 100)}, begun + std::chrono::milliseconds(200)));
        EXPECT_FALSE(late);
        EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
    }
    int passed = 0;
    for (int i = 0; i < 20 && passed == 0; ++i) passed = test::run(attempt(first, {bucket("net", 100)}));
    EXPECT_EQ(passed, 1);
}

// Least privilege: the service's role can take, and neither read nor empty nor fill.
TEST_F(PostgresLimitsTest, AreOutOfReachOfTheServicesRoleButForTaking) {
    pqxx::connection connection(database.service_url());
    for (const char* sql : {"select * from keyledger.limits", "delete from keyledger.limits",
                            "update keyledger.limits set full_at_us = 0", "truncate keyledger.limits",
                            "insert into keyledger.limits values (gen_random_uuid(), 0)"}) {
        pqxx::nontransaction work(connection);
        EXPECT_THROW(work.exec(sql), pqxx::insufficient_privilege) << sql;
    }
    for (const char* negative : {"-1", "0"}) {
        pqxx::nontransaction work(connection);
        EXPECT_THROW(work.exec(std::string("select keyledger.take_limits(array[gen_random_uuid()], '{1}', '{1}', '{") +
                               negative + "}', '{1000}', '{t}')"),
                     pqxx::sql_error)
            << negative;
    }
}

TEST_F(PostgresLimitsTest, ArePrunedWhenTheyAreFull) {
    ASSERT_EQ(wait(first, {bucket("empty", 5), bucket("full", 5)}), 0);
    database.execute("update keyledger.limits set full_at_us = 1 where bucket = '" + name_of("full").to_string() + "'");
    EXPECT_EQ(prune_limits(database.service_url(), 100).value(), 1);
    EXPECT_EQ(database.execute("select string_agg(bucket::text, ',') from keyledger.limits"),
              name_of("empty").to_string());
}

TEST_F(PostgresLimitsTest, AreForgottenInACrashAndNeverReplicated) {
    EXPECT_EQ(database.execute("select relpersistence from pg_class where oid = 'keyledger.limits'::regclass"), "u");
}

// What an event costs the database, rows and indexes together: a refresh is what the log is mostly made of.
#include <gtest/gtest.h>

#include "eventstore/postgres/store/postgres_store.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/world.hpp"

namespace keyledger::commands {
namespace {

using test::run;

constexpr int kSessions = 40;
constexpr int kRefreshes = 60;  // of each
constexpr long kMostBytesOfARefresh = 550;

// As the listener makes it of a browser's request, which names neither itself nor a trace.
Caller by_http(int number) {
    Caller caller = test::caller(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36");
    std::string trace = std::to_string(number);
    trace.insert(0, 32 - trace.size(), 'a');
    caller.request_id = trace;
    caller.traceparent = "00-" + trace + "-b7ad6b7169203331-00";
    return caller;
}

TEST(StoredSize, OfARefreshWithItsIndexes) {
    test::Database database;
    test::FixedClock clock(test::kNow);
    const auto now = [&] { return clock.now(); };
    eventstore::postgres::PostgresStore store({.url = database.service_url(), .authenticity = test::authenticity()},
                                              now);
    test::World world(store, clock);
    test::Node node(world, store);
    world.register_user(node, "ann@example.com");
    std::vector<Grant> grants;
    for (int i = 0; i < kSessions; ++i) grants.push_back(world.log_in(node, "ann@example.com"));
    const auto size = [&](const std::string& of) { return std::stol(database.execute("select " + of)); };
    const std::string total = "pg_total_relation_size('keyledger.events')";
    database.execute("vacuum keyledger.events");
    const long before = size(total);
    int number = 0;
    for (int i = 0; i < kRefreshes; ++i)
        for (Grant& grant : grants) {
            clock.advance(seconds(1));
            auto refreshed = run(refresh_session(node.services, test::refresh_of(grant), by_http(++number)));
            ASSERT_TRUE(refreshed.has_value()) << number;
            grant = *refreshed;
        }
    const long bytes = (size(total) - before) / number;
    std::string told = database.execute(
        "select 'row ' || avg(pg_column_size(e))::int || ', metadata ' || avg(octet_length(metadata_text))::int"
        " || ', payload ' || avg(octet_length(payload_text))::int from keyledger.events e"
        " where event_type = 'session.refreshed'");
    RecordProperty("bytes", std::to_string(bytes));
    RecordProperty("of_these", told);
    EXPECT_LE(bytes, kMostBytesOfARefresh)
        << told << ", indexes " << size("pg_indexes_size('keyledger.events')") / number;
}

}  // namespace
}  // namespace keyledger::commands

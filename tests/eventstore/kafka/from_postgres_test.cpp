// I9 over the real log: PostgreSQL to Kafka, while the database cuts sessions and the publisher is restarted.
#include <gtest/gtest.h>

#include <thread>

#include "eventstore/postgres/nodes/leadership.hpp"
#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "tests/eventstore/kafka/rig.hpp"
#include "tests/support/await.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/world/appends.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore;
using namespace eventstore::kafka;

constexpr Instant kNow = Instant::at_ms(1'700'000'000'000);

// Appends a scripted log's events to a real one, each as a command of its own, in order.
void append_scripted(Store& store, const ScriptedLog& log, Position first, Position last) {
    for (Position position = first; position <= last; ++position) {
        const RecordedEvent event = log.at(position);
        Append append;
        append.command_id = next_digest();
        append.writes = {{event.stream_id, event.version - 1}};
        append.events = {{event.stream_type, event.stream_id, event.version, event.type, event.schema_version,
                          event.event_id, event.payload, event.metadata}};
        const auto verdict = await(store.append(append, soon()));
        ASSERT_TRUE(verdict && std::holds_alternative<Appended>(*verdict)) << "position " << position;
    }
}

struct Node {
    Node(const std::string& url, PublisherOptions options)
        : source(url, test::authenticity()),
          leader(url, "publisher", test::authenticity()),
          publisher(std::move(options), {source, leader, leader, leader}) {
        publisher.start();
    }
    postgres::PostgresLogSource source;
    postgres::LeaderSession leader;
    Publisher publisher;
};

TEST(PublisherFromPostgres, PublishesEachEventOnceOnTwoNodesWhoseSessionsAreCut) {
    constexpr Position kRound = 120;
    constexpr int kRounds = 4;
    Database database;
    Rig rig;  // for its topics and its script
    rig.log.grow(kRound * kRounds);
    postgres::PostgresStore store({.url = database.service_url(), .authenticity = test::authenticity()},
                                  [] { return kNow; });
    {
        Node one(database.service_url(), rig.options());
        Node two(database.service_url(), rig.options());
        for (int round = 0; round < kRounds; ++round) {
            append_scripted(store, rig.log, round * kRound + 1, (round + 1) * kRound);
            database.execute(
                "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = current_database()"
                " and pid <> pg_backend_pid() and query like '%advisory_lock%'");
            database.execute("select pg_terminate_backend(pid, 60000) from pg_locks where locktype = 'advisory'"
                             " and database = (select oid from pg_database where datname = current_database())"
                             " and pid <> pg_backend_pid()");
        }
        const auto deadline = std::chrono::steady_clock::now() + kPatience;
        auto published = [&] { return std::max(one.publisher.status().published, two.publisher.status().published); };
        while (published() < rig.log.size() && std::chrono::steady_clock::now() < deadline)
            (void)one.publisher.await([&](const PublisherStatus& status) { return status.published >= rig.log.size(); },
                                      std::chrono::milliseconds(50));
        EXPECT_EQ(published(), rig.log.size());
    }
    {
        // If the last cut came between a commit and its checkpoint, whoever takes over stores it.
        Node last(database.service_url(), rig.options());
        ASSERT_TRUE(reaches(last.publisher, rig.log.size()));
    }
    expect_each_event_once(rig);
    postgres::LeaderSession after(database.service_url(), "publisher");
    ASSERT_EQ(after.try_acquire(), Candidacy::kLeading);
    EXPECT_EQ(after.load().value().position, rig.log.size());
    store.stop();
}

TEST(PublisherFromPostgres, AsksTheLogWhoseTheSessionsAreThatItDidNotSeeBegin) {
    Database database;
    Rig rig;
    rig.log.grow(300);
    postgres::PostgresStore store({.url = database.service_url(), .authenticity = test::authenticity()},
                                  [] { return kNow; });
    for (const auto& [first, last] : {std::pair<Position, Position>{1, 150}, {151, 300}}) {
        append_scripted(store, rig.log, first, last);
        Node node(database.service_url(), rig.options());  // a new process: it remembers no session
        ASSERT_TRUE(reaches(node.publisher, last));
    }
    expect_each_event_once(rig);
    store.stop();
}

}  // namespace
}  // namespace keyledger::test

// What a process appends is at hand for those who follow the log in it, and is what the log gives.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "eventstore/log_tail.hpp"
#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "tests/support/await.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/postgres/raw_writer.hpp"
#include "tests/support/postgres/tcp_proxy.hpp"
#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;
using namespace keyledger::test;

namespace {

struct CommittedTailTest : testing::Test {
    Database own;
    std::shared_ptr<LogTail> tail = std::make_shared<LogTail>();
    PostgresLogSource log{own.service_url(), authenticity()};

    PostgresStoreSettings settings(const std::string& url) {
        PostgresStoreSettings settings;
        settings.url = url;
        settings.reads.threads = 1;
        settings.authenticity = authenticity();
        settings.tail = tail;
        return settings;
    }
    template <class Condition>
    static bool becomes(Condition condition) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::yield();
        }
        return true;
    }
    std::vector<RecordedEvent> all() { return log.read_after({}, 1'000).value(); }
};

void expect_same(const RecordedEvent& held, const RecordedEvent& read) {
    EXPECT_EQ(held.position, read.position);
    EXPECT_EQ(held.tenant, read.tenant);
    EXPECT_EQ(held.stream_type, read.stream_type);
    EXPECT_EQ(held.stream_id, read.stream_id);
    EXPECT_EQ(held.version, read.version);
    EXPECT_EQ(held.type, read.type);
    EXPECT_EQ(held.schema_version, read.schema_version);
    EXPECT_EQ(held.event_id, read.event_id);
    EXPECT_EQ(held.payload, read.payload);
    EXPECT_EQ(held.metadata, read.metadata);
    EXPECT_EQ(held.recorded_at, read.recorded_at);
    EXPECT_EQ(held.leaf_hash, read.leaf_hash);
    EXPECT_EQ(held.is_canonical, read.is_canonical);
    EXPECT_EQ(held.mac_key_id, read.mac_key_id);
    EXPECT_EQ(held.mac, read.mac);
    EXPECT_EQ(held.trust, read.trust);
}

Instant fixed_now() { return Instant::at_ms(1'750'000'000'123); }

}  // namespace

// Many at once; some conflict, some come twice, some write several events.
TEST_F(CommittedTailTest, IsWhatTheLogGives) {
    PostgresStore store(settings(own.service_url()), fixed_now);
    std::mt19937 chance(20261130);
    int appended = 0;
    for (int round = 0; round < 20; ++round) {
        const Uuid shared = next_uuid();
        std::vector<Append> appends;
        for (int i = 0; i < 8; ++i) {
            AppendBuilder one;
            if (chance() % 3 == 0) one.write(shared, 0, 1, R"({"shared":true})");
            else one.write(next_uuid(), 0, 1 + static_cast<int>(chance() % 3), R"({"é":"😀\n"})");
            appends.push_back(one);
            if (chance() % 4 == 0) appends.push_back(appends.back());
        }
        std::vector<std::thread> callers;
        std::atomic<int> done = 0;
        for (const Append& append : appends)
            callers.emplace_back([&] {
                const auto verdict = await(store.append(append, soon()));
                done += verdict && std::holds_alternative<Appended>(*verdict) ? 1 : 0;
            });
        for (std::thread& caller : callers) caller.join();
        appended += done;
    }
    EXPECT_GT(appended, 100);
    const auto read = all();
    const auto held = tail->after({read[0].position, read[0].leaf_hash}, 1'000);
    ASSERT_TRUE(held);
    ASSERT_EQ(held->size() + 1, read.size());
    for (std::size_t i = 0; i < held->size(); ++i) expect_same(*(*held)[i], read[i + 1]);
}

// Another node appends in between: a follower of this one misses nothing, and takes nothing twice.
TEST_F(CommittedTailTest, BesideAnotherNodeAFollowerSeesAll) {
    PostgresStore store(settings(own.service_url()), fixed_now);
    RawWriter other(own.service_url());
    TailSource source(std::make_unique<PostgresLogSource>(own.service_url(), authenticity()), tail);
    Cursor cursor;
    std::vector<RecordedEvent> seen;
    const auto follow = [&] {
        for (int empty = 0; empty < 2;) {  // once the tail's end, then the log's
            auto more = source.read_after(cursor, 100).value();
            empty = more.empty() ? empty + 1 : 0;
            for (RecordedEvent& event : more) {
                cursor = {event.position, event.leaf_hash};
                seen.push_back(std::move(event));
            }
        }
    };
    for (int round = 0; round < 30; ++round) {
        ASSERT_TRUE(await(store.append(AppendBuilder().write(next_uuid(), 0, 2), soon())));
        if (round % 3 == 0) other.append({AppendBuilder().write(next_uuid(), 0, 1 + round % 2)});
        if (round % 2 == 0) follow();
    }
    follow();
    const auto read = all();
    ASSERT_EQ(seen.size(), read.size());
    for (std::size_t i = 0; i < seen.size(); ++i) expect_same(seen[i], read[i]);
    EXPECT_GT(tail->counts().from_memory, 0U);
}

// The server may come back with another history: what was known of the one before is forgotten.
TEST_F(CommittedTailTest, IsForgottenWhenTheWriterConnectsAgain) {
    TcpProxy proxy(port_of(own.service_url()));
    PostgresStore store(settings(through(proxy, own.service_url())), fixed_now);
    ASSERT_TRUE(await(store.append(AppendBuilder().write(next_uuid(), 0, 3), soon())));
    const auto before = all();
    const Cursor first{before[0].position, before[0].leaf_hash};
    EXPECT_EQ(tail->after(first, 10)->size(), 2U);
    proxy.cut();
    ASSERT_TRUE(await(store.append(AppendBuilder().write(next_uuid(), 0, 2), soon())));
    EXPECT_FALSE(tail->after(first, 10));
    const auto after = all();
    EXPECT_EQ(tail->after({after[3].position, after[3].leaf_hash}, 10)->size(), 1U);
}

// From sending to offering, however that ends, whoever follows the log knows that something is about to come.
TEST_F(CommittedTailTest, SaysWhatIsAboutToCome) {
    tail = std::make_shared<LogTail>(LogTailLimits{.alone_after = 2});
    TcpProxy proxy(port_of(own.service_url()));
    PostgresStore store(settings(through(proxy, own.service_url())), fixed_now);
    RawWriter holder(own.owner_url());  // of the lock that each append needs
    const auto append_while = [&](int events, const auto& something_happens) {
        holder.run("select pg_advisory_lock(5426354651)");
        std::thread caller([&] {
            const auto verdict = await(store.append(AppendBuilder().write(next_uuid(), 0, events), soon()));
            EXPECT_TRUE(verdict && std::holds_alternative<Appended>(*verdict));
        });
        something_happens();
        holder.run("select pg_advisory_unlock(5426354651)");
        caller.join();
        EXPECT_FALSE(tail->expects_hand_over()) << "it was offered before the caller was answered";
    };
    append_while(1, [] {});
    append_while(1, [] {});
    append_while(3, [&] { EXPECT_TRUE(becomes([&] { return tail->expects_hand_over(); })); });

    append_while(2, [&] {
        EXPECT_TRUE(becomes([&] { return tail->expects_hand_over(); }));
        proxy.cut();
        EXPECT_TRUE(becomes([&] { return !tail->expects_hand_over(); })) << "nobody knows what becomes of it";
    });
    append_while(2, [] {});
    // One that is refused by the server.
    const Uuid taken = next_uuid();
    ASSERT_TRUE(await(store.append(AppendBuilder().write(taken, 0, 2), soon())));
    const auto conflict = await(store.append(AppendBuilder().write(taken, 0, 2), soon()));
    ASSERT_TRUE(conflict && std::holds_alternative<Conflict>(*conflict));
    EXPECT_FALSE(tail->expects_hand_over());
}

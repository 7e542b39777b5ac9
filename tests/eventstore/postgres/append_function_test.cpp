// keyledger.append, called by hand: writers that dawdle, roll back and die; batches that no committer would send.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "eventstore/memory/memory_store.hpp"
#include "eventstore/postgres/store/batch.hpp"
#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "tests/support/await.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/postgres/raw_writer.hpp"
#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;
using namespace keyledger::test;

namespace {

constexpr int kAppended = 0;

std::string refusal_of(RawWriter& writer, const std::vector<Append>& batch) {
    try {
        writer.append(batch);
        return "";
    } catch (const std::runtime_error& refused) {
        return refused.what();
    }
}

// A reader as projections and the publisher are: it must never skip and never see a hole.
class Follower {
public:
    explicit Follower(const std::string& url) : source_(url) {}
    // Everything there is now; the number of events seen so far.
    Position catch_up() {
        for (;;) {
            const auto events = source_.read_after(cursor_, 100);
            if (!events) {
                ADD_FAILURE() << "the reader stopped at " << cursor_.position;
                return -1;
            }
            if (events->empty()) return cursor_.position;
            cursor_ = {events->back().position, events->back().leaf_hash};
        }
    }

private:
    PostgresLogSource source_;
    Cursor cursor_;
};

// Sees and ends other sessions.
class Overseer : public RawWriter {
public:
    using RawWriter::RawWriter;
    void wait_until_blocked(const RawWriter& writer) { wait_for_lock_of(writer, "not granted"); }
    void wait_until_it_appends(const RawWriter& writer) { wait_for_lock_of(writer, "granted"); }
    void terminate(const RawWriter& writer) {
        run("select pg_terminate_backend(" + std::to_string(writer.pid()) + ", 10000)");
    }

private:
    void wait_for_lock_of(const RawWriter& writer, const std::string& state) {
        const std::string query = "select count(*) from pg_locks where locktype = 'advisory' and " + state +
                                  " and pid = " + std::to_string(writer.pid());
        while (run(query) == "0") std::this_thread::yield();
    }
};

}  // namespace

// Three writers are appending at once. The first has the lock and dawdles before it commits, rolls back or is killed;
// the others wait and then do the same, in all 27 combinations. After every step a reader catches up: it sees what was
// committed, at once and without a hole, and nothing of the rest (I1, I2).
TEST(DelayedCommitters, NeverMakeAReaderSkip) {
    enum class Fate { kCommit, kAbort, kKill };
    constexpr std::array kFates{Fate::kCommit, Fate::kAbort, Fate::kKill};
    Database database;
    Overseer overseer(database.owner_url());
    Follower reader(database.service_url());
    Position committed = 0;
    for (int combination = 0; combination < 27; ++combination) {
        SCOPED_TRACE(combination);
        std::array<Fate, 3> fates{kFates[static_cast<std::size_t>(combination % 3)],
                                  kFates[static_cast<std::size_t>(combination / 3 % 3)],
                                  kFates[static_cast<std::size_t>(combination / 9)]};
        std::vector<std::unique_ptr<RawWriter>> writers;
        for (int i = 0; i < 3; ++i) {
            writers.push_back(std::make_unique<RawWriter>(database.service_url()));
            writers.back()->run("begin");
            writers.back()->send({AppendBuilder().write(next_uuid(), 0, i + 1)});
            if (i == 0) {
                overseer.wait_until_it_appends(*writers.back());
            } else {
                overseer.wait_until_blocked(*writers.back());
            }
        }
        for (std::size_t i = 0; i < 3; ++i) {
            ASSERT_EQ(writers[i]->finish(), std::vector{kAppended});
            ASSERT_EQ(reader.catch_up(), committed) << "it saw what is not committed";
            switch (fates[i]) {
                case Fate::kCommit:
                    writers[i]->run("commit");
                    committed += static_cast<Position>(i) + 1;
                    break;
                case Fate::kAbort: writers[i]->run("rollback"); break;
                case Fate::kKill: overseer.terminate(*writers[i]); break;
            }
            ASSERT_EQ(reader.catch_up(), committed) << "it missed what is committed";
        }
    }
    EXPECT_EQ(database.execute("select count(*) = max(position) and min(position) = 1 from keyledger.events"), "t");
    EXPECT_EQ(Follower(database.service_url()).catch_up(), committed) << "a reader that starts at the beginning";
}

// The same by chance and with more of them: some wait for the lock when the one before them dies, some die waiting.
TEST(DelayedCommitters, MayDieWhileTheyWaitForTheLock) {
    Database database;
    Overseer overseer(database.owner_url());
    Follower reader(database.service_url());
    std::mt19937 random(20250615);
    Position committed = 0;
    for (int round = 0; round < 20; ++round) {
        RawWriter first(database.service_url());
        RawWriter second(database.service_url());
        RawWriter third(database.service_url());
        first.run("begin");
        first.append({AppendBuilder().write(next_uuid(), 0)});
        second.send({AppendBuilder().write(next_uuid(), 0)});
        overseer.wait_until_blocked(second);
        third.send({AppendBuilder().write(next_uuid(), 0, 2)});
        overseer.wait_until_blocked(third);
        overseer.terminate(second);
        ASSERT_EQ(reader.catch_up(), committed);
        if (random() % 2 == 0) {
            first.run("commit");
            committed += 1;
        } else {
            overseer.terminate(first);
        }
        ASSERT_EQ(third.finish(), std::vector{kAppended});
        committed += 2;
        ASSERT_EQ(reader.catch_up(), committed);
        EXPECT_THROW(second.finish(), std::runtime_error);
    }
}

// ---- batches that depend on themselves ---------------------------------------------------------------------------
// "Disable the user" and a log-in guarded by the same version: checked set-wise, both would pass (I4).
TEST(AppendFunction, RefusesABatchInWhichOneWritesWhatAnotherGuards) {
    RawWriter writer(database().service_url());
    const Uuid user = next_uuid();
    writer.append({AppendBuilder().write(user, 0)});
    const Append disable = AppendBuilder().write(user, 1);
    const Append log_in = AppendBuilder().write(next_uuid(), 0).guard(user, 1);
    const Append refresh = AppendBuilder().write(next_uuid(), 0).guard(user, 1);
    EXPECT_NE(refusal_of(writer, {log_in, disable}).find("guarded by another"), std::string::npos);
    EXPECT_NE(refusal_of(writer, {disable, log_in}).find("guarded by another"), std::string::npos);
    EXPECT_EQ(writer.append({log_in, refresh}), (std::vector{0, 0})) << "guards alone may share";
    EXPECT_EQ(writer.append({disable}), std::vector{0});
}

TEST(AppendFunction, RefusesEqualThingsInOneBatch) {
    RawWriter writer(database().service_url());
    const Bytes email = next_bytes();
    const Uuid subject = next_uuid();
    const Uuid key = next_uuid();
    const Uuid credential = next_uuid();
    auto plain = [] { return AppendBuilder().write(next_uuid(), 0); };
    auto expect_refused = [&](const char* why, const Append& first, const Append& second) {
        EXPECT_NE(refusal_of(writer, {plain(), first, plain(), second}).find(why), std::string::npos) << why;
    };
    expect_refused("a claim is changed twice", plain().take("email", email, next_uuid()),
                   plain().take("email", email, next_uuid()));
    expect_refused("a claim is changed twice", plain().release("email", email, subject),
                   plain().take("email", email, subject));
    expect_refused("a credential is changed twice", plain().credential(credential, subject, 0, "a"),
                   plain().credential(credential, subject, 0, "b"));
    expect_refused("a subject key is changed", plain().new_key(subject, key), plain().use_key(subject, key));
    expect_refused("a subject key is changed", plain().new_key(subject, key), plain().new_key(subject, next_uuid()));
    expect_refused("a subject key is changed", plain().use_key(subject, key), plain().destroy_key(subject, key));
    const Digest value = next_digest();
    expect_refused("a value is spent twice", plain().spend(value, {}, {}), AppendBuilder().spend(value, {}, {}));
    const Append once = plain();
    Append again = plain();
    again.command_id = once.command_id;
    expect_refused("a command id is twice", once, again);
    EXPECT_EQ(writer.append({plain().use_key(subject, key), plain().use_key(subject, key)}), (std::vector{3, 3}));
}

TEST(AppendFunction, RefusesVersionsThatDoNotFollow) {
    RawWriter writer(database().service_url());
    Append hole = AppendBuilder().write(next_uuid(), 0, 2);
    hole.events[1].version = 3;
    EXPECT_NE(refusal_of(writer, {hole}).find("has version 3 where 2 follows"), std::string::npos);
}

TEST(AppendFunction, AcceptsAnEmptyBatch) {
    RawWriter writer(database().service_url());
    EXPECT_TRUE(writer.append({}).empty());
}

// ---- settings ----------------------------------------------------------------------------------------------------
TEST(AppendFunction, IsDurableWhateverTheSessionSays) {
    RawWriter writer(database().service_url());
    for (const char* setting : {"off", "local", "remote_write"}) {
        writer.run(std::string("set synchronous_commit = ") + setting);
        writer.run("begin");
        writer.append({AppendBuilder().write(next_uuid(), 0)});
        EXPECT_EQ(writer.run("show synchronous_commit"), "on") << "when it commits";
        writer.run("commit");
        EXPECT_EQ(writer.run("show synchronous_commit"), setting);
    }
}

TEST(AppendFunction, RefusesASnapshotThatIsOlderThanItsLock) {
    RawWriter writer(database().service_url());
    for (const char* level : {"repeatable read", "serializable"}) {
        writer.run(std::string("begin isolation level ") + level);
        EXPECT_NE(refusal_of(writer, {AppendBuilder().write(next_uuid(), 0)}).find("read committed"),
                  std::string::npos);
        writer.run("rollback");
    }
}

// Names that a caller's search path could bend must not reach a function with its owner's rights.
TEST(AppendFunction, IsNotBentByTheCallersSearchPath) {
    RawWriter writer(database().service_url());
    writer.run("create function read_models.cardinality(anyarray) returns integer language sql as 'select 0'");
    writer.run("set search_path = read_models, keyledger, pg_catalog");
    EXPECT_EQ(writer.append({AppendBuilder().write(next_uuid(), 0)}), std::vector{0});
    writer.run("drop function read_models.cardinality(anyarray)");
}

TEST(PruneCommands, ForgetsOldCommandIdsButNoneOfTheLastDay) {
    Database own;
    RawWriter writer(own.service_url());
    writer.append({AppendBuilder().write(next_uuid(), 0)});
    writer.append({AppendBuilder().write(next_uuid(), 0)});
    own.execute("update keyledger.commands set recorded_at = now() - interval '23 hours 59 minutes'");
    EXPECT_EQ(writer.run("select keyledger.prune_commands(now(), 100)"), "0");
    own.execute("update keyledger.commands set recorded_at = now() - interval '2 days'");
    EXPECT_EQ(writer.run("select keyledger.prune_commands(now() - interval '3 days', 100)"), "0");
    EXPECT_EQ(writer.run("select keyledger.prune_commands(now() - interval '1 day', 1)"), "1");
    EXPECT_EQ(writer.run("select keyledger.prune_commands(now() - interval '1 day', 100)"), "1");
}

// Ids that the service made go after their hour, whatever the setting says of those that clients sent.
TEST(PruneCommands, ForgetsIdsThatAreKeptBrieflyAfterTheirHours) {
    Database own;
    RawWriter writer(own.service_url());
    for (int i = 0; i < 3; ++i) writer.append({AppendBuilder().write(next_uuid(), 0)});
    own.execute("update keyledger.commands set recorded_at = now() - interval '90 minutes',"
                " kept_hours = first_position - (select min(first_position) from keyledger.commands)");
    EXPECT_EQ(writer.run("select keyledger.prune_commands(now() - interval '3 days', 100)"), "1");
    EXPECT_EQ(writer.run("select string_agg(kept_hours::text, ',' order by kept_hours) from keyledger.commands"),
              "0,2");
}

// Every minute, of a table that holds three days: what is not old is not read.
TEST(PruneCommands, ReadsOnlyWhatIsOld) {
    Database own;
    own.execute("insert into keyledger.commands (tenant, command_id, fingerprint, first_position, event_count,"
                " recorded_at, kept_hours) select 'default', sha256(int8send(g)), sha256(''), g, 1,"
                " now() - make_interval(secs => g % 3000), g % 2 from generate_series(1, 20000) g");
    own.execute("vacuum analyze keyledger.commands");
    RawWriter writer(own.service_url());
    for (const char* kept : {"kept_hours > 0", "kept_hours = 0"}) {
        const std::string query = "select ctid from keyledger.commands where " + std::string(kept) +
                                  " and recorded_at < now() - interval '1 hour' order by recorded_at limit 100";
        const std::string plan = writer.run("explain (costs off, format json) " + query);
        EXPECT_NE(plan.find("commands_kept_"), std::string::npos) << plan;
        EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << plan;
    }
}

// Plans are made when the tables are small and kept for the session. One that scanned would make every append slower
// than the one before (it did: 30,000 events/s fell to 300).
TEST(AppendFunction, StillProbesWhenItsTablesHaveGrown) {
    Database own;
    constexpr int kBatches = 40;
    constexpr int kBatchSize = 100;
    const Instant now = own.server_now();
    {
        RawWriter writer(own.service_url());
        const Uuid first = next_uuid();
        writer.append({AppendBuilder().write(first, 0).new_key(first, first).take("email", next_bytes(), first)});
        own.execute("analyze");
        Uuid last = first;
        for (int batch = 0; batch < kBatches; ++batch) {
            std::vector<Append> appends;
            for (int i = 0; i < kBatchSize; ++i) {
                const Uuid id = next_uuid();
                AppendBuilder one;
                one.write(id, 0).new_key(id, id).take("email", next_bytes(), id).credential(id, id, 0, "x");
                one.spend(next_digest(), now, now + hours(1));
                if (i == 0) one.write(last, 1).use_key(first, first);
                appends.push_back(one);
            }
            ASSERT_EQ(writer.append(appends), std::vector<int>(kBatchSize, kAppended));
            last = appends[1].writes[0].stream_id;
        }
    }
    // The writer's session has ended: its counts are there.
    EXPECT_EQ(own.execute("select coalesce(sum(seq_tup_read), 0) < 100 from pg_stat_user_tables"
                          " where schemaname = 'keyledger' and relname <> 'log'"),
              "t");
    const auto read = own.execute("select max(idx_tup_read) from pg_stat_user_indexes where schemaname = 'keyledger'");
    EXPECT_LT(std::stol(read), 6 * kBatches * kBatchSize) << "entries read of one index";
}

// ---- against the model ---------------------------------------------------------------------------------------------
namespace {

// Appends over few streams, claims, credentials and subjects, half of them with versions that are right.
class RandomAppends {
public:
    RandomAppends(unsigned seed, MemoryStore& model, Instant now) : random_(seed), model_(model), now_(now) {
        for (int i = 0; i < 6; ++i) {
            streams_.push_back(next_uuid());
            owners_.push_back(next_uuid());
            digests_.push_back(next_bytes());
        }
        for (int i = 0; i < 300; ++i) values_.push_back(next_digest());
    }
    Append next() {
        AppendBuilder append;
        if (chance(10) && !sent_.empty()) append.id(sent_[random_() % sent_.size()]);
        if (chance(20)) append.spend(one_of(values_), now_, now_ + (chance(90) ? hours(1) : milliseconds(-1)));
        if (chance(5)) return append.spend(next_digest(), now_, now_ + hours(1));
        std::vector<Uuid> unused = streams_;
        std::shuffle(unused.begin(), unused.end(), random_);
        for (int i = chance(30) ? 2 : 1; i > 0; --i, unused.pop_back())
            append.write(unused.back(), version_of(unused.back()), 1 + static_cast<int>(random_() % 3));
        for (int i = static_cast<int>(random_() % 3); i > 0; --i, unused.pop_back())
            append.guard(unused.back(), version_of(unused.back()));
        const Uuid& owner = one_of(owners_);
        const Bytes& digest = one_of(digests_);
        if (chance(25)) append.take("email", digest, owner);
        if (chance(15)) append.release("email", digest, one_of(owners_));
        if (chance(25)) add_credential(append, owner);
        if (chance(15)) append.new_key(owner, owner);
        if (chance(30)) append.use_key(one_of(owners_), chance(80) ? owner : next_uuid());
        if (chance(5) && append.build().new_keys.empty()) append.destroy_key(owner, owner);
        sent_.push_back(append.build().command_id);
        return append;
    }

private:
    bool chance(unsigned percent) { return random_() % 100 < percent; }
    template <class Item>
    const Item& one_of(const std::vector<Item>& items) {
        return items[random_() % items.size()];
    }
    std::int32_t version_of(const Uuid& id) {
        const auto now = await(model_.read_streams({{id, 0}}, soon())).value()[0].version;
        return chance(85) ? now : static_cast<std::int32_t>(random_() % 4);
    }
    void add_credential(AppendBuilder& append, const Uuid& owner) {
        const auto stored = await(model_.read_credential(owner, "password", soon())).value();
        const std::int32_t revision = chance(80) ? (stored ? stored->revision : 0) : 1;
        const bool deleted = revision > 0 && chance(20);
        append.credential(owner, chance(95) ? owner : one_of(owners_), revision,
                          deleted ? std::nullopt : std::optional<Bytes>("sealed"));
    }

    std::mt19937 random_;
    MemoryStore& model_;
    const Instant now_;
    std::vector<Uuid> streams_, owners_;
    std::vector<Bytes> digests_;
    std::vector<Digest> values_;
    std::vector<CommandId> sent_;
};

int outcome_of(const Verdict& verdict) {
    if (std::holds_alternative<Appended>(verdict)) return 0;
    if (const auto* conflict = std::get_if<Conflict>(&verdict)) return 1 + static_cast<int>(conflict->kind);
    if (std::holds_alternative<Duplicate>(verdict)) return 4;
    return std::holds_alternative<ClaimTaken>(verdict) ? 5 : 6;
}

struct Independent : VerdictWaiter {
    void complete(Result<Verdict, StoreError>) override {}
};

}  // namespace

// Whatever a batch holds, its verdicts are as if its commands had run one by one: the memory store runs them so.
class AppendAgainstModel : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seeds, AppendAgainstModel, testing::Range(1U, 9U));

TEST_P(AppendAgainstModel, GivesTheVerdictsOfCommandsRunOneByOne) {
    Database own;
    RawWriter writer(own.service_url());
    const Instant now = own.server_now();  // what is spent expires by the server's clock
    writer.recorded_at = now;
    MemoryStore model([now] { return now; });
    RandomAppends appends(GetParam(), model, now);
    std::array<int, 7> seen{};
    for (int round = 0; round < 120; ++round) {
        Batch independent;
        std::vector<Append> batch;
        for (int i = 0; i < 8; ++i) {
            Append append = appends.next();
            if (!independent.admits(append)) continue;
            batch.push_back(append);
            independent.add({std::move(append), {}, std::make_unique<Independent>(), 0, false});
        }
        const auto outcomes = writer.append(batch);
        ASSERT_EQ(outcomes.size(), batch.size());
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const auto verdict = await(model.append(batch[i], soon()));
            ASSERT_TRUE(verdict.has_value());
            ASSERT_EQ(outcomes[i], outcome_of(*verdict)) << "round " << round << ", command " << i;
            ++seen[static_cast<std::size_t>(outcomes[i])];
        }
    }
    for (std::size_t outcome = 0; outcome < seen.size(); ++outcome)
        EXPECT_GT(seen[outcome], 0) << "outcome " << outcome << " never came";
    const auto events = model.events();
    EXPECT_EQ(own.execute("select coalesce(max(position), 0) from keyledger.events"), std::to_string(events.size()));
    PostgresLogSource source(own.service_url(), authenticity());
    const auto stored = source.read_after({}, kMaxReadBatch).value();
    ASSERT_EQ(stored.size(), events.size());
    for (std::size_t i = 0; i < stored.size(); ++i) ASSERT_EQ(stored[i].leaf_hash, events[i].leaf_hash) << i;
}

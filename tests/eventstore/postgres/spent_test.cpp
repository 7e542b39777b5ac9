// Values that are good once, in the database: two writers, writers that die, the server's clock, what housekeeping
// takes, a restored log.
#include <gtest/gtest.h>

#include "eventstore/postgres/migrations/migrator.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "eventstore/postgres/upkeep/housekeeping.hpp"
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
constexpr int kSpent = 6;

class SpentTest : public testing::Test {
protected:
    Append earning(const Digest& value) {
        return AppendBuilder().write(next_uuid(), 0).spend(value, made_at_, expires_at_);
    }
    std::string rows() { return own_.execute("select count(*) from keyledger.spent"); }
    void let_expire(const std::string& ago) {
        own_.execute("update keyledger.spent set expires_at = clock_timestamp() - interval '" + ago + "'");
    }

    Database own_;
    const Instant made_at_ = own_.server_now();
    const Instant expires_at_ = made_at_ + minutes(10);
};

}  // namespace

// Scenario: two nodes with a committer each are shown one value fifty times at the same moment. One door opens.
TEST_F(SpentTest, OpensOneDoorForFiftyAtOnceOnTwoNodes) {
    const auto settings = PostgresStoreSettings{.url = own_.service_url(), .authenticity = authenticity()};
    const auto now = [] { return Instant::at_ms(1'750'000'000'123); };
    PostgresStore one(settings, now);
    PostgresStore two(settings, now);
    for (int round = 0; round < 5; ++round) {
        const Digest value = next_digest();
        std::vector<Store::Answer<Verdict>> rivals;
        for (int i = 0; i < 50; ++i) {
            Append append = earning(value);
            rivals.push_back((i % 2 == 0 ? one : two).append(std::move(append), soon()));
        }
        int opened = 0;
        int refused = 0;
        for (const auto& verdict : await_all(std::move(rivals))) {
            ASSERT_TRUE(verdict.has_value());
            opened += std::holds_alternative<Appended>(*verdict) ? 1 : 0;
            refused += std::holds_alternative<AlreadySpent>(*verdict) ? 1 : 0;
        }
        EXPECT_EQ(opened, 1);
        EXPECT_EQ(refused, 49);
    }
    EXPECT_EQ(own_.execute("select count(*) from keyledger.events"), "5");
    EXPECT_EQ(rows(), "5");
}

// Scenario: a node spends a value and dies before it commits, while another waits with the same value. Nothing of the
// first is there, and the second earns it; a third comes too late.
TEST_F(SpentTest, GivesAValueBackWhoseSpenderDied) {
    RawWriter dies(own_.service_url());
    RawWriter waits(own_.service_url());
    RawWriter overseer(own_.owner_url());
    const Digest value = next_digest();
    dies.run("begin");
    ASSERT_EQ(dies.append({earning(value)}), std::vector{kAppended});
    waits.send({earning(value)});
    const std::string blocked = "select count(*) from pg_locks where locktype = 'advisory' and not granted and pid = " +
                                std::to_string(waits.pid());
    while (overseer.run(blocked) == "0") std::this_thread::yield();
    overseer.run("select pg_terminate_backend(" + std::to_string(dies.pid()) + ", 10000)");
    EXPECT_EQ(waits.finish(), std::vector{kAppended});
    EXPECT_EQ(waits.append({earning(value)}), std::vector{kSpent});
    EXPECT_EQ(own_.execute("select count(*) from keyledger.events"), "1");
}

// Scenario: the answer to a commit is lost, and the same command comes again on another connection.
TEST_F(SpentTest, AnswersTheSameCommandAgainWithItsFirstOutcome) {
    const Append with_event = earning(next_digest());
    const Append without = AppendBuilder().spend(next_digest(), made_at_, expires_at_);
    {
        RawWriter lost(own_.service_url());
        ASSERT_EQ(lost.append({with_event, without}), (std::vector{kAppended, kAppended}));
    }
    RawWriter again(own_.service_url());
    constexpr int kDuplicate = 4;
    EXPECT_EQ(again.append({with_event, without}), (std::vector{kDuplicate, kDuplicate}));
    let_expire("9 minutes");
    EXPECT_EQ(again.append({with_event, without}), (std::vector{kDuplicate, kDuplicate}));
}

TEST_F(SpentTest, JudgesByTheServersClockWhileItWaitedToo) {
    RawWriter holder(own_.service_url());
    RawWriter waits(own_.service_url());
    holder.run("begin");
    holder.append({});
    Append late = AppendBuilder().spend(next_digest(), made_at_, own_.server_now() + milliseconds(300));
    waits.send({late});
    while (own_.server_now() < late.spent[0].expires_at) std::this_thread::yield();
    holder.run("commit");
    EXPECT_EQ(waits.finish(), std::vector{kSpent}) << "it expired while it waited for the lock";
}

TEST_F(SpentTest, IsForgottenTenMinutesAfterItExpired) {
    RawWriter writer(own_.service_url());
    const Append first = earning(next_digest());
    writer.append({first, earning(next_digest())});
    EXPECT_EQ(prune_spent(own_.service_url(), 100).value(), 0);
    let_expire("9 minutes 50 seconds");
    EXPECT_EQ(prune_spent(own_.service_url(), 100).value(), 0);
    let_expire("10 minutes");
    EXPECT_EQ(prune_spent(own_.service_url(), 1).value(), 1) << "so many in one go";
    EXPECT_EQ(prune_spent(own_.service_url(), 100).value(), 1);
    EXPECT_EQ(rows(), "0");
    Append expired = AppendBuilder().spend(first.spent[0].digest, made_at_, made_at_);
    EXPECT_EQ(writer.append({expired}), std::vector{kSpent}) << "no row, and no door either";
}

// Every minute, of all that is good for up to thirty days: what has not expired is not read.
TEST_F(SpentTest, IsPrunedWithoutReadingWhatIsGood) {
    own_.execute("insert into keyledger.spent (tenant, digest, expires_at) select 'default', sha256(int8send(g)),"
                 " clock_timestamp() + make_interval(mins => g % 5000 - 15) from generate_series(1, 20000) g");
    own_.execute("vacuum analyze keyledger.spent");
    const std::string plan =
        own_.execute("explain (costs off, format json) select ctid from keyledger.spent where expires_at <"
                     " clock_timestamp() - interval '10 minutes' order by expires_at limit 100");
    EXPECT_NE(plan.find("spent_expires_at"), std::string::npos) << plan;
    EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << plan;
    EXPECT_GT(prune_spent(own_.service_url(), 100'000).value(), 0);
    EXPECT_EQ(own_.execute("select count(*) from keyledger.spent where expires_at < clock_timestamp() - interval"
                           " '11 minutes'"),
              "0");
}

// A restored log has not seen what was spent after its backup. What was made before it was restored opens nothing.
TEST_F(SpentTest, OfBeforeARestoreOpensNothing) {
    const Digest lost = next_digest();  // spent in the history that is lost
    const Append kept = earning(next_digest());
    {
        RawWriter before(own_.service_url());
        ASSERT_EQ(before.append({kept}), std::vector{kAppended});
    }
    Migrator(own_.owner_url(), event_macs()).renew_log_id();
    RawWriter writer(own_.service_url());
    EXPECT_EQ(writer.append({earning(lost), earning(kept.spent[0].digest)}), (std::vector{kSpent, kSpent}));
    // Nor for a minute: clocks of those who make such values, and of the lost server, may have been ahead.
    const Instant now = own_.server_now();
    const Append made_at_once = AppendBuilder().spend(next_digest(), now + seconds(30), expires_at_);
    const Append made_since = AppendBuilder().spend(next_digest(), now + seconds(61), expires_at_);
    EXPECT_EQ(writer.append({made_at_once, made_since}), (std::vector{kSpent, kAppended}));
}

// What has no events waits for the disk as any other command does, and tells nobody that the log has grown.
TEST_F(SpentTest, IsNoNewsForReaders) {
    RawWriter writer(own_.service_url());
    const Append only = AppendBuilder().spend(next_digest(), made_at_, expires_at_);
    ASSERT_EQ(writer.append({earning(next_digest()), only}), (std::vector{kAppended, kAppended}));
    const Append alone = AppendBuilder().spend(next_digest(), made_at_, expires_at_);
    ASSERT_EQ(writer.append({alone}), std::vector{kAppended});
    EXPECT_EQ(own_.execute("select string_agg(first_position || '+' || event_count, ' ' order by first_position,"
                           " event_count) from keyledger.commands"),
              "1+0 1+1 2+0")
        << "those without events stand before the others of their batch";
    EXPECT_EQ(own_.execute("select count(*) from keyledger.events"), "1");
}

// The older program would take again what was spent: it waits until nothing of that is good any more.
TEST_F(SpentTest, KeepsItsMigrationWhileAnythingSpentIsGood) {
    const std::string append = "select md5(pg_get_functiondef('keyledger.append'::regproc))";
    Migrator migrator(own_.owner_url(), event_macs());
    const std::string newest_append = own_.execute(append);
    RawWriter(own_.service_url()).append({AppendBuilder().spend(next_digest(), made_at_, expires_at_)});
    const int newest = static_cast<int>(migrations().size());
    migrator.down(newest - 11);
    const std::string newer = own_.execute(append);
    EXPECT_THROW(migrator.down(), MigrationFailure);
    EXPECT_EQ(own_.execute(append), newer);
    let_expire("1 second");
    ASSERT_EQ(migrator.down(), std::vector{11});
    EXPECT_NE(own_.execute(append), newer);
    migrator.up();
    EXPECT_EQ(own_.execute(append), newest_append);
    EXPECT_EQ(own_.execute("select spent_since from keyledger.log"), "-infinity") << "no assertion was used before";
}

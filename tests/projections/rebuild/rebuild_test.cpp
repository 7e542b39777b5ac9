#include "projections/rebuild/rebuild.hpp"

#include <gtest/gtest.h>

#include "projections/models/read_models.hpp"
#include "tests/projections/driver.hpp"
#include "tests/projections/running.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

using Why = RebuildFailure::Why;

class RebuildTest : public testing::Test {
protected:
    keyledger::test::Database& database = fresh_database();
    Story story{database};
    ScriptedSource source{story.log()};
    UsersModel users;
    SessionsModel sessions;
    AuditModel audit;

    RebuildOrder order(RebuildOrder::Begin begin = RebuildOrder::Begin::kAnew) {
        return {database.service_url(), begin, RebuildOrder::Compare::kYes, 20};
    }
    Result<RebuildResult, RebuildFailure> rebuild(const ReadModel& model, const RebuildProgress& progress = {},
                                                  std::stop_token cancel = {}) {
        return projections::rebuild(order(), model, source, story.cipher(), progress, std::move(cancel));
    }
    std::string current(const std::string& model) {
        return database.execute("select generation from read_models.current where model = '" + model + "'");
    }
    std::string tables_like(const std::string& pattern) {
        return database.execute("select string_agg(tablename, ' ' order by tablename) from pg_tables "
                                "where schemaname = 'read_models' and tablename like '" +
                                pattern + "'");
    }
};

}  // namespace

TEST_F(RebuildTest, I7TheNewGenerationEqualsTheOldRowForRow) {
    story.random_events(400);
    story.publish();
    for (const ReadModel* model : {static_cast<const ReadModel*>(&users), static_cast<const ReadModel*>(&sessions),
                                   static_cast<const ReadModel*>(&audit)}) {
        Driver(database, story, *model).apply();
        Position last = 0;
        const auto rebuilt = rebuild(*model, [&](Position position, Position head) {
            EXPECT_GT(position, last);
            EXPECT_EQ(head, story.head());
            last = position;
        });
        ASSERT_TRUE(rebuilt);
        EXPECT_EQ(last, story.head());
        EXPECT_EQ(rebuilt->generation, 2);
        EXPECT_EQ(rebuilt->switched_at, story.head());
        ASSERT_TRUE(rebuilt->before && rebuilt->after);
        EXPECT_GT(rebuilt->before->rows, 10);
        EXPECT_EQ(rebuilt->before->rows, rebuilt->after->rows);
        EXPECT_EQ(rebuilt->before->digest, rebuilt->after->digest) << model->name();
        EXPECT_EQ(digest(database.service_url(), *model).generation, 2);
        EXPECT_EQ(digest(database.service_url(), *model).digest, rebuilt->after->digest);
    }
    EXPECT_EQ(tables_like("%\\_1%"), "");
}

TEST_F(RebuildTest, MendsWhatWasDamaged) {
    story.random_events(100);
    story.publish();
    Driver(database, story, audit).apply();
    const auto whole = digest(database.service_url(), audit);
    database.execute("delete from read_models.audit_1 where position % 3 = 0");
    const auto rebuilt = rebuild(audit);
    ASSERT_TRUE(rebuilt);
    EXPECT_NE(rebuilt->before->digest, rebuilt->after->digest);
    EXPECT_EQ(rebuilt->after->digest, whole.digest);
}

// Events keep coming and the projector keeps projecting while the rebuild runs. After the switch it follows
// the new generation, and both read models equal a replay.
TEST_F(RebuildTest, BesideALivingProjector) {
    story.random_events(300);
    story.publish();
    Running running(database, story);
    ASSERT_TRUE(running.reaches(story.head()));
    const auto rebuilt = rebuild(sessions, [&](Position position, Position) {
        if (position > 600) return;
        story.random_events(10);
        story.publish();
    });
    ASSERT_TRUE(rebuilt);
    EXPECT_EQ(rebuilt->before->digest, rebuilt->after->digest);
    story.random_events(50);
    story.publish();
    ASSERT_TRUE(running.becomes([&](const auto& status) {
        const auto* projection = status_of(status, "sessions");
        return projection != nullptr && projection->generation == 2 && projection->position == story.head();
    }));
    const auto live = digest(database.service_url(), sessions);
    EXPECT_EQ(live.position, story.head());
    running.projector().stop();
    reset(database);
    Driver(database, story, sessions).apply();
    EXPECT_EQ(digest(database.service_url(), sessions).digest, live.digest);
}

// The rebuild's sessions are killed half-way. Nothing is switched, the old generation is whole; the next
// rebuild takes away what is left and succeeds.
TEST_F(RebuildTest, KilledHalfWayItLeavesTheOldOneAlone) {
    story.random_events(200);
    story.publish();
    Driver(database, story, users).apply();
    EXPECT_THROW((void)rebuild(users,
                               [&](Position position, Position) {
                                   if (position < 100) return;
                                   database.execute(
                                       "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname "
                                       "= current_database() "
                                       "and application_name = 'keyledger rebuild'");
                               }),
                 std::runtime_error);
    EXPECT_EQ(current("users"), "1");
    EXPECT_EQ(tables_like("users%"), "users_1 users_2");
    const auto rebuilt = rebuild(users);
    ASSERT_TRUE(rebuilt);
    EXPECT_EQ(rebuilt->before->digest, rebuilt->after->digest);
    EXPECT_EQ(tables_like("users%"), "users_" + current("users"));
}

TEST_F(RebuildTest, PassesOverATableThatSomebodyElseMade) {
    story.random_events(20);
    story.publish();
    Driver(database, story, users).apply();
    database.execute("create table read_models.users_2 (x integer)");
    database.execute("create view read_models.users_3 as select 1");
    const auto rebuilt = rebuild(users);
    ASSERT_TRUE(rebuilt);
    EXPECT_EQ(rebuilt->generation, 4);
    EXPECT_EQ(current("users"), "4");
}

TEST_F(RebuildTest, OneAtATime) {
    story.random_events(50);
    story.publish();
    bool asked = false;
    const auto rebuilt = rebuild(users, [&](Position, Position) {
        if (std::exchange(asked, true)) return;
        ScriptedSource another(story.log());
        EXPECT_EQ(projections::rebuild(order(), users, another, story.cipher(), {}).error().why, Why::kAnotherRuns);
        EXPECT_TRUE(projections::rebuild(order(), audit, another, story.cipher(), {}));
    });
    EXPECT_TRUE(rebuilt);
    EXPECT_TRUE(asked);
}

TEST_F(RebuildTest, CanBeCancelled) {
    story.random_events(50);
    story.publish();
    std::stop_source cancel;
    const auto rebuilt = rebuild(
        users, [&](Position, Position) { cancel.request_stop(); }, cancel.get_token());
    EXPECT_EQ(rebuilt.error().why, Why::kCancelled);
    EXPECT_EQ(current("users"), "1");
}

// An event that can't be applied stops the rebuild and is named. Skipped for that very generation, it goes on
// where it stopped, and the skip does not reach other generations.
TEST_F(RebuildTest, APoisonedEventIsNamedAndCanBeSkipped) {
    for (int i = 0; i < 50; ++i) story.registers("u@example.com");
    story.publish();
    Driver(database, story, users).apply();
    story.log().tamper(30, [](auto& event) { event.schema_version = 9; });
    const auto stopped = rebuild(users);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().why, Why::kPoisoned);
    EXPECT_EQ(stopped.error().at.position, 30);
    EXPECT_EQ(stopped.error().at.event_type, "user.registered");
    EXPECT_EQ(current("users"), "1");
    EXPECT_EQ(skip(database.service_url(), {"users", 30, "root", "lost", {}}).error(), SkipRefusal::kNotStoppedThere);
    EXPECT_TRUE(skip(database.service_url(), {"users", 30, "root", "lost", 2}));
    const auto rebuilt =
        projections::rebuild(order(RebuildOrder::Begin::kWhereItStopped), users, source, story.cipher(), {});
    ASSERT_TRUE(rebuilt);
    EXPECT_EQ(rebuilt->generation, 2);
    EXPECT_EQ(rebuilt->after->rows, 49);
    EXPECT_EQ(rebuilt->before->rows, 50);
}

TEST_F(RebuildTest, ReadsErasedFieldsAsNull) {
    const UserId ann = story.registers("ann@example.com", "ann", "Ann");
    story.registers("bob@example.com");
    story.publish();
    Driver(database, story, users).apply();
    story.destroy_key(ann);
    ASSERT_TRUE(rebuild(users));
    EXPECT_EQ(rows(database, "select email, username, name from read_models.users_2 order by position"),
              (std::vector<std::string>{"-|-|-", "bob@example.com|-|-"}));
}

TEST_F(RebuildTest, AnotherHistoryIsNotRebuiltFrom) {
    story.random_events(50);
    story.publish();
    story.log().fail_with(eventstore::ReadError::kHole);
    EXPECT_EQ(rebuild(users).error().why, Why::kLogUnreadable);
}

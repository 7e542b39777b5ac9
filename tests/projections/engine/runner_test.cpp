// The projector on its thread: leadership, stops that are its readers' business only, lag.
#include "projections/engine/runner.hpp"
#include "projections/models/audit.hpp"
#include "projections/models/sessions.hpp"
#include "projections/models/users.hpp"

#include <gtest/gtest.h>

#include "eventstore/postgres/migrations/service_role.hpp"
#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "projections/models/read_models.hpp"
#include "projections/rebuild/operations.hpp"
#include "projections/rebuild/rebuild.hpp"
#include "tests/projections/asking.hpp"
#include "tests/projections/driver.hpp"
#include "tests/projections/running.hpp"
#include "tests/projections/story/log_writer.hpp"
#include "tests/support/postgres/event_macs.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

class ProjectorTest : public testing::Test {
protected:
    keyledger::test::Database& database = fresh_database();
    Story story{database};

    std::vector<std::string> digests() {
        std::vector<std::string> all;
        for (const auto& model : all_read_models()) all.push_back(digest(database.service_url(), *model).digest);
        return all;
    }
    std::vector<std::string> replayed() {
        reset(database);
        for (const auto& model : all_read_models()) Driver(database, story, *model).apply();
        return digests();
    }
    void kill(const std::string& application_name) {
        database.execute(
            "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = current_database() "
            "and application_name = '" +
            application_name + "'");
    }
};

bool level(const ProjectorStatus& status) {
    return status.phase == ProjectorStatus::Phase::kLeading && status.projections.size() == all_read_models().size() &&
           std::ranges::all_of(status.projections, [](const auto& p) { return p.position == p.head; });
}

}  // namespace

TEST_F(ProjectorTest, KeepsAllReadModelsLevelWithTheLog) {
    Running running(database, story);
    for (int i = 0; i < 5; ++i) {
        story.random_events(150);
        story.publish();
        ASSERT_TRUE(running.reaches(story.head()));
    }
    EXPECT_TRUE(running.becomes(level));
    const auto live = digests();
    running.projector().stop();
    EXPECT_EQ(running.projector().status().phase, ProjectorStatus::Phase::kStopped);
    EXPECT_EQ(live, replayed());
}

// After a quiet time an event is applied at once. What comes while it rests then waits, and is one transaction for all
// models; whoever is far behind does not rest.
TEST_F(ProjectorTest, AppliesAtOnceWhatComesAloneAndTogetherWhatKeepsComing) {
    std::mutex mutex;
    std::condition_variable moved;
    std::map<std::string, Position> positions;
    const auto reaches = [&](Position position) {
        std::unique_lock lock(mutex);
        return moved.wait_for(lock, kPatience, [&] {
            return positions.size() == all_read_models().size() &&
                   std::ranges::all_of(positions, [&](const auto& model) { return model.second >= position; });
        });
    };
    const auto begin = [&](std::int32_t batch_events, std::chrono::milliseconds rest, double many_per_second = 1e12) {
        ProjectorSettings settings{database.service_url(), batch_events};
        settings.rest = rest;
        settings.rest_of_many = std::chrono::hours(1);
        settings.many_per_second = many_per_second;
        auto projector = std::make_unique<Projector>(settings, story.source(), story.cipher(), all_read_models(),
                                                     [&](std::string_view model, Position position) {
                                                         const std::lock_guard lock(mutex);
                                                         positions[std::string(model)] = position;
                                                         moved.notify_all();
                                                     });
        projector->start();
        return projector;
    };
    const SessionId session = story.logs_in(story.registers("ann@example.com"));
    story.publish();
    {
        const auto projector = begin(100, std::chrono::hours(1));
        ASSERT_TRUE(reaches(2)) << "at once";
        story.refreshes(session);
        story.publish();
        projector->hint();
        projector->stop();  // does not wait for the rest's end
        EXPECT_EQ(positions["audit"], 2) << "it rests";
    }
    {
        const auto projector = begin(100, std::chrono::seconds(2));
        ASSERT_TRUE(reaches(3)) << "at once";
        for (int i = 0; i < 5; ++i) {
            story.refreshes(session);
            story.publish();
            projector->hint();
        }
        ASSERT_TRUE(reaches(8));
        EXPECT_EQ(database.execute("select count(distinct xmin::text) from read_models.audit_1 where position > 3"),
                  "1");
    }
    {
        const auto projector = begin(100, {}, 0);
        for (int i = 0; i < 2; ++i) story.refreshes(session);
        story.publish();
        const Position first = story.head();
        ASSERT_TRUE(reaches(first)) << "at once";
        story.refreshes(session);
        story.publish();
        projector->hint();
        projector->stop();
        EXPECT_EQ(positions["audit"], first) << "while many come it rests for longer";
    }
    for (int i = 0; i < 40; ++i) story.refreshes(session);
    story.publish();
    const auto projector = begin(5, std::chrono::hours(1));
    EXPECT_TRUE(reaches(story.head()));
}

// Far behind, the next batch is read while this one is applied; at the head it is not. Both give the same
// tables.
TEST_F(ProjectorTest, CatchesUpInFullBatches) {
    story.random_events(1'000);
    story.publish();
    Running running(database, story, "projector A", 64);
    ASSERT_TRUE(running.reaches(story.head()));
    EXPECT_TRUE(running.becomes(level));
    const auto live = digests();
    running.projector().stop();
    EXPECT_EQ(live, replayed());
}

// The way through PostgreSQL, where jsonb reorders what was written, and a NOTIFY says that there is
// something.
TEST_F(ProjectorTest, FollowsTheRealLog) {
    story.random_events(300);
    story.publish();
    LogWriter writer(database.owner_url());
    writer.write(story.log().all());
    Queries queries({database.service_url()});
    Projector projector({database.service_url()},
                        std::make_unique<eventstore::postgres::PostgresLogSource>(database.service_url(),
                                                                                  keyledger::test::authenticity()),
                        story.cipher(), all_read_models(), [&](auto, auto) { queries.applied(); });
    projector.start();
    const auto before = story.log().head();
    story.random_events(20);
    story.publish();
    writer.write(story.log().read_after(before, 1'000).value());
    for (Model model : {kUsersModel, kSessionsModel, kAuditModel})
        EXPECT_TRUE(answer_of(
            queries.wait_for(model, story.head(), story.head(), std::chrono::steady_clock::now() + kPatience)));
    const auto live = digests();
    projector.stop();
    EXPECT_EQ(live, replayed());
}

// Two projectors on one database. One leads, the other waits; the leader's session is killed again and again
// while events come: somebody goes on each time, nothing is applied twice or left out (I7). Then one process
// leaves for good.
TEST_F(ProjectorTest, WhenTheLeaderIsKilledSomebodyContinues) {
    Running a(database, story, "projector A", 10);
    ASSERT_TRUE(a.becomes([](const auto& status) { return status.phase == ProjectorStatus::Phase::kLeading; }));
    Running b(database, story, "projector B", 10);
    Queries queries({database.service_url()});
    auto reached = [&] {
        const auto deadline = std::chrono::steady_clock::now() + kPatience;
        return std::ranges::all_of(std::array{kUsersModel, kSessionsModel, kAuditModel}, [&](Model model) {
            return answer_of(queries.wait_for(model, story.head(), story.head(), deadline)).has_value();
        });
    };
    for (int i = 0; i < 4; ++i) {
        story.random_events(60);
        story.publish();
        kill(i % 2 == 0 ? "projector A" : "projector B");
        ASSERT_TRUE(reached());
    }
    a.projector().stop();
    ASSERT_TRUE(b.becomes([](const auto& status) { return status.phase == ProjectorStatus::Phase::kLeading; }));
    story.random_events(60);
    story.publish();
    ASSERT_TRUE(b.reaches(story.head()));
    const auto live = digests();
    b.projector().stop();
    EXPECT_EQ(live, replayed());
}

// A refresh of a session that never began stops `sessions` and `audit`. `users` has no part in it and goes
// on. The stop is in the status and in the database; an operator's skip lets both go on.
TEST_F(ProjectorTest, APoisonedEventStopsOnlyWhoCantApplyIt) {
    story.registers("ann@example.com");
    const Position poisoned = story.record(story.new_id(), SessionEvent(SessionRefreshed{2, ""}), By{});
    story.registers("bob@example.com");
    story.publish();
    Running running(database, story);
    ASSERT_TRUE(running.becomes([&](const ProjectorStatus& status) {
        const auto* users = status_of(status, "users");
        const auto* sessions = status_of(status, "sessions");
        const auto* audit = status_of(status, "audit");
        return users != nullptr && users->position == 3 && !users->stopped && sessions->stopped && audit->stopped;
    }));
    const ProjectorStatus status = running.projector().status();
    EXPECT_EQ(status_of(status, "audit")->stopped->at.position, poisoned);
    EXPECT_EQ(status_of(status, "audit")->stopped->at.event_type, "session.refreshed");
    EXPECT_EQ(status_of(status, "audit")->position, poisoned - 1);
    EXPECT_EQ(status_of(status, "audit")->head, 3);
    for (const char* model : {"sessions", "audit"})
        EXPECT_TRUE(skip(database.service_url(), {model, poisoned, "root", "made by hand", {}}));
    ASSERT_TRUE(running.reaches(3));
    EXPECT_TRUE(running.becomes([&](const auto& now) { return level(now); }));
    EXPECT_EQ(database.execute("select count(*) from read_models.audit_1"), "2");
    EXPECT_EQ(database.execute("select count(*) from read_models.stopped"), "0");
}

// Another history: a restored or foreign log has another event at the checkpoint. Nothing of it is applied.
TEST_F(ProjectorTest, StopsWhenTheLogIsAnotherHistory) {
    story.random_events(20);
    story.publish();
    {
        Running running(database, story);
        ASSERT_TRUE(running.reaches(story.head()));
    }
    story.log().tamper(story.head(), [](auto& event) { event.leaf_hash[0] ^= 1; });
    story.random_events(5);
    story.publish();
    Running running(database, story);
    ASSERT_TRUE(running.becomes([](const auto& status) {
        return status.projections.size() == all_read_models().size() &&
               std::ranges::all_of(status.projections, [](const auto& p) { return p.stopped.has_value(); });
    }));
    for (const ProjectionStatus& projection : running.projector().status().projections)
        EXPECT_EQ(projection.stopped->kind, StopKind::kOtherHistory) << projection.model;
    EXPECT_EQ(database.execute("select count(distinct kind || position) from read_models.stopped"), "1");
    EXPECT_EQ(skip(database.service_url(), {"users", story.head() - 5, "root", "why", {}}).error(),
              SkipRefusal::kNotStoppedThere);
}

// Whoever has the service's role can write checkpoints. Nothing stands beyond the log's end: the read model says what
// mends it, and a rebuild does.
TEST_F(ProjectorTest, ACheckpointBeyondTheLogStopsOneReadModelUntilItIsRebuilt) {
    story.random_events(20);
    story.publish();
    {
        Running running(database, story);
        ASSERT_TRUE(running.becomes([](const auto& status) { return level(status); }));
    }
    for (const char* poisoned : {"4000000000000000000", "9223372036854775807"}) {
        database.execute("update keyledger.checkpoints set position = " + std::string(poisoned) +
                         " where reader = 'users'");
        Running running(database, story);
        ASSERT_TRUE(running.becomes([&](const auto& status) {
            const auto* of_users = status_of(status, "users");
            return of_users != nullptr && of_users->stopped;
        }));
        const std::string why = status_of(running.projector().status(), "users")->stopped->at.reason;
        EXPECT_NE(why.find("run 'keyledger projections rebuild users'"), std::string::npos) << why;
        EXPECT_NE(why.find("the log ends at position"), std::string::npos) << why;
        story.random_events(5);
        story.publish();
        EXPECT_TRUE(running.becomes([&](const auto& status) {
            const auto* of_sessions = status_of(status, "sessions");
            return of_sessions != nullptr && of_sessions->position == story.head();
        })) << "the others go on";
        ScriptedSource source(story.log());
        const RebuildOrder order{database.service_url(), RebuildOrder::Begin::kAnew, RebuildOrder::Compare::kNo, 20};
        ASSERT_TRUE(rebuild(order, UsersModel(), source, story.cipher(), {}, {}));
        EXPECT_TRUE(running.becomes([](const auto& status) { return level(status); }));
    }
}

// Without its checkpoint nobody knows what the tables hold: they are made anew from the log.
TEST_F(ProjectorTest, AReadModelWithoutItsCheckpointBeginsAnew) {
    story.random_events(20);
    story.publish();
    {
        Running running(database, story);
        ASSERT_TRUE(running.becomes([](const auto& status) { return level(status); }));
    }
    const std::string rows_before = database.execute("select count(*) from read_models.users_1");
    database.execute("delete from keyledger.checkpoints where reader = 'users'");
    Running running(database, story);
    ASSERT_TRUE(running.becomes([](const auto& status) { return level(status); }));
    EXPECT_EQ(database.execute("select count(*) from read_models.users_2"), rows_before);
    EXPECT_EQ(database.execute("select to_regclass('read_models.users_1') is null"), "t");
}

TEST_F(ProjectorTest, StopsLoudlyAtAHole) {
    story.random_events(30);
    story.publish();
    story.log().tamper(12, [](auto& event) { event.position = 13; });
    Running running(database, story, "projector A", 5);
    ASSERT_TRUE(running.becomes([](const auto& status) {
        return status.projections.size() == all_read_models().size() &&
               std::ranges::all_of(status.projections, [](const auto& p) { return p.stopped.has_value(); });
    }));
    for (const ProjectionStatus& projection : running.projector().status().projections)
        EXPECT_EQ(projection.stopped->kind, StopKind::kHole) << projection.model;
}

TEST_F(ProjectorTest, TablesOfAnotherLayoutWaitForARebuild) {
    story.registers("ann@example.com");
    story.publish();
    Driver(database, story, UsersModel()).apply();
    database.execute("update read_models.generations set layout = 0 where model = 'users'");
    story.registers("bob@example.com");
    story.publish();
    Running running(database, story);
    ASSERT_TRUE(running.becomes([](const auto& status) {
        const auto* users = status_of(status, "users");
        const auto* audit = status_of(status, "audit");
        return users != nullptr && users->stopped && audit->position == 2;
    }));
    EXPECT_EQ(status_of(running.projector().status(), "users")->stopped->kind, StopKind::kOtherLayout);
    EXPECT_EQ(database.execute("select count(*) from read_models.users_1"), "1");
}

TEST_F(ProjectorTest, ShowsItsLag) {
    story.random_events(10);
    story.publish();
    Running running(database, story);
    ASSERT_TRUE(running.becomes(level));
    for (const ProjectionStatus& projection : running.projector().status().projections)
        EXPECT_EQ(projection.behind_for.count(), 0) << projection.model;
    story.log().fail_with(eventstore::ReadError::kUnavailable);
    story.random_events(7);
    story.publish();
    ASSERT_TRUE(running.becomes([&](const auto& status) {
        const auto* users = status_of(status, "users");
        return users != nullptr && users->head == story.head() && users->behind_for.count() > 0;
    }));
    const ProjectorStatus behind = running.projector().status();
    EXPECT_EQ(behind.projections[0].head - behind.projections[0].position, 7);
    story.log().fail_with(std::nullopt);
    ASSERT_TRUE(running.becomes(level));
    EXPECT_EQ(running.projector().status().projections[0].behind_for.count(), 0);
}

TEST_F(ProjectorTest, WithoutADatabaseItTriesUntilItIsStopped) {
    Projector projector({"postgresql://nobody@127.0.0.1:1/nowhere", 10, "projector"}, story.source(), story.cipher(),
                        all_read_models());
    projector.start();
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (projector.status().last_trouble.empty() && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
    EXPECT_NE(projector.status().last_trouble, "");
    EXPECT_NE(projector.status().trouble, "");
    projector.stop();
    EXPECT_EQ(projector.status().phase, ProjectorStatus::Phase::kStopped);
}

TEST_F(ProjectorTest, SaysWhatKeepsItFromFollowingForAsLongAsItDoes) {
    {
        Running running(database, story);
        story.random_events(5);
        story.publish();
        ASSERT_TRUE(running.becomes(level));
        EXPECT_EQ(running.projector().status().trouble, "");
    }
    // As it is after somebody served with the owner's URL.
    database.execute("alter table read_models.generations owner to current_user");
    Running running(database, story);
    ASSERT_TRUE(running.becomes([](const auto& status) {
        return status.trouble.find("permission denied for table generations") != std::string::npos &&
               status.trouble.find("migrate up") != std::string::npos;
    })) << running.projector().status().trouble;
    EXPECT_EQ(keyledger::eventstore::postgres::give_back_read_models(database.owner_url()),
              std::vector<std::string>{"read_models.generations"});
    EXPECT_TRUE(running.becomes([](const auto& status) { return status.trouble.empty() && level(status); }));
}

#include "projections/rebuild/comparison.hpp"

#include <gtest/gtest.h>

#include "projections/models/read_models.hpp"
#include "projections/rebuild/inspection.hpp"
#include "projections/rebuild/rebuild.hpp"
#include "tests/projections/driver.hpp"
#include "tests/projections/running.hpp"
#include "tests/support/postgres/raw_writer.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

using Why = RebuildFailure::Why;

class ComparisonTest : public testing::Test {
protected:
    keyledger::test::Database& database = fresh_database();
    Story story{database};
    ScriptedSource source{story.log()};
    UsersModel users;
    SessionsModel sessions;
    AuditModel audit;

    void apply(const ReadModel& model) { Driver(database, story, model).apply(); }
    Result<ComparisonResult, RebuildFailure> compare(const ReadModel& model, const RebuildProgress& progress = {},
                                                     std::stop_token cancel = {}) {
        RebuildOrder order;
        order.database_url = database.service_url();
        order.batch_events = 20;
        return compare_with_replay(order, model, source, story.cipher(), progress, std::move(cancel));
    }
    std::string tables() {
        return database.execute("select string_agg(tablename, ' ' order by tablename) from pg_tables "
                                "where schemaname = 'read_models' and tablename ~ '_[0-9]'");
    }
};

}  // namespace

TEST_F(ComparisonTest, I7TheLiveTablesEqualAFullReplay) {
    story.random_events(300);
    story.publish();
    for (const ReadModel* model : {static_cast<const ReadModel*>(&users), static_cast<const ReadModel*>(&sessions),
                                   static_cast<const ReadModel*>(&audit)}) {
        apply(*model);
        const std::string before = tables();
        Position last = 0;
        const auto compared = compare(*model, [&](Position position, Position head) {
            EXPECT_GT(position, last);
            EXPECT_EQ(head, story.head());
            last = position;
        });
        ASSERT_TRUE(compared);
        EXPECT_FALSE(compared->first_difference);
        EXPECT_EQ(compared->position, story.head());
        EXPECT_GT(compared->rows, 10);
        EXPECT_EQ(tables(), before) << "the replay's tables stay behind";
    }
}

// I7, with records that the service did not write, of whatever they may be: the cursor moves over them, and no row.
TEST_F(ComparisonTest, I7AForeignRecordMovesTheCursorAndNothingElse) {
    story.random_events(60);
    story.publish();
    const Position genuine = story.head();
    for (int i = 0; i < 3; ++i) story.registers("mallory@example.com");
    story.publish();
    ASSERT_GE(story.head(), genuine + 3);
    for (Position position = genuine + 1; position <= story.head(); ++position)
        story.log().tamper(position, [&](auto& event) {
            event.trust = eventstore::RecordedEvent::Trust::kInert;
            event.payload = "no JSON at all";
            event.metadata = "";
            if (position == genuine + 2) event.type = "user.knighted";
        });
    for (const ReadModel* model : {static_cast<const ReadModel*>(&users), static_cast<const ReadModel*>(&audit)}) {
        apply(*model);
        const auto compared = compare(*model);
        ASSERT_TRUE(compared) << model->name();
        EXPECT_FALSE(compared->first_difference) << model->name();
        EXPECT_EQ(compared->position, story.head());
    }
    EXPECT_EQ(database.execute("select max(position) from read_models.audit_1"), std::to_string(genuine));
    EXPECT_EQ(database.execute("select count(*) from read_models.audit_1"), std::to_string(genuine));
}

// Each kind of damage in one of 100 rows, and before it in the order of the key nothing else.
TEST_F(ComparisonTest, NamesTheFirstDifference) {
    story.random_events(100);
    story.publish();
    apply(audit);
    database.execute("create table kept as select * from read_models.audit_1");
    const auto difference_after = [&](const std::string& damage) {
        database.execute(damage);
        const auto compared = compare(audit);
        database.execute("truncate read_models.audit_1; insert into read_models.audit_1 select * from kept");
        EXPECT_TRUE(compared && compared->first_difference) << damage;
        return compared && compared->first_difference ? *compared->first_difference : RowDifference{};
    };
    auto difference = difference_after("delete from read_models.audit_1 where position >= 60");
    EXPECT_EQ(difference.kind, RowDifference::Kind::kMissing);
    EXPECT_EQ(difference.table, "audit_1");
    EXPECT_EQ(difference.key, "position=60");
    difference =
        difference_after("update read_models.audit_1 set outcome = 'failure', reason = 'x' where position in (41, 70)");
    EXPECT_EQ(difference.kind, RowDifference::Kind::kChanged);
    EXPECT_EQ(difference.key, "position=41");
    EXPECT_EQ(difference.columns.back(), "reason");
    difference =
        difference_after("insert into read_models.audit_1 select (jsonb_populate_record(a, '{\"position\": 5000}')).* "
                         "from read_models.audit_1 as a where position = 7");
    EXPECT_EQ(difference.kind, RowDifference::Kind::kExtra);
    EXPECT_EQ(difference.key, "position=5000");
    database.execute("drop table kept");
    EXPECT_FALSE(compare(audit)->first_difference);
}

// Events come and the projector projects while the comparison runs: it compares at one position all the same.
TEST_F(ComparisonTest, BesideALivingProjector) {
    story.random_events(200);
    story.publish();
    Running running(database, story);
    ASSERT_TRUE(running.reaches(story.head()));
    const auto compared = compare(sessions, [&](Position position, Position) {
        if (position > 400) return;
        story.random_events(10);
        story.publish();
    });
    ASSERT_TRUE(compared);
    EXPECT_FALSE(compared->first_difference);
    EXPECT_GE(compared->position, 200);
    story.random_events(20);
    story.publish();
    EXPECT_TRUE(running.becomes([&](const auto& status) {
        const auto* projection = status_of(status, "sessions");
        return projection != nullptr && projection->generation == 1 && projection->position == story.head();
    }));
}

// Whoever has the service's role in the database writes what lists show. Nothing is decided by them; this is how it is
// found and mended.
TEST_F(ComparisonTest, FindsAndMendsWhatTheServicesRoleWrote) {
    story.random_events(200);
    story.publish();
    const PermissionsModel permissions;
    const ErasuresModel erasures;
    const DeadlinesModel deadlines;
    const ConsentsModel consents;
    struct Poison {
        const ReadModel& model;
        const char* sql;
    };
    const Poison kPoisons[]{
        {users, "update read_models.users_1 set administrator = not administrator"},
        {users, "update read_models.users_1 set email = 'mallory@example.com'"},
        {sessions, "update read_models.sessions_1 set user_id = gen_random_uuid()"},
        {audit, "delete from read_models.audit_1"},
        {permissions, "insert into read_models.permissions_1_assignments values (gen_random_uuid(), 'user',"
                      " gen_random_uuid(), 0, 'user', '', 1)"},
        {erasures, "insert into read_models.erasures_1 values (gen_random_uuid(), 0)"},
        {consents, "insert into read_models.consents_1 values (gen_random_uuid(), gen_random_uuid(),"
                   " gen_random_uuid(), 0, 1)"},
        {deadlines, "insert into read_models.deadlines_1 values (gen_random_uuid(), 'registration', 0, null)"},
    };
    for (const Poison& poison : kPoisons) {
        reset(database);
        apply(users);
        if (&poison.model != &users) apply(poison.model);
        keyledger::test::RawWriter(database.service_url()).run(poison.sql);
        EXPECT_TRUE(compare(poison.model)->first_difference) << poison.sql;
        const RebuildOrder order{database.service_url(), RebuildOrder::Begin::kAnew, RebuildOrder::Compare::kNo, 20};
        ASSERT_TRUE(rebuild(order, poison.model, source, story.cipher(), {}, {})) << poison.sql;
        EXPECT_FALSE(compare(poison.model)->first_difference) << poison.sql;
    }
}

TEST_F(ComparisonTest, WhatOperatorsLeftOutIsNoDifference) {
    for (int i = 0; i < 30; ++i) story.registers("u@example.com");
    story.publish();
    story.log().tamper(20, [](auto& event) { event.schema_version = 9; });
    apply(users);
    auto stopped = compare(users);
    ASSERT_TRUE(stopped);
    EXPECT_EQ(stopped->position, 19) << "up to where the live one stands";
    EXPECT_FALSE(stopped->first_difference);
    ASSERT_TRUE(skip(database.service_url(), {"users", 20, "root", "lost", {}}));
    apply(users);
    const auto compared = compare(users);
    ASSERT_TRUE(compared);
    EXPECT_EQ(compared->skipped_events, 1);
    EXPECT_EQ(compared->rows, 29);
    EXPECT_FALSE(compared->first_difference);
    EXPECT_EQ(database.execute("select count(*) from read_models.skips"), "1");
}

TEST_F(ComparisonTest, SaysWhyItCouldNotCompare) {
    story.random_events(50);
    story.publish();
    apply(users);
    std::stop_source cancel;
    EXPECT_EQ(compare(
                  users, [&](Position, Position) { cancel.request_stop(); }, cancel.get_token())
                  .error()
                  .why,
              Why::kCancelled);
    database.execute("update read_models.generations set layout = 99");
    EXPECT_EQ(compare(users).error().why, Why::kOtherLayout);
    database.execute("update read_models.generations set layout = " + std::to_string(users.layout()));
    story.log().fail_with(eventstore::ReadError::kHole);
    EXPECT_EQ(compare(users).error().why, Why::kLogUnreadable);
    story.log().fail_with({});
    EXPECT_FALSE(compare(users)->first_difference);
}

TEST_F(ComparisonTest, InspectSaysWhereEachIs) {
    const auto models = all_read_models();
    auto states = inspect(database.service_url(), models);
    ASSERT_EQ(states.size(), models.size());
    EXPECT_EQ(states[0].generation, 0);
    EXPECT_TRUE(states[0].is_good());
    for (int i = 0; i < 30; ++i) story.registers("u@example.com");
    story.publish();
    story.log().tamper(20, [](auto& event) { event.schema_version = 9; });
    apply(users);
    states = inspect(database.service_url(), models);
    EXPECT_EQ(states[0].generation, 1);
    EXPECT_EQ(states[0].position, 19);
    ASSERT_TRUE(states[0].stopped);
    EXPECT_EQ(states[0].stopped->kind, "event");
    EXPECT_EQ(states[0].stopped->at.position, 20);
    EXPECT_FALSE(states[0].is_good());
    ASSERT_TRUE(skip(database.service_url(), {"users", 20, "root", "lost", {}}));
    apply(users);
    states = inspect(database.service_url(), models);
    EXPECT_TRUE(states[0].is_good());
    EXPECT_EQ(states[0].position, 30);
    ASSERT_EQ(states[0].skips.size(), 1u);
    EXPECT_EQ(states[0].skips[0].who, "root");
}

// A projection that stands stopped meets no fence: it must see by itself that it was rebuilt.
TEST_F(ComparisonTest, AStoppedProjectionGoesOnAfterItsRebuild) {
    for (int i = 0; i < 30; ++i) story.registers("u@example.com");
    story.publish();
    eventstore::RecordedEvent whole;
    story.log().tamper(20, [&](auto& event) {
        whole = event;
        event.schema_version = 9;
    });
    Running running(database, story);
    ASSERT_TRUE(running.becomes([&](const auto& status) {
        const auto* projection = status_of(status, "users");
        return projection != nullptr && projection->stopped.has_value();
    }));
    story.log().tamper(20, [&](auto& event) { event = whole; });
    RebuildOrder order;
    order.database_url = database.service_url();
    ASSERT_TRUE(rebuild(order, users, source, story.cipher(), {}));
    story.random_events(20);
    story.publish();
    EXPECT_TRUE(running.becomes([&](const auto& status) {
        const auto* projection = status_of(status, "users");
        return projection != nullptr && !projection->stopped && projection->generation == 2 &&
               projection->position == story.head();
    }));
}

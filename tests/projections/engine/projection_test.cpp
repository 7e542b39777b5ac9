// One projection at a time, without threads: its fence, its poison, and what a kill leaves behind.
#include "projections/engine/projection.hpp"

#include <gtest/gtest.h>

#include <future>

#include "projections/engine/runner.hpp"
#include "projections/models/read_models.hpp"
#include "projections/rebuild/operations.hpp"
#include "tests/projections/driver.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

class ProjectionTest : public testing::Test {
protected:
    keyledger::test::Database& database = fresh_database();
    Story story{database};
    UsersModel users;

    std::string count(const std::string& table) { return database.execute("select count(*) from " + table); }
    std::string checkpoint(const std::string& model) {
        return database.execute("select position from keyledger.checkpoints where reader = '" + model + "'");
    }
};

}  // namespace

// A projector is paused, its lock goes to another, which moves on. The first wakes up and applies what it
// still holds: its first statement finds the checkpoint elsewhere, and nothing of it is written.
TEST_F(ProjectionTest, AZombieThatComesLateIsFenced) {
    story.registers("ann@example.com");
    Driver zombie(database, story, users);
    zombie.tell();
    story.registers("bob@example.com");
    story.publish();
    Driver other(database, story, users);
    other.apply();
    EXPECT_THROW(zombie.apply(), StandDown);
    EXPECT_EQ(count("read_models.users_1"), "2");
    EXPECT_EQ(checkpoint("users"), "2");
}

// The zombie is paused inside its transaction, after the fence. The other one waits behind its row lock. When
// the zombie commits late, the other finds that it is no longer where it thought, and stands down; the rows
// are there once.
TEST_F(ProjectionTest, AZombieThatCommitsLateFencesTheOther) {
    story.registers("ann@example.com");
    story.publish();
    Driver zombie(database, story, users);
    Driver other(database, story, users);
    const auto events = story.log().all();
    pqxx::work late(zombie.connection());
    ASSERT_EQ(late.exec_params("update keyledger.checkpoints set position = 1, leaf_hash = $1::bytea "
                               "where reader = 'users' and position = 0",
                               bytea_text(events[0].leaf_hash))
                  .affected_rows(),
              1U);
    auto waiting = std::async(std::launch::async, [&] { other.apply(); });
    while (count("pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") != "1")
        ASSERT_EQ(waiting.wait_for(std::chrono::milliseconds(1)), std::future_status::timeout);
    late.exec("insert into read_models.users_1 select gen_random_uuid(), 'a', null, null, 'active', false, false, "
              "null, null, null, false, 1, 1, 1, 1, 1");
    late.commit();
    EXPECT_THROW(waiting.get(), StandDown);
    EXPECT_EQ(count("read_models.users_1"), "1");
}

// The backend is killed before and after every statement of every batch, and at the commit. Whoever resumes
// from the checkpoint ends with the same tables as an undisturbed replay (I7).
TEST(ProjectionKilled, AtEveryStatementAndResumedI7) {
    const keyledger::test::Database database;  // its own, for the triggers
    Story story(database);
    story.random_events(45);
    story.publish();
    const auto all = all_read_models();
    std::vector<std::string> expected;
    for (const auto& model : all) {
        Driver(database, story, *model).apply();
        expected.push_back(digest(database.service_url(), *model).digest);
    }
    reset(database);
    KilledAtStatements killed(database);
    for (const auto& model : all) Driver(database, story, *model);
    for (std::size_t i = 0; i < all.size(); ++i) {
        std::string tables;
        for (const std::string& table : all[i]->tables(1))
            tables += (tables.empty() ? "read_models." : ",read_models.") + table;
        killed.watch(tables);
        int kills = 0;
        for (int at = 1; at == kills + 1; ++at) {
            killed.empty(tables);
            killed.begin_at(at);
            try {
                Driver(database, story, *all[i]).apply(20);
            } catch (const std::exception&) {  // StandDown, or the next use of a dead connection
                ++kills;
                Driver(database, story, *all[i]).apply(20);
            }
            ASSERT_EQ(digest(database.service_url(), *all[i]).digest, expected[i])
                << all[i]->name() << " after a kill at statement " << at;
        }
        EXPECT_GE(kills, 9) << all[i]->name();
    }
}

// One row that the table refuses, in the midst of a batch: all before it is kept, and the stop names it.
TEST_F(ProjectionTest, ARefusedEventStopsItExactlyThere) {
    Driver driver(database, story, users);
    database.execute("alter table read_models.users_1 add constraint poison check (email <> 'p57@example.com')");
    for (int i = 1; i <= 100; ++i) story.registers("p" + std::to_string(i) + "@example.com");
    driver.tell();
    ASSERT_TRUE(driver.projection().stopped());
    EXPECT_EQ(driver.projection().stopped()->kind, StopKind::kEvent);
    EXPECT_EQ(driver.projection().stopped()->at.position, 57);
    EXPECT_EQ(driver.projection().stopped()->at.event_type, "user.registered");
    EXPECT_NE(driver.projection().stopped()->at.reason.find("poison"), std::string::npos);
    EXPECT_EQ(driver.projection().stopped()->at.reason.find("p57@example.com"), std::string::npos);
    EXPECT_EQ(count("read_models.users_1"), "56");
    EXPECT_EQ(checkpoint("users"), "56");
    EXPECT_EQ(rows(database, "select model, generation, kind, position, event_type from read_models.stopped"),
              std::vector<std::string>{"users|1|event|57|user.registered"});
}

TEST_F(ProjectionTest, AnUnreadableEventStopsItExactlyThere) {
    for (int i = 1; i <= 10; ++i) story.registers("u@example.com");
    story.publish();
    story.log().tamper(7, [](auto& event) { event.type = "user.of_a_later_release"; });
    Driver driver(database, story, users);
    driver.apply();
    EXPECT_EQ(driver.projection().stopped()->at.position, 7);
    EXPECT_EQ(driver.projection().stopped()->at.event_type, "user.of_a_later_release");
    EXPECT_EQ(checkpoint("users"), "6");
}

TEST_F(ProjectionTest, MissingKeyMaterialStopsItInsteadOfErasing) {
    story.registers("ann@example.com");
    story.publish();
    database.execute("update keyledger.subject_keys set key_encryption_key_id = 'lost'");
    Driver driver(database, story, users);
    driver.apply();
    ASSERT_TRUE(driver.projection().stopped());
    EXPECT_NE(driver.projection().stopped()->at.reason.find("key-encryption key"), std::string::npos);
    EXPECT_EQ(count("read_models.users_1"), "0");
}

TEST_F(ProjectionTest, OnlyTheEventAtWhichItStoppedCanBeSkippedAndThatIsRecorded) {
    for (int i = 1; i <= 10; ++i) story.registers("u@example.com");
    story.publish();
    story.log().tamper(7, [](auto& event) { event.payload = "{}"; });
    Driver driver(database, story, users);
    driver.apply();
    const std::string& url = database.service_url();
    EXPECT_EQ(skip(url, {"users", 6, "root", "broken", {}}).error(), SkipRefusal::kNotStoppedThere);
    EXPECT_EQ(skip(url, {"audit", 7, "root", "broken", {}}).error(), SkipRefusal::kNotStoppedThere);
    EXPECT_EQ(skip(url, {"users", 7, "root", "", {}}).error(), SkipRefusal::kNoReason);
    EXPECT_EQ(skip(url, {"users", 7, "", "broken", {}}).error(), SkipRefusal::kNoReason);
    driver.projection().look_for_skip(driver.connection());
    EXPECT_TRUE(driver.projection().stopped());

    EXPECT_TRUE(skip(url, {"users", 7, "root", "broken", {}}));
    EXPECT_EQ(skip(url, {"users", 7, "root", "again", {}}).error(), SkipRefusal::kNotStoppedThere);
    driver.projection().look_for_skip(driver.connection());
    EXPECT_FALSE(driver.projection().stopped());
    driver.apply();
    EXPECT_EQ(checkpoint("users"), "10");
    EXPECT_EQ(count("read_models.users_1"), "9");
    EXPECT_EQ(count("read_models.stopped"), "0");
    EXPECT_EQ(rows(database, "select model, generation, position, event_type, skipped_by, why "
                             "from read_models.skips"),
              std::vector<std::string>{"users|1|7|user.registered|root|broken"});
}

TEST_F(ProjectionTest, ASkipInTheMidstOfABatchIsHonouredOnTheWay) {
    for (int i = 1; i <= 10; ++i) story.registers("u@example.com");
    story.publish();
    Driver first(database, story, users);
    database.execute("insert into read_models.skips values ('users', 1, 4, 'user.registered', 'r', 'root', 'why')");
    Driver driver(database, story, users);
    driver.apply();
    EXPECT_EQ(checkpoint("users"), "10");
    EXPECT_EQ(count("read_models.users_1"), "9");
    EXPECT_EQ(count("read_models.users_1 where position = 4"), "0");
}

TEST_F(ProjectionTest, ServerTroubleThatPassesIsNotPoison) {
    story.registers("ann@example.com");
    Driver driver(database, story, users);
    database.execute("create function full_disk() returns trigger language plpgsql as $$ begin "
                     "raise exception 'disk full' using errcode = '53100'; end $$; "
                     "create trigger full_disk before insert on read_models.users_1 execute function full_disk()");
    EXPECT_THROW(driver.tell(), std::runtime_error);
    EXPECT_FALSE(driver.projection().stopped());
    EXPECT_EQ(driver.projection().trouble(), "ERROR:  disk full");
    database.execute("drop trigger full_disk on read_models.users_1; drop function full_disk(); "
                     "revoke insert on read_models.users_1 from keyledger_test_service");
    EXPECT_THROW(driver.apply(), std::runtime_error);
    EXPECT_FALSE(driver.projection().stopped());
    database.execute("grant insert on read_models.users_1 to keyledger_test_service");
    driver.apply();
    EXPECT_EQ(checkpoint("users"), "1");
    EXPECT_EQ(driver.projection().trouble(), "");
}

// The key dies between two that follow the log: the one before has opened its own copy, the next finds nothing.
TEST_F(ProjectionTest, AnErasedSubjectIsErasedInWhatIsSharedToo) {
    const UserId ann = story.registers("ann@example.com");
    story.publish();
    const Connection connection = connect(database.service_url(), "test");
    const auto events = eventstore::as_followed(story.log().all());
    pqxx::nontransaction read(*connection);
    const auto email = [&] {
        KeyCache cache(story.cipher(), 3);
        const DecodedBatch decoded = decode_batch(events, cache, story.cipher(), read);
        EXPECT_FALSE(decoded.poison);
        return std::get<UserRegistered>(*eventstore::event_in<User>(*decoded.events.at(0).event)).email.value;
    };
    EXPECT_EQ(email(), "ann@example.com");
    story.destroy_key(ann);
    EXPECT_EQ(email(), std::nullopt);
}

// For whoever needs nothing personal: what everybody shares, and no key.
TEST_F(ProjectionTest, WhatIsSealedStaysSealedUnlessSomebodyOpensIt) {
    for (int i = 1; i <= 3; ++i) story.registers("u" + std::to_string(i) + "@example.com");
    story.publish();
    std::vector<eventstore::RecordedEvent> all = story.log().all();
    ASSERT_GE(all.size(), 3U);
    all[1].trust = eventstore::RecordedEvent::Trust::kInert;
    const auto events = eventstore::as_followed(all);
    const DecodedBatch decoded = decode_sealed(events);
    EXPECT_FALSE(decoded.poison);
    ASSERT_EQ(decoded.events.size(), events.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
        EXPECT_EQ(decoded.events[i].recorded, events[i].get());
        EXPECT_EQ(decoded.events[i].event, i == 1 ? nullptr : events[i]->decoded()) << "shared, not copied";
    }
    EXPECT_EQ(std::get<UserRegistered>(*eventstore::event_in<User>(*decoded.events[0].event)).email.value,
              std::nullopt);
    EXPECT_EQ(decoded.events[0].recorded->envelope().client_address.value, std::nullopt);

    all[2].type = "user.of_tomorrow";
    const auto unreadable = eventstore::as_followed(all);
    const DecodedBatch cut = decode_sealed(unreadable);
    ASSERT_TRUE(cut.poison);
    EXPECT_EQ(cut.events.size(), 2U);
    EXPECT_EQ(cut.poison->position, 3);
    EXPECT_EQ(cut.poison->event_type, "user.of_tomorrow");
    EXPECT_NE(cut.poison->reason, "");
    all[2] = story.log().all()[2];
    all[2].metadata = "no JSON";
    EXPECT_TRUE(decode_sealed(eventstore::as_followed(all)).poison) << "who did it is asked, too";
}

TEST_F(ProjectionTest, ACacheSmallerThanABatchOpensEveryField) {
    for (int i = 1; i <= 20; ++i) story.registers("u" + std::to_string(i) + "@example.com");
    story.publish();
    const Connection connection = connect(database.service_url(), "test");
    KeyCache cache(story.cipher(), 3);
    const auto events = eventstore::as_followed(story.log().all());
    pqxx::nontransaction read(*connection);
    for (int round = 0; round < 2; ++round) {
        const DecodedBatch decoded = decode_batch(events, cache, story.cipher(), read);
        ASSERT_FALSE(decoded.poison);
        for (std::size_t i = 0; i < events.size(); ++i) {
            const auto& registered = std::get<UserRegistered>(*eventstore::event_in<User>(*decoded.events[i].event));
            EXPECT_EQ(registered.email.value, "u" + std::to_string(i + 1) + "@example.com");
            EXPECT_EQ(decoded.events[i].metadata.client_address.value, "192.0.2.7");
        }
        EXPECT_LE(cache.size(), 3U);
    }
}

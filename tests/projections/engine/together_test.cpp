// Read models that stand at one place move on in one transaction: all of them or none.
#include <gtest/gtest.h>

#include "projections/models/read_models.hpp"
#include "projections/rebuild/operations.hpp"
#include "tests/projections/driver.hpp"

using namespace keyledger;
using namespace keyledger::projections;
using namespace keyledger::projections::test;

namespace {

// All read models on one session, as the projector has them.
class Together {
public:
    Together(const keyledger::test::Database& database, Story& story,
             std::vector<std::unique_ptr<ReadModel>> models = all_read_models())
        : story_(story),
          connection_(connect(database.service_url(), "keyledger test driver")),
          keys_(story.cipher(), 1000),
          models_(std::move(models)) {
        prepare_writer(*connection_);
        create_catalogue(*connection_);
        projections_.reserve(models_.size());
        for (const auto& model : models_)
            members_.push_back(&projections_.emplace_back(*connection_, *model, open_current(*connection_, *model)));
    }

    // One by one, up to `last`: none of them knows of a stop from before then.
    void begin(std::int32_t events) {
        Batch batch = next(events);
        for (Projection* one : members_) one->advance(*connection_, batch.recorded, batch.decoded);
    }
    bool go_on(std::int32_t events, std::chrono::milliseconds patience = kSilentLeaderTimeout) {
        Batch batch = next(events);
        return Projection::advance_together(*connection_, members_, batch.recorded, batch.decoded, patience);
    }
    // Another follower has decoded what comes.
    void let_others_be_first() { others_are_first_ = true; }
    bool is_at(Position position) const {
        return std::ranges::all_of(members_, [&](const auto* one) { return one->cursor().position == position; });
    }
    Position position() const { return members_.front()->cursor().position; }

private:
    struct Batch {
        eventstore::FollowedEvents recorded;
        DecodedBatch decoded;
    };
    Batch next(std::int32_t events) {
        Batch batch{eventstore::as_followed(story_.log().read_after(members_.front()->cursor(), events).value()), {}};
        for (const auto& event : batch.recorded)
            if (others_are_first_) (void)event->decoded();
        pqxx::nontransaction read_keys(*connection_);
        batch.decoded = decode_batch(batch.recorded, keys_, story_.cipher(), read_keys);
        return batch;
    }

    Story& story_;
    Connection connection_;
    KeyCache keys_;
    bool others_are_first_ = false;
    std::vector<std::unique_ptr<ReadModel>> models_;
    std::vector<Projection> projections_;
    std::vector<Projection*> members_;
};

// One without tables, over which the server takes as long as the test says.
class Slow : public ReadModel {
public:
    Slow(std::string name, const std::chrono::milliseconds& takes) : name_(std::move(name)), takes_(takes) {}
    Model model() const override { return {name_, 1}; }
    std::vector<std::string_view> parts() const override { return {}; }
    void create(pqxx::transaction_base&, int) const override {}
    void apply(pqxx::transaction_base& transaction, int, std::span<const DecodedEvent>) const override {
        transaction.exec("select pg_sleep(" + std::to_string(takes_.count()) + " / 1000.0)");
    }

private:
    const std::string name_;
    const std::chrono::milliseconds& takes_;
};
std::vector<std::unique_ptr<ReadModel>> slow_ones(int count, const std::chrono::milliseconds& each_takes) {
    std::vector<std::unique_ptr<ReadModel>> models;
    for (int i = 1; i <= count; ++i) models.push_back(std::make_unique<Slow>("slow_" + std::to_string(i), each_takes));
    return models;
}

// What a model is told; and it may refuse all events.
struct Told {
    int begun = 0;
    int applied = 0;
    int committed = 0;
    bool refuses = false;
};
class Listening : public ReadModel {
public:
    Listening(std::string name, Told& told) : name_(std::move(name)), told_(told) {}
    Model model() const override { return {name_, 1}; }
    std::vector<std::string_view> parts() const override { return {}; }
    void create(pqxx::transaction_base&, int) const override {}
    void apply(pqxx::transaction_base&, int, std::span<const DecodedEvent>) const override {
        ++told_.applied;
        if (told_.refuses) throw InconsistentLog("refused");
    }
    void forget() const override { ++told_.begun; }
    void committed() const override { ++told_.committed; }

private:
    const std::string name_;
    Told& told_;
};

class ProjectionsTogether : public testing::Test {
protected:
    keyledger::test::Database& database = fresh_database();
    Story story{database};

    void publish(int events) {
        story.random_events(events);
        story.publish();
    }
    std::vector<std::string> digests() {
        std::vector<std::string> all;
        for (const auto& model : all_read_models()) all.push_back(digest(database.service_url(), *model).digest);
        return all;
    }
    // Of the checkpoints: how many there are of each transaction and position.
    std::vector<std::string> places() {
        return rows(database, "select count(*), position from keyledger.checkpoints group by xmin, position"
                              " order by position");
    }
};

}  // namespace

TEST_F(ProjectionsTogether, MoveInOneTransactionI7) {
    publish(120);
    Together together(database, story);
    together.begin(20);
    EXPECT_EQ(places().size(), all_read_models().size());
    while (!together.is_at(story.head())) ASSERT_TRUE(together.go_on(33));
    EXPECT_EQ(places(), std::vector{std::to_string(all_read_models().size()) + '|' + std::to_string(story.head())});
    const auto moved_together = digests();
    reset(database);
    for (const auto& model : all_read_models()) Driver(database, story, *model).apply();
    EXPECT_EQ(moved_together, digests());
}

TEST_F(ProjectionsTogether, SeeTheSameOfWhatOthersDecoded) {
    publish(200);
    Together together(database, story);
    together.let_others_be_first();
    together.begin(20);
    while (!together.is_at(story.head())) ASSERT_TRUE(together.go_on(33));
    const auto of_shared = digests();
    reset(database);
    for (const auto& model : all_read_models()) Driver(database, story, *model).apply();
    EXPECT_EQ(of_shared, digests());
}

// Somebody else moved one of them: none is moved by a process that believes to lead.
TEST_F(ProjectionsTogether, WhereOneIsElsewhereNothingIsWritten) {
    publish(40);
    Together together(database, story);
    together.begin(20);
    database.execute("update keyledger.checkpoints set position = 21 where reader = 'audit'");
    const auto before = digests();
    EXPECT_FALSE(together.go_on(20));
    EXPECT_TRUE(together.is_at(20));
    EXPECT_EQ(digests(), before);
    EXPECT_EQ(database.execute("select count(*) from keyledger.checkpoints where position = 20"),
              std::to_string(all_read_models().size() - 1));
}

TEST_F(ProjectionsTogether, AreToldOfCommitsAloneAndOfEachNewBeginning) {
    publish(40);
    Told first, last;
    const auto both = [&] {
        std::vector<std::unique_ptr<ReadModel>> models;
        models.push_back(std::make_unique<Listening>("first", first));
        models.push_back(std::make_unique<Listening>("last", last));
        return models;
    };
    Together together(database, story, both());
    together.begin(1);
    EXPECT_EQ(first.committed, 1);
    ASSERT_TRUE(together.go_on(10));
    EXPECT_EQ(first.committed, 2);
    EXPECT_EQ(last.committed, 2);
    last.refuses = true;
    EXPECT_FALSE(together.go_on(10));
    EXPECT_EQ(first.applied, 3);
    EXPECT_EQ(first.committed, 2);
    together.begin(1);  // each by itself
    EXPECT_EQ(first.committed, 3);
    EXPECT_EQ(last.committed, 2);
    EXPECT_EQ(first.begun, 1);
    Together next(database, story, both());
    EXPECT_EQ(first.begun, 2);
    EXPECT_EQ(last.begun, 2);
}

// Five that take 300 ms each, of 900 ms that one may take: one bound for all would keep all of them where they are, for
// good, though each would get on by itself.
TEST_F(ProjectionsTogether, EachMayTakeTheTimeThatItHasAlone) {
    publish(20);
    std::chrono::milliseconds each_takes{0};
    Together together(database, story, slow_ones(5, each_takes));
    together.begin(1);
    each_takes = 300ms;
    EXPECT_TRUE(together.go_on(10, 900ms));
    EXPECT_TRUE(together.is_at(11));
}

// A server that does not answer over one of them: the session is given up, and whoever leads next finds all as before.
TEST_F(ProjectionsTogether, NoneIsWaitedForWithoutABound) {
    publish(20);
    std::chrono::milliseconds each_takes{0};
    Together together(database, story, slow_ones(2, each_takes));
    together.begin(1);
    each_takes = 5s;
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_THROW(together.go_on(10, 300ms), StandDown);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 4s);
    EXPECT_EQ(database.execute("select count(*) from keyledger.checkpoints where reader like 'slow%' and position = 1"),
              "2");
}

TEST_F(ProjectionsTogether, WhatOneCantApplyIsWrittenForNone) {
    story.registers("ann@example.com");
    story.publish();
    Together together(database, story);
    together.begin(1);
    story.registers("bob@example.com");
    story.record(story.new_id(), SessionEvent(SessionRefreshed{2, ""}), By{});
    story.publish();
    const auto before = digests();
    EXPECT_FALSE(together.go_on(20));
    EXPECT_TRUE(together.is_at(1));
    EXPECT_EQ(digests(), before);
    together.begin(20);  // by itself, each goes as far as it can
    EXPECT_EQ(database.execute("select position from keyledger.checkpoints where reader = 'users'"), "3");
    EXPECT_EQ(database.execute("select position from keyledger.checkpoints where reader = 'audit'"), "2");
}

TEST_F(ProjectionsTogether, ASkipOnTheWayIsForEachByItself) {
    story.registers("ann@example.com");
    const Position poisoned = story.record(story.new_id(), SessionEvent(SessionRefreshed{2, ""}), By{});
    story.publish();
    Together(database, story).begin(20);
    for (const char* model : {"sessions", "audit"})
        ASSERT_TRUE(skip(database.service_url(), {model, poisoned, "root", "made by hand", {}}));
    database.execute("update keyledger.checkpoints c set position = 1, leaf_hash = "
                     "(select leaf_hash from keyledger.checkpoints where reader = 'audit')");
    Together together(database, story);
    EXPECT_FALSE(together.go_on(20));
    together.begin(20);
    EXPECT_TRUE(together.is_at(2));
}

// One statement moves all checkpoints. Those tables are written that an event of the batch concerns, and no other.
TEST(ProjectionsTogetherWatched, WriteOneStatementForAllCheckpointsAndNoneForWhomNothingConcerns) {
    const keyledger::test::Database database;  // its own, for the triggers
    Story story(database);
    const SessionId session = story.logs_in(story.registers("ann@example.com"));
    story.publish();
    Together together(database, story);
    together.begin(20);
    database.execute(R"(
        create table written (what text);
        create function note_it() returns trigger language plpgsql security definer as $$ begin
            insert into public.written values (tg_table_schema || '.' || tg_table_name);
            return null;
        end $$;
        do $$ declare one regclass; begin
            for one in select oid from pg_class where relkind = 'r' and
                (relnamespace = 'read_models'::regnamespace or oid = 'keyledger.checkpoints'::regclass) loop
                execute format('create trigger noted after insert or update or delete on %s execute function note_it()',
                               one);
            end loop;
        end $$;)");
    const auto written = [&] {
        const auto all = rows(database, "select what, count(*) from written group by what order by what");
        database.execute("truncate written");
        return all;
    };
    // Of the audit trail. Once inserted, else updated: triggers of both kinds are called for that one statement.
    constexpr const char* kHours = "read_models.audit_1_hours|2";
    for (int batch = 1; batch <= 3; ++batch) {
        for (int i = 0; i < batch; ++i) story.refreshes(session);
        story.publish();
        ASSERT_TRUE(together.go_on(20));
        ASSERT_TRUE(together.is_at(story.head()));
        EXPECT_EQ(written(), (std::vector<std::string>{"keyledger.checkpoints|1", "read_models.audit_1|1", kHours,
                                                       "read_models.sessions_1|1"}));
    }
    // A failed log-in is in the audit trail, and nowhere else.
    story.record(story.new_id(), LoginAttemptsEvent(LoginFailed{std::nullopt, LoginFailure::kWrongPassword}), By{});
    story.publish();
    ASSERT_TRUE(together.go_on(20));
    ASSERT_TRUE(together.is_at(story.head()));
    EXPECT_EQ(written(), (std::vector<std::string>{"keyledger.checkpoints|1", "read_models.audit_1|1", kHours}));
}

// The backend is killed before and after every statement, and at the commit. Whoever resumes finds all of them at one
// place, and ends with the same tables as an undisturbed replay.
TEST(ProjectionsTogetherKilled, AtEveryStatementAndResumedI7) {
    const keyledger::test::Database database;  // its own, for the triggers
    Story story(database);
    story.random_events(60);
    story.publish();
    const auto all = all_read_models();
    std::vector<std::string> expected;
    for (const auto& model : all) {
        Driver(database, story, *model).apply();
        expected.push_back(digest(database.service_url(), *model).digest);
    }
    std::string tables;
    for (const auto& model : all)
        for (const std::string& table : model->tables(1)) tables += ",read_models." + table;
    tables.erase(0, 1);
    KilledAtStatements killed(database);
    killed.watch(tables);
    int kills = 0;
    for (int at = 1; at == kills + 1; ++at) {
        killed.empty(tables);
        Together first(database, story);
        first.begin(15);
        killed.begin_at(at);
        try {
            while (!first.is_at(story.head())) ASSERT_TRUE(first.go_on(20));
        } catch (const std::exception&) {  // StandDown, or the next use of a dead connection
            ++kills;
            Together second(database, story);
            ASSERT_TRUE(second.is_at(second.position())) << "after a kill at statement " << at;
            second.begin(20);
            while (!second.is_at(story.head())) ASSERT_TRUE(second.go_on(20));
        }
        for (std::size_t i = 0; i < all.size(); ++i)
            ASSERT_EQ(digest(database.service_url(), *all[i]).digest, expected[i])
                << all[i]->name() << " after a kill at statement " << at;
    }
    EXPECT_GE(kills, 3 * 2 * 4);
}

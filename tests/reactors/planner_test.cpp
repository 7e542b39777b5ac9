// Jobs follow from the log: planned once, whatever is killed, and from the head on where something is new (I15).
#include "tests/reactors/world.hpp"

using namespace keyledger;
using namespace keyledger::reactors;
using namespace keyledger::reactors::test;

namespace {

using PlannerTest = ReactorsTest;

// Two for each registration, one for every other event of a user.
std::string owed_jobs(keyledger::test::Database& database, Position behind) {
    return database.execute("select coalesce(sum(case event_type when 'user.registered' then 2 else 1 end), 0)"
                            "  from keyledger.events where stream_type = 'user' and position > " +
                            std::to_string(behind));
}

}  // namespace

// While it lives, a job that is planned for the second time is an error, which stops the planner.
class PlansOnce {
public:
    explicit PlansOnce(keyledger::test::Database& database) : database_(database) {
        database_.execute(
            "create table keyledger.planned_once (log_id uuid, reactor text, position bigint, ordinal integer,"
            " primary key (log_id, reactor, position, ordinal));"
            " create function keyledger.plan_once() returns trigger language plpgsql security definer as $$ begin"
            " insert into keyledger.planned_once values (new.log_id, new.reactor, new.position, new.ordinal);"
            " return new; end $$;"
            " create trigger plan_once before insert on keyledger.jobs for each row"
            " execute function keyledger.plan_once()");
    }
    ~PlansOnce() { database_.execute("drop function keyledger.plan_once cascade; drop table keyledger.planned_once"); }

private:
    keyledger::test::Database& database_;
};

// While it lives, the first commits that move a cursor come to nothing, as a deadlock's do.
class AbortsFirst {
public:
    AbortsFirst(keyledger::test::Database& database, int times) : database_(database) {
        database_.execute(
            "create sequence keyledger.aborted;"
            " create function keyledger.abort_first() returns trigger language plpgsql security definer as $$ begin"
            " if nextval('keyledger.aborted') <= " +
            std::to_string(times) +
            " then raise exception 'not yet' using errcode = '40P01'; end if; return null; end $$;"
            " create constraint trigger abort_first after update on keyledger.checkpoints deferrable initially deferred"
            " for each row execute function keyledger.abort_first()");
    }
    ~AbortsFirst() {
        database_.execute("drop function keyledger.abort_first cascade; drop sequence keyledger.aborted");
    }
    int tries() const { return std::stoi(database_.execute("select last_value from keyledger.aborted")); }

private:
    keyledger::test::Database& database_;
};

TEST_F(PlannerTest, BeginsAtTheHeadAndPlansWhatFollows) {
    story.registers("before@example.org");
    publish();
    const auto planner = this->planner();
    ASSERT_TRUE(is_level(*planner, story.head()));
    EXPECT_EQ(count("true"), "0");

    const Uuid user = story.registers("after@example.org");
    story.record(user, UserEvent(UserDisabled{}), By{});
    publish();
    ASSERT_TRUE(is_level(*planner, story.head()));
    const std::string id = user.to_string();
    EXPECT_EQ(rows("select reactor, position, ordinal, kind, subject, arguments, state, attempts, error_code"
                   "  from keyledger.jobs order by position, ordinal"),
              (std::vector<std::string>{"recording|2|0|greet|" + id + "|{}|due|0|-",
                                        "recording|2|1|tell|" + id + "|{" + id + "," + id + "}|due|0|-",
                                        "recording|3|0|note|" + id + "|{}|due|0|-"}));
}

// Two nodes plan; whoever leads is killed again and again while events come. At the end every event that owes jobs has
// each of them, no other is there, and none was planned twice: a trigger of this test's lets that fail.
TEST_F(PlannerTest, PlansOnceWhoeverIsKilled) {
    const PlansOnce plans_once(database);
    const auto a = planner("planner A");
    ASSERT_TRUE(is_level(*a, 0));
    const auto b = planner("planner B");
    for (int i = 0; i < 6; ++i) {
        story.random_events(40);
        publish();
        kill(i % 2 == 0 ? "planner A" : "planner B");
        ASSERT_TRUE(becomes([&] { return count("true") == owed_jobs(database, 0); })) << count("true");
    }
    EXPECT_NE(count("true"), "0");
    for (const auto* planner : {a.get(), b.get()})
        for (const auto& plan : planner->status().projections) EXPECT_FALSE(plan.stopped);
}

// However its cursor is moved: nobody waits for mail about what happened days ago, and all of it would come at once.
TEST_F(PlannerTest, PlansNothingOfWhatHappenedADayAgo) {
    auto planner = this->planner();
    ASSERT_TRUE(is_level(*planner, 0));
    planner.reset();
    const Instant now = story.now;
    story.now = now - hours(25);
    story.registers("old@example.org");
    publish();
    story.now = now;
    story.registers("new@example.org");
    publish();
    planner = this->planner();
    ASSERT_TRUE(is_level(*planner, story.head()));
    EXPECT_EQ(rows("select distinct position from keyledger.jobs"), std::vector<std::string>{"2"});
    EXPECT_EQ(planned.too_late, 2);
}

// What a transaction leaves out that comes to nothing is left out again by the next one, and is no more for that.
TEST_F(PlannerTest, CountsWhatCameTooLateOnceHoweverOftenItIsTried) {
    auto planner = this->planner();
    ASSERT_TRUE(is_level(*planner, 0));
    planner.reset();
    const Instant now = story.now;
    story.now = now - hours(25);
    story.registers("old@example.org");
    publish();
    const AbortsFirst aborts(database, 3);
    planner = this->planner();
    ASSERT_TRUE(is_level(*planner, story.head()));
    EXPECT_GT(aborts.tries(), 3);
    EXPECT_EQ(planned.too_late, 2);
    EXPECT_EQ(count("true"), "0");
    story.registers("as.old@example.org");  // counting goes on behind it
    publish();
    ASSERT_TRUE(is_level(*planner, story.head()));
    EXPECT_EQ(planned.too_late, 4);
}

// Whoever performs looks for jobs when it says that there are any: not after each of the many events that are nobody's.
TEST_F(PlannerTest, NotesThatItHasPlannedSomethingAndNotThatItReadOn) {
    const auto planner = this->planner();
    ASSERT_TRUE(is_level(*planner, 0));
    const UserId user = story.registers("somebody@example.org");
    publish();
    ASSERT_TRUE(is_level(*planner, story.head()));
    EXPECT_TRUE(planned.has_planned.exchange(false));
    for (int i = 0; i < 3; ++i) {
        story.logs_in(user);
        publish();
        ASSERT_TRUE(is_level(*planner, story.head()));
    }
    EXPECT_FALSE(planned.has_planned);
}

// Whoever has the service's role can write a row under the name of a job to come. It stops nobody, and gives way.
TEST_F(PlannerTest, ReplacesWhatStandsUnderTheNameOfAJobToCome) {
    const auto planner = this->planner();
    ASSERT_TRUE(is_level(*planner, 0));
    database.execute("insert into keyledger.jobs (log_id, reactor, position, ordinal, kind, subject, arguments, state)"
                     " select log_id, 'recording', 1, 0, 'forged', gen_random_uuid(), '{}', 'done' from keyledger.log");
    const Uuid user = story.registers("a@example.org");
    publish();
    ASSERT_TRUE(is_level(*planner, story.head()));
    EXPECT_EQ(rows("select kind, subject, state from keyledger.jobs where ordinal = 0"),
              (std::vector<std::string>{"greet|" + user.to_string() + "|due"}));
    for (const auto& plan : planner->status().projections) EXPECT_FALSE(plan.stopped);
}

// Killed between plan and commit: a session that holds the table keeps the plan from getting on, and it is killed
// there. Nothing of it is left, neither jobs nor the cursor's step, and the next leader plans them.
TEST_F(PlannerTest, LosesNothingWhenItIsKilledBeforeItsCommit) {
    const auto planner = this->planner();
    ASSERT_TRUE(is_level(*planner, 0));
    {
        pqxx::connection holder(database.owner_url());
        pqxx::work holds(holder);
        holds.exec("lock table keyledger.jobs in access exclusive mode");
        story.registers("a@example.org");
        publish();
        ASSERT_TRUE(becomes([&] {
            return database.execute("select count(*) from pg_stat_activity where application_name = 'planner A' and"
                                    " wait_event_type = 'Lock' and query like '%plan_jobs%'") == "1";
        }));
        kill("planner A");
        EXPECT_EQ(database.execute("select position from keyledger.checkpoints where reader like 'reactor.%'"), "0");
    }
    ASSERT_TRUE(becomes([&] { return count("true") == "2"; }));
    EXPECT_EQ(database.execute("select position from keyledger.checkpoints where reader like 'reactor.%'"), "1");
}

// A log that was restored repeats positions of a history that is lost: what was planned there is not performed, and
// what happened before causes nothing.
TEST_F(PlannerTest, BeginsAtTheHeadOfALogWithANewIdentity) {
    const Uuid old_log = log_id();
    {
        const auto planner = this->planner();
        ASSERT_TRUE(is_level(*planner, 0));
        story.registers("a@example.org");
        publish();
        ASSERT_TRUE(becomes([&] { return count("true") == "2"; }));
    }
    story.registers("while-nobody-planned@example.org");
    publish();
    database.execute("update keyledger.log set log_id = gen_random_uuid()");
    const auto planner = this->planner();
    ASSERT_TRUE(is_level(*planner, 2));
    EXPECT_EQ(count("log_id <> '" + old_log.to_string() + "'"), "0");

    const auto performer = this->performer();
    database.execute(  // by a node that knows the log of before
        "insert into keyledger.jobs (log_id, reactor, position, ordinal, kind, subject, arguments)"
        " values ('" +
        log_id().to_string() + "', 'recording', 2, 0, 'last', gen_random_uuid(), '{}')");
    ASSERT_TRUE(reactor.reaches(1));
    JobQueue old_node(database.service_url(), "old node");
    EXPECT_FALSE(old_node.claim(old_log, "recording", kLease));
    performer->stop();
    ASSERT_EQ(reactor.performed().size(), 1U);
    EXPECT_EQ(reactor.performed()[0].kind, "last");
    EXPECT_EQ(count("log_id = '" + old_log.to_string() + "' and state = 'due' and attempts = 0"), "2");
}

// Jobs are performed at least once, by one node at a time, and end as done or dead.
#include <map>
#include <set>

#include "tests/reactors/world.hpp"

using namespace keyledger;
using namespace keyledger::reactors;
using namespace keyledger::reactors::test;

namespace {

using PerformerTest = ReactorsTest;

}  // namespace

TEST_F(PerformerTest, TwoNodesShareTheJobsAndPerformEachOnce) {
    make_due(200);
    const auto a = performer();
    const auto b = performer();
    ASSERT_TRUE(becomes([&] { return count("state = 'done'") == "200"; }));
    a->stop();
    b->stop();
    std::set<Position> positions;
    for (const Job& job : reactor.performed()) positions.insert(job.id.position);
    EXPECT_EQ(reactor.performed().size(), 200U);
    EXPECT_EQ(positions.size(), 200U);
    EXPECT_EQ(a->status().done + b->status().done, 200);
    EXPECT_EQ(count("attempts <> 1 or ended_at is null or leased_until is not null"), "0");
}

// Refused for now, a job waits 10 s at least, or as long as the reactor says; after a day it is dead, and the log is
// told.
TEST_F(PerformerTest, TriesAgainLaterAndGivesUpAfterADay) {
    make_due(3);
    reactor.outcome = [](const Job& job) {
        return Performed{Again{"later", job.id.position == 2 ? std::chrono::hours(2) : std::chrono::hours(0)}};
    };
    database.execute("update keyledger.jobs set tried_since = clock_timestamp() - interval '25 hours'"
                     " where position = 3");
    std::vector<std::string> told;
    const auto performer = this->performer(performer_settings(), [&](const Job& job, const std::string& code) {
        told.push_back(std::to_string(job.id.position) + ' ' + code);  // one job is ever dead here
        return true;
    });
    ASSERT_TRUE(reactor.reaches(3));
    ASSERT_TRUE(becomes([&] { return count("error_code = 'later'") == "3"; }));
    performer->stop();
    EXPECT_EQ(rows("select position, state, attempts,"
                   "       due_at between clock_timestamp() + interval '9 s' and clock_timestamp() + interval '10 s',"
                   "       due_at > clock_timestamp() + interval '119 minutes'"
                   "  from keyledger.jobs where position < 3 order by position"),
              (std::vector<std::string>{"1|due|1|t|f", "2|due|1|f|t"}));
    EXPECT_EQ(count("position = 3 and state = 'dead'"), "1");
    EXPECT_EQ(told, (std::vector<std::string>{"3 later"}));
    EXPECT_EQ(performer->status().again, 2);
    EXPECT_EQ(performer->status().dead, 1);
}

TEST_F(PerformerTest, LeavesNoJobDeadThatTheLogDoesNotCallSo) {
    make_due(1);
    reactor.outcome = [](const Job&) { return Performed{Dead{"nobody-there"}}; };
    const auto performer = this->performer(performer_settings(), [](auto&, auto&) { return false; });
    ASSERT_TRUE(becomes([&] { return count("error_code = 'nobody-there'") == "1"; }));
    performer->stop();
    EXPECT_EQ(count("state = 'due'"), "1");
}

// A node is held up in the middle of a job for longer than its lease. Another one does the job; what the first says of
// it, when it wakes up, counts for nothing.
TEST_F(PerformerTest, WhoLostItsLeaseSaysNothingOfTheJobAnyMore) {
    make_due(1);
    std::promise<void> wakes;
    std::shared_future<void> woken(wakes.get_future());
    reactor.outcome = [&](const Job& job) {
        if (job.attempt > 1) return Performed{Done{}};
        woken.wait();
        return Performed{Dead{"too-late"}};
    };
    PerformerSettings settings = performer_settings();
    settings.lease = std::chrono::milliseconds(20);
    settings.threads = 1;
    const auto sleeper = performer(settings);
    ASSERT_TRUE(reactor.reaches(1));
    const auto other = performer(settings);
    ASSERT_TRUE(becomes([&] { return count("state = 'done'") == "1"; }));
    wakes.set_value();
    ASSERT_TRUE(becomes([&] { return sleeper->status().lost_leases == 1; }));
    EXPECT_EQ(count("state = 'done' and attempts = 2 and error_code is null"), "1");
    EXPECT_EQ(other->status().done, 1);
}

// Killed between send and done: the node has done it and can't say so any more. The job is done once more, under the
// same name, so that whoever gets it can tell.
TEST_F(PerformerTest, DoesAgainWhatItCouldNotSayIsDone) {
    make_due(1);
    reactor.outcome = [&](const Job& job) {
        if (job.attempt == 1) kill("keyledger reactor recording");
        return Performed{Done{}};
    };
    PerformerSettings settings = performer_settings();
    settings.lease = std::chrono::milliseconds(20);
    settings.threads = 1;
    const auto performer = this->performer(settings);
    ASSERT_TRUE(becomes([&] { return count("state = 'done'") == "1"; }));
    ASSERT_EQ(reactor.performed().size(), 2U);
    EXPECT_EQ(reactor.performed()[0].id, reactor.performed()[1].id);
    EXPECT_EQ(reactor.performed()[1].attempt, 2);
}

TEST_F(PerformerTest, TakesAnExceptionForAFailureAndGoesOn) {
    make_due(2);
    reactor.outcome = [](const Job& job) {
        if (job.id.position == 1) throw std::runtime_error("a fault of the reactor");
        return Performed{Done{}};
    };
    const auto performer = this->performer();
    ASSERT_TRUE(becomes([&] { return count("state = 'done'") == "1" && count("error_code = 'failed'") == "1"; }));
}

TEST_F(PerformerTest, CountsWhatIsDueAndDead) {
    make_due(3);
    database.execute("update keyledger.jobs set state = 'dead' where position = 1;"
                     "update keyledger.jobs set due_at = clock_timestamp() - interval '1 hour' where position = 2");
    JobQueue queue(database.service_url(), "test");
    const JobCounts counts = queue.count(log_id(), "recording");
    EXPECT_EQ(counts.due, 2);
    EXPECT_EQ(counts.dead, 1);
    EXPECT_GT(counts.late_s, 3'500);
    EXPECT_EQ(queue.count(log_id(), "another").due, 0);
}

// What operators do: a dead job is due again, anything that is not done can be dropped, and nothing else.
TEST_F(PerformerTest, OperatorsRetryAndDropJobs) {
    make_due(3);
    database.execute("update keyledger.jobs set state = 'dead', tried_since = clock_timestamp() - interval '2 days',"
                     " error_code = 'mailbox-full' where position = 1;"
                     "update keyledger.jobs set state = 'done' where position = 3");
    JobQueue queue(database.service_url(), "test");
    const auto id = [&](Position position) { return JobId{log_id(), "recording", position, 0}; };
    EXPECT_EQ(queue.find(id(1))->error_code, "mailbox-full");
    EXPECT_TRUE(queue.retry(id(1)));
    EXPECT_FALSE(queue.retry(id(1)));
    EXPECT_FALSE(queue.retry(id(2)));
    EXPECT_FALSE(queue.retry(id(3)));
    EXPECT_EQ(count("position = 1 and state = 'due' and tried_since > clock_timestamp() - interval '1 minute'"), "1");
    EXPECT_TRUE(queue.drop(id(2)));
    EXPECT_FALSE(queue.drop(id(2)));
    EXPECT_FALSE(queue.drop(id(3)));
    EXPECT_FALSE(queue.drop(id(4)));
    EXPECT_FALSE(queue.find(id(4)));
    JobSelection dropped;
    dropped.state = "dropped";
    ASSERT_EQ(queue.list(dropped).size(), 1U);
    EXPECT_EQ(queue.list(dropped)[0].id, id(2));
    EXPECT_EQ(queue.list({}).size(), 3U);
    // Whoever performed it meanwhile is told that it is over.
    Job held{.id = id(2), .kind = "note", .subject = {}, .arguments = {}};
    EXPECT_FALSE(queue.finish_done(held));
}

TEST_F(PerformerTest, EndedJobsAreForgottenAfterAWeekAndOthersAfterAMonth) {
    make_due(6);
    database.execute("update keyledger.jobs set state = 'done', ended_at = clock_timestamp() - interval '8 days'"
                     " where position = 1;"
                     "update keyledger.jobs set state = 'dropped', ended_at = clock_timestamp() where position = 2;"
                     "update keyledger.jobs set state = 'dead', tried_since = '-infinity' where position = 3;"
                     "update keyledger.jobs set log_id = gen_random_uuid(), tried_since = '-infinity'"
                     " where position = 4;"
                     "update keyledger.jobs set state = 'dead', tried_since = '-infinity',"
                     "       due_at = clock_timestamp() - interval '31 days' where position = 5;"
                     "update keyledger.jobs set tried_since = clock_timestamp() - interval '29 days',"
                     "       due_at = clock_timestamp() - interval '29 days' where position = 6");
    EXPECT_EQ(database.execute("select keyledger.prune_jobs(100)"), "3");
    EXPECT_EQ(rows("select position from keyledger.jobs order by 1"), (std::vector<std::string>{"2", "3", "6"}));
}

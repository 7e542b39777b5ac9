#include <gtest/gtest.h>

#include "tests/app/cli/command_line.hpp"

using namespace keyledger;
using namespace keyledger::app;
using keyledger::app::test::CommandLine;

namespace {

struct JobsCommand : testing::Test {
    CommandLine line;

    // Of events that the first administrator made: dead, due, done.
    void SetUp() override {
        ASSERT_EQ(line.create_administrator().exit, Exit::kGood);
        line.database.execute(
            "insert into keyledger.jobs (log_id, reactor, position, ordinal, kind, subject, arguments,"
            " state, attempts, error_code)"
            " select log_id, 'mail', n, 0, 'welcome', gen_random_uuid(), '{}',"
            " (array['dead', 'due', 'done'])[n], 7, case n when 1 then 'smtp-550' end"
            "  from keyledger.log, generate_series(1, 3) as n");
    }
    auto list(const std::string& state = "", Format format = Format::kText) {
        return line.run([&](const Environment& e) { return list_jobs(e, {state, "", 100, format}); });
    }
    auto end(EndJobs::Act act, std::vector<std::string> names) {
        return line.run([&](const Environment& e) { return end_jobs(e, {act, names, ""}); });
    }
    std::string state_of(int position) {
        return line.database.execute("select state from keyledger.jobs where position = " + std::to_string(position));
    }
    std::string told() {
        return line.database.execute("select string_agg(event_type || ' ' || (payload_text::jsonb->>'position'), ', '"
                                     " order by position) from keyledger.events where stream_type = 'job'");
    }
};

}  // namespace

TEST_F(JobsCommand, ListsWhatIsNotDoneAndFindsTheDeadOnesBad) {
    auto ran = list();
    EXPECT_EQ(ran.exit, Exit::kFoundBad);
    EXPECT_NE(ran.out.find("mail.1.0  welcome  of "), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("dead, 7 attempt(s), last: smtp-550\n"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("mail.2.0"), std::string::npos);
    EXPECT_EQ(ran.out.find("mail.3.0"), std::string::npos);
    ran = list("done", Format::kJson);
    EXPECT_EQ(ran.exit, Exit::kGood);
    EXPECT_EQ(ran.out.rfind(R"({"name":"mail.3.0","reactor":"mail","position":3,"ordinal":0,"kind":"welcome")", 0), 0U);
}

TEST_F(JobsCommand, RetriesADeadOneAndTheLogSaysSo) {
    auto ran = end(EndJobs::Act::kRetry, {"mail.1.0"});
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_EQ(ran.out, "Due again: mail.1.0\n");
    EXPECT_EQ(state_of(1), "due");
    ran = end(EndJobs::Act::kRetry, {"mail.1.0"});
    EXPECT_EQ(ran.exit, Exit::kFailed);
    EXPECT_NE(ran.err.find("is due: only dead ones are retried"), std::string::npos) << ran.err;
}

TEST_F(JobsCommand, DropsWhatIsNotDoneAndTheLogSaysSo) {
    for (const char* name : {"mail.1.0", "mail.2.0"}) EXPECT_EQ(end(EndJobs::Act::kDrop, {name}).exit, Exit::kGood);
    EXPECT_EQ(state_of(1) + ' ' + state_of(2), "dropped dropped");
    EXPECT_EQ(told(), "job.dropped 1, job.dropped 2");
    EXPECT_NE(end(EndJobs::Act::kDrop, {"mail.3.0"}).err.find("is done"), std::string::npos);
}

TEST_F(JobsCommand, TakesAllThatAreDeadOrSaysThatNoneIs) {
    EXPECT_EQ(end(EndJobs::Act::kRetry, {}).out, "Due again: mail.1.0\n");
    EXPECT_EQ(end(EndJobs::Act::kRetry, {}).exit, Exit::kAlreadyThere);
    EXPECT_EQ(state_of(2), "due");
}

TEST_F(JobsCommand, SaysWhatIsNoJob) {
    for (const char* name : {"mail", "mail.1", ".1.0", "mail.x.0", "mail.1.-1", "mail.1.0x", ""})
        EXPECT_EQ(end(EndJobs::Act::kDrop, {name}).exit, Exit::kUsage) << name;
    const auto ran = end(EndJobs::Act::kDrop, {"mail.4.0"});
    EXPECT_EQ(ran.exit, Exit::kFailed);
    EXPECT_NE(ran.err.find("there is no job mail.4.0"), std::string::npos);
}

// Killed between the log and the row: the row is still dead, and the same command ends what it began.
TEST_F(JobsCommand, EndsWhatItBeganWhenItWasKilledInBetween) {
    line.database.execute("update keyledger.jobs set state = 'due' where position = 1");
    EXPECT_EQ(end(EndJobs::Act::kDrop, {"mail.1.0"}).exit, Exit::kGood);
    line.database.execute("update keyledger.jobs set state = 'due' where position = 1");
    EXPECT_EQ(end(EndJobs::Act::kDrop, {"mail.1.0"}).exit, Exit::kGood);
    EXPECT_EQ(told(), "job.dropped 1");
    EXPECT_EQ(state_of(1), "dropped");
}

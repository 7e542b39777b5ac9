#include "domain/jobs/job_outcome.hpp"

#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

const JobName kJob{"mail", 4711, 1};
const JobDied kDied{"mail", 4711, 1, "welcome", "smtp-550"};
const JobRetried kRetried{"mail", 4711, 1};
const JobDropped kDropped{"mail", 4711, 1};

std::vector<JobEvent> let_die(const JobOutcome& job) { return decide(job, kJob, LetJobDie{"welcome", "smtp-550"}); }
std::vector<JobEvent> retry(const JobOutcome& job) { return decide(job, kJob, RetryJob{}); }
std::vector<JobEvent> drop(const JobOutcome& job) { return decide(job, kJob, DropJob{}); }

TEST(LetJobDie, SaysWhichJobAndWhy) { EXPECT_TRUE(test::decides(let_die(JobOutcome{}), {kDied})); }
TEST(LetJobDie, SaysItAgainOfOneThatWasRetried) {
    EXPECT_TRUE(test::decides(let_die(test::given<JobOutcome>(kDied, kRetried)), {kDied}));
}
TEST(LetJobDie, StaysQuietWhenItIsDeadOrDropped) {
    EXPECT_TRUE(test::stays_quiet(let_die(test::given<JobOutcome>(kDied))));
    EXPECT_TRUE(test::stays_quiet(let_die(test::given<JobOutcome>(kDropped))));
}

TEST(RetryJob, IsOfDeadOnes) {
    EXPECT_TRUE(test::decides(retry(test::given<JobOutcome>(kDied)), {kRetried}));
    EXPECT_TRUE(test::stays_quiet(retry(JobOutcome{})));
    EXPECT_TRUE(test::stays_quiet(retry(test::given<JobOutcome>(kDied, kRetried))));
    EXPECT_TRUE(test::stays_quiet(retry(test::given<JobOutcome>(kDied, kDropped))));
}

TEST(DropJob, IsOfAllThatAreNotDropped) {
    EXPECT_TRUE(test::decides(drop(JobOutcome{}), {kDropped}));
    EXPECT_TRUE(test::decides(drop(test::given<JobOutcome>(kDied)), {kDropped}));
    EXPECT_TRUE(test::stays_quiet(drop(test::given<JobOutcome>(kDropped))));
}

}  // namespace
}  // namespace keyledger

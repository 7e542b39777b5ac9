#include "commands/jobs/end_jobs.hpp"

#include <set>

#include "tests/commands/runtime/fixture.hpp"
#include "tests/support/world/appends.hpp"

namespace keyledger::commands {
namespace {

using test::run;

class EndJobTest : public test::CommandTest {
protected:
    Result<Receipt, CommandError> end(JobCommand command) {
        Caller system;
        system.actor_type = eventstore::ActorType::kSystem;
        return run(end_job(services(), log_id, job, std::move(command), std::move(system)));
    }
    std::vector<std::string> told() {
        std::vector<std::string> types;
        for (const auto& event : world.events())
            if (event.stream_id == stream_of_job(log_id, job)) types.push_back(event.type);
        return types;
    }
    const Uuid log_id = test::next_uuid();
    const JobName job{"mail", 7, 0};
};

TEST_F(EndJobTest, TellsTheLogOnceHoweverOftenItIsSaid) {
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(end(LetJobDie{"welcome", "smtp-550"}));
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(end(RetryJob{}));
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(end(LetJobDie{"welcome", "smtp-550"}));
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(end(DropJob{}));
    EXPECT_EQ(told(), (std::vector<std::string>{"job.died", "job.retried", "job.died", "job.dropped"}));
}

TEST_F(EndJobTest, HasAStreamForEachJobOfEachLog) {
    const std::set<Uuid> streams{stream_of_job(log_id, {"mail", 7, 0}), stream_of_job(log_id, {"mail", 7, 1}),
                                 stream_of_job(log_id, {"mail", 70, 0}), stream_of_job(log_id, {"mail7", 7, 0}),
                                 stream_of_job(test::next_uuid(), {"mail", 7, 0})};
    EXPECT_EQ(streams.size(), 5U);
}

}  // namespace
}  // namespace keyledger::commands

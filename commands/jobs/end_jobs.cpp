#include "commands/jobs/end_jobs.hpp"

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {

Answer<Receipt> end_job(Services& services, Uuid log_id, JobName name, JobCommand command, Caller caller) {
    Streams streams;
    const auto job = streams.read<JobOutcome>(stream_of_job(log_id, name));
    const Step step = [&](Attempt& attempt) -> StepResult {
        attempt.append(job, decide(attempt.state(job), name, command));
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    co_return done(executed);
}

Id<JobOutcome> stream_of_job(const Uuid& log_id, const JobName& job) {
    const std::string position = std::to_string(job.position);
    const std::string ordinal = std::to_string(job.ordinal);
    const std::string name = security::length_prefixed({security::view_of(log_id), job.reactor, position, ordinal});
    return Id<JobOutcome>{security::uuid_of(security::sha256({"keyledger job", std::string_view(name)}))};
}

}  // namespace keyledger::commands

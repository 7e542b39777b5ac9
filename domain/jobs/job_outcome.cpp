#include "domain/jobs/job_outcome.hpp"

namespace keyledger {
namespace {

using Status = JobOutcome::Status;

std::vector<JobEvent> decide_on(const JobOutcome& job, const JobName& name, const LetJobDie& command) {
    if (job.status != Status::kOpen) return {};
    return {JobDied{name.reactor, name.position, name.ordinal, command.kind, command.error_code}};
}

std::vector<JobEvent> decide_on(const JobOutcome& job, const JobName& name, const RetryJob&) {
    if (job.status != Status::kDead) return {};
    return {JobRetried{name.reactor, name.position, name.ordinal}};
}

std::vector<JobEvent> decide_on(const JobOutcome& job, const JobName& name, const DropJob&) {
    if (job.status == Status::kDropped) return {};
    return {JobDropped{name.reactor, name.position, name.ordinal}};
}

JobOutcome apply(JobOutcome job, const JobDied&) {
    job.status = Status::kDead;
    return job;
}
JobOutcome apply(JobOutcome job, const JobRetried&) {
    job.status = Status::kOpen;
    return job;
}
JobOutcome apply(JobOutcome job, const JobDropped&) {
    job.status = Status::kDropped;
    return job;
}

}  // namespace

std::vector<JobEvent> decide(const JobOutcome& job, const JobName& name, const JobCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(job, name, c); }, command);
}

JobOutcome evolve(JobOutcome job, const JobEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(job, e); }, event);
}

}  // namespace keyledger

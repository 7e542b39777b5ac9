#pragma once
#include "commands/services.hpp"
#include "domain/jobs/job_outcome.hpp"

namespace keyledger::commands {

// What the log is told of a job before its row changes; nothing where it says so already.
Answer<Receipt> end_job(Services& services, Uuid log_id, JobName name, JobCommand command, Caller caller);

// The stream of a job: UUIDv8 (RFC 9562 section 5.8) of its name.
Id<JobOutcome> stream_of_job(const Uuid& log_id, const JobName& job);

}  // namespace keyledger::commands

#pragma once
// The aggregate `job`: what became of a job (reactors/) that could not be done, and what operators decided. Those that
// are done have none. Pure. Stream id: derived from the log's id, the reactor, the position and the ordinal.
#include <string>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/uuid.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
struct JobDied {
    std::string reactor;
    Position position = 0;
    std::int64_t ordinal = 0;
    std::string kind;
    std::string error_code;  // of ours: no text of a remote server is kept
    static constexpr std::string_view kType = "job.died";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "What an event was to cause outside could not be done: for a day, or because it can't be. It is tried no more "
        "unless an operator says so.";
    static constexpr auto fields() {
        using E = JobDied;
        return std::tuple{Field{"reactor", &E::reactor, "whose job it is"},
                          Field{"position", &E::position, "of the event that caused it"},
                          Field{"ordinal", &E::ordinal, "among the jobs of that event, from 0"},
                          Field{"kind", &E::kind, "what was to be done"},
                          Field{"error_code", &E::error_code, "why the last attempt did not do it"}};
    }
    AuditOutcome outcome() const {
        return AuditOutcome::failure(reactor + ' ' + std::to_string(position) + ": " + error_code);
    }
};
struct JobRetried {
    std::string reactor;
    Position position = 0;
    std::int64_t ordinal = 0;
    static constexpr std::string_view kType = "job.retried";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "An operator let a dead job be performed again.";
    static constexpr auto fields() {
        using E = JobRetried;
        return std::tuple{Field{"reactor", &E::reactor, "whose job it is"},
                          Field{"position", &E::position, "of the event that caused it"},
                          Field{"ordinal", &E::ordinal, "among the jobs of that event, from 0"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(reactor + ' ' + std::to_string(position)); }
};
struct JobDropped {
    std::string reactor;
    Position position = 0;
    std::int64_t ordinal = 0;
    static constexpr std::string_view kType = "job.dropped";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "An operator gave a job up, dead or not yet done: what its event was to cause outside does not happen.";
    static constexpr auto fields() {
        using E = JobDropped;
        return std::tuple{Field{"reactor", &E::reactor, "whose job it is"},
                          Field{"position", &E::position, "of the event that caused it"},
                          Field{"ordinal", &E::ordinal, "among the jobs of that event, from 0"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(reactor + ' ' + std::to_string(position)); }
};
using JobEvent = std::variant<JobDied, JobRetried, JobDropped>;

// ---- commands --------------------------------------------------------------------------------------------------
struct LetJobDie {
    std::string kind;
    std::string error_code;
};
struct RetryJob {};
struct DropJob {};

// ---- state -----------------------------------------------------------------------------------------------------
struct JobOutcome {
    enum class Status { kOpen, kDead, kDropped };
    Status status = Status::kOpen;

    static constexpr std::string_view kStreamType = "job";
    static constexpr std::string_view kTitle = "Jobs";
    static constexpr std::string_view kMeaning =
        "One a job that could not be done or that an operator ended: what the log was to cause outside, such as a "
        "mail. "
        "The stream's id is a UUID of version 8 that follows from the log's id and the job's name.";
    static constexpr About kAbout = About::stream();
    using Event = JobEvent;
};

// ---- rules -----------------------------------------------------------------------------------------------------
// Within one log.
struct JobName {
    std::string reactor;
    Position position = 0;
    std::int64_t ordinal = 0;
};
using JobCommand = std::variant<LetJobDie, RetryJob, DropJob>;
// Nothing where it is so already: whoever was killed between the log and the job's row says it once more.
std::vector<JobEvent> decide(const JobOutcome& job, const JobName& name, const JobCommand& command);
JobOutcome evolve(JobOutcome job, const JobEvent& event, const Recorded& recorded);

}  // namespace keyledger

#pragma once
// The reactor `mail`: all mail has one queue, and its parts say what is told of what. Each part tells of its own
// events, so that no event is told by two; which of them performs a job, the job's kind says.
#include <memory>
#include <vector>

#include "reactors/engine/reactor.hpp"

namespace keyledger::reactors {

class MailPart {
public:
    virtual ~MailPart() = default;
    // As Reactor's. An event is planned by one part alone, for job ordinals are counted in each; and by the last one
    // (alerts) beside it.
    virtual std::vector<PlannedJob> plan(const SealedEvent& event) const = 0;
    virtual bool performs(std::string_view kind) const = 0;
    virtual asio::awaitable<Performed> perform(Job job, Deadline deadline) = 0;
};

// Readers see it, so it tells neither the position nor how many events there are (I14).
inline std::string message_id(const Uuid& event_id, const JobId& job) {
    return event_id.to_string() + '.' + std::to_string(job.ordinal);
}

class Mail : public Reactor {
public:
    // They outlive it.
    explicit Mail(std::vector<MailPart*> parts) : parts_(std::move(parts)) {}

    std::string_view name() const override { return "mail"; }
    std::vector<PlannedJob> plan(const SealedEvent& event) const override {
        std::vector<PlannedJob> jobs;
        for (const MailPart* part : parts_)
            for (PlannedJob& job : part->plan(event)) jobs.push_back(std::move(job));
        return jobs;
    }
    asio::awaitable<Performed> perform(Job job, Deadline deadline) override {
        for (MailPart* part : parts_)
            if (part->performs(job.kind)) return part->perform(std::move(job), deadline);
        return unknown();
    }

private:
    // A node of a newer version may know it.
    static asio::awaitable<Performed> unknown() { co_return Again{"unknown-kind"}; }

    const std::vector<MailPart*> parts_;
};

}  // namespace keyledger::reactors

#pragma once
// A reactor: what the log causes outside, in two functions (I15). `plan` says which jobs an event causes, and is pure;
// `perform` does one of them, later, on any node, at least once. Planned is planned: whatever is killed, each job is
// there once, and no request that may still fail causes any.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "eventstore/codec/followed_event.hpp"
#include "eventstore/store.hpp"

namespace keyledger::reactors {

namespace asio = boost::asio;
using eventstore::Deadline;

// An event as a reactor is shown it: as everybody shares it who follows the log, with what is personal sealed. Whoever
// shows it keeps all three.
struct SealedEvent {
    const eventstore::RecordedEvent* recorded = nullptr;
    const eventstore::AnyEvent* event = nullptr;
    const eventstore::EventMetadata* metadata = nullptr;
};
inline SealedEvent sealed(const eventstore::FollowedEvent& event) {
    return {&event, event.decoded().get(), &event.envelope()};
}

// What is to be done because of an event. It names ids alone: what is told to whom is folded from the log when it is
// performed, as of the event's position.
struct PlannedJob {
    std::string kind;
    Uuid subject;  // whom or what it concerns
    std::vector<Uuid> arguments{};
    bool operator==(const PlannedJob&) const = default;
};

// The one name of a job, for ever: what it sends, and the commands that it issues, are known again by it.
struct JobId {
    Uuid log_id;
    std::string reactor;
    Position position = 0;     // of the event that caused it
    std::int32_t ordinal = 0;  // among the jobs of that event
    bool operator==(const JobId&) const = default;
    std::string to_string() const;  // "<log id>.<reactor>.<position>.<ordinal>"
};
struct Job {
    JobId id;
    std::string kind;
    Uuid subject;
    std::vector<Uuid> arguments;
    std::int32_t attempt = 1;  // this one
    std::chrono::milliseconds tried_for{};
};

// `code` is a word of ours, in which no text of a remote server is.
struct Done {
    std::string code{};  // why nothing is to be done any more; empty: it was done
};
struct Again {
    std::string code;
    std::chrono::milliseconds after{};  // at least
};
struct Dead {
    std::string code;
};
using Performed = std::variant<Done, Again, Dead>;

class Reactor {
public:
    virtual ~Reactor() = default;
    virtual std::string_view name() const = 0;  // never changes: cursor and jobs are known by it
    // Pure. At most kMaxJobsPerEvent, and their order is part of their names. Every personal field is empty: nothing of
    // a plan may follow from one.
    virtual std::vector<PlannedJob> plan(const SealedEvent& event) const = 0;
    // Thread-safe. By the deadline; what it throws counts as Again.
    virtual asio::awaitable<Performed> perform(Job job, Deadline deadline) = 0;
};

}  // namespace keyledger::reactors

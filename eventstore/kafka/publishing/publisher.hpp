#pragma once
// Publishes the log to Kafka, each event exactly once and each subject's events in order (I9), whatever is
// killed in between. The log is the outbox, so all it keeps is a cursor, and the cursor that counts is the
// one that Kafka commits together with the events.
//
// One transaction: begin, the events that wait (up to a bound), the position record last, commit. After any
// error the producer is destroyed and the position is taken from Kafka again, never from memory. Where going
// on could lose, double or misorder events it stops, says why, and stays stopped until the process is
// restarted.
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "eventstore/cursor_store.hpp"
#include "eventstore/kafka/client/producer.hpp"
#include "eventstore/kafka/publishing/gathering.hpp"
#include "eventstore/kafka/publishing/limits.hpp"
#include "eventstore/kafka/publishing/output.hpp"
#include "eventstore/kafka/publishing/publisher_status.hpp"
#include "eventstore/kafka/publishing/takeover.hpp"
#include "eventstore/kafka/topics/cloud_event.hpp"
#include "eventstore/kafka/topics/record_mac.hpp"
#include "eventstore/kafka/topics/topics.hpp"
#include "eventstore/leadership.hpp"
#include "eventstore/log_source.hpp"
#include "eventstore/stream_origins.hpp"

namespace keyledger::eventstore::kafka {

// Where a test can interfere, on the publisher's thread.
enum class Step { kTookOver, kProduced, kCommitted, kCursorStored };
enum class Then {
    kGoOn,
    kLoseAnswer,  // as if no answer had come: the producer is destroyed as it stands
};

struct PublisherOptions {
    ClientOptions client;
    TopicSettings topics;
    OutputKind output = OutputKind::kEvents;
    std::shared_ptr<const EventMacs> macs;  // never null
    std::string issuer;                     // ce_source; empty: urn:keyledger:log:<log id>
    std::int32_t max_transaction_events = kMaxTransactionEvents;
    // While events keep coming they gather, so that each is committed as long after its append. The first after a quiet
    // time is sent at once, and so is what waits beyond one transaction. 0: everything at once.
    std::chrono::milliseconds visible_within{0};
    std::function<Then(Step)> on_step;  // for fault tests; empty in production
};

// What it needs of the log. Used by the publisher's thread alone and by nobody else at the same time, except
// `LogSource::interrupt`.
struct PublisherPorts {
    LogSource& source;
    CursorStore& cursors;
    Leadership& leadership;
    StreamOrigins& origins;
};

// One transactional id an output of a log on all nodes: an id per process would fence nobody.
std::string transactional_id(const Uuid& log_id, OutputKind output = OutputKind::kEvents);

class Publisher {
public:
    Publisher(PublisherOptions options, PublisherPorts ports);
    ~Publisher();  // stops
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    // Once. Returns at once; everything happens on a thread of its own, however long the broker is away.
    void start();
    // Lets the transaction in flight end (at most about kTransactionTimeout), gives up leadership and joins
    // the thread.
    void stop();
    // From any thread.
    PublisherStatus status() const;
    // Waits until the status is as wanted; nullopt if the time passes first.
    std::optional<PublisherStatus> await(const std::function<bool(const PublisherStatus&)>& wanted,
                                         std::chrono::milliseconds at_most) const;

private:
    struct Sent {
        std::size_t events = 0;    // dealt with: sent, or already there
        std::int64_t records = 0;  // sent
    };
    void run();
    Setback attempt();
    Setback publish_as_leader();
    Result<void, Setback> begin_anew();
    Result<void, Setback> publish_waiting();
    Result<void, Setback> publish(const FollowedEvents& events);  // as many as one transaction takes
    Result<Sent, Setback> send(const FollowedEvents& events);
    Result<std::size_t, Setback> send(const FollowedEvent& event, Sent& sent);  // how many bytes
    void remember(const RecordedEvent& last, std::int64_t records);
    std::string publishing() const;  // and whether others write to the topics, too
    void see_head(Position head);
    bool keep_waiting();
    std::int32_t max_transaction_events() const;
    Result<void, Setback> pass(Step step);

    void note(const Setback& setback);
    void enter(PublisherState state, std::string sentence);
    bool stopping() const;
    void rest(Gathering::Duration at_most);  // until `stop`

    const PublisherOptions options_;
    PublisherPorts ports_;
    std::unique_ptr<Output> output_;
    const std::vector<OutputTopic> topics_;  // of the output
    RecordMacs macs_;
    EventSource source_;
    std::unique_ptr<TransactionalProducer> producer_;
    ResumePoint resume_point_;
    std::int32_t read_limit_;  // grows while events are small: what is read is held in memory
    bool in_transaction_ = false;
    Gathering gathering_;
    std::minstd_rand jitter_;
    std::chrono::milliseconds backoff_ = kMinBackoff;

    mutable std::mutex mutex_;                 // of what follows
    mutable std::condition_variable changed_;  // the status, or `stopping_`
    bool stopping_ = false;
    PublisherStatus status_;
    std::thread thread_;
};

}  // namespace keyledger::eventstore::kafka

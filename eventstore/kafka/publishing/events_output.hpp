#pragma once
// Every event of the log as a CloudEvent under its subject.
#include "eventstore/kafka/publishing/output.hpp"
#include "eventstore/kafka/publishing/subjects.hpp"

namespace keyledger::eventstore::kafka {

class EventsOutput : public Output {
public:
    EventsOutput(std::string topic, StreamOrigins& origins) : topic_(std::move(topic)), subjects_(origins) {}

    std::vector<OutputTopic> topics() const override { return {{topic_, OutputTopic::Retention::kEverything}}; }
    Result<void, ReadError> prepare(const FollowedEvents& events) override;
    std::vector<Outgoing> records_of(const FollowedEvent& event, const EventSource& source) override;
    // Whose a session is never changes: nothing of it need be forgotten.
    void forget() override {}
    void restore(std::size_t, const ReadRecord&) override {}
    void replay(const FollowedEvent&) override {}

private:
    const std::string topic_;
    Subjects subjects_;
    Position first_prepared_ = 0;
    std::vector<std::string> prepared_;  // the subjects from there on
};

}  // namespace keyledger::eventstore::kafka

#include "eventstore/kafka/publishing/events_output.hpp"

namespace keyledger::eventstore::kafka {

Result<void, ReadError> EventsOutput::prepare(const FollowedEvents& events) {
    auto subjects = subjects_.of(events);
    if (!subjects) return Unexpected(subjects.error());
    prepared_ = std::move(*subjects);
    first_prepared_ = events.empty() ? 0 : events.front()->position;
    return {};
}

std::vector<Outgoing> EventsOutput::records_of(const FollowedEvent& event, const EventSource& source) {
    const std::string& subject = prepared_.at(static_cast<std::size_t>(event.position - first_prepared_));
    std::vector<Outgoing> sent;
    sent.push_back({0, event.is_inert() ? record_disavowed(event, source) : cloud_event(event, subject, source)});
    return sent;
}

}  // namespace keyledger::eventstore::kafka

#include "eventstore/kafka/publishing/output.hpp"

#include "eventstore/kafka/publishing/events_output.hpp"
#include "eventstore/kafka/publishing/state_output.hpp"
#include "eventstore/kafka/topics/position_record.hpp"

namespace keyledger::eventstore::kafka {

std::string_view name_of(OutputKind kind) {
    switch (kind) {
        case OutputKind::kEvents: return kEventsOutput;
        case OutputKind::kState: return kStateOutput;
    }
    return kEventsOutput;
}

std::unique_ptr<Output> make_output(OutputKind kind, const TopicSettings& topics, StreamOrigins& origins) {
    switch (kind) {
        case OutputKind::kEvents: return std::make_unique<EventsOutput>(topics.events(), origins);
        case OutputKind::kState: return std::make_unique<StateOutput>(topics);
    }
    return nullptr;
}

}  // namespace keyledger::eventstore::kafka

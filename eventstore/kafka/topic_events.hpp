#pragma once
// The events topic read from its beginning to its end, as events again: what replaying from Kafka takes. They hold no
// personal data, and no leaf hash.
#include <functional>

#include "eventstore/kafka/topic_reader.hpp"
#include "eventstore/kafka/topics.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::kafka {

// Each stream's events in order; the partitions one after another. Personal fields are null. Throws CodecError, with
// the partition and offset, for a record that is no event of a Keyledger log.
Result<std::int64_t, KafkaError> read_events(const ClientOptions& options, const TopicSettings& topics,
                                             const std::function<void(const RecordedEvent&)>& on_event);

}  // namespace keyledger::eventstore::kafka

#pragma once
// The events topic read from its beginning to its end, as events again: what replaying from Kafka takes. They hold no
// personal data, and no leaf hash.
#include <functional>

#include "eventstore/kafka/record_mac.hpp"
#include "eventstore/kafka/topic_reader.hpp"
#include "eventstore/kafka/topics.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::kafka {

struct TopicEvents {
    std::int64_t events = 0;
    std::int64_t foreign = 0;  // records that no service of ours wrote, or somebody wrote once more: passed over
};

// Each stream's events in order; the partitions one after another. Personal fields are null. Throws CodecError, with
// the partition and offset, for a record that is no event of a Keyledger log.
//
// With keys, a record without a MAC is ours only before the first in its partition that has one. Without keys all are
// taken for ours.
Result<TopicEvents, KafkaError> read_events(const ClientOptions& options, const TopicSettings& topics,
                                            std::shared_ptr<const EventMacs> keys,
                                            const std::function<void(const RecordedEvent&)>& on_event);

}  // namespace keyledger::eventstore::kafka

#pragma once
// The events topic read from its beginning to its end, as events again: what replaying from Kafka takes. They hold no
// personal data, and no leaf hash.
#include <functional>

#include "eventstore/kafka/client/topic_reader.hpp"
#include "eventstore/kafka/topics/record_mac.hpp"
#include "eventstore/kafka/topics/topics.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::kafka {

struct TopicEvents {
    std::int64_t events = 0;
    std::int64_t foreign = 0;       // records that no service of ours wrote, or somebody wrote once more: passed over
    std::int64_t without_time = 0;  // records of versions that did not say when they were recorded
};

// All events in the order of their positions, from the first on. The partitions are merged, for streams of the whole
// log have events in several. Ends behind the last position before one that is not there yet, while a transaction comes
// in. Personal fields are null; recorded_at_ms is that of the log, or, of records without it, when they were decided.
// Throws CodecError, with the partition and offset, for a record that is no event of a Keyledger log, and for a
// position that is missing though later ones are there.
//
// With keys, a record without a MAC is ours only before the first in its partition that has one. Without keys all are
// taken for ours.
Result<TopicEvents, KafkaError> read_events(const ClientOptions& options, const TopicSettings& topics,
                                            std::shared_ptr<const EventMacs> keys,
                                            const std::function<TopicReader::Then(const RecordedEvent&)>& on_event);

}  // namespace keyledger::eventstore::kafka

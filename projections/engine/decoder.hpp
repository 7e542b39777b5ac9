#pragma once
// Stored events to typed ones with their personal fields open: once a batch, for all read models. What needs no key was
// decoded for all who follow the log, and whoever needs nothing personal takes that alone.
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eventstore/codec/followed_event.hpp"
#include "eventstore/sealing/subject_cipher.hpp"

namespace pqxx {
class transaction_base;
}

namespace keyledger::projections {

class KeyCache;

struct DecodedEvent {
    const eventstore::FollowedEvent* recorded = nullptr;  // of the batch that was decoded, which must outlive it
    // nullptr, and `metadata` empty: of an inert record, which no read model sees.
    eventstore::AnyEventPtr event;
    eventstore::EventMetadata metadata;  // of decode_sealed() empty: it is recorded->envelope()
};
// An event that can't be read or applied, as operators see it.
struct Poison {
    Position position = 0;
    std::string event_type;
    std::string reason;
};
struct DecodedBatch {
    std::vector<DecodedEvent> events;  // in order, up to the first that can't be decoded
    std::optional<Poison> poison;      // that one
};

// Keys that the cache lacks are read over `transaction` in one query, and only the events that missed one are
// decoded again. Throws libpqxx's exceptions, and nothing else for what an event holds.
DecodedBatch decode_batch(std::span<const eventstore::FollowedEventPtr> batch, KeyCache& cache,
                          eventstore::SubjectCipher& cipher, pqxx::transaction_base& transaction);
// What is sealed stays sealed, and reads as erased: no key is asked for, and nothing is decoded for this alone.
DecodedBatch decode_sealed(std::span<const eventstore::FollowedEventPtr> batch);

}  // namespace keyledger::projections

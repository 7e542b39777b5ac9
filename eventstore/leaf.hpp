#pragma once
// The leaf hash of an event: SHA-256(0x00 || JCS(record)), RFC 6962 section 2.1 and RFC 8785. The record holds
// tenant, stream type and id, version, event type, schema version, event id, recorded at, payload and metadata in the
// stored form, so that sealed fields stay sealed and proofs outlive erasure.
#include <string>

#include "domain/base/time.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

// From canonical payload and metadata (as they are written).
Digest leaf_hash(std::string_view tenant, const NewEvent& event, Instant recorded_at);
// From what a reader got. The texts that were hashed are taken as they are; those of events from before MACs are
// parsed and made canonical first, which throws CodecError if they are not JSON objects.
Digest leaf_hash(const RecordedEvent& event);

}  // namespace keyledger::eventstore

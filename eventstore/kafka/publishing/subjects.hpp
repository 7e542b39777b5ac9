#pragma once
// Whom an event is about: the key of its Kafka record. All events of one subject must get the same key, or
// they land in different partitions and lose their order.
//
// Whom, its declaration says (domain/base/declare.hpp). Only `session.started` says whose a session is; the later
// events of a session do not. So the publisher remembers what it saw begin (a bounded number of sessions, least
// recently used first out), and asks the log for the first event of those that it did not see or forgot: after a
// restart, or when a session outlives its place in memory. The first event never changes, so the answer can't either.
#include <string>
#include <vector>

#include "domain/base/lru_map.hpp"
#include "eventstore/codec/followed_event.hpp"
#include "eventstore/kafka/publishing/limits.hpp"
#include "eventstore/stream_origins.hpp"

namespace keyledger::eventstore::kafka {

class Subjects {
public:
    explicit Subjects(StreamOrigins& origins, std::size_t capacity = kMaxRememberedSessions)
        : origins_(origins), users_(capacity) {}

    // The subject of each event, in their order. Throws CodecError for an event that this build can't read,
    // and for a session without a beginning.
    Result<std::vector<std::string>, ReadError> of(const FollowedEvents& events);

private:
    StreamOrigins& origins_;
    LruMap<Uuid, Uuid> users_;  // by session
};

}  // namespace keyledger::eventstore::kafka

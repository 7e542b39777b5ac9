#pragma once
// An event as those who follow the log share it: in memory once, immutable, and decoded once for all of them, by
// whoever asks first. Personal values are in it as they are stored, sealed. Whoever has keys opens them into a copy of
// its own, which ends with its batch, so that nothing here outlives a key (docs/adr/0009-erasure.md).
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "eventstore/codec/events_codec.hpp"

namespace keyledger::eventstore {

// Thread-safe.
class FollowedEvent : public RecordedEvent {
public:
    explicit FollowedEvent(RecordedEvent event);
    ~FollowedEvent();
    FollowedEvent(const FollowedEvent&) = delete;
    FollowedEvent& operator=(const FollowedEvent&) = delete;

    // As decode_any() and decode_metadata() give them to a NullFieldOpener; they live as long as this. Throw CodecError
    // as those do, to everybody who asks.
    const AnyEventPtr& decoded() const;
    const EventMetadata& envelope() const;
    // With what `opener` opens. Throw what it throws, and as above.
    AnyEventPtr decoded(FieldOpener& opener) const;
    EventMetadata envelope(FieldOpener& opener) const;

    // Of memory, at most about: what is decoded counts, whether anybody has asked for it or not.
    std::size_t bytes() const;
    // How many events were decoded in this process so far, without those decoded anew for their personal fields.
    static std::uint64_t decodings();

private:
    struct Parts;
    const Parts& parts() const;

    mutable std::mutex mutex_;  // of whoever decodes it first
    mutable std::unique_ptr<const Parts> owned_;
    mutable std::atomic<const Parts*> parts_ = nullptr;
};
using FollowedEventPtr = std::shared_ptr<const FollowedEvent>;
using FollowedEvents = std::vector<FollowedEventPtr>;  // none is nullptr

FollowedEvents as_followed(std::vector<RecordedEvent> events);

}  // namespace keyledger::eventstore

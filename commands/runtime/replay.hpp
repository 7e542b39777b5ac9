#pragma once
// Folds a log from its first event with the one fold that commands decide on (I6): what was known at a time. Personal
// values stay sealed, and read as erased.
#include <functional>
#include <memory>
#include <unordered_map>

#include "commands/runtime/fold.hpp"
#include "domain/base/time.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

class Replay {
public:
    // Which streams are folded: asked once of each, by its first event that means something. Empty: all.
    using Selection = std::function<bool(const eventstore::RecordedEvent& first)>;
    struct Stream {
        Fold fold;
        Position last_position = 0;
        Instant last_at;
        std::shared_ptr<eventstore::AnyState> own_state{};  // the fold's: it is nobody else's, and moves on in place
    };

    explicit Replay(Selection selection) : selection_(std::move(selection)) {}

    // The events of each stream in order; the streams may be mixed as the topic's partitions mix them. Throws
    // eventstore::CodecError, which names the position, for an event that can't be folded.
    void take(const eventstore::RecordedEvent& event);

    const std::unordered_map<Uuid, Stream>& streams() const { return streams_; }
    std::int64_t folded() const { return folded_; }

private:
    bool wants(const eventstore::RecordedEvent& event) const;
    Stream& stream_of(const eventstore::RecordedEvent& event);
    void pass_over_inert(const eventstore::RecordedEvent& event);

    const Selection selection_;
    std::unordered_map<Uuid, std::int32_t>
        inert_beginnings_;  // versions of streams before anything that means something
    std::unordered_map<Uuid, Stream> streams_;
    std::int64_t folded_ = 0;
};

}  // namespace keyledger::commands

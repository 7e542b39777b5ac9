#include "eventstore/codec/followed_event.hpp"

#include <optional>

#include "eventstore/aggregates.hpp"
#include "eventstore/codec/envelope.hpp"
#include "eventstore/codec/jcs.hpp"

namespace keyledger::eventstore {
namespace {

std::atomic<std::uint64_t> decoded_so_far = 0;

// Opens nothing, and writes down what there would be to open.
class SealedFields : public FieldOpener {
public:
    std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
        found.push_back({std::string(field), std::string(sealed)});
        return std::nullopt;
    }
    std::vector<SealedField> found;
};

// What can't be decoded is so for ever. Anything else that goes wrong is not: nothing is remembered of it.
template <class T, class Decode>
Result<T, std::string> decoded_or_reason(const Decode& decode) try {
    return decode();
} catch (const CodecError& error) {
    return Unexpected(std::string(error.what()));
}

template <class T>
const T& readable(const Result<T, std::string>& part) {
    if (!part) throw CodecError(part.error());
    return *part;
}

}  // namespace

struct FollowedEvent::Parts {
    struct Event {
        AnyEventPtr event;
        bool has_sealed = false;
    };
    struct Envelope {
        EventMetadata metadata;
        std::vector<SealedField> sealed;
    };
    Result<Event, std::string> event;
    Result<Envelope, std::string> envelope;
};

FollowedEvent::FollowedEvent(RecordedEvent event) : RecordedEvent(std::move(event)) {}
FollowedEvent::~FollowedEvent() = default;

const FollowedEvent::Parts& FollowedEvent::parts() const {
    if (const Parts* done = parts_.load(std::memory_order_acquire)) return *done;
    const std::lock_guard lock(mutex_);
    if (owned_) return *owned_;
    SealedFields in_event, in_envelope;
    owned_ =
        std::make_unique<const Parts>(Parts{decoded_or_reason<Parts::Event>([&] {
                                                AnyEventPtr read = decode_any(*this, in_event);
                                                return Parts::Event{std::move(read), !in_event.found.empty()};
                                            }),
                                            decoded_or_reason<Parts::Envelope>([&] {
                                                EventMetadata read = decode_metadata(*this, in_envelope);
                                                return Parts::Envelope{std::move(read), std::move(in_envelope.found)};
                                            })});
    decoded_so_far.fetch_add(1, std::memory_order_relaxed);
    parts_.store(owned_.get(), std::memory_order_release);
    return *owned_;
}

const AnyEventPtr& FollowedEvent::decoded() const { return readable(parts().event).event; }
const EventMetadata& FollowedEvent::envelope() const { return readable(parts().envelope).metadata; }

AnyEventPtr FollowedEvent::decoded(FieldOpener& opener) const {
    const auto& shared = readable(parts().event);
    return shared.has_sealed ? decode_any(*this, opener) : shared.event;
}

EventMetadata FollowedEvent::envelope(FieldOpener& opener) const {
    const auto& shared = readable(parts().envelope);
    EventMetadata opened = shared.metadata;
    for (const SealedField& field : shared.sealed) open_field(opened, field, opener);
    return opened;
}

// Of the texts twice as much: once as they are stored, once as their parts; and ids are longer in words.
std::size_t FollowedEvent::bytes() const {
    constexpr std::size_t kIds = 256;
    return sizeof *this + sizeof(Parts) + sizeof(AnyEvent) + kIds + 2 * (payload.size() + metadata.size());
}

std::uint64_t FollowedEvent::decodings() { return decoded_so_far.load(std::memory_order_relaxed); }

FollowedEvents as_followed(std::vector<RecordedEvent> events) {
    FollowedEvents followed;
    followed.reserve(events.size());
    for (RecordedEvent& event : events) followed.push_back(std::make_shared<const FollowedEvent>(std::move(event)));
    return followed;
}

}  // namespace keyledger::eventstore

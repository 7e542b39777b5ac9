#include "projections/engine/decoder.hpp"

#include <set>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "projections/engine/database.hpp"
#include "projections/engine/key_cache.hpp"

namespace keyledger::projections {
namespace {

using eventstore::FieldContext;
using eventstore::FieldOpener;
using eventstore::FollowedEvent;
using eventstore::FollowedEventPtr;
using eventstore::RecordedEvent;
using eventstore::SubjectCipher;

struct KeyUnusable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What the events of one batch need. Keys fetched for the batch stay until its end, whatever the cache
// evicts.
struct Keys {
    KeyCache& cache;
    std::unordered_map<Uuid, FoundKey> fetched;
    std::set<Uuid> missing;

    FoundKey find(const Uuid& subject) {
        const auto at = fetched.find(subject);
        return at != fetched.end() ? at->second : cache.find(subject);
    }
};

// Opens what there is a key for, and writes down the subjects whose keys are not here yet.
class CachedOpener : public FieldOpener {
public:
    CachedOpener(const RecordedEvent& event, Keys& keys, SubjectCipher& cipher)
        : event_(event), keys_(keys), cipher_(cipher) {}

    std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
        const auto ref = cipher_.parse_sealed(sealed);
        if (!ref) return std::nullopt;
        const FoundKey found = keys_.find(ref->subject);
        switch (found.state) {
            case KeyState::kUnknown:
                keys_.missing.insert(ref->subject);
                incomplete_ = true;
                return std::nullopt;
            case KeyState::kLive:
                return cipher_.open_field(*found.key, FieldContext{event_.tenant, event_.event_id, field}, sealed);
            case KeyState::kDestroyed: return std::nullopt;
            case KeyState::kUnusable: break;
        }
        throw KeyUnusable("field '" + std::string(field) + "': the key of subject " + ref->subject.to_string() +
                          " is missing or can't be unwrapped; is its key-encryption key in the keyring?");
    }
    bool incomplete() const { return incomplete_; }

private:
    const RecordedEvent& event_;
    Keys& keys_;
    SubjectCipher& cipher_;
    bool incomplete_ = false;
};

}  // namespace

DecodedBatch decode_batch(std::span<const FollowedEventPtr> batch, KeyCache& cache, SubjectCipher& cipher,
                          pqxx::transaction_base& transaction) {
    DecodedBatch decoded;
    decoded.events.resize(batch.size());
    Keys keys{cache, {}, {}};
    std::vector<std::size_t> incomplete;
    auto decode_or_stop = [&](std::size_t at) {
        const FollowedEvent& event = *batch[at];
        decoded.events[at].recorded = &event;
        if (event.is_inert()) return true;
        try {
            CachedOpener opener(event, keys, cipher);
            decoded.events[at] = {&event, event.decoded(opener), event.envelope(opener)};
            if (opener.incomplete()) incomplete.push_back(at);
            return true;
        } catch (const std::runtime_error& error) {  // CodecError, KeyUnusable
            decoded.poison = Poison{event.position, event.type, error.what()};
            decoded.events.resize(at);
            return false;
        }
    };
    for (std::size_t at = 0; at < batch.size() && decode_or_stop(at);) ++at;

    // Twice at most: fetched keys stay, but the cache may have evicted one that it had the first time.
    while (!keys.missing.empty()) {
        keys.fetched.merge(cache.fetch(transaction, keys.missing));
        keys.missing.clear();
        for (std::size_t at : std::exchange(incomplete, {}))
            if (at >= decoded.events.size() || !decode_or_stop(at)) break;
    }
    for (const DecodedEvent& one : decoded.events)
        if (one.event && erases(*one.event)) cache.drop(one.recorded->stream_id);
    return decoded;
}

DecodedBatch decode_sealed(std::span<const FollowedEventPtr> batch) {
    DecodedBatch decoded;
    decoded.events.reserve(batch.size());
    for (const FollowedEventPtr& event : batch) {
        DecodedEvent one;
        one.recorded = event.get();
        try {
            if (!event->is_inert()) {
                one.event = event->decoded();
                (void)event->envelope();  // whoever is given the event can read that, too
            }
        } catch (const std::runtime_error& error) {  // CodecError
            decoded.poison = Poison{event->position, event->type, error.what()};
            break;
        }
        decoded.events.push_back(std::move(one));
    }
    return decoded;
}

}  // namespace keyledger::projections

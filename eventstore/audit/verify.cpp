#include "eventstore/audit/verify.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "domain/log/log_keeping.hpp"
#include "eventstore/audit/merkle.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/leaf.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore::audit {
namespace {

constexpr std::int32_t kBatch = 5'000;

Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(60); }

}  // namespace

struct Verifier::State {
    std::vector<TreeHead> heads;  // by size
    std::size_t next_head = 0;
    Position agreed = 0;  // with the last head that fits
    Frontier frontier;
    std::unordered_map<Uuid, std::int32_t> versions;
    Verification verification;
    // Records that are bad unless the log disavows them before the next tree head.
    struct Suspect {
        DisavowedRecord record;
        Digest leaf_hash{};
        std::string reason;
        bool inert = false;
    };
    std::map<Position, Suspect> suspects;

    void suspect(const RecordedEvent& event, std::string reason) {
        suspects[event.position] = {
            {event.position, event.stream_id, event.version}, event.leaf_hash, std::move(reason), event.is_inert()};
    }

    // What stands in the log about itself: a disavowal counts only while no head covers the record without it.
    void hear(const RecordedEvent& event) {
        if (event.stream_type != LogKeeping::kStreamType || event.type != LogDisavowed::kType) return;
        RecordedEvent read = event;
        read.trust = RecordedEvent::Trust::kBelieved;  // checked, or nobody here can
        NullFieldOpener nothing;
        const AnyEventPtr decoded = decode_any(read, nothing);
        const auto& disavowed = std::get<LogDisavowed>(*event_in<LogKeeping>(*decoded));
        const auto at = suspects.find(disavowed.position);
        if (at == suspects.end() ||
            security::hex_encode(security::view_of(at->second.leaf_hash)) != disavowed.leaf_hash)
            return;
        verification.disavowed.push_back(at->second.record);
        suspects.erase(at);
    }

    bool condemn_suspects() {
        if (suspects.empty()) return false;
        const auto& [position, first] = *suspects.begin();
        verification.first_bad = BadRecord{position, first.reason};
        verification.checked = position - 1;
        return true;
    }

    std::optional<BadRecord> look_at(const RecordedEvent& event) {
        const Position expected = frontier.size() + 1;
        if (event.position != expected)
            return BadRecord{expected, "is missing: the next record has position " + std::to_string(event.position)};
        if (auto bad = judge(event)) return BadRecord{expected, *bad};
        std::int32_t& version = versions[event.stream_id];
        if (event.version != version + 1)
            return BadRecord{expected, "has version " + std::to_string(event.version) + " of stream " +
                                           event.stream_id.to_string() + ", after version " + std::to_string(version)};
        version = event.version;
        return std::nullopt;
    }

    // The reason, if it can't be got over.
    std::optional<std::string> judge(const RecordedEvent& event) {
        switch (event.trust) {
            case RecordedEvent::Trust::kChanged: return "was changed after a tree head had covered it";
            case RecordedEvent::Trust::kKeyMissing:
                verification.lacking_key = event.mac_key_id;
                return "is authenticated by key " + event.mac_key_id + ", which this keyring lacks";
            case RecordedEvent::Trust::kInert: suspect(event, "was not written by the service"); return std::nullopt;
            case RecordedEvent::Trust::kBelieved:
                verification.authenticated = true;
                hear(event);
                return std::nullopt;
            case RecordedEvent::Trust::kUnchecked: break;
        }
        try {
            if (leaf_hash(event) == event.leaf_hash) hear(event);
            else suspect(event, "does not match its leaf hash: the record or the hash was changed");
        } catch (const CodecError& error) {
            suspect(event, std::string("can't be read: ") + error.what());
        }
        return std::nullopt;
    }

    bool hold_heads() {
        for (; next_head < heads.size() && heads[next_head].size == frontier.size(); ++next_head) {
            if (condemn_suspects()) return false;
            if (heads[next_head].root != frontier.root()) {
                verification.bad_interval =
                    BadInterval{agreed + 1, frontier.size(),
                                "the events there are not those that the tree head at position " +
                                    std::to_string(frontier.size()) + " was signed over"};
                return false;
            }
            agreed = frontier.size();
            ++verification.heads_held;
        }
        return true;
    }
};

Verifier::Verifier(std::vector<TreeHead> heads) : state_(std::make_unique<State>()) {
    std::ranges::sort(heads, {}, &TreeHead::size);
    state_->heads = std::move(heads);
    state_->hold_heads();  // of an empty log
}
Verifier::~Verifier() = default;

bool Verifier::take(const RecordedEvent& event) {
    State& state = *state_;
    if (!state.verification.good()) return false;
    state.verification.first_bad = state.look_at(event);
    if (state.verification.first_bad) return false;
    state.frontier.append(event.leaf_hash);
    ++state.verification.checked;
    return state.hold_heads();
}

Verification Verifier::finish() {
    State& state = *state_;
    Verification& verification = state.verification;
    verification.root = state.frontier.root();
    // No head covers these yet: whoever signs the next one disavows what the service did not write.
    for (auto at = state.suspects.begin(); at != state.suspects.end();)
        if (verification.authenticated && at->second.inert) {
            verification.disavowed.push_back(at->second.record);
            at = state.suspects.erase(at);
        } else {
            ++at;
        }
    if (verification.good()) state.condemn_suspects();
    if (verification.good() && state.next_head < state.heads.size()) {
        const TreeHead& head = state.heads[state.next_head];
        verification.bad_interval =
            BadInterval{state.frontier.size() + 1, head.size,
                        "the log ends before them, but a tree head was signed over them: its tail was cut off"};
    }
    return verification;
}

asio::awaitable<Result<Verification, StoreError>> verify(Store& store, Verifier& verifier, Position head,
                                                         Progress progress) {
    Position next = 1;
    while (next <= head) {
        auto events = co_await store.read_log(next, kBatch, soon());
        if (!events) co_return Unexpected(events.error());
        if (events->empty()) break;
        for (const RecordedEvent& event : *events) {
            if (event.position > head) break;
            if (!verifier.take(event)) co_return verifier.finish();
        }
        next = events->back().position + 1;
        if (progress) progress(std::min(next - 1, head), head);
    }
    co_return verifier.finish();
}

}  // namespace keyledger::eventstore::audit

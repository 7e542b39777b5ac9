#include "eventstore/audit/verify.hpp"

#include <algorithm>
#include <unordered_map>

#include "eventstore/audit/merkle.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/leaf.hpp"

namespace keyledger::eventstore::audit {
namespace {

constexpr std::int32_t kBatch = 5'000;

Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(60); }

std::optional<std::string> bad_leaf(const RecordedEvent& event) {
    try {
        if (leaf_hash(event) == event.leaf_hash) return std::nullopt;
        return "does not match its leaf hash: the record or the hash was changed";
    } catch (const CodecError& error) {
        return std::string("can't be read: ") + error.what();
    }
}

}  // namespace

struct Verifier::State {
    std::vector<TreeHead> heads;  // by size
    std::size_t next_head = 0;
    Position agreed = 0;  // with the last head that fits
    Frontier frontier;
    std::unordered_map<Uuid, std::int32_t> versions;
    Verification verification;

    std::optional<BadRecord> look_at(const RecordedEvent& event) {
        const Position expected = frontier.size() + 1;
        if (event.position != expected)
            return BadRecord{expected, "is missing: the next record has position " + std::to_string(event.position)};
        if (auto reason = bad_leaf(event)) return BadRecord{expected, *reason};
        std::int32_t& version = versions[event.stream_id];
        if (event.version != version + 1)
            return BadRecord{expected, "has version " + std::to_string(event.version) + " of stream " +
                                           event.stream_id.to_string() + ", after version " +
                                           std::to_string(version)};
        version = event.version;
        return std::nullopt;
    }

    bool hold_heads() {
        for (; next_head < heads.size() && heads[next_head].size == frontier.size(); ++next_head) {
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

#include "eventstore/audit/verify.hpp"

#include <unordered_map>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/leaf.hpp"

namespace keyledger::eventstore::audit {
namespace {

constexpr std::int32_t kBatch = 5'000;

Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(60); }

class Checker {
public:
    std::optional<BadRecord> check(const RecordedEvent& event, Position expected) {
        if (event.position != expected)
            return BadRecord{expected, "is missing: the next record has position " + std::to_string(event.position)};
        if (auto reason = bad_leaf(event)) return BadRecord{expected, *reason};
        std::int32_t& version = versions_[event.stream_id];
        if (event.version != version + 1)
            return BadRecord{expected, "has version " + std::to_string(event.version) + " of stream " +
                                           event.stream_id.to_string() + ", after version " +
                                           std::to_string(version)};
        version = event.version;
        return std::nullopt;
    }

private:
    static std::optional<std::string> bad_leaf(const RecordedEvent& event) {
        try {
            if (leaf_hash(event) == event.leaf_hash) return std::nullopt;
            return "does not match its leaf hash: the record or the hash was changed";
        } catch (const CodecError& error) {
            return std::string("can't be read: ") + error.what();
        }
    }
    std::unordered_map<Uuid, std::int32_t> versions_;
};

}  // namespace

asio::awaitable<Result<Verification, StoreError>> verify(Store& store, Progress progress) {
    auto head = co_await store.head(soon());
    if (!head) co_return Unexpected(head.error());
    Verification verification;
    verification.head = *head;
    Checker checker;
    const Position last = head->cursor.position;
    for (Position next = 1; next <= last;) {
        auto events = co_await store.read_log(next, kBatch, soon());
        if (!events) co_return Unexpected(events.error());
        if (events->empty()) {
            verification.first_bad = BadRecord{next, "is missing, with everything behind it"};
            co_return verification;
        }
        for (const RecordedEvent& event : *events) {
            if (next > last) break;
            verification.first_bad = checker.check(event, next);
            if (verification.first_bad) co_return verification;
            ++next;
            ++verification.checked;
        }
        if (progress) progress(verification.checked, last);
    }
    co_return verification;
}

}  // namespace keyledger::eventstore::audit

#pragma once
// What an auditor checks. From the log alone: positions without holes, stream versions without holes, and every leaf
// hash recomputed from its record. An attacker who can write every table can make all of these fit again, but can't
// do so against tree heads that were kept outside the database: the first event that was changed lies between the
// last head that fits and the first that does not (I11).
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/audit/tree_head.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::audit {

struct BadRecord {
    Position position = 0;  // of the first bad record, or of the first that is missing
    std::string reason;
};
// One of the events at positions first to last was changed, moved, removed or added since the head at `last` was
// signed.
struct BadInterval {
    Position first = 0;
    Position last = 0;
    std::string reason;
};
// A record that the service did not write, and said so before the next tree head: it means nothing.
struct DisavowedRecord {
    Position position = 0;
    Uuid stream_id;
    std::int32_t version = 0;
};
struct Verification {
    std::int64_t checked = 0;
    Digest root{};               // of all that was checked
    std::size_t heads_held = 0;  // tree heads that the log agrees with
    std::vector<DisavowedRecord> disavowed;
    bool authenticated = false;  // MACs were checked; else nobody here knows who wrote an event
    std::optional<BadRecord> first_bad;
    std::optional<BadInterval> bad_interval;
    // Set with first_bad: nothing was found there, but the key that would tell is not in the keyring.
    std::string lacking_key;
    bool good() const { return !first_bad && !bad_interval; }
};

// Takes the events of a log in the order in which they are stored or were exported. Memory: 20 bytes a stream.
class Verifier {
public:
    // Heads of this log, in any order.
    explicit Verifier(std::vector<TreeHead> heads);
    ~Verifier();

    // False: something is bad, and what follows need not be looked at. An event that does not match its leaf hash, or
    // whose MAC is wrong, is bad unless the log disavows it further on, before the next tree head.
    bool take(const RecordedEvent& event);
    // There are no more events.
    Verification finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

using Progress = std::function<void(std::int64_t checked, Position head)>;
// Reads the log once, in batches, up to the head that it had at the start.
asio::awaitable<Result<Verification, StoreError>> verify(Store& store, Verifier& verifier, Position head,
                                                         Progress progress);

}  // namespace keyledger::eventstore::audit

#pragma once
// A batch of commands that do not depend on each other: what keyledger.append checks set-wise is then as if they had
// run one by one (design of I4 inside one batch).
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "eventstore/postgres/store/append_arguments.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

// Whoever waits for a verdict. complete() is called once, on the writer's thread, and returns at once.
class VerdictWaiter {
public:
    virtual ~VerdictWaiter() = default;
    virtual void complete(Result<Verdict, StoreError> verdict) = 0;
};

struct PendingAppend {
    Append append;
    Deadline deadline{};
    std::unique_ptr<VerdictWaiter> waiter;  // empty once answered
    std::size_t weight = 0;                 // of the append, against the limits of queue and batch
    bool in_doubt = false;                  // the connection broke while it was in flight

    // Event ids are made for one append: whatever has its first event is this very one. Of one without events nobody
    // can tell.
    bool begins_with(const std::optional<Uuid>& event) const {
        return !append.events.empty() && append.events.front().event_id == event;
    }
    void answer(Result<Verdict, StoreError> verdict) {
        if (waiter) std::exchange(waiter, nullptr)->complete(std::move(verdict));
    }
};

class Batch {
public:
    // Whether the command may join: it writes nothing that one in here writes or guards, guards nothing that one in
    // here writes, and shares no command id, claim, credential, spent value or changed subject key. Guards alone may be
    // shared, by those that saw the same version.
    bool admits(const Append& append) const;
    // Encodes it too, but for what stamp() makes.
    void add(PendingAppend waiting);
    // Right before it is sent. Its events are recorded now, but not before `floor`, nor before any of its
    // commands was decided. Returns when that is.
    Instant stamp(Instant now, Instant floor, const WritingKey& key);

    bool empty() const { return waiting_.empty(); }
    std::size_t size() const { return waiting_.size(); }
    std::size_t bytes() const { return bytes_; }
    std::vector<PendingAppend>& waiting() { return waiting_; }
    const std::vector<PendingAppend>& waiting() const { return waiting_; }
    AppendArguments& arguments() { return arguments_; }
    // What readers get of the commands that were appended, as it was stamped last: `first_positions` has one
    // position a command, 0 for those of which nothing was. Takes the events' texts away.
    std::vector<RecordedEvent> take_recorded(const std::vector<Position>& first_positions);
    // Moves the commands [first, last) into a batch of their own.
    Batch only(std::size_t first, std::size_t last);

    std::chrono::steady_clock::time_point first_sent_at{};  // zero: never

private:
    enum class Use : std::uint8_t { kRead, kChanged };
    struct StreamUse {
        std::int32_t version;
        Use use;
    };

    std::vector<PendingAppend> waiting_;
    AppendArguments arguments_;
    std::size_t bytes_ = 0;
    Instant recorded_at_;
    std::string mac_key_id_;
    std::unordered_map<Uuid, StreamUse> streams_;
    std::unordered_map<Uuid, Use> subjects_;
    std::unordered_set<Uuid> credentials_;
    std::unordered_set<std::string> claims_;
    // Of digests each part is as good as any other.
    struct HashOfDigest {
        std::size_t operator()(const Digest& digest) const noexcept {
            std::size_t hash = 0;
            std::memcpy(&hash, digest.data(), sizeof hash);
            return hash;
        }
    };
    std::unordered_set<Digest, HashOfDigest> spent_;
    std::unordered_set<CommandId, HashOfDigest> command_ids_;
};

// About how many bytes it takes.
std::size_t weight_of(const Append& append);

}  // namespace keyledger::eventstore::postgres

#pragma once
// What an auditor checks from the log alone: positions without holes, stream versions without holes, and every leaf
// hash recomputed from its record. Whoever may write every table can mend all of these: without a tree head kept
// outside the database this finds what is internally inconsistent, and no more (I11).
#include <functional>
#include <optional>
#include <string>

#include "eventstore/store.hpp"

namespace keyledger::eventstore::audit {

struct BadRecord {
    Position position = 0;  // of the first bad record, or of the first that is missing
    std::string reason;
};
struct Verification {
    Head head;              // as the log had it when the verification began
    std::int64_t checked = 0;
    std::optional<BadRecord> first_bad;
};
using Progress = std::function<void(std::int64_t checked, Position head)>;

// Reads the log once, in batches, up to the head that it had at the start. Memory: 20 bytes a stream.
asio::awaitable<Result<Verification, StoreError>> verify(Store& store, Progress progress);

}  // namespace keyledger::eventstore::audit

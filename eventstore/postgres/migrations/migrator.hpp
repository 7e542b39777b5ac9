#pragma once
// Migrations of the event store's schema: `keyledger migrate` applies them as the owner; `serve` only looks.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/uuid.hpp"
#include "eventstore/event_macs.hpp"

namespace keyledger::eventstore::postgres {

struct Migration {
    int number = 0;
    std::string_view name;
    std::string_view up;
    std::string_view down;
    std::string_view ahead;  // indexes that are built before `up`, while others append; mostly empty
};
// All that this program knows, numbered 1, 2, 3 …
const std::vector<Migration>& migrations();

// What a person has to mend: no connection, missing rights, a file that was changed after it was applied. The text
// holds no password.
struct MigrationFailure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct MigrationState {
    enum class Status {
        kPending,
        kApplied,
        kChanged,  // applied from other text than this program holds
        kUnknown,  // applied by a newer program
    };
    int number = 0;
    std::string name;
    Status status = Status::kPending;
    std::string applied_at;  // RFC 3339, empty while pending
};

// Blocks; one connection for each call, under an advisory lock, so that two at once do it once. Each migration is a
// transaction of its own, recorded with the SHA-256 of its `up`; indexes of long tables are built before it, outside of
// a transaction (ahead.hpp). Whatever is killed, up() goes on from where that came to. Throws MigrationFailure.
class Migrator {
public:
    // Where MACs begin is signed by `macs`: without one, up() fails where that has to be done, and so does a renewal.
    explicit Migrator(std::string owner_url, std::shared_ptr<const EventMacs> macs = nullptr)
        : url_(std::move(owner_url)), macs_(std::move(macs)) {}

    // The numbers of those that were applied now, in order; empty: nothing to do.
    std::vector<int> up();
    // Takes back the newest `count`. A log that holds events is not dropped.
    std::vector<int> down(int count = 1);
    std::vector<MigrationState> status();
    // After a restore: gives the log a new identity, so that tokens, cursors and tree heads of the lost history are
    // refused. Returns the new one.
    Uuid renew_log_id();

private:
    std::string url_;
    std::shared_ptr<const EventMacs> macs_;
};

// For `serve`: nullopt if the schema is the one that this program was built for, else a sentence that says what does
// not fit and which command mends it. The service's role suffices. Throws MigrationFailure if nobody answers.
std::optional<std::string> schema_problem(const std::string& database_url);

}  // namespace keyledger::eventstore::postgres

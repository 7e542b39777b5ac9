#pragma once
// Whether events can be believed, for all readers and the writer of one process. It keeps what the log says
// of its own MACs, and reads it again when an event names a key that it has not heard of. Any thread.
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "domain/base/result.hpp"
#include "eventstore/log_facts.hpp"
#include "eventstore/postgres/store/tree_heads.hpp"

namespace pqxx {
class transaction_base;
}

namespace keyledger::eventstore::postgres {

struct LogOriginNote {
    Uuid log_id;
    std::string note;
};

class Authenticity {
public:
    // Told of a key that the keyring lacks; true: it is there now.
    using OnLackingKey = std::function<bool(const std::string& key_id)>;
    // With `on_lacking_key` whoever reads an event that needs such a key is answered that it can't be read now, and
    // goes on from there once the keyring has the key. Without it the event says kKeyMissing, for those who report.
    explicit Authenticity(std::shared_ptr<const EventMacs> macs, OnLackingKey on_lacking_key = {})
        : macs_(std::move(macs)), on_lacking_key_(std::move(on_lacking_key)) {}

    // Sets the trust of each event. Throws what libpqxx throws, also when the log's origin was not signed by a key of
    // the keyring, or that lacks a key: then nothing can be said, and nothing is answered.
    void check(pqxx::transaction_base& read, std::span<RecordedEvent> events);
    // What is appended now to a log of this origin is authenticated by this; the error is a sentence.
    Result<WritingKey, std::string> writing_key(const LogOriginNote& origin);
    // A tree head was seen that covers so much, wherever: what it covers and can't be believed was changed.
    void saw_signed(const Uuid& log_id, Position until);
    // Whether the log says that events may carry MACs of this key. Reads it anew over `url`; the error is a
    // sentence.
    Result<bool, std::string> is_announced(const std::string& url, std::string_view key_id);
    // The last position of events from before MACs; 0: there are none. Reads it anew; the error is a
    // sentence.
    Result<Position, std::string> without_macs_until(const std::string& url);
    // Looks at the tree heads that the database keeps, a page at a time, each with its own bound, however many somebody
    // put there; what reads afterwards looks at those alone that were added since. Before anything else is read. False:
    // `go_on` had it stop. The error is a sentence.
    Result<bool, std::string> look_at_heads(const std::string& url, const OnHeadsScanned& go_on);
    // As far as they were looked at.
    StoredHeads heads() const;
    const std::shared_ptr<const EventMacs>& macs() const { return macs_; }

private:
    enum class FactsFreshness { kWillDo, kReadAgain };
    std::shared_ptr<const LogFacts> facts(pqxx::transaction_base& read, FactsFreshness known);
    Position signed_until(pqxx::transaction_base& read, const Uuid& log_id);
    audit::OpenNote opener() const;

    const std::shared_ptr<const EventMacs> macs_;
    const OnLackingKey on_lacking_key_;
    mutable std::mutex mutex_;
    std::shared_ptr<const LogFacts> facts_;
    StoredHeads heads_;
    Uuid signed_log_;
    Position signed_until_ = 0;
};

}  // namespace keyledger::eventstore::postgres

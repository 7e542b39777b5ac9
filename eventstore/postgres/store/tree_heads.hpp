#pragma once
// The tree heads of a log that its database keeps (keyledger.tree_heads), with the frontier behind each. The
// service's role adds them through a function of the owner's, and can neither change nor take away what is there;
// but whoever has that role can add others, so a head counts by its signature alone. Beside each stands a tag
// (audit/head_tag.hpp), so that a hundred thousand of others are passed over in a second or two.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "eventstore/audit/head_tag.hpp"
#include "eventstore/audit/tree_head_maker.hpp"

namespace pqxx {
class row;
class transaction_base;
}  // namespace pqxx

namespace keyledger::eventstore::postgres {

// Told after each page how many heads were looked at; false: look no further.
using OnHeadsScanned = std::function<bool(std::int64_t heads)>;

// Looks for the newest head that opens, a page at a time: the first time from the newest row back, and then at
// what was added since. One thread's at a time; a copy goes on by itself.
class StoredHeads {
public:
    enum class ScanProgress { kAll, kAPage };
    // Throws what libpqxx throws, and goes on where it stood when it is called again. `macs` may be null: then every
    // signature is tried.
    ScanProgress scan_further(pqxx::transaction_base& read, const Uuid& log_id, const audit::OpenNote& open,
                              const EventMacs* macs);
    // What there was when all was looked at.
    const audit::StoredTreeHeads& found() const { return found_; }
    std::int64_t looked_at() const { return looked_at_; }

private:
    enum class Phase { kNotBegun, kBack, kOn };
    struct Reading {
        pqxx::transaction_base& read;
        const audit::OpenNote& open;
        const audit::HeadTags tags;
    };
    void begin(pqxx::transaction_base& read);
    bool scan_backwards(const Reading& reading);
    bool scan_forwards(const Reading& reading);
    bool is_head(const pqxx::row& row, const Reading& reading);
    void take(const pqxx::row& row, const Reading& reading);
    void scan_legacy_table(const Reading& reading);

    Uuid log_id_;
    Phase phase_ = Phase::kNotBegun;
    std::int64_t looked_until_ = 0;  // the last row that was there when it began, then the last that was looked at
    Position below_position_ = 0;    // of those before, where it goes on
    std::int64_t below_id_ = 0;
    std::int64_t looked_at_ = 0;
    audit::StoredTreeHeads found_;
};

// One thread's, on a connection of its own. Each page of a look has its own bound.
class PostgresTreeHeads : public audit::TreeHeadStore {
public:
    // Goes on behind what `begun` has looked at already. Without `macs` it can't store.
    explicit PostgresTreeHeads(std::string url, std::shared_ptr<const EventMacs> macs, StoredHeads begun = {});
    ~PostgresTreeHeads() override;
    Result<audit::StoredTreeHeads, ReadError> load(const Uuid& log_id, const audit::OpenNote& open) override;
    void look_again() override;
    // Prunes old ones once an hour, by the way.
    Result<void, std::string> store(const Uuid& log_id, const audit::TreeHeadState& state) override;

private:
    struct Session;
    std::unique_ptr<Session> session_;
};

}  // namespace keyledger::eventstore::postgres

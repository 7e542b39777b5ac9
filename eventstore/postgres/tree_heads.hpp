#pragma once
// The tree heads of a log that its database keeps (keyledger.tree_heads), with the frontier behind each. The service's
// role adds them through a function of the owner's, and can neither change nor take away what is there; but whoever
// has that role can add others, so a head counts by its signature alone.
#include <cstdint>
#include <memory>
#include <string>

#include "eventstore/audit/tree_head_maker.hpp"

namespace pqxx {
class transaction_base;
}

namespace keyledger::eventstore::postgres {

// Looks for the newest head that opens: the first time from the newest row back, and then at what was added since. One
// thread's at a time.
class StoredHeads {
public:
    // Throws what libpqxx throws.
    const audit::StoredTreeHeads& look(pqxx::transaction_base& read, const Uuid& log_id, const audit::OpenNote& open);

private:
    void look_back(pqxx::transaction_base& read, const audit::OpenNote& open);
    void look_on(pqxx::transaction_base& read, const audit::OpenNote& open);
    void look_at_the_table_of_before(pqxx::transaction_base& read, const audit::OpenNote& open);

    Uuid log_id_;
    std::int64_t looked_until_ = -1;  // the last row that was looked at; -1: none yet
    audit::StoredTreeHeads found_;
};

// One thread's, on a connection of its own.
class PostgresTreeHeads : public audit::TreeHeadStore {
public:
    explicit PostgresTreeHeads(std::string url);
    ~PostgresTreeHeads() override;
    Result<audit::StoredTreeHeads, ReadError> load(const Uuid& log_id, const audit::OpenNote& open) override;
    // Prunes old ones once an hour, by the way.
    Result<void, std::string> store(const Uuid& log_id, const audit::TreeHeadState& state) override;

private:
    struct Session;
    std::unique_ptr<Session> session_;
};

}  // namespace keyledger::eventstore::postgres

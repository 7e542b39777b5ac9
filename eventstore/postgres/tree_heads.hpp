#pragma once
// The newest tree head of a log and the frontier behind it: one row in read_models.tree_heads, for it can be made
// again from the log. The service's own role makes the table.
#include <memory>
#include <string>

#include "eventstore/audit/tree_head_maker.hpp"

namespace keyledger::eventstore::postgres {

// One thread's, on a connection of its own.
class PostgresTreeHeads : public audit::TreeHeadStore {
public:
    explicit PostgresTreeHeads(std::string url);
    ~PostgresTreeHeads() override;
    Result<std::optional<audit::TreeHeadState>, ReadError> load(const Uuid& log_id) override;
    Result<void, ReadError> store(const Uuid& log_id, const audit::TreeHeadState& state) override;

private:
    struct Session;
    std::unique_ptr<Session> session_;
};

}  // namespace keyledger::eventstore::postgres

#pragma once
// `audit`: one entry an event: who did what to whom, when, from where, and what came of it. Beside the
// entries it keeps which user a session belongs to, for most events on a session do not name him, and between
// which positions the entries of an hour lie.
#include "projections/engine/read_model.hpp"

namespace keyledger::projections {

class AuditModel : public ReadModel {
public:
    static constexpr std::string_view kName = "audit";
    static constexpr int kLayout = 1;

    std::string_view name() const override { return kName; }
    int layout() const override { return kLayout; }
    std::vector<std::string> tables(int generation) const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

// The hour of a time, as the model's table of hours counts them.
std::int64_t audit_hour(std::int64_t at_ms);

}  // namespace keyledger::projections

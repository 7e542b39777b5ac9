#pragma once
// `sessions`: who is logged in from where, and how it ended. One row a session; personal columns are null
// once erased. A session that ran out is not an event: readers compare expires_at_ms and refreshed_at_ms with
// their clock.
#include "projections/engine/read_model.hpp"

namespace keyledger::projections {

class SessionsModel : public ReadModel {
public:
    static constexpr std::string_view kName = "sessions";
    static constexpr int kLayout = 1;

    std::string_view name() const override { return kName; }
    int layout() const override { return kLayout; }
    std::vector<std::string> tables(int generation) const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

}  // namespace keyledger::projections

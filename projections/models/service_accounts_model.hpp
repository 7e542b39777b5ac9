#pragma once
// `service_accounts`: the service accounts there are. For lists only: whether one is good is asked of the log. One row
// an account, gone once it is deleted.
#include "projections/engine/read_model.hpp"

namespace keyledger::projections {

class ServiceAccountsModel : public ReadModel {
public:
    static constexpr std::string_view kName = "service_accounts";
    static constexpr int kLayout = 2;

    std::string_view name() const override { return kName; }
    int layout() const override { return kLayout; }
    std::vector<std::string> tables(int generation) const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

}  // namespace keyledger::projections

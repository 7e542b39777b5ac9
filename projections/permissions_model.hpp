#pragma once
// `permissions`: the roles there are, and who has them. For lists only: what somebody may do is asked of the log. One
// row a role, gone once it is deleted; in a second table one row an assignment, gone with it or with its role.
#include "projections/read_model.hpp"

namespace keyledger::projections {

class PermissionsModel : public ReadModel {
public:
    static constexpr std::string_view kName = "permissions";
    static constexpr int kLayout = 2;

    std::string_view name() const override { return kName; }
    int layout() const override { return kLayout; }
    std::vector<std::string> tables(int generation) const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

}  // namespace keyledger::projections

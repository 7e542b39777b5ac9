#pragma once
// `permissions`: the roles and groups there are, who has the former and is in the latter. For lists and for
// the why only: what somebody may do is asked of the log. One row a role or group, gone once it is deleted;
// in further tables one row an assignment and one a member (a subject, or a group under another), gone with
// it, its role or its group.
#include "projections/engine/read_model.hpp"

namespace keyledger::projections {

class PermissionsModel : public ReadModel {
public:
    static constexpr std::string_view kName = "permissions";
    static constexpr int kLayout = 4;

    std::string_view name() const override { return kName; }
    int layout() const override { return kLayout; }
    std::vector<std::string> tables(int generation) const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

}  // namespace keyledger::projections

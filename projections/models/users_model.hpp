#pragma once
// `users`: who is there, and in what standing. One row a user; personal columns are null once erased.
#include "projections/engine/read_model.hpp"

namespace keyledger::projections {

class UsersModel : public ReadModel {
public:
    static constexpr std::string_view kName = "users";
    static constexpr int kLayout = 3;

    std::string_view name() const override { return kName; }
    int layout() const override { return kLayout; }
    std::vector<std::string> tables(int generation) const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

}  // namespace keyledger::projections

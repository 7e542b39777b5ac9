#pragma once
// The read model "erasures": the users whose erasure was requested and neither taken back nor carried out. Housekeeping
// looks here for those that are due; the command decides.
#include <optional>

#include "projections/engine/read_model.hpp"

namespace keyledger::projections {

class ErasuresModel : public ReadModel {
public:
    static constexpr std::string_view kName = "erasures";
    static constexpr int kLayout = 1;

    std::string_view name() const override { return kName; }
    int layout() const override { return kLayout; }
    std::vector<std::string> tables(int generation) const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

struct DueErasure {
    std::int64_t due_at_ms = 0;
    Uuid user_id;
};
// At most so many erasures that are due at that time, in the order of both fields, behind the given one. Blocks, on a
// connection of its own. Throws libpqxx's exceptions.
std::vector<DueErasure> due_erasures(const std::string& database_url, std::int64_t now_ms,
                                     const std::optional<DueErasure>& behind, int at_most);

}  // namespace keyledger::projections

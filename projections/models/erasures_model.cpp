#include <map>
#include <optional>

#include "domain/users/user.hpp"
#include "projections/engine/table.hpp"
#include "projections/models/erasures.hpp"
#include "projections/models/read_models.hpp"

namespace keyledger::projections {
namespace {

// For each user in the batch: when the erasure is due, or nothing.
using Changes = std::map<UserId, std::optional<Instant>>;

}  // namespace

Model ErasuresModel::model() const { return kErasuresModel; }

void ErasuresModel::create(pqxx::transaction_base& transaction, int generation) const {
    create_table<ErasureRow>(transaction, table(generation));
}

void ErasuresModel::apply(pqxx::transaction_base& transaction, int generation,
                          std::span<const DecodedEvent> events) const {
    Changes changes;
    for (const DecodedEvent& decoded : events) {
        const UserEvent* event = eventstore::event_in<User>(*decoded.event);
        const auto erasure = event ? pending_erasure(*event) : std::nullopt;
        if (erasure) changes[UserId{decoded.recorded->stream_id}] = erasure->due_at;
    }
    SqlArray over;
    std::vector<ErasureRow> pending;
    for (const auto& [user, due_at] : changes) {
        if (due_at) pending.push_back({user, *due_at});
        else over.add(user);
    }
    delete_rows(transaction, table(generation), over, "user_id");
    write_rows(transaction, table(generation), pending);
}

}  // namespace keyledger::projections

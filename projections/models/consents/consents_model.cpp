#include <map>
#include <optional>

#include "domain/users/user.hpp"
#include "eventstore/subscription.hpp"
#include "projections/engine/table.hpp"
#include "projections/models/consents/consents.hpp"
#include "projections/models/read_models.hpp"

namespace keyledger::projections {
namespace {

// What a batch does to one consent: what there was of it before is over, and what it is since.
struct Change {
    bool is_over = false;
    std::optional<ConsentRow> begun;
};

struct Collect {
    std::map<Id<Consent>, Change>& changes;
    SqlArray& erased;  // users
    const DecodedEvent& decoded;

    void operator()(const UserId& user_id, const UserEvent&) const {
        if (eventstore::erases(*decoded.event)) erased.add(user_id);
    }
    void operator()(const Id<Consent>& id, const ConsentEvent& event) const {
        Change& change = changes[id];
        if (const auto* given = std::get_if<ConsentGiven>(&event)) {
            if (change.begun) return;
            change.begun = ConsentRow{id, given->user_id, given->application_id, decoded.metadata.occurred_at,
                                      decoded.recorded->position};
        } else {
            change = Change{true, std::nullopt};
        }
    }
};

using Concerns = eventstore::Subscription<User, Consent>;

}  // namespace

Model ConsentsModel::model() const { return kConsentsModel; }

void ConsentsModel::create(pqxx::transaction_base& transaction, int generation) const {
    create_table<ConsentRow>(transaction, table(generation));
    transaction.exec0("create index " + table_name(name(), generation) + "_user on " + table(generation) +
                      " (user_id, first_position)");
}

void ConsentsModel::apply(pqxx::transaction_base& transaction, int generation,
                          std::span<const DecodedEvent> events) const {
    std::map<Id<Consent>, Change> changes;
    SqlArray erased;
    for (const DecodedEvent& decoded : events)
        Concerns::deliver(*decoded.event, decoded.recorded->stream_id, Collect{changes, erased, decoded});
    SqlArray over;
    std::vector<ConsentRow> begun;
    for (const auto& [id, change] : changes) {
        if (change.is_over) over.add(id);
        if (change.begun) begun.push_back(*change.begun);
    }
    delete_rows(transaction, table(generation), over);
    // One that is given once more began with the first time.
    insert_rows(transaction, table(generation), begun, " on conflict do nothing");
    // Last: nobody gives one who is erased.
    delete_rows(transaction, table(generation), erased, "user_id");
}

}  // namespace keyledger::projections

#include <map>
#include <optional>

#include "domain/factors/factors.hpp"
#include "domain/registrations/registration.hpp"
#include "domain/users/user.hpp"
#include "projections/engine/table.hpp"
#include "projections/models/deadlines.hpp"
#include "projections/models/read_models.hpp"

namespace keyledger::projections {
namespace {

// What an event says of its stream's deadline: nothing, that there is none any more, or when it is.
using Said = std::optional<std::optional<Instant>>;
constexpr std::optional<Instant> kOver{};

template <class... Over, class Event>
bool is_any_of(const Event& event) {
    return (std::holds_alternative<Over>(event) || ...);
}

Said said_by(const RegistrationEvent& event) {
    if (const auto* begun = std::get_if<RegistrationBegun>(&event)) return begun->expires_at;
    if (const auto* begun = std::get_if<RegistrationBegunByProvider>(&event)) return begun->expires_at;
    if (is_any_of<RegistrationCompleted, RegistrationErased>(event)) return kOver;
    return {};
}
Said said_by(const UserEvent& event) {
    if (const auto* changed = std::get_if<UserEmailChanged>(&event)) return changed->undo_until;
    if (is_any_of<UserEmailChangeUndone, UserFormerEmailReleased, UserErased>(event)) return kOver;
    return {};
}

// Of a factor: which, whose, and until when it is kept; no time: it is not.
std::optional<DeadlineRow> said_by(const FactorsEvent& event) {
    const auto row = [](const auto& one, std::optional<Instant> until) {
        return DeadlineRow{one.factor_id, std::string(kOfRemovedFactor), until.value_or(Instant{}), one.user_id};
    };
    if (const auto* removed = std::get_if<FactorRemoved>(&event)) return row(*removed, removed->kept_until);
    if (const auto* given_back = std::get_if<FactorGivenBack>(&event)) return row(*given_back, {});
    if (const auto* forgotten = std::get_if<FactorForgotten>(&event)) return row(*forgotten, {});
    return {};
}

}  // namespace

Model DeadlinesModel::model() const { return kDeadlinesModel; }

void DeadlinesModel::create(pqxx::transaction_base& transaction, int generation) const {
    create_table<DeadlineRow>(transaction, table(generation));
}

void DeadlinesModel::apply(pqxx::transaction_base& transaction, int generation,
                           std::span<const DecodedEvent> events) const {
    std::map<Uuid, DeadlineRow> changes;  // without a time: there is none any more
    for (const DecodedEvent& decoded : events) {
        const auto note = [&](const auto& event, std::string_view what) {
            const Uuid& stream = decoded.recorded->stream_id;
            if (const Said said = said_by(event))
                changes[stream] = {stream, std::string(what), said->value_or(Instant{})};
        };
        if (const auto* of_one = eventstore::event_in<Registration>(*decoded.event)) note(*of_one, kOfRegistration);
        if (const auto* of_one = eventstore::event_in<User>(*decoded.event)) note(*of_one, kOfFormerEmail);
        if (const auto* of_factors = eventstore::event_in<Factors>(*decoded.event))
            if (auto row = said_by(*of_factors)) changes[row->id] = std::move(*row);
    }
    SqlArray over;
    std::vector<DeadlineRow> pending;
    for (auto& [stream, row] : changes) {
        if (row.due_at.is_set()) pending.push_back(std::move(row));
        else over.add(stream);
    }
    delete_rows(transaction, table(generation), over);
    write_rows(transaction, table(generation), pending);
}

}  // namespace keyledger::projections

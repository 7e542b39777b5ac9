#include "commands/runtime/fold.hpp"

#include <algorithm>

#include "eventstore/codec/jcs.hpp"

namespace keyledger::commands {
namespace {

template <class Aggregate, class Event>
void step(AnyState& state, const Event& event, const Recorded& recorded) {
    auto* aggregate = std::get_if<Aggregate>(&state);
    if (!aggregate) throw eventstore::CodecError("an event stands in another aggregate's stream");
    *aggregate = evolve(std::move(*aggregate), event, recorded);
}

void evolve_any(AnyState& state, const UserEvent& event, const Recorded& recorded) {
    step<User>(state, event, recorded);
}
void evolve_any(AnyState& state, const SessionEvent& event, const Recorded& recorded) {
    step<Session>(state, event, recorded);
}
void evolve_any(AnyState& state, const LoginAttemptsEvent& event, const Recorded& recorded) {
    step<LoginAttempts>(state, event, recorded);
}
void evolve_any(AnyState& state, const AnonymousCallersEvent& event, const Recorded& recorded) {
    step<AnonymousCallers>(state, event, recorded);
}
void evolve_any(AnyState& state, const RoleEvent& event, const Recorded& recorded) {
    step<Role>(state, event, recorded);
}
void evolve_any(AnyState& state, const AssignmentsEvent& event, const Recorded& recorded) {
    step<Assignments>(state, event, recorded);
}
void evolve_any(AnyState& state, const AdministratorsEvent& event, const Recorded& recorded) {
    step<Administrators>(state, event, recorded);
}
void evolve_any(AnyState& state, const ServiceAccountEvent& event, const Recorded& recorded) {
    step<ServiceAccount>(state, event, recorded);
}
void evolve_any(AnyState& state, const ServiceTokenEvent& event, const Recorded& recorded) {
    step<ServiceToken>(state, event, recorded);
}
void evolve_any(AnyState& state, const GroupEvent& event, const Recorded& recorded) {
    step<Group>(state, event, recorded);
}
void evolve_any(AnyState& state, const NestingsEvent& event, const Recorded& recorded) {
    step<Nestings>(state, event, recorded);
}

void evolve_any(AnyState& state, const LogEvent& event, const Recorded& recorded) {
    step<LogKeeping>(state, event, recorded);
}

}  // namespace

std::string_view stream_type_of(const AnyState& state) {
    return std::visit([]<class Aggregate>(const Aggregate&) { return Aggregate::kStreamType; }, state);
}

void Advancing::event(const eventstore::AnyEvent& event, std::int32_t version, const Recorded& recorded) {
    if (version != version_ + 1) throw eventstore::CodecError("a stream's versions have a hole");
    std::visit([&](const auto& e) { evolve_any(state_, e, recorded); }, event);
    version_ = version;
    position_ = recorded.position;
    occurred_at_ms_ = std::max(occurred_at_ms_, recorded.occurred_at_ms);
}

void Advancing::pass_over(std::int32_t version, Position position) {
    if (version != version_ + 1) throw eventstore::CodecError("a stream's versions have a hole");
    version_ = version;
    position_ = position;
}

Fold pass_over(const Fold& fold, std::int32_t version, Position position) {
    if (version != fold.version + 1) throw eventstore::CodecError("a stream's versions have a hole");
    return {version, fold.state, position, fold.occurred_at_ms};
}

Fold advance(const Fold& fold, const eventstore::AnyEvent& event, std::int32_t version, const Recorded& recorded) {
    Advancing further(fold);
    further.event(event, version, recorded);
    return std::move(further).fold();
}

}  // namespace keyledger::commands

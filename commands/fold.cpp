#include "commands/fold.hpp"

#include "eventstore/codec/jcs.hpp"

namespace keyledger::commands {
namespace {

template <class Aggregate, class Event>
AnyState step(const AnyState& state, const Event& event, const Recorded& recorded) {
    const auto* aggregate = std::get_if<Aggregate>(&state);
    if (!aggregate) throw eventstore::CodecError("an event stands in another aggregate's stream");
    return evolve(*aggregate, event, recorded);
}

AnyState evolve_any(const AnyState& state, const UserEvent& event, const Recorded& recorded) {
    return step<User>(state, event, recorded);
}
AnyState evolve_any(const AnyState& state, const SessionEvent& event, const Recorded& recorded) {
    return step<Session>(state, event, recorded);
}
AnyState evolve_any(const AnyState& state, const LoginAttemptsEvent& event, const Recorded& recorded) {
    return step<LoginAttempts>(state, event, recorded);
}
AnyState evolve_any(const AnyState& state, const AnonymousCallersEvent& event, const Recorded& recorded) {
    return step<AnonymousCallers>(state, event, recorded);
}
AnyState evolve_any(const AnyState& state, const RoleEvent& event, const Recorded& recorded) {
    return step<Role>(state, event, recorded);
}
AnyState evolve_any(const AnyState& state, const AssignmentsEvent& event, const Recorded& recorded) {
    return step<Assignments>(state, event, recorded);
}
AnyState evolve_any(const AnyState& state, const AdministratorsEvent& event, const Recorded& recorded) {
    return step<Administrators>(state, event, recorded);
}
AnyState evolve_any(const AnyState& state, const ServiceAccountEvent& event, const Recorded& recorded) {
    return step<ServiceAccount>(state, event, recorded);
}
AnyState evolve_any(const AnyState& state, const ServiceTokenEvent& event, const Recorded& recorded) {
    return step<ServiceToken>(state, event, recorded);
}
AnyState evolve_any(const AnyState& state, const GroupEvent& event, const Recorded& recorded) {
    return step<Group>(state, event, recorded);
}
AnyState evolve_any(const AnyState& state, const NestingsEvent& event, const Recorded& recorded) {
    return step<Nestings>(state, event, recorded);
}

}  // namespace

std::string_view stream_type_of(const AnyState& state) {
    return std::visit([]<class Aggregate>(const Aggregate&) { return Aggregate::kStreamType; }, state);
}

Fold advance(const Fold& fold, const eventstore::AnyEvent& event, std::int32_t version, const Recorded& recorded) {
    if (version != fold.version + 1) throw eventstore::CodecError("a stream's versions have a hole");
    AnyState next = std::visit([&](const auto& e) { return evolve_any(*fold.state, e, recorded); }, event);
    return {version, std::make_shared<const AnyState>(std::move(next)), recorded.position};
}

}  // namespace keyledger::commands

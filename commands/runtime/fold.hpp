#pragma once
// Folded streams: the state that `evolve` makes of a stream's events, with the version it stands at. Immutable once
// made; shared between requests.
#include <cstdint>
#include <memory>
#include <variant>

#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "domain/access/role.hpp"
#include "domain/anonymous_callers/anonymous_callers.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/clients/service_token.hpp"
#include "domain/credentials/login_attempts.hpp"
#include "domain/log/log_keeping.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "eventstore/codec/events_codec.hpp"

namespace keyledger::commands {

using AnyState = std::variant<User, Session, LoginAttempts, AnonymousCallers, Role, Assignments, Administrators,
                              ServiceAccount, ServiceToken, Group, Nestings, LogKeeping>;

struct Fold {
    std::int32_t version = 0;  // 0: the stream does not exist
    std::shared_ptr<const AnyState> state;
    Position position = 0;            // of the last event
    std::int64_t occurred_at_ms = 0;  // the latest of any of its events; 0: nothing in it is believed yet
    bool is_foreign = false;          // the stream is another aggregate's: nothing of this one belongs into it
};

// The type of the streams that have this state.
std::string_view stream_type_of(const AnyState& state);

// A stream by its aggregate: what a command says it reads.
template <class Aggregate>
struct StreamOf {
    Uuid id;
};

template <class Aggregate>
Fold empty_fold() {
    static const auto kEmpty = std::make_shared<const AnyState>(Aggregate{});
    return {0, kEmpty, 0};
}
// AnyState::index() of the states of one aggregate.
template <class Aggregate, std::size_t kIndex = 0>
consteval std::size_t find_state_index() {
    if constexpr (std::is_same_v<std::variant_alternative_t<kIndex, AnyState>, Aggregate>) return kIndex;
    else return find_state_index<Aggregate, kIndex + 1>();
}
template <class Aggregate>
inline constexpr std::size_t kStateIndex = find_state_index<Aggregate>();

// One event further. The event must be the next of its stream; throws eventstore::CodecError when it is not or when it
// is of another aggregate's stream.
Fold advance(const Fold& fold, const eventstore::AnyEvent& event, std::int32_t version, const Recorded& recorded);
// The same past a record that means nothing.
Fold pass_over(const Fold& fold, std::int32_t version, Position position);

// Many events further: `advance` one by one, without a copy of the state for each.
class Advancing {
public:
    explicit Advancing(const Fold& from)
        : version_(from.version), state_(*from.state), position_(from.position), occurred_at_ms_(from.occurred_at_ms) {}
    void event(const eventstore::AnyEvent& event, std::int32_t version, const Recorded& recorded);
    void pass_over(std::int32_t version, Position position);
    Fold fold() && {
        return {version_, std::make_shared<const AnyState>(std::move(state_)), position_, occurred_at_ms_};
    }

private:
    std::int32_t version_;
    AnyState state_;
    Position position_;
    std::int64_t occurred_at_ms_;
};

}  // namespace keyledger::commands

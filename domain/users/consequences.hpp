#pragma once
// What events of the aggregate `user` (user.hpp) may declare beside their fields; fold and read models go by that.
#include <optional>
#include <string_view>

#include "domain/base/id.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

// Every session of the user that began before the event ends with it, except the one that is kept.
struct EndOfSessions {
    std::string_view reason;  // for the list of sessions, where it is stored: never changes
    std::optional<SessionId> kept_session{};
};
// The request for the user's erasure as it stands behind the event.
struct PendingErasure {
    std::optional<Instant> due_at{};  // empty: there is none (any more)
};

}  // namespace keyledger

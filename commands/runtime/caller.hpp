#pragma once
// Who asks, from where, until when: what every command is told of its request.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/base/id.hpp"
#include "domain/base/time.hpp"
#include "eventstore/event_metadata.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

// From `Idempotency-Key`: both are keyed digests made at the edge (design: the id binds tenant, route, principal and
// key; the fingerprint is of the whole request).
struct Idempotency {
    eventstore::CommandId command_id{};
    eventstore::Digest fingerprint{};
};

// From `If-Match` (RFC 9110 section 13.1.1): the states, as entity_tags.hpp names them, of which one must be that of
// what the command is about, at the moment in which it is decided. Not given: whatever its state is.
using Precondition = std::optional<std::vector<std::string>>;

struct Caller {
    eventstore::ActorType actor_type = eventstore::ActorType::kAnonymous;
    std::string actor_id;
    std::optional<SessionId> session_id;
    std::string request_id;
    std::string traceparent;
    std::string client_address;
    std::string network;  // of that address: what counts as one caller (/32 in IPv4, /64 in IPv6)
    std::string user_agent;
    std::string device;  // the sealed id that it keeps; as it was sent, empty: none
    eventstore::Deadline deadline = eventstore::Deadline::max();
    std::optional<Idempotency> idempotency;
    Precondition precondition;

    Caller acting_as(const UserId& user_id) const& { return Caller(*this).acting_as(user_id); }
    Caller acting_as(const UserId& user_id) && {
        actor_type = eventstore::ActorType::kUser;
        actor_id = user_id.to_string();
        return std::move(*this);
    }
};

// What a verified access token says. Whether it still holds is asked of the log, by every command anew.
struct Bearer {
    UserId user_id;
    SessionId session_id;
    std::int64_t security_stamp = 0;
    Instant issued_at{};  // what is proven later is not this token's (commands/access/step_up.hpp)
};

}  // namespace keyledger::commands

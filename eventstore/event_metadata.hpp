#pragma once
// The envelope of every event: who did it, in answer to what, from where. Declared as events are.
#include <optional>
#include <string>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/time.hpp"

namespace keyledger::eventstore {

enum class ActorType { kAnonymous, kUser, kClient, kSystem };
constexpr auto enum_names(ActorType) {
    using A = ActorType;
    return std::array{EnumName{A::kAnonymous, "anonymous"}, EnumName{A::kUser, "user"}, EnumName{A::kClient, "client"},
                      EnumName{A::kSystem, "system"}};
}

struct EventMetadata {
    Instant occurred_at;  // the command's clock
    ActorType actor_type = ActorType::kAnonymous;
    std::string actor_id;        // user id, client id; empty for anonymous and system
    std::string command_id;      // base64url
    std::string correlation_id;  // of everything that one request set off
    std::string causation_id;    // the event or command that caused this one
    std::string request_id;
    std::string traceparent;  // W3C trace context
    std::optional<SessionId> session_id;
    // Sealed under the actor's key; for anonymous callers under a key of the day.
    Personal<std::string> client_address;
    Personal<std::string> user_agent;
    Personal<std::string> device;

    static constexpr auto fields() {
        using M = EventMetadata;
        return std::tuple{
            Field{"occurred_at_ms", &M::occurred_at, "when it was decided, by the clock of the node that did"},
            Field{"actor_type", &M::actor_type, "who did it; `system` is the command line"},
            Field{"actor_id", &M::actor_id, "the user's id or the client's; empty for `anonymous` and `system`"},
            Field{"command_id", &M::command_id,
                  "of the command that brought it about, or of its first event; one for all events of a command"},
            Field{"correlation_id", &M::correlation_id, "of everything that one request set off"},
            Field{"causation_id", &M::causation_id, "the command or event that caused it"},
            Field{"request_id", &M::request_id,
                  "`X-Request-Id` of the request; what is no letter, digit, `.`, `_` or `-` is `_`"},
            Field{"traceparent", &M::traceparent, "W3C trace context of the request"},
            Field{"session_id", &M::session_id, "the session in which the actor acted, or `null`"},
            Field{"client_address", &M::client_address, "the address that the request came from"},
            Field{"user_agent", &M::user_agent, "`User-Agent` of the request"},
            Field{"device", &M::device, "what the client calls its device"}};
    }
};

}  // namespace keyledger::eventstore

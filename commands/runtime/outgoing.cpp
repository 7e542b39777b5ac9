#include "commands/runtime/outgoing.hpp"

namespace keyledger::commands {

std::string_view name_of(OutgoingFault fault) {
    switch (fault) {
        case OutgoingFault::kBadUrl: return "bad-url";
        case OutgoingFault::kForbiddenHost: return "forbidden-host";
        case OutgoingFault::kUnknownHost: return "unknown-host";
        case OutgoingFault::kUnreachable: return "unreachable";
        case OutgoingFault::kTls: return "tls";
        case OutgoingFault::kTooSlow: return "too-slow";
        case OutgoingFault::kTooLarge: return "too-large";
        case OutgoingFault::kBroken: return "broken";
        case OutgoingFault::kRedirected: return "redirected";
        case OutgoingFault::kBusy: return "busy";
        case OutgoingFault::kStopped: return "stopped";
    }
    return "unknown";
}

}  // namespace keyledger::commands

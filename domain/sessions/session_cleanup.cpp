#include "domain/sessions/session_cleanup.hpp"

#include <algorithm>

namespace keyledger {
namespace {

SessionCleanup apply(SessionCleanup cleanup, const SessionsCleanedUp& event) {
    cleanup.over_before = std::max(cleanup.over_before, event.over_before);
    return cleanup;
}

}  // namespace

std::vector<SessionCleanupEvent> decide(const SessionCleanup& cleanup, const CleanUpSessions& command) {
    const Instant over_before = command.now - kCleanedUpWhenOverFor;
    if (over_before < cleanup.over_before + kCleanedUpAgainAfter) return {};
    return {SessionsCleanedUp{over_before}};
}

SessionCleanup evolve(SessionCleanup cleanup, const SessionCleanupEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(cleanup, e); }, event);
}

}  // namespace keyledger

#include "domain/login_attempts/login_attempts.hpp"

namespace keyledger {
namespace {

using Events = std::vector<LoginAttemptsEvent>;

Events decide_on(const LoginAttempts&, const RecordFailedLogin& command) {
    return {LoginFailed{command.user_id, command.reason}};
}
Events decide_on(const LoginAttempts& attempts, const ClearFailedLogins& command) {
    if (attempts.failures_in_a_row == 0) return {};
    return {LoginFailuresCleared{command.user_id}};
}

Events decide_on(const LoginAttempts&, const SumFailedLogins& command) {
    return {LoginFailuresSummed{command.reason, command.count, command.from_ms, command.before_ms}};
}

LoginAttempts apply(LoginAttempts attempts, const LoginFailed& event, const Recorded& recorded) {
    // Not looked at, so no guess: or else whoever keeps knocking would keep the owner out for ever.
    if (event.reason == LoginFailure::kTooManyFailures) return attempts;
    attempts.failures_in_a_row += 1;
    attempts.last_failed_at_ms = recorded.occurred_at_ms;
    return attempts;
}
LoginAttempts apply(LoginAttempts, const LoginFailuresCleared&, const Recorded&) { return {}; }
LoginAttempts apply(LoginAttempts attempts, const LoginFailuresSummed&, const Recorded&) { return attempts; }

}  // namespace

bool may_try(const LoginAttempts& attempts, const LoginAttemptLimits& limits, std::int64_t now_ms) {
    return attempts.failures_in_a_row < limits.failures_in_a_row ||
           now_ms - attempts.last_failed_at_ms >= limits.pause_ms;
}

std::vector<LoginAttemptsEvent> decide(const LoginAttempts& attempts, const LoginAttemptsCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(attempts, c); }, command);
}

LoginAttempts evolve(LoginAttempts attempts, const LoginAttemptsEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(attempts, e, recorded); }, event);
}

}  // namespace keyledger

#pragma once
// The aggregate `login_attempts`: failed log-ins of one user since his last good one, so that guessing is bounded
// on all nodes together and over restarts (NIST SP 800-63B-4 section 3.2.2 asks for at most 100 in a row).
// Stream id: derived from the user id, so that failures never move the user's own stream. A failure for a name that
// nobody has goes to a stream of its own and names nobody. Pure.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/declare.hpp"
#include "domain/uuid.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
// kTooManyFailures: the attempt was not looked at; it counts for nothing and prolongs no pause.
enum class LoginFailure { kUnknownUser, kWrongPassword, kUserNotActive, kTooManyFailures };
constexpr auto enum_names(LoginFailure) {
    using F = LoginFailure;
    return std::array{EnumName{F::kUnknownUser, "unknown_user"}, EnumName{F::kWrongPassword, "wrong_password"},
                      EnumName{F::kUserNotActive, "user_not_active"},
                      EnumName{F::kTooManyFailures, "too_many_failures"}};
}
struct LoginFailed {
    // Empty: nobody has the name that was typed, and the name is not recorded. Of before such failures were summed.
    std::optional<Uuid> user_id;
    LoginFailure reason = LoginFailure::kWrongPassword;
    static constexpr std::string_view kType = "login.failed";
    static constexpr int kSchema = 1;
    static constexpr auto fields() {
        return std::tuple{Field{"user_id", &LoginFailed::user_id}, Field{"reason", &LoginFailed::reason}};
    }
};
// A good log-in after failed ones. Appended after its session and not with it: whoever guesses moves this stream, and
// would keep the owner out by conflicts.
struct LoginFailuresCleared {
    Uuid user_id;
    static constexpr std::string_view kType = "login.failures_cleared";
    static constexpr int kSchema = 1;
    static constexpr auto fields() { return std::tuple{Field{"user_id", &LoginFailuresCleared::user_id}}; }
};
// So many with names that nobody has, of one network, by what one process counted between two times. The network is the
// envelope's address; without one they are of several.
struct LoginFailuresSummed {
    LoginFailure reason = LoginFailure::kUnknownUser;
    std::int64_t count = 0;
    std::int64_t from_ms = 0;
    std::int64_t before_ms = 0;
    static constexpr std::string_view kType = "login.failures_summed";
    static constexpr int kSchema = 1;
    static constexpr auto fields() {
        using E = LoginFailuresSummed;
        return std::tuple{Field{"reason", &E::reason}, Field{"count", &E::count}, Field{"from_ms", &E::from_ms},
                          Field{"before_ms", &E::before_ms}};
    }
};
using LoginAttemptsEvent = std::variant<LoginFailed, LoginFailuresCleared, LoginFailuresSummed>;

// ---- commands --------------------------------------------------------------------------------------------------
struct RecordFailedLogin {
    std::optional<Uuid> user_id;
    LoginFailure reason = LoginFailure::kWrongPassword;
};
struct ClearFailedLogins {
    Uuid user_id;
};

struct SumFailedLogins {
    LoginFailure reason = LoginFailure::kUnknownUser;
    std::int64_t count = 0;
    std::int64_t from_ms = 0;
    std::int64_t before_ms = 0;
};

// ---- state -----------------------------------------------------------------------------------------------------
struct LoginAttempts {
    std::int64_t failures_in_a_row = 0;
    std::int64_t last_failed_at_ms = 0;

    static constexpr std::string_view kStreamType = "login_attempts";
    using Event = LoginAttemptsEvent;
    // As Session's.
    static constexpr int kFold = 1;
    static constexpr auto fields() {
        using A = LoginAttempts;
        return std::tuple{Field{"failures_in_a_row", &A::failures_in_a_row},
                          Field{"last_failed_at_ms", &A::last_failed_at_ms}};
    }
};

// ---- rules -----------------------------------------------------------------------------------------------------
struct LoginAttemptLimits {
    std::int64_t failures_in_a_row = 100;
    std::int64_t pause_ms = 15LL * 60 * 1000;  // between attempts once the limit is reached
};
// Whether a password may be looked at now. When not, the caller answers as to a wrong password.
bool may_try(const LoginAttempts& attempts, const LoginAttemptLimits& limits, std::int64_t now_ms);

using LoginAttemptsCommand = std::variant<RecordFailedLogin, ClearFailedLogins, SumFailedLogins>;
std::vector<LoginAttemptsEvent> decide(const LoginAttempts& attempts, const LoginAttemptsCommand& command);
LoginAttempts evolve(LoginAttempts attempts, const LoginAttemptsEvent& event, const Recorded& recorded);

}  // namespace keyledger

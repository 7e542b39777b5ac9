#pragma once
// The aggregate `login_attempts`: failed log-ins of one user since the last successful one, so that guessing is
// limited over all nodes and restarts (NIST SP 800-63B-4 section 3.2.2 asks for at most 100 in a row), and the
// networks that they logged in from, so that nobody can lock the user out of those from elsewhere. What failed with a
// device that the user is known to use is counted by that device alone. Stream id: derived
// from the user id, so that failures never move the user's own stream. Failures that do not count (nobody has the
// name, or the password was not checked) go to a stream of their own that names nobody. Pure.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/device_id.hpp"
#include "domain/base/id.hpp"
#include "domain/base/time.hpp"
#include "domain/credentials/login_attempt_limits.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
// kTooManyFailures: whatever the password was, nobody was let in; it counts for nothing and prolongs no pause.
// kTooRisky: nor does this, and the password was right.
enum class LoginFailure { kUnknownUser, kWrongPassword, kUserNotActive, kTooManyFailures, kTooRisky };
constexpr auto enum_names(LoginFailure) {
    using F = LoginFailure;
    return std::array{EnumName{F::kUnknownUser, "unknown_user"}, EnumName{F::kWrongPassword, "wrong_password"},
                      EnumName{F::kUserNotActive, "user_not_active"},
                      EnumName{F::kTooManyFailures, "too_many_failures"}, EnumName{F::kTooRisky, "too_risky"}};
}
// Whether it is a guess, of which there may be so many.
constexpr bool counts(LoginFailure reason) {
    return reason != LoginFailure::kTooManyFailures && reason != LoginFailure::kTooRisky;
}
// Whether the user gets a mail of it.
enum class LockAlert { kSilent, kMail };
constexpr auto enum_names(LockAlert) {
    return std::array{EnumName{LockAlert::kSilent, "silent"}, EnumName{LockAlert::kMail, "mail"}};
}
struct LoginFailed {
    // Empty: nobody has the name that was typed, and the name is not recorded. Of before such failures were summed.
    std::optional<UserId> user_id;
    LoginFailure reason = LoginFailure::kWrongPassword;
    std::optional<std::string> network{};  // a keyed digest of user and network; empty: nobody's, or before schema 2
    std::optional<DeviceId> device_id{};   // that the user is known to use (domain/devices/)
    static constexpr std::string_view kType = "login.failed";
    static constexpr int kSchema = 3;
    static constexpr std::string_view kMeaning =
        "Somebody did not get in. Recorded also when a logged-in user types a wrong current password.";
    static constexpr auto fields() {
        return std::tuple{
            Field{"user_id", &LoginFailed::user_id, "whose name was typed, or `null` if nobody has it"},
            Field{"reason", &LoginFailed::reason,
                  "`too_many_failures`: nobody was let in from there, whatever the password was; `too_risky`: "
                  "what was presented was right, and the risk of the log-in is above what the operator lets in"},
            Field{"network", &LoginFailed::network,
                  "a keyed digest of the user and of the network that it came from: two users at one "
                  "place have different ones. `null`: of nobody, or recorded by an older version"},
            Field{"device_id", &LoginFailed::device_id,
                  "as in `device.first_seen`: the failure counts for this device, and not for its "
                  "network. `null`: none that the user is known to use"}};
    }
    constexpr About about() const { return user_id ? About::account(*user_id) : About::stream(); }
    AuditOutcome outcome() const { return AuditOutcome::failure(std::string(stored_name(reason))); }
};
// A good log-in after failed ones. Appended after its session and not with it: whoever guesses moves this stream, and
// would keep the owner out by conflicts.
struct LoginFailuresCleared {
    UserId user_id;
    std::optional<std::string> network{};  // whose pause ends too; empty (before schema 2): that of all
    std::optional<DeviceId> device_id{};   // whose failures are forgiven
    static constexpr std::string_view kType = "login.failures_cleared";
    static constexpr int kSchema = 3;
    static constexpr std::string_view kMeaning = "A good log-in after failed ones: counting starts anew.";
    static constexpr auto fields() {
        return std::tuple{
            Field{"user_id", &LoginFailuresCleared::user_id, "who logged in"},
            Field{"network", &LoginFailuresCleared::network,
                  "from where, as in `login.failed`: the pauses of other networks go on. `null`: "
                  "recorded by an older version, and all are over"},
            Field{"device_id", &LoginFailuresCleared::device_id, "as in `login.failed`; its failures are forgiven"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
// A good log-in from a network that was not known, or not for some days: appended after its session too.
struct LoginNetworkSeen {
    UserId user_id;
    std::string network;
    static constexpr std::string_view kType = "login.network_seen";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "A good log-in from a network that was not known yet, or not for some days. What others do wrong elsewhere "
        "does not lock the user out of it.";
    static constexpr auto fields() {
        return std::tuple{Field{"user_id", &LoginNetworkSeen::user_id, "who logged in"},
                          Field{"network", &LoginNetworkSeen::network, "from where, as in `login.failed`"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
// Of a pause that is as long as they get, or of an account that is closed to strangers: written once when it begins.
struct LoginLocked {
    UserId user_id;
    std::int64_t failures = 0;
    std::optional<Instant> until{};
    LockAlert alert = LockAlert::kSilent;
    static constexpr std::string_view kType = "login.locked";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "After so many failures nobody is let in any more: from one network for a while, or from everywhere that the "
        "user is not known to log in from.";
    static constexpr auto fields() {
        using E = LoginLocked;
        return std::tuple{
            Field{"user_id", &E::user_id, "whose account"},
            Field{"failures", &E::failures, "how many in a row, of the network or of all together"},
            Field{"until_ms", &E::until, "when the network may try again; `null`: when somebody unlocks the account"},
            Field{"alert", &E::alert, "`mail`: the user is told. `silent`: they were within a day"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::failure(std::to_string(failures) + " failures"); }
};
// By an administrator, or at the machine.
struct LoginUnlocked {
    UserId user_id;
    static constexpr std::string_view kType = "login.unlocked";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "An administrator, or whoever runs the service, let the user try again from everywhere.";
    static constexpr auto fields() {
        return std::tuple{Field{"user_id", &LoginUnlocked::user_id, "who may try again"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
// So many that concern no account, of one network, by what one process counted between two times. The network is the
// envelope's address; without one they are of several.
struct LoginFailuresSummed {
    LoginFailure reason = LoginFailure::kUnknownUser;
    std::int64_t count = 0;
    Instant from;
    Instant before;
    static constexpr std::string_view kType = "login.failures_summed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Failed log-ins that concern no account, of one network (an address in IPv4, a /64 in IPv6), as one node "
        "counted them in about a minute: the name is nobody's, or the account could not be tried from there. The "
        "network stands in the envelope as `client_address`; where that is `null`, they came from several.";
    static constexpr auto fields() {
        using E = LoginFailuresSummed;
        return std::tuple{Field{"reason", &E::reason, "`unknown_user`"}, Field{"count", &E::count, "how many"},
                          Field{"from_ms", &E::from, "when counting began"},
                          Field{"before_ms", &E::before, "when it ended"}};
    }
    constexpr About about() const { return About::stream(); }
    AuditOutcome outcome() const {
        return AuditOutcome::failure(std::string(stored_name(reason)) + ", " + std::to_string(count) + " times");
    }
};
// So many forms of one network in which a field was filled that people do not see; counted as the failures above.
struct HoneypotsSummed {
    std::int64_t count = 0;
    Instant from;
    Instant before;
    static constexpr std::string_view kType = "login.honeypots_summed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Forms to register or to recover a password in which a field was filled that people do not see, as machines do "
        "that fill in every field. Nothing came of them. Of one network, as one node counted them in about a minute; "
        "the network stands in the envelope as `client_address`; where that is `null`, they came from several.";
    static constexpr auto fields() {
        using E = HoneypotsSummed;
        return std::tuple{Field{"count", &E::count, "how many"}, Field{"from_ms", &E::from, "when counting began"},
                          Field{"before_ms", &E::before, "when it ended"}};
    }
    constexpr About about() const { return About::stream(); }
    AuditOutcome outcome() const { return AuditOutcome::failure("honeypot, " + std::to_string(count) + " times"); }
};
using LoginAttemptsEvent = std::variant<LoginFailed, LoginFailuresCleared, LoginFailuresSummed, HoneypotsSummed,
                                        LoginNetworkSeen, LoginLocked, LoginUnlocked>;

// ---- commands --------------------------------------------------------------------------------------------------
// Decides nothing if the account may not be tried from there: otherwise a persistent attacker could lengthen this
// stream.
struct RecordFailedLogin {
    std::optional<UserId> user_id;
    LoginFailure reason = LoginFailure::kWrongPassword;
    std::optional<std::string> network{};
    LoginAttemptLimits limits{};
    Instant now{};
    std::optional<DeviceId> device_id{};
};
struct ClearFailedLogins {
    UserId user_id;
    std::optional<std::string> network{};
    std::optional<DeviceId> device_id{};
};
struct RememberNetwork {
    UserId user_id;
    std::string network;
    LoginAttemptLimits limits{};
    Instant now{};
};
struct UnlockLogin {
    UserId user_id;
};

struct SumFailedLogins {
    LoginFailure reason = LoginFailure::kUnknownUser;
    std::int64_t count = 0;
    Instant from;
    Instant before;
};

struct SumHoneypots {
    std::int64_t count = 0;
    Instant from;
    Instant before;
};

// ---- state -----------------------------------------------------------------------------------------------------
struct LoginAttempts {
    struct Network {
        std::string network;
        std::int64_t failures = 0;  // since the last good log-in from there
        Instant last_failed_at{};
        Instant logged_in_at{};  // not set: never, as far as is known
        static constexpr auto fields() {
            using N = Network;
            return std::tuple{Field{"network", &N::network}, Field{"failures", &N::failures},
                              Field{"last_failed_at_ms", &N::last_failed_at},
                              Field{"logged_in_at_ms", &N::logged_in_at}};
        }
    };
    // One that the user is known to use, with its failures since the last good log-in with it.
    struct FailingDevice {
        DeviceId device_id;
        std::int64_t failures = 0;
        static constexpr auto fields() {
            using D = FailingDevice;
            return std::tuple{Field{"device_id", &D::device_id}, Field{"failures", &D::failures}};
        }
    };
    std::int64_t failures_in_a_row = 0;
    Instant last_failed_at;
    std::vector<Network> networks{};  // at most kMaxUnknownNetworks that nobody logged in from, and kMaxKnown others
    std::vector<FailingDevice> devices{};  // at most kMaxDevices, in the order of their first failures
    Instant alerted_at{};                  // the last mail of a lock-out

    std::int64_t failures_of(const DeviceId& device_id) const;
    static constexpr std::size_t kMaxDevices = 32;

    const Network* find(std::string_view network) const;
    static constexpr std::size_t kMaxUnknownNetworks = 32;
    static constexpr std::size_t kMaxKnownNetworks = 16;
    static constexpr std::string_view kStreamType = "login_attempts";
    static constexpr std::string_view kTitle = "Log-in attempts";
    static constexpr std::string_view kMeaning =
        "One a user, with an id derived from the user's; and one for each sum of attempts that concern no account. "
        "What was typed is never recorded.";
    using Event = LoginAttemptsEvent;
    // As Session's.
    static constexpr int kFold = 3;
    static constexpr auto fields() {
        using A = LoginAttempts;
        return std::tuple{Field{"failures_in_a_row", &A::failures_in_a_row},
                          Field{"last_failed_at_ms", &A::last_failed_at}, Field{"networks", &A::networks},
                          Field{"devices", &A::devices}, Field{"alerted_at_ms", &A::alerted_at}};
    }
};

// ---- rules -----------------------------------------------------------------------------------------------------
// Where somebody tries from.
struct LoginSource {
    std::string_view network{};
    std::optional<DeviceId> known_device{};  // that the user is known to use: no pause of a network stops it
};
// Whether a password opens anything now, from there. When not, the caller answers as to a wrong password.
bool may_try(const LoginAttempts& attempts, const LoginSource& source, const LoginAttemptLimits& limits, Instant now);
bool may_try(const LoginAttempts& attempts, std::string_view network, const LoginAttemptLimits& limits, Instant now);

using LoginAttemptsCommand =
    std::variant<RecordFailedLogin, ClearFailedLogins, SumFailedLogins, SumHoneypots, RememberNetwork, UnlockLogin>;
std::vector<LoginAttemptsEvent> decide(const LoginAttempts& attempts, const LoginAttemptsCommand& command);
LoginAttempts evolve(LoginAttempts attempts, const LoginAttemptsEvent& event, const Recorded& recorded);

}  // namespace keyledger

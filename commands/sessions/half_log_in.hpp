#pragma once
// A log-in that is not there yet. Every way in ends in the ladder (domain/ladder/next_step.hpp), whatever was proven
// first: log_in, and whatever else begins a session, does so by begin_session(). Where something is missing, the answer
// is a refusal that carries a pre-authentication token, nothing is appended, and complete_log_in begins that very
// session once the rest is proven.
#include "commands/devices/log_in_device.hpp"
#include "commands/factors/enrol_factor.hpp"
#include "commands/passkeys/passkey_challenges.hpp"
#include "domain/ladder/next_step.hpp"

namespace keyledger::refusals {

// Something was proven, and it is not enough. CommandError::go_on says how to go on.
inline constexpr Refusal kSecondFactorNeeded{
    RefusalKind::kForbidden, "mfa-required", "Second factor required",
    "The user has a second factor. Send 'mfa_token' with a code of it to /api/v1/auth/verify-mfa."};
inline constexpr Refusal kEnrolmentNeeded{
    RefusalKind::kForbidden, "mfa-enrolment-required", "Second factor must be enrolled",
    "The user needs a second factor, and has none. Send 'mfa_token' to /api/v1/auth/enrol-mfa, and then with a code to "
    "/api/v1/auth/verify-mfa."};
// A factor that was enrolled by mail alone would be worth no more than the mail, and shut the owner out.
inline constexpr Refusal kEnrolmentNeedsPassword{
    RefusalKind::kForbidden, "mfa-enrolment-required", "Second factor must be enrolled",
    "The user needs a second factor, and has none. Log in with the password to enrol one; a code or link by mail does "
    "not suffice for that."};
// Too old, used, of another log, or of before the user's sessions were ended or their password was changed.
inline constexpr Refusal kHalfLoginOver{RefusalKind::kUnauthenticated, "invalid-credentials", "Log-in refused",
                                        "This log-in took too long, or is over. Begin it again."};

}  // namespace keyledger::refusals

namespace keyledger {
struct Session;
}

namespace keyledger::commands {

// By its address, once that was proven by all that the account asks for.
LinkIdentity link_of(Services& services, const IdentityToLink& identity);

// Of now, by whoever proved this.
HalfLogin begun_by(const UserId& user_id, const Proof& proof);

// In a step: begins the session of `so_far`, if what is proven is enough. The stream of the factors is read, and
// guarded, of those alone whose own stream says that there are any: a log-in without a second factor costs no read
// more.
// kSecondFactorNeeded, kEnrolmentNeeded, kEnrolmentNeedsPassword, kUserDisabled, kFactorsMissing.
StepResult begin_session(Services& services, Attempt& attempt, StreamOf<User> user, StreamOf<Session> session,
                         HalfLogin so_far, LogInOrigin origin);

// What the session earns that this log-in began.
Grant grant_of(const HalfLogin& whole, const ExecutionReceipt& begun);

// ---- and then ----------------------------------------------------------------------------------------------------
// Whoever must enrol a factor to get in: kHalfLoginOver, kTooManyFactors.
Answer<BegunEnrolment> enrol_while_logging_in(Services& services, Secret token, std::string name, Caller caller);

// Whoever has a passkey, and logs in with the password: kHalfLoginOver, kFactorUnknown, kPasskeysOff.
Answer<AskedPasskey> ask_for_passkey_while_logging_in(Services& services, Secret token, Caller caller);

struct SecondStep {
    Secret token;
    PresentedFactor present;
};
struct CompletedLogIn {
    Grant grant;
    std::vector<Secret> recovery_codes;  // of whoever enrolled their first factor on the way; shown once
};
// Of fifty at once one gets in. kHalfLoginOver, kWrongSecondFactor, kWrongPasskey, kTooManyAttempts, kNoEnrolment.
Answer<CompletedLogIn> complete_log_in(Services& services, SecondStep second, Caller caller);

}  // namespace keyledger::commands

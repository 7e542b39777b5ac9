#pragma once
// A user enrols an authenticator app: its secret is shown once, and it opens nothing before they have shown a code of
// it. Who is logged in does so with their password (and a factor, if they have one); whoever must enrol one to get in,
// with the token of their half log-in (commands/sessions/half_log_in.hpp).
#include "commands/factors/presented_factor.hpp"

namespace keyledger::commands {

inline constexpr int kRecoveryCodes = 10;

struct BegunEnrolment {
    FactorId factor_id;
    ShownSecret secret;
    Instant expires_at;
    Position position = 0;
};

// An enrolment that a step puts into its append; what it shows is drawn once that is written.
struct NewEnrolment {
    FactorId factor_id;
    Secret secret;
    std::string account;  // whose: the app shows it beside the code
    Instant expires_at;
};
// What an app shows beside the code, and an authenticator beside a passkey.
std::string account_shown(const User& user);
// What the user calls a factor, by the rules of names; possibly empty. kInvalidName.
Result<std::string, CommandError> factor_name(const std::string& typed);

// In a step: seals a new secret, in the place of one that was begun and not confirmed. `presented`: the app whose code
// vouches for the user. kTooManyFactors.
Answer<NewEnrolment> put_enrolment(Services& services, Attempt& attempt, const User& user, StreamOf<Factors> factors,
                                   UserId user_id, std::optional<FactorId> presented, const std::string& name,
                                   Deadline deadline);

BegunEnrolment shown(Services& services, const NewEnrolment& enrolment, Position position);

// In a step, after the code of the pending app was used: it is on, and so is the user's second factor. The recovery
// codes that come with the first one are put into `shown`.
Result<void, CommandError> put_confirmation(Services& services, Attempt& attempt, StreamOf<User> user,
                                            StreamOf<Factors> factors, std::vector<Secret>& shown);

// New recovery codes, which are shown; by their digests they are known.
std::vector<std::string> make_recovery_codes(Services& services, const UserId& user_id, std::vector<Secret>& shown);

struct Enrolment {
    Bearer bearer;
    OwnProof proof;
    std::string name;  // what the user calls the app; possibly empty
};
// kInvalidToken, kWrongPassword, kFactorNotPresented, kWrongSecondFactor, kTooManyAttempts, kTooManyFactors.
Answer<BegunEnrolment> begin_factor_enrolment(Services& services, Enrolment enrolment, Caller caller);

struct ShownCodes {
    std::vector<Secret> recovery_codes;  // none: those that there are stay good
    Position position = 0;
};
// kInvalidToken, kNoEnrolment, kWrongSecondFactor, kTooManyAttempts.
Answer<ShownCodes> confirm_factor_enrolment(Services& services, Bearer bearer, Secret code, Caller caller);

}  // namespace keyledger::commands

#pragma once
// What the commands of accounts are given beside Services: ports and settings of single subjects (codes and links,
// second factors, devices …). Apart, so that one more of them recompiles those alone who use any. Built once by app/,
// shared by all I/O threads.
#include <functional>

#include "commands/services.hpp"
#include "domain/factors/factor_attempts.hpp"
#include "domain/ladder/second_factor_policy.hpp"

namespace keyledger::eventstore {
class Lookups;
}

namespace keyledger::commands {

class ChallengeSecrets;
class DeviceAnswers;
class DeviceIds;
class FactorSecrets;
class HalfLogins;
class LastPlaces;
class Later;
class PasskeyCeremonies;
class PasskeyChallenges;
class Places;
class Providers;

// What an installation offers beside the password; nothing, unless it is configured.
struct LogInByMail {
    bool by_link = false;
    bool by_code = false;
};
struct SecondFactorSettings {
    SecondFactorPolicy policy{};
    FactorAttemptLimits attempts{};
};

// What passkeys are made and judged by (commands/passkeys/ports.hpp).
struct PasskeyServices {
    PasskeyCeremonies* ceremonies = nullptr;  // nullptr: passkeys are not offered
    PasskeyChallenges* challenges = nullptr;  // likewise
    std::string shown_name{};                 // what authenticators call this service
    bool asks_for_attestation = false;        // what vouches for their make is asked for, and verified
};

struct AccountServices {
    FactorSecrets* factor_secrets = nullptr;  // commands/factors/ports.hpp
    HalfLogins* half_logins = nullptr;        // likewise
    SecondFactorSettings second_factors{};
    PasskeyServices passkeys{};
    // Nobody is a user before they proved their address (commands/registrations/); else addresses are verified
    // elsewhere.
    bool verifies_email = false;
    // How many registrations are open, counted no further than `most`. Empty: nobody counts them.
    std::function<Answer<std::int64_t>(std::int64_t most, Deadline deadline)> count_open_registrations{};
    // So many passwords, the one of now among them, may not be chosen again; 0: none is remembered, 10 at most.
    int password_history = 0;
    ChallengeSecrets* challenge_secrets = nullptr;  // never null where a service runs
    LogInByMail log_in_by_mail{};
    DeviceIds* device_ids = nullptr;       // nullptr: devices are not told apart
    const Places* places = nullptr;        // nullptr: nobody knows where an address is
    LastPlaces* last_places = nullptr;     // nullptr: nothing is remembered
    int refused_risk = 0;                  // a log-in of so many points is refused; 0: none is
    Duration step_up_window = minutes(5);  // how recent an authentication has to be (commands/access/step_up.hpp)
    Duration own_erasure_grace{};          // as Settings::erasure_grace, of users themselves; the longer one counts
    SessionLimit session_limit{};          // of one user (commands/sessions/begin_session.hpp)
    Providers* providers = nullptr;        // commands/providers/; nullptr: none is configured
    Later* later = nullptr;                // nullptr: answers wait for what they need not
    // Where user codes of the device grant lead (commands/authorization/); nullptr: it is not offered.
    eventstore::Lookups* user_codes = nullptr;
    DeviceAnswers* device_answers = nullptr;  // nullptr: they are folded from the log each time
};

}  // namespace keyledger::commands

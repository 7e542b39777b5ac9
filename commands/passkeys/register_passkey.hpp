#pragma once
// A user makes a passkey (W3C Web Authentication section 7.1): whoever is logged in shows what they know and have, as
// for any second factor; what their browser is then asked for is sealed, and good for minutes and once.
#include "commands/factors/presented_factor.hpp"
#include "commands/passkeys/passkey_challenges.hpp"

namespace keyledger::refusals {

inline constexpr Refusal kPasskeyNotMade = invalid_field(
    "credential", "This is no passkey that was made here, for what was asked. Begin again.", RefusalKind::kUnsuitable);

}  // namespace keyledger::refusals

namespace keyledger::commands {

// What a browser is shown, to make one.
struct BegunPasskey {
    AskedPasskey asked;       // its credential_ids are those that the user has: no authenticator makes a second one
    std::string shown_name;   // of the service
    std::string user_handle;  // base64url; random, and nothing of the user's
    std::string account;      // what authenticators show beside it
    bool asks_for_attestation = false;
};
struct PasskeyAsk {
    Bearer bearer;
    OwnProof proof;
};
// kInvalidToken, kWrongPassword, kFactorNotPresented, kWrongSecondFactor, kWrongPasskey, kTooManyAttempts,
// kTooManyPasskeys, kPasskeysOff.
Answer<BegunPasskey> begin_passkey(Services& services, PasskeyAsk ask, Caller caller);

struct PasskeyRegistration {
    Bearer bearer;
    Secret handle;
    MadePasskey made;
    std::string name;  // what the user calls it; possibly empty
};
struct RegisteredPasskey {
    FactorId factor_id;
    std::vector<Secret> recovery_codes;  // that come with the first factor
    Position position = 0;
};
// kInvalidToken, kInvalidName, kNoEnrolment, kPasskeyNotMade, kPasskeyTaken, kTooManyPasskeys, kPasskeysOff.
Answer<RegisteredPasskey> register_passkey(Services& services, PasskeyRegistration registration, Caller caller);

}  // namespace keyledger::commands

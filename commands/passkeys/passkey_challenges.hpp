#pragma once
// What a browser is asked for a proof by a passkey, and what it answers (W3C Web Authentication). A challenge is good
// for minutes and once: it is spent in the append of what its answer earns (I13).
#include "commands/passkeys/ports.hpp"
#include "commands/services.hpp"
#include "domain/factors/factors.hpp"

namespace keyledger::refusals {

// The relying party's id has to be a domain (Web Authentication section 5.1.2), and configuration names none.
inline constexpr Refusal kPasskeysOff{RefusalKind::kForbidden, "passkeys-off", "Passkeys not offered",
                                      "This installation offers no passkeys. Log in with the password."};
// Wrong, used before, too late, another user's: nobody is told which.
inline constexpr Refusal kPasskeyNotProven{
    RefusalKind::kUnauthenticated, "invalid-credentials", "Log-in refused",
    "The passkey was not accepted, or the answer came too late. Ask for a challenge and answer that."};
// The same as a second factor.
inline constexpr Refusal kWrongPasskey{
    RefusalKind::kForbidden, "wrong-code", "Code not accepted",
    "The passkey was not accepted, or the answer came too late. Ask for a challenge and answer that."};

}  // namespace keyledger::refusals

namespace keyledger::commands {

// What is shown to a browser, which makes a proof of it.
struct AskedPasskey {
    std::string handle;
    std::string challenge;  // base64url
    std::string relying_party_id;
    std::vector<std::string> credential_ids;  // one of these, base64url; empty: any of this service's
    Instant expires_at;
};

bool offers_passkeys(const Services& services);

// Of now; it becomes what a browser is shown. Nothing is read or stored.
PasskeyChallenge new_challenge(Services& services, PasskeyPurpose purpose, std::string asker);
AskedPasskey asked(Services& services, const PasskeyChallenge& challenge, std::vector<std::string> credential_ids = {});
// nullopt: it is none of this log's, or too late.
std::optional<PasskeyChallenge> open_challenge(Services& services, const Secret& handle);
// Whoever is logged in, or half-way, answers in the session in which they asked.
std::string asker_of(const Caller& caller);
// It is good once.
eventstore::SpentValue use_of(const PasskeyChallenge& challenge);

// Anybody, before a log-in without a name: all are told the same (I14). kPasskeysOff.
Result<AskedPasskey, CommandError> ask_for_passkey(Services& services, std::string asker = {});
// In a step: whoever proved something already, in the session of which `asker` is one of theirs. kFactorUnknown: they
// have no passkey.
Answer<AskedPasskey> ask_for_passkey_of(Services& services, Attempt& attempt, StreamOf<Factors> factors, UserId user_id,
                                        std::string asker, Deadline deadline);
// Whoever is logged in, to prove again who they are, or before their factors change. kInvalidToken, kFactorUnknown,
// kPasskeysOff.
Answer<AskedPasskey> ask_for_own_passkey(Services& services, Bearer bearer, Caller caller);

// ---- the answer --------------------------------------------------------------------------------------------------
struct UsedPasskey {
    FactorId factor_id;
    bool may_be_copied = false;  // its counter did not grow
};
// In a step: the answer is judged, the challenge spent, and that the passkey was used goes into the append. `refused`
// where any of that is not so.
Answer<UsedPasskey> use_passkey(Services& services, Attempt& attempt, StreamOf<Factors> factors, UserId user_id,
                                const PasskeyAnswer& answer, PasskeyChallenge challenge, RefusalRef refused,
                                Deadline deadline);
// The same of whoever proved something else before: an answer to a challenge of theirs, or, of nobody's session, to one
// of anybody's. kWrongPasskey.
Answer<UsedPasskey> use_presented_passkey(Services& services, Attempt& attempt, StreamOf<Factors> factors,
                                          UserId user_id, const PasskeyAnswer& answer, const Caller& caller);

}  // namespace keyledger::commands

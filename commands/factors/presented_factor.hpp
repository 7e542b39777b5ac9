#pragma once
// A second factor that somebody presents, whatever for. Of a code an attempt is taken first, in an append alone, so
// that whoever presents many at once has no more of them; nobody guesses a passkey's answer, and nobody's guesses stop
// it. Then it is compared, and spent in the append of what it earns.
#include "commands/factors/ports.hpp"
#include "commands/passkeys/ports.hpp"
#include "commands/services.hpp"
#include "domain/factors/factors.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {

struct PresentedFactor {
    ProofMethod method = ProofMethod::kTotp;  // or kRecoveryCode, or kPasskey
    Secret code{};
    std::optional<PasskeyAnswer> passkey{};  // of kPasskey
};

// As many as can be in flight on one user's factors at once.
inline constexpr int kMaxFactorRuns = 16;

// A user's stream of factors: derived from their id without a key, as everybody would.
FactorsId factors_of(const UserId& user_id);

// Takes an attempt where `allowed` lets it: whoever may not present one at all does not use up those of others.
// `streams` are what `allowed` reads. kTooManyAttempts: nothing is to be looked at.
// A passkey takes none.
Answer<Receipt> take_factor_attempt(Services& services, UserId user_id, ProofMethod method, Streams streams,
                                    Step allowed, Caller caller);

struct UsedFactor {
    std::optional<FactorId> id;  // of an app or a passkey; a recovery code is of none
    bool may_be_copied = false;  // a passkey whose counter did not grow
};
// Compares it, and puts into the append that it was used and that the attempt passed. kWrongSecondFactor;
// kWrongPasskey; kCredentialTampered: what is stored of it is not what the log names.
Answer<UsedFactor> use_factor(Services& services, Attempt& attempt, StreamOf<Factors> factors, UserId user_id,
                              const PresentedFactor& presented, const Caller& caller);

// The same of a code of the app that is being enrolled.
StepResult use_code_of_pending(Services& services, Attempt& attempt, StreamOf<Factors> factors, UserId user_id,
                               const Secret& code, const Caller& caller);

// ---- somebody who is logged in ---------------------------------------------------------------------------------
// What they show before their factors change: what they know, and what they have. A passkey is both, and does alone.
struct OwnProof {
    Secret current_password;
    std::optional<PresentedFactor> present;  // of whoever has a second factor
};
std::vector<ProofMethod> methods_of(const OwnProof& proof);
// Their password was right, and an attempt was taken if they have a second factor that takes one. What follows stands
// on that password: the SHA-256 (hex) of its sealed hash. kInvalidToken, kWrongPassword, kTooManyAttempts,
// kFactorNotPresented.
Answer<std::string> check_own_proof(Services& services, const Bearer& bearer, const OwnProof& proof, Caller caller);
// The rest, in the step that changes something: the password is still that one, and the factor is right.
Answer<std::optional<FactorId>> use_own_proof(Services& services, Attempt& attempt, StreamOf<User> user,
                                              StreamOf<Factors> factors, const std::string& verified_sha256,
                                              const OwnProof& proof, const Caller& caller);

// ---- what is kept of an app --------------------------------------------------------------------------------------
// In `credentials`, sealed under the user's key: the secret, and behind it what the user calls it.
struct KeptApp {
    Secret secret;
    std::string name;
    std::int32_t revision = 0;
};
Answer<KeptApp> read_app(Services& services, Attempt& attempt, UserId user_id, FactorId factor_id,
                         std::string sealed_sha256, Deadline deadline);
// The same outside of a step. `key`: the user's; nullptr: they have none that can be opened.
Answer<KeptApp> open_app(Services& services, eventstore::SubjectKeyPtr key, UserId user_id, FactorId factor_id,
                         std::string sealed_sha256, Deadline deadline);
// Sealed into the append; what the log has to name it by.
Answer<std::string> put_app(Services& services, Attempt& attempt, UserId user_id, FactorId factor_id,
                            const KeptApp& app);
// With the append it is gone, whatever is stored there, of an app or a passkey.
StepResult drop_factor(Services& services, Attempt& attempt, UserId user_id, FactorId factor_id, Deadline deadline);

}  // namespace keyledger::commands

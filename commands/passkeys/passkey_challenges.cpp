#include "commands/passkeys/passkey_challenges.hpp"

#include "commands/access/authority.hpp"
#include "commands/account_services.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/factors/presented_factor.hpp"
#include "commands/passkeys/kept_passkey.hpp"
#include "commands/runtime/spending.hpp"

namespace keyledger::commands {

bool offers_passkeys(const Services& services) { return services.accounts.passkeys.ceremonies != nullptr; }

PasskeyChallenge new_challenge(Services& services, PasskeyPurpose purpose, std::string asker) {
    PasskeyChallenge challenge;
    challenge.purpose = purpose;
    challenge.challenge = services.accounts.passkeys.challenges->random(kPasskeyChallengeBytes);
    challenge.asker = std::move(asker);
    challenge.made_at = services.clock.now();
    challenge.expires_at = challenge.made_at + kPasskeyChallengeLasts;
    return challenge;
}

AskedPasskey asked(Services& services, const PasskeyChallenge& challenge, std::vector<std::string> credential_ids) {
    const PasskeyServices& passkeys = services.accounts.passkeys;
    return {passkeys.challenges->seal(challenge), challenge.challenge, passkeys.ceremonies->relying_party_id(),
            std::move(credential_ids), challenge.expires_at};
}

std::optional<PasskeyChallenge> open_challenge(Services& services, const Secret& handle) {
    auto challenge = services.accounts.passkeys.challenges->open(handle);
    if (challenge && services.clock.now() >= challenge->expires_at) challenge.reset();
    return challenge;
}

std::string asker_of(const Caller& caller) {
    return caller.session_id ? caller.session_id->to_string() : std::string();
}

eventstore::SpentValue use_of(const PasskeyChallenge& challenge) {
    const ValueLife life{challenge.made_at, challenge.expires_at};
    return spent_value("passkey challenge", {challenge.challenge}, life);
}

Result<AskedPasskey, CommandError> ask_for_passkey(Services& services, std::string asker) {
    if (!offers_passkeys(services)) return Unexpected(CommandError(refusals::kPasskeysOff));
    return asked(services, new_challenge(services, PasskeyPurpose::kLogIn, std::move(asker)));
}

Answer<AskedPasskey> ask_for_passkey_of(Services& services, Attempt& attempt, StreamOf<Factors> factors, UserId user_id,
                                        std::string asker, Deadline deadline) {
    KEYLEDGER_CO_TRY(ids, co_await passkeys_of(services, attempt, factors, user_id, deadline));
    if (ids->empty()) co_return Unexpected(refusals::kFactorUnknown);
    PasskeyChallenge challenge = new_challenge(services, PasskeyPurpose::kProve, std::move(asker));
    challenge.user_id = user_id;
    co_return asked(services, challenge, std::move(*ids));
}

Answer<AskedPasskey> ask_for_own_passkey(Services& services, Bearer bearer, Caller caller) {
    if (!offers_passkeys(services)) co_return Unexpected(refusals::kPasskeysOff);
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto factors = streams.read<Factors>(factors_of(bearer.user_id));
    AskedPasskey ask;
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(made, co_await ask_for_passkey_of(services, attempt, factors, bearer.user_id,
                                                           bearer.session_id.to_string(), caller.deadline));
        ask = std::move(*made);
        co_return Result<void, CommandError>{};
    };
    CommandSteps steps(require_actor(services, actor, bearer), step);
    auto executed = co_await services.executor.run(caller, streams, std::move(steps));
    if (!executed) {
        report_tampering(services, bearer.user_id, executed.error());
        co_return Unexpected(executed.error());
    }
    co_return std::move(ask);
}

// ---- the answer --------------------------------------------------------------------------------------------------
Answer<UsedPasskey> use_passkey(Services& services, Attempt& attempt, StreamOf<Factors> factors, UserId user_id,
                                const PasskeyAnswer& answer, PasskeyChallenge challenge, RefusalRef refused,
                                Deadline deadline) {
    const Factors& state = attempt.state(factors);
    const auto digest = digest_of_passkey(answer.credential_id);
    const Factors::Enrolled* found = digest ? state.find_passkey(*digest) : nullptr;
    // An authenticator that chose the account tells whose it is; one that was told which passkey to use need not.
    const bool may_be_silent = challenge.purpose == PasskeyPurpose::kProve && answer.user_handle.empty();
    if (found == nullptr || (!may_be_silent && answer.user_handle != state.user_handle)) co_return Unexpected(refused);
    const Factors::Enrolled passkey = *found;
    KEYLEDGER_CO_TRY(kept,
                     co_await read_passkey(services, attempt, user_id, passkey.id, passkey.sealed_sha256, deadline));
    const auto proven = co_await services.accounts.passkeys.ceremonies->judge_answer(
        answer, std::move(kept->public_key), passkey.backup, challenge.challenge);
    if (!proven) co_return Unexpected(refused);
    attempt.spend(use_of(challenge), refused);
    const UsePasskey command{user_id, passkey.id, proven->counter, proven->backup};
    KEYLEDGER_CO_TRY(used, attempt.decide_and_append(factors, command));
    co_return UsedPasskey(passkey.id, may_be_copied(passkey, proven->counter));
}

Answer<UsedPasskey> use_presented_passkey(Services& services, Attempt& attempt, StreamOf<Factors> factors,
                                          UserId user_id, const PasskeyAnswer& answer, const Caller& caller) {
    const auto challenge = offers_passkeys(services) ? open_challenge(services, answer.handle) : std::nullopt;
    const bool is_theirs = challenge && challenge->asker == asker_of(caller) &&
                           (challenge->purpose == PasskeyPurpose::kLogIn ||
                            (challenge->purpose == PasskeyPurpose::kProve && challenge->user_id == user_id));
    if (!is_theirs) co_return Unexpected(refusals::kWrongPasskey);
    auto used = co_await use_passkey(services, attempt, factors, user_id, answer, *challenge, refusals::kWrongPasskey,
                                     caller.deadline);
    co_return used;
}

}  // namespace keyledger::commands

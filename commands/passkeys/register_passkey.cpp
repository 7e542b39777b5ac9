#include "commands/passkeys/register_passkey.hpp"

#include "commands/access/step_up.hpp"
#include "commands/account_services.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/factors/enrol_factor.hpp"
#include "commands/passkeys/kept_passkey.hpp"

namespace keyledger::commands {
namespace {

bool counts(const Factors& factors, const std::optional<FactorId>& presented, Instant now) {
    const Factors::Enrolled* factor = presented ? factors.find(*presented) : nullptr;
    return factor != nullptr && is_established(*factor, now);
}

// In a step, of what the browser made.
Answer<FactorId> put_registration(Services& services, Attempt& attempt, StreamOf<User> user, StreamOf<Factors> factors,
                                  const PasskeyChallenge& challenge, NewPasskey made, std::string name,
                                  std::vector<Secret>& shown) {
    const UserId user_id{user.id};
    const Factors& before = attempt.state(factors);
    // All passkeys of a user know the account by one handle: that of who registered one meanwhile.
    const bool is_other_handle = !before.user_handle.empty() && before.user_handle != challenge.user_handle;
    const auto digest = digest_of_passkey(made.credential_id);
    if (is_other_handle || !digest) co_return Unexpected(refusals::kNoEnrolment);
    attempt.spend(use_of(challenge), refusals::kNoEnrolment);
    shown.clear();
    RegisterPasskey command;
    command.user_id = user_id;
    command.factor_id = FactorId(services.identifiers.next());
    command.credential_sha256 = *digest;
    command.user_handle = challenge.user_handle;
    command.counter = made.counter;
    command.backup = made.backup;
    command.proved_factor = challenge.proved_factor;
    command.registered_at = attempt.state(user).registered_at;
    command.now = services.clock.now();
    if (before.enrolled.empty()) command.recovery_codes = make_recovery_codes(services, user_id, shown);
    const KeptPasskey kept{std::move(made.credential_id), std::move(made.public_key), std::move(name)};
    KEYLEDGER_CO_TRY(sealed_sha256, co_await put_passkey(services, attempt, user_id, command.factor_id, kept));
    command.sealed_sha256 = std::move(*sealed_sha256);
    KEYLEDGER_CO_TRY(registered, attempt.decide_and_append(factors, command));
    KEYLEDGER_CO_TRY(on, attempt.decide_and_append(user, TurnOnSecondFactor{}));
    co_return command.factor_id;
}

}  // namespace

Answer<BegunPasskey> begin_passkey(Services& services, PasskeyAsk ask, Caller caller) {
    if (!offers_passkeys(services)) co_return Unexpected(refusals::kPasskeysOff);
    caller.idempotency.reset();
    const Bearer bearer = ask.bearer;
    KEYLEDGER_CO_TRY(verified, co_await check_own_proof(services, bearer, ask.proof, caller));
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto factors = streams.read<Factors>(factors_of(bearer.user_id));
    const PasskeyServices& passkeys = services.accounts.passkeys;
    BegunPasskey begun;
    begun.shown_name = passkeys.shown_name;
    begun.asks_for_attestation = passkeys.asks_for_attestation;
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(known, authorise(attempt, actor, bearer, services));
        KEYLEDGER_CO_TRY(steps_up,
                         require_step_up(attempt, actor, bearer, services, StepUpFor::kFactors, methods_of(ask.proof)));
        KEYLEDGER_CO_TRY(presented,
                         co_await use_own_proof(services, attempt, actor.user, factors, *verified, ask.proof, caller));
        const Factors& state = attempt.state(factors);
        if (state.count(FactorKind::kPasskey) >= Factors::kMaxPasskeys)
            co_return Unexpected(refusals::kTooManyPasskeys);
        PasskeyChallenge challenge = new_challenge(services, PasskeyPurpose::kRegister, bearer.session_id.to_string());
        challenge.user_id = bearer.user_id;
        challenge.user_handle =
            state.user_handle.empty() ? passkeys.challenges->random(kUserHandleBytes) : state.user_handle;
        challenge.proved_factor = counts(state, *presented, services.clock.now());
        KEYLEDGER_CO_TRY(ids, co_await passkeys_of(services, attempt, factors, bearer.user_id, caller.deadline));
        begun.user_handle = challenge.user_handle;
        begun.account = account_shown(attempt.state(actor.user));
        begun.asked = asked(services, challenge, std::move(*ids));
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(caller, streams, step, kMaxFactorRuns);
    if (!executed) {
        report_tampering(services, bearer.user_id, executed.error());
        co_return Unexpected(executed.error());
    }
    co_return std::move(begun);
}

Answer<RegisteredPasskey> register_passkey(Services& services, PasskeyRegistration registration, Caller caller) {
    if (!offers_passkeys(services)) co_return Unexpected(refusals::kPasskeysOff);
    caller.idempotency.reset();  // its answer is a secret, which is never given again
    const Bearer bearer = registration.bearer;
    KEYLEDGER_CO_TRY(name, factor_name(registration.name));
    const auto challenge = open_challenge(services, registration.handle);
    const bool is_theirs = challenge && challenge->purpose == PasskeyPurpose::kRegister &&
                           challenge->user_id == bearer.user_id && challenge->asker == bearer.session_id.to_string();
    if (!is_theirs) co_return Unexpected(refusals::kNoEnrolment);
    const auto made =
        co_await services.accounts.passkeys.ceremonies->judge_new(std::move(registration.made), challenge->challenge);
    if (!made) co_return Unexpected(refusals::kPasskeyNotMade);
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto factors = streams.read<Factors>(factors_of(bearer.user_id));
    RegisteredPasskey registered;
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(known, authorise(attempt, actor, bearer, services));
        KEYLEDGER_CO_TRY(put, co_await put_registration(services, attempt, actor.user, factors, *challenge, *made,
                                                        *name, registered.recovery_codes));
        registered.factor_id = *put;
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(caller, streams, step, kMaxFactorRuns);
    if (!executed) co_return Unexpected(executed.error());
    registered.position = executed->position;
    co_return std::move(registered);
}

}  // namespace keyledger::commands

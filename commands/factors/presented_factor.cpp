#include "commands/factors/presented_factor.hpp"

#include "commands/access/authority.hpp"
#include "commands/account_services.hpp"
#include "commands/credentials/named_credential.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/passkeys/kept_passkey.hpp"
#include "commands/passkeys/passkey_challenges.hpp"
#include "commands/runtime/spending.hpp"
#include "domain/ladder/next_step.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {
namespace {

// By user, app and step: the code of one step opens one thing, on all nodes together. Its life is that of the step, for
// an app can't name the log.
eventstore::SpentValue use_of_step(const UserId& user_id, const FactorId& factor_id, std::int64_t step) {
    const Instant begins = Instant() + kTotpStep * step;
    const ValueLife life{begins - kTotpStep * kTotpStepsAround, begins + kTotpStep * (1 + kTotpStepsAround)};
    return spent_value("totp step", {security::view_of(user_id), security::view_of(factor_id), std::to_string(step)},
                       life);
}

std::string origin_of(Services& services, const UserId& user_id, const Caller& caller) {
    return services.pseudonyms.network(user_id, caller.network);
}

// Whether the code is of this app; if so, its step is spent.
Answer<bool> spend_step(Services& services, Attempt& attempt, UserId user_id, FactorId factor_id,
                        std::string sealed_sha256, const Secret& code, Deadline deadline) {
    KEYLEDGER_CO_TRY(app, co_await read_app(services, attempt, user_id, factor_id, std::move(sealed_sha256), deadline));
    const auto step = services.accounts.factor_secrets->matching_step(app->secret, code, services.clock.now());
    if (!step) co_return false;
    attempt.spend(use_of_step(user_id, factor_id, *step), refusals::kWrongSecondFactor);
    co_return true;
}

std::string kind_of(const FactorId& factor_id) { return "totp." + factor_id.to_string(); }

}  // namespace

FactorsId factors_of(const UserId& user_id) {
    const auto name = security::length_prefixed({"factors", eventstore::kDefaultTenant, security::view_of(user_id)});
    return FactorsId{security::uuid_of(security::sha256(std::string_view(name)))};
}

Answer<Receipt> take_factor_attempt(Services& services, UserId user_id, ProofMethod method, Streams streams,
                                    Step allowed, Caller caller) {
    if (method == ProofMethod::kPasskey) co_return Receipt{};
    caller.idempotency.reset();
    const auto factors = streams.read<Factors>(factors_of(user_id));
    const FactorAttemptLimits& limits = services.accounts.second_factors.attempts;
    const TakeFactorAttempt command{user_id, origin_of(services, user_id, caller), limits, services.clock.now()};
    Duration wait;
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(may, co_await allowed(attempt));
        wait = attempt.state(factors).attempts.pause(command.origin, limits, command.now);
        co_return attempt.decide_and_append(factors, command);
    };
    auto executed = co_await services.executor.run(std::move(caller), std::move(streams), step, kMaxFactorRuns);
    if (!executed && executed.error().refusal == refusals::kFactorPause)
        co_return Unexpected(CommandError(refusals::kTooManyAttempts, wait));
    co_return done(executed);
}

StepResult use_code_of_pending(Services& services, Attempt& attempt, StreamOf<Factors> factors, UserId user_id,
                               const Secret& code, const Caller& caller) {
    const auto pending = attempt.state(factors).pending;
    if (!pending) co_return Unexpected(refusals::kNoEnrolment);
    KEYLEDGER_CO_TRY(matches, co_await spend_step(services, attempt, user_id, pending->id, pending->sealed_sha256, code,
                                                  caller.deadline));
    if (!*matches) co_return Unexpected(refusals::kWrongSecondFactor);
    co_return attempt.decide_and_append(factors, PassFactorAttempt{user_id, origin_of(services, user_id, caller)});
}

Answer<UsedFactor> use_factor(Services& services, Attempt& attempt, StreamOf<Factors> factors, UserId user_id,
                              const PresentedFactor& presented, const Caller& caller) {
    if (presented.method == ProofMethod::kPasskey) {
        KEYLEDGER_CO_TRY(passkey, co_await use_presented_passkey(services, attempt, factors, user_id,
                                                                 presented.passkey.value(), caller));
        co_return UsedFactor(passkey->factor_id, passkey->may_be_copied);
    }
    UsedFactor used;
    if (presented.method == ProofMethod::kRecoveryCode) {
        const auto digest = services.accounts.factor_secrets->recovery_code_digest(user_id, presented.code);
        if (!digest) co_return Unexpected(refusals::kWrongSecondFactor);
        KEYLEDGER_CO_TRY(decided, attempt.decide_and_append(factors, UseRecoveryCode{user_id, *digest}));
    } else {
        const std::vector<Factors::Enrolled> enrolled = attempt.state(factors).enrolled;
        for (std::size_t i = 0; i < enrolled.size() && !used.id; ++i) {
            const Factors::Enrolled& one = enrolled[i];
            if (one.kind != FactorKind::kTotp) continue;
            KEYLEDGER_CO_TRY(matches, co_await spend_step(services, attempt, user_id, one.id, one.sealed_sha256,
                                                          presented.code, caller.deadline));
            if (*matches) used.id = one.id;
        }
        if (!used.id) co_return Unexpected(refusals::kWrongSecondFactor);
    }
    const PassFactorAttempt passed{user_id, origin_of(services, user_id, caller)};
    KEYLEDGER_CO_TRY(counted, attempt.decide_and_append(factors, passed));
    co_return used;
}

// ---- somebody who is logged in ---------------------------------------------------------------------------------
// Whoever proves both at once says no password.
bool is_passkey_alone(const OwnProof& proof) {
    return proof.current_password.empty() && proof.present && proof.present->method == ProofMethod::kPasskey;
}

std::vector<ProofMethod> methods_of(const OwnProof& proof) {
    std::vector<ProofMethod> methods;
    if (!is_passkey_alone(proof)) methods.push_back(ProofMethod::kPassword);
    if (proof.present) methods.push_back(proof.present->method);
    return methods;
}

Answer<std::string> check_own_proof(Services& services, const Bearer& bearer, const OwnProof& proof, Caller caller) {
    caller.idempotency.reset();
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    std::string verified;
    bool was_wrong = false;
    // By itself: a hash is not made again because others present factors at the same time.
    const Step check = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(known, authorise(attempt, actor, bearer, services));
        if (!is_passkey_alone(proof)) {
            auto checked = co_await check_own_password(services, attempt, actor.user, proof.current_password, caller);
            if (!checked) {
                was_wrong = was_wrong || checked.error().refusal == refusals::kWrongPassword;
                co_return Unexpected(checked.error());
            }
        }
        verified = attempt.state(actor.user).sealed_sha256;
        const bool has_factor = attempt.state(actor.user).second_factor == User::SecondFactor::kOn;
        if (has_factor && !proof.present) co_return Unexpected(refusals::kFactorNotPresented);
        if (!has_factor && proof.present) co_return Unexpected(refusals::kFactorUnknown);
        co_return Result<void, CommandError>{};
    };
    auto checked = co_await services.executor.run(caller, streams, check);
    if (!checked) {
        report_tampering(services, bearer.user_id, checked.error());
        if (was_wrong) co_await record_failed_login(services, bearer.user_id, LoginFailure::kWrongPassword, caller);
        co_return Unexpected(checked.error());
    }
    const Step still = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(known, authorise(attempt, actor, bearer, services));
        if (attempt.state(actor.user).sealed_sha256 != verified) co_return Unexpected(refusals::kWrongPassword);
        co_return Result<void, CommandError>{};
    };
    if (proof.present) {
        KEYLEDGER_CO_TRY(taken, co_await take_factor_attempt(services, bearer.user_id, proof.present->method, streams,
                                                             still, caller));
    }
    co_return verified;
}

Answer<std::optional<FactorId>> use_own_proof(Services& services, Attempt& attempt, StreamOf<User> user,
                                              StreamOf<Factors> factors, const std::string& verified_sha256,
                                              const OwnProof& proof, const Caller& caller) {
    const User& state = attempt.state(user);
    if (state.sealed_sha256 != verified_sha256) co_return Unexpected(refusals::kWrongPassword);
    if (state.second_factor == User::SecondFactor::kOff) {
        // Turned off since it was checked that there is one: what is presented now proves nothing, and of a passkey
        // that is shown alone nothing else was.
        if (proof.present) co_return Unexpected(refusals::kFactorUnknown);
        co_return std::optional<FactorId>();
    }
    if (attempt.state(factors).enrolled.empty()) co_return Unexpected(refusals::kFactorsMissing);
    if (!proof.present) co_return Unexpected(refusals::kFactorNotPresented);
    KEYLEDGER_CO_TRY(used, co_await use_factor(services, attempt, factors, user.id, *proof.present, caller));
    co_return used->id;
}

// ---- what is kept of an app --------------------------------------------------------------------------------------
Answer<KeptApp> read_app(Services& services, Attempt& attempt, UserId user_id, FactorId factor_id,
                         std::string sealed_sha256, Deadline deadline) {
    KEYLEDGER_CO_TRY(key, co_await attempt.key_of(user_id));
    auto app = co_await open_app(services, *key, user_id, factor_id, std::move(sealed_sha256), deadline);
    co_return app;
}

Answer<KeptApp> open_app(Services& services, eventstore::SubjectKeyPtr key, UserId user_id, FactorId factor_id,
                         std::string sealed_sha256, Deadline deadline) {
    CredentialName name{user_id, kind_of(factor_id), std::move(sealed_sha256)};
    KEYLEDGER_CO_TRY(stored, co_await read_named_credential(services, std::move(name), std::nullopt, deadline));
    KEYLEDGER_CO_TRY(clear, open_credential(services, key, *stored));
    const std::string_view content = clear->reveal();
    if (content.size() < kTotpSecretBytes) co_return Unexpected(refusals::kCredentialTampered);
    KeptApp app;
    app.secret = Secret(content.substr(0, kTotpSecretBytes));
    app.name = content.substr(kTotpSecretBytes);
    app.revision = stored->revision;
    co_return std::move(app);
}

Answer<std::string> put_app(Services& services, Attempt& attempt, UserId user_id, FactorId factor_id,
                            const KeptApp& app) {
    std::string content;
    content.reserve(app.secret.size() + app.name.size());
    content.append(app.secret.reveal()).append(app.name);
    const Secret clear = Secret::take(std::move(content));
    const CredentialId credential_id(factor_id.uuid);
    auto sealed_sha256 =
        co_await put_credential(services, attempt, clear, credential_id, user_id, kind_of(factor_id), app.revision);
    co_return sealed_sha256;
}

StepResult drop_factor(Services& services, Attempt& attempt, UserId user_id, FactorId factor_id, Deadline deadline) {
    std::vector<std::string> kinds;
    kinds.push_back(kind_of(factor_id));
    kinds.push_back(passkey_kind_of(factor_id));
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        const std::string& kind = kinds[i];
        KEYLEDGER_CO_TRY(stored, co_await services.store.read_credential(user_id, kind, deadline));
        if (!stored->has_value()) continue;
        const auto& one = **stored;
        attempt.change_credential({one.credential_id, one.owner, one.kind, one.revision, std::nullopt});
    }
    co_return Result<void, CommandError>{};
}

}  // namespace keyledger::commands

#include "commands/factors/enrol_factor.hpp"

#include "commands/access/step_up.hpp"
#include "commands/account_services.hpp"
#include "commands/credentials/passwords.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::commands {

std::string account_shown(const User& user) { return user.email.value_or(user.username.value_or("")); }

Result<std::string, CommandError> factor_name(const std::string& typed) {
    if (typed.empty()) return typed;
    auto name = parse_name(typed);
    if (!name) return Unexpected(refused_text(refusals::kInvalidName, name.error()));
    return std::move(*name);
}

std::vector<std::string> make_recovery_codes(Services& services, const UserId& user_id, std::vector<Secret>& shown) {
    std::vector<std::string> digests;
    for (int i = 0; i < kRecoveryCodes; ++i) {
        Secret code = services.accounts.factor_secrets->new_recovery_code();
        digests.push_back(services.accounts.factor_secrets->recovery_code_digest(user_id, code).value());
        shown.push_back(std::move(code));
    }
    return digests;
}

Answer<NewEnrolment> put_enrolment(Services& services, Attempt& attempt, const User& user, StreamOf<Factors> factors,
                                   UserId user_id, std::optional<FactorId> presented, const std::string& name,
                                   Deadline deadline) {
    const auto before = attempt.state(factors).pending;
    if (before) {
        KEYLEDGER_CO_TRY(dropped, co_await drop_factor(services, attempt, user_id, before->id, deadline));
    }
    KeptApp app;
    app.secret = services.accounts.factor_secrets->new_totp_secret();
    app.name = name;
    const FactorId factor_id(services.identifiers.next());
    KEYLEDGER_CO_TRY(sealed_sha256, co_await put_app(services, attempt, user_id, factor_id, app));
    const BeginEnrolment command{user_id,   factor_id,          *sealed_sha256,
                                 presented, user.registered_at, services.clock.now()};
    KEYLEDGER_CO_TRY(decided, attempt.decide_and_append(factors, command));
    co_return NewEnrolment(factor_id, std::move(app.secret), account_shown(user),
                           command.now + Factors::kEnrolmentLasts);
}

BegunEnrolment shown(Services& services, const NewEnrolment& enrolment, Position position) {
    return {enrolment.factor_id, services.accounts.factor_secrets->shown(enrolment.account, enrolment.secret),
            enrolment.expires_at, position};
}

Result<void, CommandError> put_confirmation(Services& services, Attempt& attempt, StreamOf<User> user,
                                            StreamOf<Factors> factors, std::vector<Secret>& shown) {
    shown.clear();
    const Factors& before = attempt.state(factors);
    if (!before.pending) return Unexpected(CommandError(refusals::kNoEnrolment));
    ConfirmEnrolment command{user.id, before.pending->id, {}, services.clock.now()};
    if (before.enrolled.empty()) command.recovery_codes = make_recovery_codes(services, user.id, shown);
    KEYLEDGER_TRY(confirmed, attempt.decide_and_append(factors, command));
    return attempt.decide_and_append(user, TurnOnSecondFactor{});
}

Answer<BegunEnrolment> begin_factor_enrolment(Services& services, Enrolment enrolment, Caller caller) {
    caller.idempotency.reset();  // its answer is a secret, which is never given again
    const Bearer bearer = enrolment.bearer;
    KEYLEDGER_CO_TRY(name, factor_name(enrolment.name));
    KEYLEDGER_CO_TRY(verified, co_await check_own_proof(services, bearer, enrolment.proof, caller));
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto factors = streams.read<Factors>(factors_of(bearer.user_id));
    NewEnrolment enrolled;
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(known, authorise(attempt, actor, bearer, services));
        KEYLEDGER_CO_TRY(steps_up, require_step_up(attempt, actor, bearer, services, StepUpFor::kFactors,
                                                   methods_of(enrolment.proof)));
        KEYLEDGER_CO_TRY(presented, co_await use_own_proof(services, attempt, actor.user, factors, *verified,
                                                           enrolment.proof, caller));
        KEYLEDGER_CO_TRY(put, co_await put_enrolment(services, attempt, attempt.state(actor.user), factors,
                                                     bearer.user_id, *presented, *name, caller.deadline));
        enrolled = std::move(*put);
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(caller, streams, step, kMaxFactorRuns);
    if (!executed) {
        report_tampering(services, bearer.user_id, executed.error());
        co_return Unexpected(executed.error());
    }
    co_return shown(services, enrolled, executed->position);
}

Answer<ShownCodes> confirm_factor_enrolment(Services& services, Bearer bearer, Secret code, Caller caller) {
    caller.idempotency.reset();
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const Step allowed = require_actor(services, actor, bearer);
    KEYLEDGER_CO_TRY(
        taken, co_await take_factor_attempt(services, bearer.user_id, ProofMethod::kTotp, streams, allowed, caller));
    const auto factors = streams.read<Factors>(factors_of(bearer.user_id));
    ShownCodes codes;
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(known, authorise(attempt, actor, bearer, services));
        KEYLEDGER_CO_TRY(used, co_await use_code_of_pending(services, attempt, factors, bearer.user_id, code, caller));
        co_return put_confirmation(services, attempt, actor.user, factors, codes.recovery_codes);
    };
    auto executed = co_await services.executor.run(caller, streams, step, kMaxFactorRuns);
    if (!executed) {
        report_tampering(services, bearer.user_id, executed.error());
        co_return Unexpected(executed.error());
    }
    codes.position = executed->position;
    co_return std::move(codes);
}

}  // namespace keyledger::commands

#include "commands/factors/change_factors.hpp"

#include "commands/access/answers_at_head.hpp"
#include "commands/access/step_up.hpp"
#include "commands/account_services.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/passkeys/kept_passkey.hpp"

namespace keyledger::commands {
namespace {

// A command on one's own factors, which takes the password and a factor: what it changes is `change`, once both were
// right.
using Change = std::function<StepResult(Attempt&, const ActorStreams&, StreamOf<Factors>)>;

Answer<Receipt> run_proven(Services& services, Bearer bearer, const OwnProof& proof, Change change, Caller caller) {
    caller.idempotency.reset();
    KEYLEDGER_CO_TRY(verified, co_await check_own_proof(services, bearer, proof, caller));
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto factors = streams.read<Factors>(factors_of(bearer.user_id));
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(known, authorise(attempt, actor, bearer, services));
        KEYLEDGER_CO_TRY(steps_up,
                         require_step_up(attempt, actor, bearer, services, StepUpFor::kFactors, methods_of(proof)));
        KEYLEDGER_CO_TRY(used,
                         co_await use_own_proof(services, attempt, actor.user, factors, *verified, proof, caller));
        auto changed = co_await change(attempt, actor, factors);
        co_return changed;
    };
    auto executed = co_await services.executor.run(caller, streams, step, kMaxFactorRuns);
    if (!executed) report_tampering(services, bearer.user_id, executed.error());
    co_return done(executed);
}

// What the user calls it.
Answer<std::string> name_of(Services& services, Attempt& attempt, UserId user_id, const Factors::Enrolled& factor,
                            Deadline deadline) {
    std::string name;
    if (factor.kind == FactorKind::kPasskey) {
        KEYLEDGER_CO_TRY(passkey,
                         co_await read_passkey(services, attempt, user_id, factor.id, factor.sealed_sha256, deadline));
        name = std::move(passkey->name);
    } else {
        KEYLEDGER_CO_TRY(app, co_await read_app(services, attempt, user_id, factor.id, factor.sealed_sha256, deadline));
        name = std::move(app->name);
    }
    co_return std::move(name);
}

// Sealed anew under another name; what the log has to name it by. nullopt: it is called so already.
Answer<std::optional<std::string>> put_name(Services& services, Attempt& attempt, UserId user_id,
                                            Factors::Enrolled factor, std::string name, Deadline deadline) {
    std::optional<std::string> sealed_sha256;
    if (factor.kind == FactorKind::kPasskey) {
        KEYLEDGER_CO_TRY(passkey,
                         co_await read_passkey(services, attempt, user_id, factor.id, factor.sealed_sha256, deadline));
        if (passkey->name == name) co_return sealed_sha256;
        passkey->name = std::move(name);
        KEYLEDGER_CO_TRY(put, co_await put_passkey(services, attempt, user_id, factor.id, *passkey));
        sealed_sha256 = std::move(*put);
    } else {
        KEYLEDGER_CO_TRY(app, co_await read_app(services, attempt, user_id, factor.id, factor.sealed_sha256, deadline));
        if (app->name == name) co_return sealed_sha256;
        app->name = std::move(name);
        KEYLEDGER_CO_TRY(put, co_await put_app(services, attempt, user_id, factor.id, *app));
        sealed_sha256 = std::move(*put);
    }
    co_return sealed_sha256;
}

bool takes_passkey(const Factors& factors, const std::optional<FactorId>& factor_id) {
    return std::ranges::any_of(factors.enrolled, [&](const Factors::Enrolled& one) {
        return one.kind == FactorKind::kPasskey && (!factor_id || one.id == *factor_id);
    });
}

}  // namespace

Answer<Receipt> remove_factor(Services& services, FactorRemoval removal, Caller caller) {
    const UserId user_id = removal.bearer.user_id;
    const Change remove = [&](Attempt& attempt, const ActorStreams& actor, StreamOf<Factors> factors) -> StepResult {
        // What is sealed of it stays until nobody can have it given back any more.
        const Instant kept_until = services.clock.now() + Factors::kKeptFor;
        const bool was_last = !removal.factor_id || attempt.state(factors).enrolled.size() == 1;
        FactorsCommand command = RemoveAllFactors{user_id, kept_until};
        if (removal.factor_id) command = RemoveFactor{user_id, *removal.factor_id, kept_until};
        KEYLEDGER_CO_TRY(removed, attempt.decide_and_append(factors, command));
        if (was_last) {
            KEYLEDGER_CO_TRY(off, attempt.decide_and_append(actor.user, TurnOffSecondFactor{}));
        }
        // Whoever holds a lost passkey logged in by it alone: what began by it is over, too.
        Result<void, CommandError> ended;
        if (takes_passkey(attempt.state(factors), removal.factor_id))
            ended = attempt.decide_and_append(actor.user, RevokeAllSessions{removal.bearer.session_id});
        co_return ended;
    };
    auto removed = co_await run_proven(services, removal.bearer, removal.proof, remove, std::move(caller));
    co_return removed;
}

Answer<Receipt> rename_factor(Services& services, Bearer bearer, FactorId factor_id, std::string typed, Caller caller) {
    KEYLEDGER_CO_TRY(name, factor_name(typed));
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto factors = streams.read<Factors>(factors_of(bearer.user_id));
    const Step step = [&](Attempt& attempt) -> StepResult {
        const Factors::Enrolled* found = attempt.state(factors).find(factor_id);
        if (!found) co_return Unexpected(refusals::kFactorUnknown);
        KEYLEDGER_CO_TRY(sealed_sha256,
                         co_await put_name(services, attempt, bearer.user_id, *found, *name, caller.deadline));
        if (!sealed_sha256->has_value()) co_return Result<void, CommandError>{};
        co_return attempt.decide_and_append(factors, RenameFactor{bearer.user_id, factor_id, **sealed_sha256});
    };
    CommandSteps steps(require_actor(services, actor, bearer), step);
    auto executed = co_await services.executor.run(caller, streams, std::move(steps));
    if (!executed) report_tampering(services, bearer.user_id, executed.error());
    co_return done(executed);
}

Answer<ShownCodes> renew_recovery_codes(Services& services, Bearer bearer, OwnProof proof, Caller caller) {
    ShownCodes shown;
    const Change renew = [&](Attempt& attempt, const ActorStreams&, StreamOf<Factors> factors) -> StepResult {
        shown.recovery_codes.clear();
        const MakeRecoveryCodes command{bearer.user_id,
                                        make_recovery_codes(services, bearer.user_id, shown.recovery_codes)};
        co_return attempt.decide_and_append(factors, command);
    };
    KEYLEDGER_CO_TRY(done, co_await run_proven(services, bearer, proof, renew, std::move(caller)));
    shown.position = done->position;
    co_return std::move(shown);
}

Answer<ListedFactors> list_factors(Services& services, Bearer bearer, Caller caller) {
    Streams streams;
    const auto factors = streams.read<Factors>(factors_of(bearer.user_id));
    ListedFactors listed;
    const Step step = [&](Attempt& attempt) -> StepResult {
        // Between the read of the factors and the question whether they moved: at that moment both were so.
        KEYLEDGER_CO_TRY(holder, co_await holder_at_head(services, bearer, caller.deadline));
        listed = {};
        const Factors state = attempt.state(factors);
        listed.recovery_codes_left = std::ssize(state.recovery_codes);
        for (std::size_t i = 0; i < state.enrolled.size(); ++i) {
            const Factors::Enrolled& one = state.enrolled[i];
            KEYLEDGER_CO_TRY(name, co_await name_of(services, attempt, bearer.user_id, one, caller.deadline));
            listed.factors.push_back(
                {one.id, one.kind, std::move(*name), one.enrolled_at, is_established(one, services.clock.now())});
        }
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(caller, streams, step);
    if (!executed) {
        report_tampering(services, bearer.user_id, executed.error());
        co_return Unexpected(executed.error());
    }
    listed.position = executed->position;
    co_return listed;
}

}  // namespace keyledger::commands

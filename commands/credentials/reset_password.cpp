#include "commands/credentials/reset_password.hpp"

#include "commands/credentials/password_history.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/credentials/unlock_by_mail.hpp"
#include "commands/credentials/unrecorded_failures.hpp"
#include "commands/factors/reset_second_factor.hpp"

namespace keyledger::commands {
namespace {

// One that a thief of the password may have enrolled just now bars nobody: it goes.
StepResult pass_second_factor(Services& services, Attempt& attempt, StreamOf<User> user,
                              const std::optional<PresentedFactor>& presented, const Caller& caller) {
    const bool has_factor = attempt.state(user).second_factor == User::SecondFactor::kOn;
    if (!has_factor && presented) co_return Unexpected(refusals::kFactorUnknown);
    if (!has_factor) co_return Result<void, CommandError>{};
    KEYLEDGER_CO_TRY(is_established, co_await has_established_factor(services, attempt, user.id));
    if (!*is_established) {
        if (presented) co_return Unexpected(refusals::kFactorUnknown);
        auto taken = co_await take_all_factors(services, attempt, user, caller.deadline);
        co_return taken;
    }
    if (!presented) co_return Unexpected(refusals::kResetNeedsFactor);
    auto used = co_await use_established_factor(services, attempt, user.id, *presented, caller);
    co_return used;
}

// Before it is looked at, and only for whoever reads the mail: nobody else uses up the attempts of its owner.
Answer<Receipt> take_attempt(Services& services, const Presented& presented, ProofMethod method, Caller caller) {
    KEYLEDGER_CO_TRY(prover, co_await find_prover(services, presented, caller.deadline));
    Streams streams;
    const auto user = streams.read<User>(prover->user_id);
    const ProofStreams of_proof = read_proof(streams, prover->proof);
    const Step allowed = [&](Attempt& attempt) -> StepResult {
        auto proven = co_await would_prove(services, attempt, user, of_proof, prover->proof);
        co_return proven;
    };
    auto taken = co_await take_factor_attempt(services, prover->user_id, method, streams, allowed, std::move(caller));
    co_return taken;
}

}  // namespace

Answer<Receipt> reset_password(Services& services, PasswordReset reset, Caller caller) {
    const Earning earning = [&](Attempt& attempt, const StreamOf<User>& user, const OpenedProof&) -> StepResult {
        const User& state = attempt.state(user);
        if (state.status != User::Status::kActive) co_return Unexpected(refusals::kUserDisabled);
        KEYLEDGER_CO_TRY(passed, co_await pass_second_factor(services, attempt, user, reset.factor, caller));
        KEYLEDGER_CO_TRY(
            judged, co_await judge_password(services, reset.new_password.clone(), identity_of(state), caller.deadline));
        KEYLEDGER_CO_TRY(held, co_await hold_against_history(services, attempt, user, reset.new_password, caller));
        KEYLEDGER_CO_TRY(place, co_await place_of_password(services, user.id, state.credential_id, caller.deadline));
        KEYLEDGER_CO_TRY(hash, co_await hash_password(services, reset.new_password.clone(),
                                                      HashingRequester::Kind::kAccount, caller));
        KEYLEDGER_CO_TRY(password, co_await put_password(services, attempt, user.id, place->credential_id,
                                                         place->revision, std::move(*hash)));
        KEYLEDGER_CO_TRY(verified, attempt.decide_and_append(user, VerifyEmail{}));
        KEYLEDGER_CO_TRY(decided, attempt.decide_and_append(user, ResetPassword{*password}));
        // Nor does a thief of the password keep a way in by an account of theirs at another provider. Of an address
        // that nobody had proven, everything may be a stranger's.
        const bool was_proven = state.email_proof == User::EmailProof::kVerified;
        if (!reset.factor) {
            const UnlinkIdentitiesSince young{was_proven ? services.clock.now() : Instant()};
            KEYLEDGER_CO_TRY(unlinked, attempt.decide_and_append(user, young));
        }
        auto unlocked = co_await unlock_proven(services, attempt, user.id);
        co_return unlocked;
    };
    if (reset.factor) {
        const auto taken = co_await take_attempt(services, reset.presented, reset.factor->method, caller);
        // Whoever proves nothing goes on, for a wrong code is counted there.
        if (!taken && taken.error().refusal != refusals::kNotProven) co_return Unexpected(taken.error());
    }
    KEYLEDGER_CO_TRY(proven, co_await prove_user(services, std::move(reset.presented), caller, earning));
    services.unrecorded_failures.forget(proven->user_id);
    co_return Receipt{proven->position};
}

}  // namespace keyledger::commands

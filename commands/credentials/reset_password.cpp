#include "commands/credentials/reset_password.hpp"

#include "commands/credentials/password_history.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/credentials/unlock_by_mail.hpp"
#include "commands/credentials/unrecorded_failures.hpp"
#include "commands/factors/reset_second_factor.hpp"

namespace keyledger::commands {
namespace {

// One that a thief of the password may have enrolled just now bars nobody: it goes.
StepResult pass_second_factor(Services& services, Attempt& attempt, StreamOf<User> user, Deadline deadline) {
    if (attempt.state(user).second_factor == User::SecondFactor::kOff) co_return Result<void, CommandError>{};
    KEYLEDGER_CO_TRY(is_established, co_await has_established_factor(services, attempt, user.id));
    if (*is_established) co_return Unexpected(refusals::kResetNeedsFactor);
    auto taken = co_await take_all_factors(services, attempt, user, deadline);
    co_return taken;
}

}  // namespace

Answer<Receipt> reset_password(Services& services, PasswordReset reset, Caller caller) {
    const Earning earning = [&](Attempt& attempt, const StreamOf<User>& user, const OpenedProof&) -> StepResult {
        const User& state = attempt.state(user);
        if (state.status != User::Status::kActive) co_return Unexpected(refusals::kUserDisabled);
        KEYLEDGER_CO_TRY(passed, co_await pass_second_factor(services, attempt, user, caller.deadline));
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
        auto unlocked = co_await unlock_proven(services, attempt, user.id);
        co_return unlocked;
    };
    KEYLEDGER_CO_TRY(proven, co_await prove_user(services, std::move(reset.presented), caller, earning));
    services.unrecorded_failures.forget(proven->user_id);
    co_return Receipt{proven->position};
}

}  // namespace keyledger::commands

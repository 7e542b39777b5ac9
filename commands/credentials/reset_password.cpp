#include "commands/credentials/reset_password.hpp"

#include "commands/credentials/password_history.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/credentials/unlock_by_mail.hpp"
#include "commands/credentials/unrecorded_failures.hpp"
#include "commands/factors/reset_second_factor.hpp"

namespace keyledger::commands {
namespace {

// Of the credential that the fold names; 0: they have none.
Answer<std::int32_t> password_revision(Services& services, const UserId& user_id, const User& user, Deadline deadline) {
    if (user.credential_id.is_nil()) co_return 0;
    KEYLEDGER_CO_TRY(stored, co_await services.store.read_credential(user_id, std::string(kPasswordKind), deadline));
    if (!stored->has_value()) co_return Unexpected(refusals::kCredentialTampered);
    co_return stored->value().revision;
}

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
        PasswordIdentity identity{state.email.value_or(""), state.username.value_or(""), state.name.value_or("")};
        KEYLEDGER_CO_TRY(judged, co_await judge_password(services, reset.new_password.clone(), std::move(identity),
                                                         caller.deadline));
        KEYLEDGER_CO_TRY(held, co_await hold_against_history(services, attempt, user, reset.new_password, caller));
        KEYLEDGER_CO_TRY(revision, co_await password_revision(services, user.id, state, caller.deadline));
        KEYLEDGER_CO_TRY(hash, co_await hash_password(services, reset.new_password.clone(),
                                                      HashingRequester::Kind::kAccount, caller));
        const bool has_password = !state.credential_id.is_nil();
        const CredentialId credential_id =
            has_password ? state.credential_id : CredentialId{services.identifiers.next()};
        KEYLEDGER_CO_TRY(password,
                         co_await put_password(services, attempt, user.id, credential_id, *revision, std::move(*hash)));
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

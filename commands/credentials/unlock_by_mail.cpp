#include "commands/credentials/unlock_by_mail.hpp"

#include "commands/credentials/passwords.hpp"
#include "commands/credentials/unrecorded_failures.hpp"
#include "domain/credentials/login_attempts.hpp"

namespace keyledger::commands {

StepResult unlock_proven(Services& services, Attempt& attempt, const UserId& user_id) {
    Streams more;
    const auto attempts = more.read<LoginAttempts>(services.pseudonyms.login_attempts_of(user_id));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(std::move(more)));
    attempt.append(attempts, decide(attempt.state(attempts), UnlockLogin{user_id}));
    co_return Result<void, CommandError>{};
}

Answer<Receipt> unlock_by_mail(Services& services, Presented presented, Caller caller) {
    const Earning earning = [&](Attempt& attempt, const StreamOf<User>& user, const OpenedProof&) -> StepResult {
        (void)co_await record_waiting_failures(services, user.id, caller.deadline);  // the log knows what is forgiven
        KEYLEDGER_CO_TRY(verified, attempt.decide_and_append(user, VerifyEmail{}));
        auto unlocked = co_await unlock_proven(services, attempt, user.id);
        co_return unlocked;
    };
    KEYLEDGER_CO_TRY(proven, co_await prove_user(services, std::move(presented), caller, earning));
    services.unrecorded_failures.forget(proven->user_id);
    co_return Receipt{proven->position};
}

}  // namespace keyledger::commands

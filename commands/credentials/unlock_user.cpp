#include "commands/credentials/unlock_user.hpp"

#include "commands/access/administer.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/credentials/unrecorded_failures.hpp"

namespace keyledger::commands {
namespace {

void unlock(Attempt& attempt, const StreamOf<LoginAttempts>& attempts, const UserId& user_id) {
    attempt.append(attempts, decide(attempt.state(attempts), UnlockLogin{user_id}));
}

}  // namespace

Answer<Receipt> unlock_user(Services& services, Bearer bearer, UserId user_id, Caller caller) {
    const Deadline deadline = caller.deadline;
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        (void)co_await record_waiting_failures(services, user_id, deadline);  // so that the log knows what is forgiven
        Streams more;
        const auto attempts = more.read<LoginAttempts>(services.pseudonyms.login_attempts_of(user_id));
        KEYLEDGER_CO_TRY(read, co_await on.attempt.also_read(std::move(more)));
        unlock(on.attempt, attempts, user_id);
        co_return Result<void, CommandError>{};
    };
    RequiredAuthority required{bearer, kWriteUsers, Subject::user(user_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    if (done) services.unrecorded_failures.forget(user_id);
    co_return done;
}

Answer<Receipt> unlock_user_as_operator(Services& services, UserId user_id, Caller caller) {
    (void)co_await record_waiting_failures(services, user_id, caller.deadline);
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const auto attempts = streams.read<LoginAttempts>(services.pseudonyms.login_attempts_of(user_id));
    const Step step = [&](Attempt& attempt) -> StepResult {
        if (!attempt.state(user).exists()) co_return Unexpected(refusals::kUserUnknown);
        unlock(attempt, attempts, user_id);
        co_return Result<void, CommandError>{};
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, step));
    services.unrecorded_failures.forget(user_id);
    co_return Receipt{executed->position};
}

}  // namespace keyledger::commands

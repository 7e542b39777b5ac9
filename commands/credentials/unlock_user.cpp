#include "commands/credentials/unlock_user.hpp"

#include "commands/access/administer.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/credentials/unrecorded_failures.hpp"
#include "commands/factors/presented_factor.hpp"

namespace keyledger::commands {
namespace {

// What counts against the user: guesses of their password, and of their second factors.
struct Counts {
    StreamOf<LoginAttempts> log_in;
    StreamOf<Factors> factors;
};
Counts read_counts(Services& services, Streams& streams, const UserId& user_id) {
    return {streams.read<LoginAttempts>(services.pseudonyms.login_attempts_of(user_id)),
            streams.read<Factors>(factors_of(user_id))};
}

// Also what this node knows of and the log does not yet.
Result<void, CommandError> unlock(Services& services, Attempt& attempt, const Counts& counts, const UserId& user_id) {
    const auto unrecorded = services.unrecorded_failures.tally(user_id);
    const LoginAttempts all = unrecorded.added_to(attempt.state(counts.log_in), services.settings.attempts);
    attempt.append(counts.log_in, decide(all, UnlockLogin{user_id}));
    return attempt.decide_and_append(counts.factors, ForgiveFactorAttempts{user_id});
}

}  // namespace

Answer<Receipt> unlock_user(Services& services, Bearer bearer, UserId user_id, Caller caller) {
    const Deadline deadline = caller.deadline;
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        (void)co_await record_waiting_failures(services, user_id, deadline);  // so that the log knows what is forgiven
        Streams more;
        const Counts counts = read_counts(services, more, user_id);
        KEYLEDGER_CO_TRY(read, co_await on.attempt.also_read(std::move(more)));
        co_return unlock(services, on.attempt, counts, user_id);
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
    const Counts counts = read_counts(services, streams, user_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        if (!attempt.state(user).exists()) co_return Unexpected(refusals::kUserUnknown);
        co_return unlock(services, attempt, counts, user_id);
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, step));
    services.unrecorded_failures.forget(user_id);
    co_return Receipt{executed->position};
}

}  // namespace keyledger::commands

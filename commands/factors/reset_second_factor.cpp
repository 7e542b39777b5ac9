#include "commands/factors/reset_second_factor.hpp"

#include "commands/access/administer.hpp"
#include "commands/factors/presented_factor.hpp"

namespace keyledger::commands {

Answer<Receipt> reset_second_factor(Services& services, Bearer bearer, UserId user_id, Caller caller) {
    const Deadline deadline = caller.deadline;
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        Streams more;
        const auto factors = more.read<Factors>(factors_of(user_id));
        KEYLEDGER_CO_TRY(read, co_await on.attempt.also_read(std::move(more)));
        const Factors before = on.attempt.state(factors);
        for (std::size_t i = 0; i < before.enrolled.size(); ++i) {
            const FactorId factor_id = before.enrolled[i].id;
            KEYLEDGER_CO_TRY(dropped, co_await drop_app(services, on.attempt, user_id, factor_id, deadline));
        }
        KEYLEDGER_CO_TRY(removed, on.attempt.decide_and_append(factors, RemoveAllFactors{user_id}));
        KEYLEDGER_CO_TRY(forgiven, on.attempt.decide_and_append(factors, ForgiveFactorAttempts{user_id}));
        co_return on.attempt.decide_and_append(on.user, TurnOffSecondFactor{});
    };
    RequiredAuthority required{bearer, kWriteUsers, Subject::user(user_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

}  // namespace keyledger::commands

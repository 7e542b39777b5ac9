#include "commands/accounts/set_user_status.hpp"

#include "commands/access/administer.hpp"

namespace keyledger::commands {

Answer<Done> disable_user(Services& services, Bearer bearer, Uuid user_id, std::string reason, Caller caller) {
    const Act act = [&](Administration& on) -> Decided {
        KEYLEDGER_CO_TRY(decided, on.attempt.decide_and_append(on.user, DisableUser{reason}));
        co_return leave_administrators(on.attempt, user_id);
    };
    Errand errand{bearer, kWriteUsers, Subject::user(user_id)};
    auto done = co_await administer(services, std::move(errand), std::move(caller), act);
    co_return done;
}

// His roles were his all the time; whoever is an administrator by them counts as one again.
Answer<Done> enable_user(Services& services, Bearer bearer, Uuid user_id, Caller caller) {
    const Act act = [&](Administration& on) -> Decided {
        KEYLEDGER_CO_TRY(decided, on.attempt.decide_and_append(on.user, EnableUser{}));
        // Whoever is to be erased left the set when that was requested.
        const bool leaves = on.attempt.state(on.user).erasure_due_at_ms.has_value();
        const bool administrator = on.attempt.state(on.assignments).holds(kAdministratorRole);
        if (leaves || !administrator) co_return Result<void, CommandError>{};
        co_return join_administrators(on.attempt, user_id, Joining::kEnabledAgain);
    };
    Errand errand{bearer, kWriteUsers, Subject::user(user_id)};
    auto done = co_await administer(services, std::move(errand), std::move(caller), act);
    co_return done;
}

}  // namespace keyledger::commands

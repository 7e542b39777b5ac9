#include "commands/accounts/set_user_status.hpp"

#include "commands/access/administer.hpp"

namespace keyledger::commands {

Answer<Receipt> disable_user(Services& services, Bearer bearer, UserId user_id, std::string reason, Caller caller) {
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        KEYLEDGER_CO_TRY(decided, on.attempt.decide_and_append(on.user, DisableUser{reason}));
        co_return leave_administrators(on.attempt, user_id);
    };
    RequiredAuthority required{bearer, kWriteUsers, Subject::user(user_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

// The roles were never withdrawn: a user who is an administrator by them counts as one again.
Answer<Receipt> enable_user(Services& services, Bearer bearer, UserId user_id, Caller caller) {
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        KEYLEDGER_CO_TRY(decided, on.attempt.decide_and_append(on.user, EnableUser{}));
        // A user who asked to be erased left the set with the request.
        const bool leaves = on.attempt.state(on.user).erasure_due_at.has_value();
        const bool administrator = on.attempt.state(on.assignments).holds(kAdministratorRole);
        if (leaves || !administrator) co_return Result<void, CommandError>{};
        co_return join_administrators(on.attempt, user_id, JoinReason::kEnabledAgain);
    };
    RequiredAuthority required{bearer, kWriteUsers, Subject::user(user_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

}  // namespace keyledger::commands

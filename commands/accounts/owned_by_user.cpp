#include "commands/accounts/owned_by_user.hpp"

#include "commands/access/administer.hpp"
#include "commands/access/groups.hpp"
#include "commands/factors/presented_factor.hpp"

namespace keyledger::commands {

StepResult leave_their_groups(Attempt& attempt, UserId user_id) {
    auto left = co_await leave_all_groups(attempt, Subject::user(user_id));
    co_return left;
}

StepResult leave_the_administrators(Attempt& attempt, UserId user_id) {
    Streams more;
    more.read<Administrators>(kAdministratorsStream);
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
    co_return leave_administrators(attempt, user_id);
}

// Their ids are claims: others may have them then. What else is told there is ids alone.
StepResult leave_their_passkeys(Attempt& attempt, UserId user_id) {
    Streams more;
    const auto factors = more.read<Factors>(factors_of(user_id));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(std::move(more)));
    co_return attempt.decide_and_append(factors, ForgetAllPasskeys{user_id});
}

}  // namespace keyledger::commands

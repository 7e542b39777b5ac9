#include "commands/accounts/owned_by_user.hpp"

#include "commands/access/administer.hpp"
#include "commands/access/groups.hpp"

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

}  // namespace keyledger::commands

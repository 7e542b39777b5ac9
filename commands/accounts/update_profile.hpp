#pragma once
#include "commands/services.hpp"

namespace keyledger::commands {

struct ProfileUpdate {
    Bearer bearer;
    std::optional<std::string> username;  // the whole profile: what is absent is taken away
    std::optional<std::string> name;
    std::optional<std::string> locale{};  // a language tag (BCP 47): in which language they are written to
};
// Of the bearer's own account.
Answer<Receipt> update_profile(Services& services, ProfileUpdate update, Caller caller);
// Of somebody else, with kWriteUsers.
Answer<Receipt> update_user(Services& services, UserId user_id, ProfileUpdate update, Caller caller);

}  // namespace keyledger::commands

#pragma once
// Users whom administrators make, in place of registration: nobody proves an address before there is a user, for
// somebody with authority says so.
#include "commands/credentials/one_time_password.hpp"
#include "commands/services.hpp"

namespace keyledger::commands {

struct NewUser {
    std::string email;
    std::optional<std::string> username{};
    std::optional<std::string> name{};
    std::optional<std::string> locale{};
    std::optional<Secret> one_time_password{};  // else one is made
    bool is_invited = false;                    // no password at all: a mail has a link by which they set one
};
struct CreatedUser {
    UserId user_id;
    OneTimePasswordReceipt password;  // of whoever is invited, until when they are
};

// With a one-time password (commands/credentials/one_time_password.hpp) or an invitation, and kWriteUsers. A repeated
// command says who was made, and no password. kEmailTaken, kUsernameTaken.
Answer<CreatedUser> create_user(Services& services, Bearer bearer, NewUser user, Caller caller);
// By whoever is at the machine.
Answer<CreatedUser> create_user_as_operator(Services& services, NewUser user, Caller caller);

}  // namespace keyledger::commands

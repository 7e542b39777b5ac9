#pragma once
#include "commands/services.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {

struct RegistrationRequest {
    std::string email;
    std::optional<std::string> username;
    std::optional<std::string> name;
    Secret password;
    UserPrivilege privilege = UserPrivilege::kUser;
};
struct RegistrationReceipt {
    UserId user_id;
    Position position = 0;
};

// Open to everybody; administrators are registered by the command line only, and only one is the first.
Answer<RegistrationReceipt> register_user(Services& services, RegistrationRequest registration, Caller caller);

}  // namespace keyledger::commands

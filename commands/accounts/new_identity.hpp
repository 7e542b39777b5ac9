#pragma once
// What somebody is going to be called, in the forms in which it is kept and compared.
#include <optional>
#include <string>

#include "commands/runtime/errors.hpp"
#include "commands/runtime/ports.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::commands {

struct NewIdentity {
    Identifier email;
    std::optional<Identifier> username;
    std::optional<std::string> name;
};

// kInvalidEmail, kInvalidUsername, kInvalidName.
Result<NewIdentity, CommandError> new_identity(const std::string& email, const std::optional<std::string>& username,
                                               const std::optional<std::string>& name);
Result<Identifier, CommandError> new_username(const std::string& username);

// What a password must not be made of.
PasswordIdentity password_identity(const NewIdentity& identity);

}  // namespace keyledger::commands

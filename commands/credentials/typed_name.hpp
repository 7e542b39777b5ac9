#pragma once
// By which name somebody wants in, and what is done for a name that nobody has.
#include <string>

#include "commands/services.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {

struct TypedName {
    std::string kind;        // "email" or "username"
    std::string key;         // empty: such a name can't exist
    std::string looked_for;  // what is asked of the store either way
};
// One of the two is empty.
TypedName typed_name(const std::string& email, const std::string& username);

// What was typed still names this user: the claim only found them, the fold decides.
bool goes_by(const User& user, const TypedName& name);

// The same reads and the same hash as for a name that somebody has; then kInvalidCredentials.
Answer<Receipt> refuse_unknown_name(Services& services, Secret password, Caller caller);

}  // namespace keyledger::commands

#pragma once
// What the command line says of refusals where it does not say what the API says: in the words of an operator, who sees
// options and names instead of fields. A refusal that a command can't meet needs none.
#include <string>
#include <string_view>

#include "domain/base/refusal.hpp"

namespace keyledger::app {

// Of `create-admin` and `users unlock`.
std::string_view said_of_user(RefusalRef refusal);
// Of `access apply`; `what` is such as "role 'viewer'".
std::string said_of_access(const std::string& what, RefusalRef refusal);

}  // namespace keyledger::app

#pragma once
// Of service accounts whose tokens register applications (RFC 7591). Apart from the others (permissions.hpp), which
// nearly every command reads.
#include "domain/access/permission.hpp"

namespace keyledger::commands {

inline const Permission kRegisterClients{"keyledger.clients", "register"};

}  // namespace keyledger::commands

#pragma once
// What the commands of accounts are given beside Services: ports and settings of single subjects (codes and links,
// second factors, devices …). Apart, so that one more of them recompiles those alone who use any. Built once by app/,
// shared by all I/O threads.
#include "commands/services.hpp"

namespace keyledger::commands {

struct AccountServices {
    // So many passwords, the one of now among them, may not be chosen again; 0: none is remembered, 10 at most.
    int password_history = 0;
};

}  // namespace keyledger::commands

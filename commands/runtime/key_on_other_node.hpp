#pragma once
// What reads tokens and cursors throws it: this one is made under a key that other nodes have and this node's
// keyring lacks. It may be good, and is to be presented again (503): here once the keyring is newer, or to
// another node.
#include <stdexcept>

namespace keyledger::commands {

struct KeyOnOtherNode : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace keyledger::commands

#pragma once
// A subject's key is wrapped by a key that this keyring never had. It is not lost, and what it sealed is not erased:
// other nodes can open it, and this keyring is too old.
#include <stdexcept>

namespace keyledger::eventstore {

// Thrown by SubjectCipher::unwrap(). What is asked for can't be answered on this node until it has the newer keyring.
struct LackingKey : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace keyledger::eventstore

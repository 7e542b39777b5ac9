#pragma once
// The address of a registration is proven, and its user begins.
#include <optional>
#include <string>

#include "commands/services.hpp"
#include "domain/registrations/registration.hpp"

namespace keyledger::commands {

// What is presented: the code from the mail beside the handle; or the link's token beside the handle or the password. A
// link alone proves nothing: whoever clicks what a stranger's registration sent them has neither.
struct AddressProof {
    std::string handle;  // empty: none
    Secret code;
    std::string token;
    Secret password;
    // Instead of the user name that was asked for: somebody else may have it by now.
    std::optional<std::string> username;
};

// Begins the user under a new id and key, with all that the registration held sealed anew, destroys the registration's
// key, and takes the names, in one append. kEmailTaken, kUsernameTaken: somebody has them meanwhile; the registration
// stays open, and for the latter another can be chosen.
Answer<UserId> complete_registration(Services& services, AddressProof proof, Caller caller);

}  // namespace keyledger::commands

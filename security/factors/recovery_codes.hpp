#pragma once
// Recovery codes: what opens an account once when the second factor is lost. 128 random bits in a form that people can
// write down and type, `7K3D-Q0W9-…`: seven groups of four characters without look-alikes, of which the last two and a
// half tell a code that was mistyped from one that is wrong, before it is compared with anything.
//
// Kept is the plain SHA-256 of user and code. A keyed digest would protect nothing more: nobody finds 128 random bits
// by trying, and a code must still open the account when the key that it was made under is gone. Nor is it slow to
// compute, as a password's must be, for the same reason. Any thread.
#include <optional>
#include <string>

#include "domain/base/id.hpp"
#include "domain/base/secret.hpp"

namespace keyledger::security {

Secret new_recovery_code();  // as it is shown, once

// SHA-256 (hex), by which a code is known. Case, spaces and hyphens don't matter, and O is 0, I and L are 1. nullopt:
// no code was ever written so.
std::optional<std::string> recovery_code_digest(const UserId& user_id, const Secret& typed);

}  // namespace keyledger::security

#pragma once
// Of which domain passkeys are, and which pages may ask for them (W3C Web Authentication sections 5.1.2 and 13.4.9):
// what is not set follows from the issuer. Pure.
#include <string>
#include <vector>

#include "app/config/settings.hpp"

namespace keyledger::app {

// Fills in what is not set. The answer is what is wrong, a sentence each that begins with the setting's name.
std::vector<std::string> complete_passkeys(PasskeySettings& passkeys, const std::string& issuer);

}  // namespace keyledger::app

#pragma once
// What browsers are given to make a passkey or to prove one, as PublicKeyCredential.parseCreationOptionsFromJSON() and
// parseRequestOptionsFromJSON() read it (W3C Web Authentication section 5.1).
#include <string>

#include "commands/passkeys/register_passkey.hpp"

namespace keyledger::api::routes {

// With the handle.
std::string creation_json(const commands::BegunPasskey& begun);
std::string request_json(const commands::AskedPasskey& asked);
// Without it: `options` alone.
std::string creation_options(const commands::BegunPasskey& begun);
std::string request_options(const commands::AskedPasskey& asked);

}  // namespace keyledger::api::routes

#pragma once
// The members of a body in which a second factor is presented: `code`, `recovery_code` or `passkey`.
#include <optional>

#include "api/wire/read_json.hpp"
#include "commands/factors/presented_factor.hpp"

namespace keyledger::api::routes {

inline constexpr std::size_t kMaxFactorCodeBytes = 64;

// Several at once are refused, in the body's words; none of them is nullopt. `code`: what the member is called where
// another code is in the body, too.
std::optional<commands::PresentedFactor> read_factor(JsonFields& body, std::string_view code = "code");
// What somebody who is logged in shows: the password under that name, and a factor. Only a passkey does without it.
commands::OwnProof read_own_proof(JsonFields& body, std::string_view password = "current_password");

// Of a field for either: an app shows digits alone, and a recovery code has others.
commands::PresentedFactor typed_factor(Secret typed);

}  // namespace keyledger::api::routes

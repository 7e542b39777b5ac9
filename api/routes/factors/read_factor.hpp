#pragma once
// The members of a body in which a second factor is presented: `code` or `recovery_code`.
#include <optional>

#include "api/wire/read_json.hpp"
#include "commands/factors/presented_factor.hpp"

namespace keyledger::api::routes {

inline constexpr std::size_t kMaxFactorCodeBytes = 64;

// Both at once are refused, in the body's words; none of them is nullopt. `code`: what the member is called where
// another code is in the body, too.
std::optional<commands::PresentedFactor> read_factor(JsonFields& body, std::string_view code = "code");

}  // namespace keyledger::api::routes

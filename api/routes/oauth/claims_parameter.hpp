#pragma once
// The parameter `claims` (OpenID Connect Core section 5.5), as far as there is something to choose: what it asks for of
// somebody's profile comes by the scope that it belongs to, and of how they logged in ID tokens tell all in any case.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/authorization/authorization_request.hpp"

namespace keyledger::api::routes {

inline constexpr std::size_t kMaxClaimsBytes = 2048;

struct AskedClaims {
    std::vector<std::string> scope;  // that its claims belong to
    SecondFactor second_factor = SecondFactor::kNotAsked;
    bool is_beyond = false;        // an essential `acr` that there is not
    std::optional<UserId> user{};  // a `sub` with a value; nil: of nobody
};
// nullopt: it is no JSON object of objects.
std::optional<AskedClaims> read_claims_parameter(std::string_view text);

}  // namespace keyledger::api::routes

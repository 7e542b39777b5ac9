#pragma once
// What an application gets from the token endpoint, in whatever way it was granted (RFC 6749 section 5.1, OpenID
// Connect Core section 3.1.3.3).
#include <string>
#include <string_view>
#include <vector>

#include "api/routes/context.hpp"
#include "api/routes/oauth/possession.hpp"
#include "api/routes/route.hpp"
#include "commands/authorization/exchange_code.hpp"
#include "commands/authorization/token_lifetimes.hpp"

namespace keyledger::api {

inline constexpr std::string_view kBearerType = "Bearer";
inline constexpr std::string_view kDpopType = "DPoP";  // RFC 9449 section 5

enum class RefreshToken { kTold, kNone };
Reply application_tokens(Context& context, commands::IdToken told, RefreshToken refresh_token,
                         commands::TokenTerms terms);

// Of a code that was exchanged: of whoever keeps no secret the refresh token is bound to the key that they showed.
Reply tokens_of_code(Context& context, commands::CodeGrant granted, const commands::TokenLifetimes& lifetimes,
                     const ShownKey& key);

}  // namespace keyledger::api

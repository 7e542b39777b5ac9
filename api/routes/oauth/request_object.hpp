#pragma once
// A request object (OpenID Connect Core section 6.1), as far as one that is refused is read: how its application is to
// be told so. Whose it is, is not verified: whoever wrote it could have written the parameters beside it, too.
#include <optional>
#include <string>
#include <string_view>

#include "domain/authorization/authorization_request.hpp"

namespace keyledger::api::routes {

inline constexpr std::size_t kMaxRequestObjectBytes = 8192;  // a longer one says nothing

// What it says goes before the parameter of the same name (section 6.1). Not given: it has none, or none that is good.
struct WayBack {
    std::optional<ResponseMode> response_mode{};
    std::optional<std::string> state{};
};
// Of anything: what is no JWT, or an encrypted one, says nothing.
WayBack way_back_of(std::string_view request_object);

}  // namespace keyledger::api::routes

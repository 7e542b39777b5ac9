#pragma once
// How an authorization request is answered: at the application's redirect URI (RFC 6749 section 4.1.2, RFC 9207).
#include <string>
#include <string_view>

#include "api/routes/call.hpp"
#include "api/routes/oauth/authorization_request.hpp"
#include "domain/authorization/authorization_request.hpp"

namespace keyledger::api::routes {

Response see_other(const std::string& location);
// `query` behind what the URI has of one.
std::string with_query(const std::string& uri, const std::string& query);
Response authorization_code(Call& call, const AuthorizationRequest& request, const std::string& code);
Response authorization_error(Call& call, const AuthorizationRequest& request, std::string_view error,
                             std::string_view description);
// Scheme, host and port, for form-action (CSP level 3 section 2.3.1); of a private-use scheme the scheme.
std::string origin_of(std::string_view uri);
// The parameters as a query.
std::string query_of(const AskedAuthorization& asked);

}  // namespace keyledger::api::routes

#pragma once
// An authorization request as it came (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1), and what is wrong
// with it. What is not understood is ignored, as both want it.
#include <optional>
#include <string>

#include "api/wire/form.hpp"
#include "commands/sessions/tokens.hpp"
#include "domain/applications/application.hpp"
#include "domain/authorization/authorization_request.hpp"

namespace keyledger::api::routes {

// Long values come by a pushed request.
inline constexpr std::size_t kMaxStateBytes = 1024;

struct AskedAuthorization {
    std::string client_id;
    std::string redirect_uri;
    std::string response_type;
    std::string response_mode;
    std::string scope;
    std::string state;
    std::string nonce;
    std::string code_challenge;
    std::string code_challenge_method;
    std::string dpop_jkt;
    std::string prompt;
    std::string max_age;
    std::string acr_values;
    std::string claims;
    std::string id_token_hint;
    std::string login_hint;
    std::string ui_locales;
    std::string request;  // is not supported, and says so
    std::string request_uri;
    std::vector<std::string> resources;
    std::optional<std::string> fault;  // of its form
};
// Asks for all of it, and finishes nothing.
AskedAuthorization read_authorization(FormFields& fields);

struct AuthorizationFault {
    std::string_view error;  // RFC 6749 section 4.1.2.1
    std::string_view description;
};
enum class PkceFor { kAll, kPublic };  // RFC 9700 section 2.1.1 wants it of public clients, and advises it for others
// Of a client and a redirect URI that are known to belong together: any fault goes there. `tokens` tell whose an ID
// token is that comes with it.
Result<AuthorizationRequest, AuthorizationFault> checked_authorization(const AskedAuthorization& asked,
                                                                       const Application& application,
                                                                       commands::Tokens& tokens, Instant now,
                                                                       PkceFor pkce = PkceFor::kAll);

}  // namespace keyledger::api::routes

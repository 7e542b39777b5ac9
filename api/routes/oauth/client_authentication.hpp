#pragma once
// How clients prove who they are (RFC 6749 section 2.3, RFC 7523 section 2.2), for every route that asks them: HTTP
// Basic, the same in the form, or a signed assertion in the form. One of them in one request. An application that is
// registered with none of these is told by its id in the form, and is good for what needs no proof.
#include "api/routes/context.hpp"
#include "api/wire/form.hpp"
#include "commands/clients/service_tokens.hpp"

namespace keyledger::api {

// ---- RFC 6749 section 5.2 --------------------------------------------------------------------------------------
enum class OAuthError {
    kInvalidRequest,
    kInvalidClient,
    kInvalidGrant,
    kUnauthorizedClient,
    kUnsupportedGrantType,
    kInvalidScope,
    kInvalidTarget,  // RFC 8707 section 2
};
Response oauth_error(const Request& request, OAuthError error, std::string_view description);
// The same of what the registries of others name (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6).
Response oauth_error(std::string_view error, std::string_view description);
// What a command refused. What is broken or away on this side is a problem document, as on every route.
Response oauth_refuse(const Request& request, const commands::CommandError& error);
// The form was read to its end and is good.
Result<void, Response> oauth_finish(const Request& request, FormFields& form);

// ---- clients ---------------------------------------------------------------------------------------------------
struct PresentedCredentials {
    enum class Method { kNone, kBasic, kForm, kAssertion, kBearer };  // the last proves nothing here
    Method method = Method::kNone;
    std::string client_id;  // empty: not said
    Secret secret;
    std::string assertion;
};
// Asks the form for what belongs to a client; the caller goes on to ask for the rest, and finishes it.
Result<PresentedCredentials, Response> read_credentials(const Request& request, FormFields& form);

// What a client that an administrator registered presented. An error without a reason: it says nothing of one.
Result<commands::ClientProof, commands::RejectedAssertion> proof_of(Context& context,
                                                                    const PresentedCredentials& presented);
// One of the configuration, or nullptr; its failures are counted like others.
commands::SharedClient configured_client(Context& context, const PresentedCredentials& presented);
// Either, never nullptr. The error is oauth_error's, also for a client that does not authenticate at all.
boost::asio::awaitable<Result<commands::SharedClient, Response>> authenticate_client(Context& context,
                                                                                     const Request& request,
                                                                                     PresentedCredentials presented);

// Who can't keep a secret is told by their name alone.
bool is_public(const PresentedCredentials& presented);
// Either, or the built-in client, which is one of these, as on the routes that it logs in at.
boost::asio::awaitable<Result<commands::SharedClient, Response>> holder_of_tokens(Context& context,
                                                                                  const Request& request,
                                                                                  PresentedCredentials presented);

}  // namespace keyledger::api

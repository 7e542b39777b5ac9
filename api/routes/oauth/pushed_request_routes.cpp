// Pushed authorization requests (RFC 9126): an application sends its request here itself, and the browser only the name
// that it is given for it. Nothing is stored: the name is the request, sealed.
#include "api/routes/call.hpp"
#include "api/routes/limiting.hpp"
#include "api/routes/oauth/authorization_request.hpp"
#include "api/routes/oauth/client_authentication.hpp"
#include "api/routes/oauth/possession.hpp"
#include "api/routes/pages/browser.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/write_json.hpp"
#include "commands/authorization/issue_code.hpp"

namespace keyledger::api::routes {
namespace {

Response pushed(const std::string& request_uri) {
    JsonText json;
    json.text("request_uri", request_uri).number("expires_in", commands::kPushedLasts.whole_seconds());
    return api::json(201, json.finish());
}

// As the authorization endpoint would check it: whoever pushes is told at once what is wrong.
Response push_checked(Call& call, const AskedAuthorization& asked, const Application& application,
                      const ApplicationId& application_id, const ShownKey& key) {
    if (!asked.request_uri.empty())
        return oauth_error("invalid_request", "'request_uri' is what this endpoint answers, and does not take.");
    if (!redirect_uri_matches(application, asked.redirect_uri))
        return oauth_error("invalid_request", "'redirect_uri' is none that the application was registered with.");
    const Instant now = call.services().clock.now();
    const PkceFor pkce = call.context.pkce_for_all ? PkceFor::kAll : PkceFor::kPublic;
    auto request = checked_authorization(asked, application, call.context.tokens, now, pkce);
    if (!request) return oauth_error(request.error().error, request.error().description);
    request->application_id = application_id;
    if (!key.thumbprint.empty()) request->key_thumbprint = key.thumbprint;
    request->pushed = PushedRequest{call.services().identifiers.next(), now};
    const auto request_uri = commands::seal_pushed(sealed_by(call.context), *request);
    if (!request_uri) return oauth_error("invalid_request", "The request is too long: 2.9 KB at most, all in all.");
    return with_nonce(pushed(*request_uri), key.next_nonce);
}

// Whoever pushes may show the key that the code is to be bound to, instead of naming it (RFC 9449 section 10.1). They
// need not have proven anything, and a key that is new takes work: such requests are limited as those for tokens are.
boost::asio::awaitable<Result<ShownKey, Response>> key_of(Call& call, const AskedAuthorization& asked) {
    Context& context = call.context;
    if (!call.request.headers.contains("DPoP")) co_return ShownKey{};
    const commands::Rate rate = call.services().settings.limits.passwords;
    auto buckets = network_buckets("tokens", call.request.client_ip,
                                   {rate.per_minute * kTokensForAPassword, rate.burst * kTokensForAPassword});
    auto taken = co_await take_of_network(context, call.request, std::move(buckets));
    if (!taken) co_return Unexpected(oauth_refuse(call.request, taken.error()));
    ProofNeeds needs{"/oauth2/par"};
    if (!asked.dpop_jkt.empty()) needs.thumbprint = asked.dpop_jkt;
    auto key = co_await shown_key(context, call.request, std::move(needs));
    if (!key) co_return Unexpected(refuse_proof(context, key.error()));
    co_return std::move(*key);
}

Reply push(Call& call) {
    FormFields form = FormFields::of_body(call.request, "resource");
    auto credentials = read_credentials(call.request, form);
    const AskedAuthorization asked = read_authorization(form);
    auto finished = oauth_finish(call.request, form);
    if (!finished) co_return finished.error();
    if (!credentials) co_return credentials.error();
    auto client = co_await authenticate_client(call.context, call.request, std::move(*credentials));
    if (!client) co_return client.error();
    if (!(*client)->application)
        co_return oauth_error(call.request, OAuthError::kUnauthorizedClient, "Only applications push requests.");
    auto key = co_await key_of(call, asked);
    if (!key) co_return key.error();
    const ApplicationId application_id = *(*client)->application;
    auto view =
        co_await commands::view_authorization(call.services(), application_id, std::nullopt, call.request.deadline);
    if (!view) co_return refuse(call, view.error());
    co_return push_checked(call, asked, view->application, application_id, *key);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"pushAuthorizationRequest", kPost, "/oauth2/par", push, kClients, kClient, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable pushed_request_routes() { return kRows; }

}  // namespace keyledger::api::routes

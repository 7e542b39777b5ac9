// The device authorization endpoint (RFC 8628 section 3.1): where a device asks for a code that it shows. Whoever names
// an application without a secret may ask, so the request is limited before anything is kept of it, and nothing is
// appended.
#include <algorithm>

#include "api/routes/call.hpp"
#include "api/routes/limiting.hpp"
#include "api/routes/oauth/client_authentication.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/words.hpp"
#include "api/wire/write_json.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/authorization/device_grant.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

constexpr std::size_t kMaxScopeBytes = 1024;
constexpr std::size_t kMaxResources = 4;
constexpr std::size_t kMaxResourceUriBytes = 512;

struct AskedDevice {
    std::string scope;
    std::vector<std::string> resources;
};

// As the authorization endpoint judges it: what the application may not ask for is left out of its scope.
Result<commands::DeviceRequest, Response> checked(const Request& request, const AskedDevice& asked,
                                                  const ApplicationId& application_id, const Application& application) {
    const auto refuse = [&](OAuthError error, std::string_view why) {
        return Unexpected(oauth_error(request, error, why));
    };
    if (!application.definition.has(GrantType::kDeviceCode))
        return refuse(OAuthError::kUnauthorizedClient, "The application was not registered for device codes.");
    commands::DeviceRequest device{application_id, words_of(asked.scope), asked.resources};
    std::erase_if(device.scope, [&](const std::string& word) { return !application.definition.may_ask_for(word); });
    if (device.scope.empty())
        return refuse(OAuthError::kInvalidScope, "Ask for a 'scope' that the application may have.");
    if (!may_have(application, device.scope, device.resources, GrantType::kDeviceCode))
        return refuse(OAuthError::kInvalidTarget, "Ask for a 'resource' of the application's own.");
    return device;
}

Response told(const std::string& issuer, const commands::BegunDevice& begun) {
    const std::string page = issuer + "/device";
    JsonText json;
    json.text("device_code", begun.device_code)
        .text("user_code", begun.user_code)
        .text("verification_uri", page)
        .text("verification_uri_complete", page + "?user_code=" + begun.user_code)
        .number("expires_in", commands::kDeviceCodeLasts.whole_seconds())
        .number("interval", commands::kPollInterval.whole_seconds());
    return api::json(200, json.finish());
}

std::vector<eventstore::Bucket> own_buckets(const Call& call) {
    return network_buckets("device codes", call.request.client_ip, call.services().settings.limits.passwords);
}
boost::asio::awaitable<Result<void, CommandError>> take(Call& call, std::vector<eventstore::Bucket> buckets) {
    const auto taken = co_await take_of_network(call.context, call.request, std::move(buckets));
    if (!taken) co_return Unexpected(taken.error());
    co_return Result<void, CommandError>{};
}

Reply authorize_device(Call& call) {
    FormFields form = FormFields::of_body(call.request, "resource");
    auto credentials = read_credentials(call.request, form);
    AskedDevice asked;
    asked.scope = form.optional_string("scope", kMaxScopeBytes).value_or("");
    asked.resources = form.string_list("resource", kMaxResources, kMaxResourceUriBytes);
    auto finished = oauth_finish(call.request, form);
    if (!finished) co_return finished.error();
    if (!credentials) co_return credentials.error();
    auto client = co_await authenticate_client(call.context, call.request, std::move(*credentials));
    if (!client) co_return client.error();
    if (!(*client)->application)
        co_return oauth_error(call.request, OAuthError::kUnauthorizedClient, "Device codes are for applications.");
    const ApplicationId application_id = *(*client)->application;
    const auto looked_at = co_await take(call, own_buckets(call));
    if (!looked_at) co_return oauth_refuse(call.request, looked_at.error());
    const auto view =
        co_await commands::view_authorization(call.services(), application_id, std::nullopt, call.request.deadline);
    if (!view) co_return oauth_refuse(call.request, view.error());
    auto device = checked(call.request, asked, application_id, view->application);
    if (!device) co_return device.error();
    // Shared with others: only who may have codes takes from them.
    const auto admitted = co_await take(call, commands::buckets_of_device_codes(application_id));
    if (!admitted) co_return oauth_refuse(call.request, admitted.error());
    const commands::SealedBy by{call.context.cursors, call.context.log_id};
    const auto begun = co_await commands::begin_device(call.services(), by, std::move(*device), call.request.deadline);
    if (!begun) co_return oauth_refuse(call.request, begun.error());
    co_return told(call.services().settings.issuer, *begun);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"authorizeDevice", kPost, "/oauth2/device_authorization", authorize_device, kClients, kClient,
     {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable device_grant_routes() { return kRows; }

}  // namespace keyledger::api::routes

#include "api/routes/oauth/application_tokens.hpp"

#include <algorithm>

#include "api/routes/refusals.hpp"
#include "api/wire/words.hpp"
#include "api/wire/write_json.hpp"
#include "domain/applications/application_definition.hpp"

namespace keyledger::api {

Reply application_tokens(Context& context, commands::IdToken told, RefreshToken refresh_token,
                         commands::TokenTerms terms) {
    const bool is_bound = !terms.access_token_key.empty();
    const auto tokens = co_await context.tokens.issue(told.grant, std::move(terms));
    const std::vector<std::string> scope = told.grant.scope;
    const Position position = told.grant.position;
    JsonText json;
    json.text("access_token", tokens.access_token)
        .text("token_type", is_bound ? kDpopType : kBearerType)
        .number("expires_in", tokens.expires_in.whole_seconds())
        .text("scope", text_of_words(scope));
    if (refresh_token == RefreshToken::kTold) json.text("refresh_token", tokens.refresh_token);
    if (std::ranges::find(scope, kScopeOpenid) != scope.end())
        json.text("id_token", co_await context.tokens.issue_id_token(std::move(told), tokens.access_token));
    Response response = at_position(api::json(200, json.finish()), position);
    response.headers.add("Pragma", "no-cache");
    co_return response;
}

Reply tokens_of_code(Context& context, commands::CodeGrant granted, const commands::TokenLifetimes& lifetimes,
                     const ShownKey& key) {
    const RefreshToken refresh_token = granted.refreshes ? RefreshToken::kTold : RefreshToken::kNone;
    commands::IdToken told{std::move(granted.grant), std::move(granted.nonce), lifetimes.id_token};
    commands::TokenTerms terms{key.thumbprint, {}, lifetimes.access_token};
    if (granted.is_public) terms.refresh_token_key = key.thumbprint;
    Response response = co_await application_tokens(context, std::move(told), refresh_token, std::move(terms));
    co_return with_nonce(std::move(response), key.next_nonce);
}

}  // namespace keyledger::api

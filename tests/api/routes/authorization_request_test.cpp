#include "api/routes/oauth/authorization_request.hpp"

#include <gtest/gtest.h>

namespace keyledger::api::routes {
namespace {

constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";  // RFC 7636 appendix B

// Of which no request here asks anything.
class NoTokens : public commands::Tokens {
public:
    commands::asio::awaitable<commands::IssuedTokens> issue(commands::Grant, commands::TokenTerms) override {
        co_return commands::IssuedTokens{};
    }
    commands::asio::awaitable<std::string> issue(commands::ServiceGrant) override { co_return std::string(); }
    commands::asio::awaitable<std::string> issue_id_token(commands::IdToken, std::string) override {
        co_return std::string();
    }
    commands::asio::awaitable<std::string> sign_introspection(std::string, std::string) override {
        co_return std::string();
    }
    commands::asio::awaitable<std::string> sign_userinfo(std::string, KeyAlgorithm) override {
        co_return std::string();
    }
    commands::asio::awaitable<std::string> issue_exchanged(commands::AccessClaims) override { co_return std::string(); }
    commands::SharedClaims read_access(std::string_view) override { return nullptr; }
    commands::SharedClaims read_expired_access(std::string_view) override { return nullptr; }
    std::optional<commands::ShownIdToken> read_id_token(std::string_view) override { return std::nullopt; }
    std::optional<commands::PresentedRefreshToken> read_refresh(std::string_view) override { return std::nullopt; }
    std::string jwks() override { return {}; }
    std::vector<std::string> signing_algorithms() override { return {}; }
    std::vector<std::string> id_token_algorithms() override { return {}; }
};

Application application(ClientAuthentication authentication) {
    Application one;
    one.status = Application::Status::kEnabled;
    one.definition.authentication = authentication;
    one.definition.grant_types = {GrantType::kAuthorizationCode};
    one.definition.scopes = {"openid"};
    return one;
}
bool takes(PkceFor pkce, ClientAuthentication authentication, const std::string& challenge, const std::string& method) {
    AskedAuthorization asked;
    asked.response_type = "code";
    asked.scope = "openid";
    asked.code_challenge = challenge;
    asked.code_challenge_method = method;
    NoTokens tokens;
    return checked_authorization(asked, application(authentication), tokens, Instant(), pkce).has_value();
}

TEST(AuthorizationRequestPkce, IsForWhoeverPushesOrBindsByDpopWhateverTheOperatorSays) {
    for (const bool pushes : {true, false}) {
        Application one = application(ClientAuthentication::kPrivateKeyJwt);
        one.definition.pushed_requests = pushes ? PushedRequests::kRequired : PushedRequests::kOptional;
        one.definition.token_binding = pushes ? TokenBinding::kOptional : TokenBinding::kDpop;
        AskedAuthorization asked;
        asked.response_type = "code";
        asked.scope = "openid";
        NoTokens tokens;
        EXPECT_FALSE(checked_authorization(asked, one, tokens, Instant(), PkceFor::kPublic)) << pushes;
        asked.code_challenge = kChallenge;
        asked.code_challenge_method = "S256";
        EXPECT_TRUE(checked_authorization(asked, one, tokens, Instant(), PkceFor::kPublic)) << pushes;
    }
}

TEST(AuthorizationRequestPkce, IsForAllUnlessTheOperatorSaysOtherwise) {
    for (const auto authentication : {ClientAuthentication::kNone, ClientAuthentication::kSecretBasic}) {
        EXPECT_TRUE(takes(PkceFor::kAll, authentication, kChallenge, "S256"));
        EXPECT_FALSE(takes(PkceFor::kAll, authentication, "", ""));
        EXPECT_FALSE(takes(PkceFor::kAll, authentication, kChallenge, "plain"));
    }
}

TEST(AuthorizationRequestPkce, IsLeftOutByApplicationsThatAuthenticateAloneAndThenWhole) {
    EXPECT_FALSE(takes(PkceFor::kPublic, ClientAuthentication::kNone, "", ""));
    EXPECT_TRUE(takes(PkceFor::kPublic, ClientAuthentication::kNone, kChallenge, "S256"));
    for (const auto authentication : {ClientAuthentication::kSecretBasic, ClientAuthentication::kSecretPost,
                                      ClientAuthentication::kPrivateKeyJwt}) {
        EXPECT_TRUE(takes(PkceFor::kPublic, authentication, "", ""));
        EXPECT_TRUE(takes(PkceFor::kPublic, authentication, kChallenge, "S256"));
        EXPECT_FALSE(takes(PkceFor::kPublic, authentication, kChallenge, ""));
        EXPECT_FALSE(takes(PkceFor::kPublic, authentication, kChallenge, "plain"));
        EXPECT_FALSE(takes(PkceFor::kPublic, authentication, "", "S256"));
        EXPECT_FALSE(takes(PkceFor::kPublic, authentication, "short", "S256"));
    }
}

}  // namespace
}  // namespace keyledger::api::routes

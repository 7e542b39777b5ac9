#pragma once
// An application that people log in with, and Ann, whose browser is logged in and who agreed to what it asks for.
#include <string>
#include <utility>
#include <vector>

#include "commands/access/answers_at_head.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/authorization/exchange_code.hpp"
#include "commands/authorization/userinfo.hpp"
#include "commands/sessions/session_grounds.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {

inline constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";  // RFC 7636 appendix B
inline constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
inline constexpr const char* kCallback = "https://shop.example/callback";

class ShopTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, test::kAnnsEmail);
        define(ClientAuthentication::kNone);
        LogIn login = test::login(test::kAnnsEmail);
        login.client = Client{std::string(kBrowserClientId), {}};
        const auto grant = test::run(log_in(services(), std::move(login), test::caller()));
        ASSERT_TRUE(test::succeeds(grant));
        browser_ = {grant->user_id, grant->session_id, grant->security_stamp, clock.now()};
        ASSERT_TRUE(test::succeeds(test::run(give_consent(services(), browser_, request(), test::caller()))));
        before_ = world.head();
    }
    void define(ClientAuthentication authentication) {
        ApplicationDefinition definition;
        definition.name = "Shop";
        definition.type = authentication == ClientAuthentication::kNone ? ApplicationType::kSpa : ApplicationType::kWeb;
        definition.authentication = authentication;
        definition.grant_types = {GrantType::kAuthorizationCode, GrantType::kRefreshToken};
        definition.scopes = {"email", "offline_access", "openid"};
        definition.redirect_uris = {kCallback};
        shop_ = ApplicationId{world.identifiers.next()};
        of_application(RegisterApplication{std::move(definition)});
    }
    template <class Command>
    void of_application(const Command& command) {
        Streams streams;
        const auto shop = streams.read<Application>(shop_);
        const Step step = [&](Attempt& attempt) -> StepResult { co_return attempt.decide_and_append(shop, command); };
        ASSERT_TRUE(test::succeeds(test::run(other.executor.run(test::caller(), streams, step))));
    }
    AuthorizationRequest request(std::vector<std::string> scope = {"openid", "email"}) {
        AuthorizationRequest one;
        one.application_id = shop_;
        one.redirect_uri = kCallback;
        one.scope = std::move(scope);
        one.nonce = "n-0S6_WzA2Mj";
        one.code_challenge = kChallenge;
        one.made_at = clock.now();
        return one;
    }
    AuthorizationCode code(std::vector<std::string> scope = {"openid", "email"}) {
        const auto view = test::run(view_authorization(services(), shop_, browser_, Deadline::max()));
        return code_for(services(), view.value(), request(std::move(scope)));
    }
    CodeExchange whole(const AuthorizationCode& code) {
        return {code, kCallback, Secret(std::string_view(kVerifier)), shop_};
    }
    Result<CodeGrant, CommandError> exchange(const AuthorizationCode& code) {
        return test::run(exchange_code(services(), whole(code), test::caller()));
    }
    Result<Grant, CommandError> refresh(const Grant& grant, std::optional<std::vector<std::string>> scope = {}) {
        Refresh again{{grant.session_id, grant.generation, grant.client_id}, std::nullopt, client(), std::move(scope)};
        return test::run(refresh_session(other.services, std::move(again), test::caller()));
    }
    Client client() {
        Client one{shop_.to_string(), {}};
        one.application = shop_;
        return one;
    }
    // By the folds of another node, for introspection, for userinfo and for the next tokens alike.
    bool is_over(const Grant& grant) {
        const Bearer bearer{grant.user_id, grant.session_id, grant.security_stamp, clock.now()};
        const bool userinfo = test::run(user_of_application(other.services, bearer, Deadline::max())).has_value();
        const bool introspected = test::run(access_of_bearer(other.services, bearer, Deadline::max())).has_value();
        const bool refreshed = refresh(grant).has_value();
        EXPECT_EQ(userinfo, introspected);
        EXPECT_EQ(userinfo, refreshed);
        return !userinfo && !introspected && !refreshed;
    }
    test::Types since() { return world.types(before_); }

    UserId ann_;
    ApplicationId shop_;
    Bearer browser_;
    Position before_ = 0;
};

}  // namespace keyledger::commands

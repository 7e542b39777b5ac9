#pragma once
// What the tests of token exchange share: Ann, who is logged in to an application, and services that are called on her
// behalf. By ShopTest there is her browser, too, and her consent.
#include <functional>

#include "commands/access/roles.hpp"
#include "commands/clients/exchange_token.hpp"
#include "commands/clients/service_accounts.hpp"
#include "commands/clients/service_tokens.hpp"
#include "domain/access/exchanged_access.hpp"
#include "tests/commands/authorization/shop_fixture.hpp"

namespace keyledger::commands {

inline constexpr const char* kOrdersServer = "https://orders.example";
inline constexpr const char* kStockServer = "https://stock.example";
inline constexpr const char* kMayDelegate = "keyledger.tokens:delegate";
inline constexpr const char* kMayImpersonate = "keyledger.tokens:impersonate";

class ExchangeTest : public ShopTest {
protected:
    struct Service {
        ServiceAccountId id;
        std::string name;
        std::vector<std::string> audiences;
        CredentialId secret_id;
        Secret secret;
        RoleId role;
    };
    void SetUp() override {
        ShopTest::SetUp();
        world.create_administrator(node, "root@example.com");
        roots_ = world.log_in(node, "root@example.com");
        orders_ = service("orders", {kOrdersServer, kStockServer}, {kMayDelegate});
        session_ = exchange(code()).value().grant;
        before_ = world.head();
    }
    Service service(std::string name, std::vector<std::string> audiences, std::vector<std::string> permissions) {
        Service made;
        made.name = name;
        made.audiences = audiences;
        const AccountDefinition definition{name, audiences};
        made.id = test::run(register_service_account(services(), roots(), definition, as_root())).value().account_id;
        auto secret = test::run(add_account_secret(services(), roots(), made.id, as_root()));
        EXPECT_TRUE(test::succeeds(secret));
        made.secret_id = secret->secret_id;
        made.secret = std::move(*secret->secret);
        const RoleDefinition role{"role-of-" + name, std::move(permissions)};
        made.role = test::run(define_role(services(), roots(), role, as_root())).value().id;
        const Subject subject = Subject::service_account(made.id);
        EXPECT_TRUE(test::succeeds(test::run(assign_role(services(), roots(), subject, made.role, as_root()))));
        return made;
    }
    Bearer roots() { return test::bearer_of(roots_); }
    Caller as_root() { return test::caller_of(roots_); }

    // An access token of Ann's session in the application, for the server of orders.
    AccessClaims shown() {
        AccessClaims claims;
        claims.bearer = {ann_, session_.session_id, session_.security_stamp, clock.now()};
        claims.client_id = shop_.to_string();
        claims.audiences = {kOrdersServer};
        claims.token_id = world.identifiers.next().to_string();
        claims.authenticated_at = clock.now() - minutes(3);
        claims.methods = {"pwd"};
        claims.strength = "1";
        claims.scope = session_.scope;
        claims.issued_at = clock.now();
        claims.expires_at = clock.now() + services().settings.access_token_lifetime;
        return claims;
    }
    // The same of a session that no application holds.
    AccessClaims shown_of(const Grant& grant) {
        AccessClaims claims = shown();
        claims.bearer = test::bearer_of(grant);
        claims.client_id = grant.client_id;
        claims.scope.clear();
        return claims;
    }
    AccessClaims own_token(const Service& of) {
        ServiceLogIn login{proof_of_secret(of.id, of.secret), {}, {}};
        const auto grant = test::run(log_in_service(services(), std::move(login), test::caller())).value();
        AccessClaims claims;
        claims.service = ServiceBearer{grant.account_id, grant.token_id, grant.scope};
        claims.client_id = of.id.to_string();
        claims.audiences = grant.audiences;
        claims.token_id = grant.token_id.to_string();
        claims.issued_at = grant.issued_at;
        claims.expires_at = grant.expires_at;
        return claims;
    }
    using Change = std::function<void(TokenExchange&)>;
    TokenExchange request_of(const Service& by, AccessClaims subject, const Change& change = {}) {
        TokenExchange request;
        request.proof = proof_of_secret(by.id, by.secret);
        request.subject = std::move(subject);
        request.targets = {kStockServer};
        if (change) change(request);
        return request;
    }
    Result<ExchangedToken, CommandError> trade(const Service& by, AccessClaims subject, const Change& change = {}) {
        return test::run(exchange_token(services(), request_of(by, std::move(subject), change), test::caller()));
    }
    AccessClaims traded(const Service& by, AccessClaims subject, const Change& change = {}) {
        auto made = trade(by, std::move(subject), change);
        EXPECT_TRUE(test::succeeds(made));
        return made ? made->claims : AccessClaims{};
    }
    Result<ExchangedUse, CommandError> use_of_token(const AccessClaims& claims) {
        return test::run(access_of_exchanged(other.services, claims, Deadline::max()));
    }
    // On another node.
    bool is_good(const AccessClaims& claims) { return use_of_token(claims).has_value(); }

    void change(const Service& of, AccountStatus status) {
        const AccountDefinition same{of.name, of.audiences};
        ASSERT_TRUE(
            test::succeeds(test::run(change_service_account(other.services, roots(), of.id, same, status, as_root()))));
    }
    void withdraw(const Service& of) {
        const Subject subject = Subject::service_account(of.id);
        ASSERT_TRUE(test::succeeds(test::run(withdraw_role(other.services, roots(), subject, of.role, as_root()))));
    }

    Grant roots_;
    Grant session_;
    Service orders_;
};

}  // namespace keyledger::commands

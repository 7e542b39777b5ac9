// Applications that programs register: by whom, and as what.
#include "commands/applications/register_client.hpp"

#include "commands/applications/applications.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "tests/commands/clients/service_accounts_fixture.hpp"

namespace keyledger::commands {
namespace {

using Way = ClientAuthentication;

ClientRegistration registration_of(Way way = Way::kSecretBasic) {
    ClientRegistration registration;
    ApplicationDefinition& definition = registration.definition;
    definition.name = "Shop";
    definition.type = way == Way::kNone ? ApplicationType::kSpa : ApplicationType::kWeb;
    definition.authentication = way;
    definition.grant_types = {GrantType::kAuthorizationCode};
    definition.scopes = {"openid"};
    definition.redirect_uris = {"https://shop.example/callback"};
    return registration;
}

class RegisterClientTest : public ServiceAccountsTest {
protected:
    void SetUp() override {
        ServiceAccountsTest::SetUp();
        account_ = account("portal");
        role_ = role("registrars", {"keyledger.clients:register", "invoices:read"});
        EXPECT_TRUE(test::succeeds(assign(roots_, account_, role_)));
        secret_ = std::move(*secret(account_).secret);
        before_ = world.head();
    }
    ServiceBearer token(std::optional<std::string> scope = {}) {
        auto granted = log_in(node, account_, secret_, {}, std::move(scope));
        EXPECT_TRUE(test::succeeds(granted));
        before_ = world.head();
        return {granted->account_id, granted->token_id, granted->scope};
    }
    Result<RegisteredClient, CommandError> register_with(const ServiceBearer& bearer, ClientRegistration registration) {
        return run(register_client(services(), bearer, std::move(registration), caller()));
    }

    ServiceAccountId account_;
    RoleId role_;
    Secret secret_;
};

TEST_F(RegisterClientTest, MakesAnApplicationWithWhatItAuthenticatesWithAtOnce) {
    const ServiceBearer bearer = token();
    auto made = register_with(bearer, registration_of());
    ASSERT_TRUE(test::succeeds(made));
    EXPECT_EQ(since(), (Types{"application.registered", "application.secret_added"}));
    const std::string actor = "client:" + security::base64url_encode(security::view_of(account_));
    EXPECT_NE(world.events().back().metadata.find(actor), std::string::npos) << world.events().back().metadata;
    ASSERT_TRUE(made->secret);
    EXPECT_EQ(made->application.secrets.size(), 1U);
    auto proven =
        run(authenticate_client(other.services, proof_of_secret(made->application_id.uuid, *made->secret), caller()));
    EXPECT_TRUE(test::succeeds(proven));
    before_ = world.head();
    ASSERT_TRUE(test::succeeds(register_with(bearer, registration_of(Way::kNone))));
    EXPECT_EQ(since(), Types{"application.registered"});
}

// Nobody is asked before an application of the operator's own acts for them.
TEST_F(RegisterClientTest, MakesNothingOfTheOperatorsOwn) {
    const ServiceBearer bearer = token();
    ClientRegistration own = registration_of(Way::kNone);
    own.definition.consent = ConsentRule::kFirstParty;
    own.definition.audiences = {kOrders};
    auto made = register_with(bearer, own);
    ASSERT_TRUE(test::succeeds(made));
    EXPECT_FALSE(made->application.is_first_party());
    EXPECT_TRUE(made->application.definition.audiences.empty());
    own.definition.scopes = {"keyledger:admin"};
    EXPECT_TRUE(test::refused(register_with(bearer, own), refusals::kScopeFirstParty));
}

TEST_F(RegisterClientTest, AsksForKeysOfWhatSigns) {
    const ServiceBearer bearer = token();
    EXPECT_TRUE(test::refused(register_with(bearer, registration_of(Way::kPrivateKeyJwt)), refusals::kKeysMissing));
    EXPECT_EQ(since(), Types{}) << "all of it or nothing";
}

TEST_F(RegisterClientTest, IsForATokenThatHoldsAndWasMadeForIt) {
    EXPECT_TRUE(test::refused(register_with({account_, ServiceTokenId{}}, registration_of()), refusals::kInvalidToken));
    EXPECT_TRUE(test::refused(register_with(token("invoices:read"), registration_of()), refusals::kForbidden));
    ServiceBearer lies = token("invoices:read");
    lies.scope = {"keyledger.clients:register"};
    EXPECT_TRUE(test::refused(register_with(lies, registration_of()), refusals::kForbidden)) << "the log says which";
    const ServiceBearer bearer = token();
    ASSERT_TRUE(test::succeeds(withdraw(account_, role_)));
    EXPECT_TRUE(test::refused(register_with(bearer, registration_of()), refusals::kForbidden));
    ASSERT_TRUE(test::succeeds(assign(roots_, account_, role_)));
    EXPECT_TRUE(test::succeeds(register_with(bearer, registration_of())));
    ASSERT_TRUE(test::succeeds(change(roots_, account_, AccountStatus::kDisabled, "portal")));
    EXPECT_TRUE(test::refused(register_with(bearer, registration_of()), refusals::kInvalidToken));
}

TEST_F(RegisterClientTest, IsOverWithTheToken) {
    const ServiceBearer bearer = token();
    clock.advance(hours(1));
    EXPECT_TRUE(test::refused(register_with(bearer, registration_of()), refusals::kInvalidToken));
}

}  // namespace
}  // namespace keyledger::commands

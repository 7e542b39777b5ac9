// Applications: who may make and change them, and what proves who they are.
#include "commands/applications/applications.hpp"

#include "domain/access/subject_access.hpp"
#include "tests/commands/clients/service_accounts_fixture.hpp"

namespace keyledger::commands {
namespace {

using Way = ClientAuthentication;

ApplicationDefinition defined(Way authentication = Way::kSecretBasic) {
    ApplicationDefinition definition;
    definition.name = "Orders";
    definition.type = authentication == Way::kNone ? ApplicationType::kSpa : ApplicationType::kWeb;
    definition.authentication = authentication;
    definition.grant_types = {GrantType::kAuthorizationCode};
    definition.scopes = {"openid"};
    definition.audiences = {kOrders};
    definition.redirect_uris = {"https://orders.example/callback"};
    return definition;
}
ApplicationDefinition first_party() {
    ApplicationDefinition definition = defined();
    definition.consent = ConsentRule::kFirstParty;
    return definition;
}

class ApplicationsTest : public ServiceAccountsTest {
protected:
    Result<ApplicationReceipt, CommandError> register_as(const Grant& who, ApplicationDefinition definition) {
        return run(register_application(services(), bearer_of(who), std::move(definition), caller_of(who)));
    }
    ApplicationId application(ApplicationDefinition definition) {
        auto registered = register_as(roots_, std::move(definition));
        EXPECT_TRUE(test::succeeds(registered));
        return registered ? registered->application_id : ApplicationId{};
    }
    Result<Receipt, CommandError> change(const Grant& who, const ApplicationId& id, ApplicationDefinition definition,
                                         ApplicationStatus status = ApplicationStatus::kEnabled) {
        return run(change_application(services(), bearer_of(who), id, std::move(definition), status, caller_of(who)));
    }
    Result<SecretReceipt, CommandError> add_secret(const Grant& who, const ApplicationId& id) {
        return run(add_application_secret(services(), bearer_of(who), id, caller_of(who)));
    }
    Result<Receipt, CommandError> remove(const Grant& who, const ApplicationId& id) {
        return run(delete_application(services(), bearer_of(who), id, caller_of(who)));
    }
    Result<Client, CommandError> authenticate(ClientProof proof) {
        return run(authenticate_client(other.services, std::move(proof), caller()));
    }
};

TEST_F(ApplicationsTest, AreForThoseWhoHoldThePermission) {
    const ApplicationId id = application(defined());
    EXPECT_EQ(since(), Types{"application.registered"});
    EXPECT_EQ(world.events().back().stream_id, id);
    EXPECT_TRUE(test::refused(register_as(anns_, defined()), refusals::kForbidden));
    EXPECT_TRUE(test::refused(add_secret(anns_, id), refusals::kForbidden));
    let_ann({"keyledger.clients:write"});
    EXPECT_TRUE(test::succeeds(register_as(anns_, defined())));
    EXPECT_TRUE(test::succeeds(add_secret(anns_, id)));
    EXPECT_TRUE(test::succeeds(remove(anns_, id)));
    EXPECT_TRUE(test::refused(remove(anns_, id), refusals::kApplicationUnknown));
    ApplicationDefinition nowhere = defined();
    nowhere.redirect_uris = {"http://orders.example"};
    EXPECT_TRUE(test::refused(register_as(anns_, nowhere), refusals::kInvalidRedirectUri));
}

// Its tokens could do what the administrator may who logs in with it, and nobody would be asked.
TEST_F(ApplicationsTest, AreFirstPartyOnlyByWhoHoldsEverything) {
    let_ann({"keyledger.clients:write"});
    EXPECT_TRUE(test::refused(register_as(anns_, first_party()), refusals::kExceedsAuthority));
    const ApplicationId own = application(first_party());
    EXPECT_TRUE(test::refused(change(anns_, own, first_party()), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(change(anns_, own, defined()), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(add_secret(anns_, own), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(remove(anns_, own), refusals::kExceedsAuthority));
    const ApplicationId others = application(defined());
    EXPECT_TRUE(test::refused(change(anns_, others, first_party()), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::succeeds(change(roots_, others, first_party())));
    EXPECT_TRUE(test::succeeds(change(roots_, own, defined())));
    EXPECT_TRUE(test::succeeds(add_secret(anns_, own)));
}

TEST_F(ApplicationsTest, KeepNoIssuerAmongTheirAudiences) {
    ApplicationDefinition definition = defined();
    definition.audiences = {kIssuer, kOrders, kOrders};
    (void)application(definition);
    EXPECT_NE(world.events().back().payload.find(R"("audiences":["https://orders.example"])"), std::string::npos);
}

TEST_F(ApplicationsTest, AuthenticateBySecretInTheOneWayThatTheyAreRegisteredWith) {
    const ApplicationId id = application(defined(Way::kSecretPost));
    const auto made = add_secret(roots_, id);
    ASSERT_TRUE(test::succeeds(made));
    const auto client = authenticate(proof_of_secret(id, *made->secret, Way::kSecretPost));
    ASSERT_TRUE(test::succeeds(client));
    EXPECT_EQ(client->application, id);
    EXPECT_EQ(client->service_account, std::nullopt);
    EXPECT_EQ(client->client_id, id.to_string());
    EXPECT_EQ(client->audiences, std::vector<std::string>{kOrders});
    EXPECT_EQ(client->introspection_right, IntrospectionRight::kOwnTokens);
    EXPECT_TRUE(
        test::refused(authenticate(proof_of_secret(id, *made->secret, Way::kSecretBasic)), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(authenticate(proof_of_name(id)), refusals::kInvalidClient));
    ASSERT_TRUE(test::succeeds(change(roots_, id, defined(Way::kSecretPost), ApplicationStatus::kDisabled)));
    EXPECT_TRUE(
        test::refused(authenticate(proof_of_secret(id, *made->secret, Way::kSecretPost)), refusals::kInvalidClient));
}

TEST_F(ApplicationsTest, AuthenticateByAssertionsEachOnce) {
    const ApplicationId id = application(defined(Way::kPrivateKeyJwt));
    ASSERT_TRUE(test::succeeds(run(add_application_key(services(), bearer_of(roots_), id, "key", caller_of(roots_)))));
    const auto proof = proof_of_assertion(services(), assertion(ServiceAccountId{id.uuid}, "one"));
    ASSERT_TRUE(proof);
    EXPECT_TRUE(test::succeeds(authenticate(*proof)));
    EXPECT_TRUE(test::refused(authenticate(*proof), refusals::kInvalidClient));
    const auto secret = add_secret(roots_, id);  // for a change to come
    ASSERT_TRUE(test::succeeds(secret));
    EXPECT_TRUE(test::refused(authenticate(proof_of_secret(id, *secret->secret)), refusals::kInvalidClient));
}

TEST_F(ApplicationsTest, AreKnownByNameWhereTheyKeepNoSecret) {
    const ApplicationId id = application(defined(Way::kNone));
    const auto client = authenticate(proof_of_name(id));
    ASSERT_TRUE(test::succeeds(client));
    EXPECT_EQ(client->application, id);
    EXPECT_TRUE(test::refused(add_secret(roots_, id), refusals::kProvesNothing));
    const ServiceAccountId account_id = account();
    EXPECT_TRUE(test::refused(authenticate(proof_of_name(account_id)), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(authenticate(proof_of_name(test::uuid(77))), refusals::kInvalidClient));
    ASSERT_TRUE(test::succeeds(remove(roots_, id)));
    EXPECT_TRUE(test::refused(authenticate(proof_of_name(id)), refusals::kInvalidClient));
}

// They act for people: no grant makes a token for one by itself (RFC 6749 section 4.4).
TEST_F(ApplicationsTest, GetNoTokenOfTheirOwn) {
    const ApplicationId id = application(defined());
    const auto made = add_secret(roots_, id);
    ASSERT_TRUE(test::succeeds(made));
    EXPECT_TRUE(test::refused(log_in(node, ServiceAccountId{id.uuid}, *made->secret), refusals::kInvalidClient));
}

TEST_F(ApplicationsTest, AreToldAsOfTheHead) {
    const ApplicationId id = application(defined());
    const auto found = run(find_application(other.services, id, Deadline::max()));
    ASSERT_TRUE(test::succeeds(found));
    EXPECT_EQ(found->application->definition.name, "Orders");
    EXPECT_EQ(found->position, world.head());
    EXPECT_TRUE(test::refused(run(find_application(other.services, test::uuid(7), Deadline::max())),
                              refusals::kApplicationUnknown));
    const ServiceAccountId account_id = account();
    EXPECT_TRUE(test::refused(run(find_application(other.services, ApplicationId{account_id.uuid}, Deadline::max())),
                              refusals::kApplicationUnknown));
}

TEST_F(ApplicationsTest, ShowASecretOnceUnderOneKey) {
    const ApplicationId id = application(defined());
    const auto keyed = [&] {
        Caller caller = caller_of(roots_);
        caller.idempotency = test::caller_with_key(7).idempotency;
        return run(add_application_secret(services(), bearer_of(roots_), id, std::move(caller)));
    };
    const auto first = keyed(), again = keyed();
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_TRUE(first->secret);
    EXPECT_FALSE(again->secret);
    EXPECT_TRUE(again->repeated);
    EXPECT_EQ(again->secret_id, first->secret_id);
}

}  // namespace
}  // namespace keyledger::commands

#include "api/routes/oauth/client_metadata.hpp"

#include <gtest/gtest.h>

namespace keyledger::api::routes {
namespace {

struct Read {
    commands::ClientRegistration registration;
    std::vector<FieldError> errors;
};
Read read(const std::string& more, const std::string& uri = "https://shop.example/callback") {
    Request request;
    request.method = Method::kPost;
    request.request_id = "r1";
    request.headers.add("Content-Type", "application/json");
    request.body = R"({"redirect_uris":[")" + uri + "\"]" + more + "}";
    JsonFields body(request, kMetadataLimits);
    Read done{read_client_metadata(body, {"RS256", "ES256"}), body.take_errors(0)};
    EXPECT_TRUE(body.finish()) << request.body;
    return done;
}
ApplicationDefinition taken(const std::string& more, const std::string& uri = "https://shop.example/callback") {
    Read done = read(more, uri);
    EXPECT_TRUE(done.errors.empty()) << more << ": " << (done.errors.empty() ? "" : done.errors.front().detail);
    return done.registration.definition;
}
std::string refused(const std::string& more, const std::string& uri = "https://shop.example/callback") {
    const Read done = read(more, uri);
    return done.errors.empty() ? "nothing" : done.errors.front().field;
}

TEST(ClientMetadata, HasTheDefaultsOfTheStandard) {
    const ApplicationDefinition bare = taken("");
    EXPECT_EQ(bare.authentication, ClientAuthentication::kSecretBasic);
    EXPECT_EQ(bare.type, ApplicationType::kWeb);
    EXPECT_EQ(bare.grant_types, std::vector{GrantType::kAuthorizationCode});
    EXPECT_EQ(bare.id_token_algorithm, KeyAlgorithm::kRs256);
    EXPECT_FALSE(bare.userinfo_algorithm);
    EXPECT_EQ(bare.consent, ConsentRule::kRequired);
    EXPECT_FALSE(bare.may_ask_for("offline_access")) << "there is nothing to refresh";
    EXPECT_EQ(taken(R"(,"grant_types":null,"response_types":null,"scope":null,"client_name":null)"), bare);
}

TEST(ClientMetadata, LeavesOutWhatIsNotOffered) {
    const ApplicationDefinition some =
        taken(R"(,"scope":"openid address offline_access photos","x":[[{}]],"y":1.5e400)");
    EXPECT_EQ(some.scopes, std::vector<std::string>{"openid"});
    const ApplicationDefinition refreshing =
        taken(R"(,"scope":"openid offline_access","grant_types":["authorization_code","refresh_token"])");
    EXPECT_TRUE(refreshing.may_ask_for("offline_access"));
    EXPECT_EQ(taken(R"(,"jwks_uri":"https://shop.example/keys")").authentication, ClientAuthentication::kSecretBasic)
        << "which nobody reads where it shows a secret";
}

TEST(ClientMetadata, IsOfADeviceWhereItsAnswersStayThere) {
    const std::string none = R"(,"token_endpoint_auth_method":"none")";
    EXPECT_EQ(taken(none).type, ApplicationType::kSpa);
    EXPECT_EQ(taken(none, "http://127.0.0.1/callback").type, ApplicationType::kNative);
    EXPECT_EQ(taken(none, "com.example.shop:/callback").type, ApplicationType::kNative);
    EXPECT_EQ(taken(none, "https://shop.example/callback\",\"http://127.0.0.1/callback").type, ApplicationType::kNative)
        << "one of them is enough";
    EXPECT_EQ(taken("", "http://127.0.0.1/callback").type, ApplicationType::kWeb) << "it keeps a secret";
    EXPECT_EQ(taken(R"(,"application_type":"native")").authentication, ClientAuthentication::kNone);
}

// Scenario: it would be answered where any other on the device can be, and people would not be asked each time.
TEST(ClientMetadata, IsNoPageOfADevice) {
    const std::string page = R"(,"token_endpoint_auth_method":"none","application_type":"web")";
    EXPECT_EQ(taken(page).type, ApplicationType::kSpa);
    for (const char* uri : {"http://127.0.0.1/callback", "http://localhost:4711/callback", "http://[::1]/callback",
                            "https://shop.example/callback\",\"http://localhost/callback"})
        EXPECT_EQ(refused(page, uri), "redirect_uris") << uri;
    EXPECT_EQ(taken(R"(,"application_type":"web")", "http://127.0.0.1/callback").type, ApplicationType::kWeb)
        << "it keeps a secret";
}

TEST(ClientMetadata, NeedsNoRedirectUriOfADevice) {
    const std::string grant = R"(,"grant_types":["urn:ietf:params:oauth:grant-type:device_code"],"client_name":"TV")";
    Request request;
    request.method = Method::kPost;
    request.headers.add("Content-Type", "application/json");
    request.body = R"({"token_endpoint_auth_method":"none")" + grant + "}";
    JsonFields body(request, kMetadataLimits);
    const ApplicationDefinition device = read_client_metadata(body, {"RS256"}).definition;
    EXPECT_TRUE(body.finish());
    EXPECT_EQ(device.grant_types, std::vector{GrantType::kDeviceCode});
    EXPECT_EQ(device.type, ApplicationType::kNative);
    EXPECT_EQ(device.name, "TV");
    EXPECT_TRUE(checked(device)) << "all of it can be kept";
}

TEST(ClientMetadata, RefusesWhatAnApplicationWouldRelyOn) {
    for (const char* name :
         {"id_token_encrypted_response_alg", "userinfo_encrypted_response_enc", "authorization_signed_response_alg"})
        EXPECT_EQ(refused(",\"" + std::string(name) + R"(":"A128GCM")"), name);
    EXPECT_EQ(refused(R"(,"require_signed_request_object":true)"), "require_signed_request_object");
    EXPECT_EQ(refused(R"(,"require_signed_request_object":false)"), "nothing");
    EXPECT_EQ(refused(R"(,"default_max_age":0)"), "default_max_age");
    EXPECT_EQ(refused(R"(,"subject_type":"pairwise")"), "subject_type");
    EXPECT_EQ(refused(R"(,"id_token_signed_response_alg":"EdDSA")"), "id_token_signed_response_alg")
        << "not of this provider";
    EXPECT_EQ(refused(R"(,"scope":"openid keyledger:later")"), "scope");
}

// An application with the name and the picture of the operator's own would pass for it.
TEST(ClientMetadata, RefusesThePictureOfAnother) {
    const auto with = [](const std::string& uri) { return R"(,"logo_uri":")" + uri + "\""; };
    EXPECT_EQ(taken(with("https://shop.example/logo.png")).logo_uri, "https://shop.example/logo.png");
    EXPECT_EQ(refused(with("https://shop.example:8443/logo.png")), "nothing");
    EXPECT_EQ(taken(with("https://[::1]/logo.png"), "http://[::1]:80/callback").logo_uri, "https://[::1]/logo.png");
    for (const char* other : {"https://bank.example/logo.png", "https://cdn.shop.example/logo.png",
                              "https://shop.example.evil.example/logo.png", "https://shop.example@evil.example/",
                              "https://", "data:image/png;base64,", "com.example.shop:/logo.png"})
        EXPECT_EQ(refused(with(other)), "logo_uri") << other;
    const Read of_a_device = read(with("com.example.shop:/logo.png"), "com.example.shop:/callback");
    EXPECT_FALSE(of_a_device.errors.empty()) << "which has no host that could show it";
}

TEST(ClientMetadata, ReadsKeysOfWhatSignsAlone) {
    const std::string keys = R"(,"jwks":{"keys":[{"kty":"EC","x":"a","key_ops":["verify"],"x5c":["b"]}]})";
    EXPECT_TRUE(read(keys).registration.keys.empty());
    const Read signing = read(keys + R"(,"token_endpoint_auth_method":"private_key_jwt")");
    ASSERT_EQ(signing.registration.keys.size(), 1U);
    EXPECT_EQ(signing.registration.keys.front(), R"({"kty":"EC","x":"a","key_ops":["verify"]})");
}

}  // namespace
}  // namespace keyledger::api::routes

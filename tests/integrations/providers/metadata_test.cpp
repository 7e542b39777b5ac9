#include "integrations/providers/metadata.hpp"

#include <gtest/gtest.h>

using namespace keyledger::integrations;

namespace {

// With this instead of what stands there.
std::string metadata(const std::string& from = "", const std::string& to = "") {
    std::string text = R"({"issuer":"https://a.example","authorization_endpoint":"https://a.example/authorize",)"
                       R"("token_endpoint":"https://b.example/token","jwks_uri":"https://c.example/keys",)"
                       R"("authorization_response_iss_parameter_supported":true,"more":[{"a":1}]})";
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    return text;
}

}  // namespace

TEST(ProviderMetadata, IsThatOfTheIssuerThatIsConfigured) {
    const auto read = read_metadata(metadata(), "https://a.example");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->authorization_endpoint, "https://a.example/authorize");
    EXPECT_EQ(read->token_endpoint, "https://b.example/token");
    EXPECT_EQ(read->jwks_uri, "https://c.example/keys");
    EXPECT_TRUE(read->says_issuer);
    for (const char* other : {"https://a.example/", "https://A.example", "http://a.example", ""})
        EXPECT_EQ(read_metadata(metadata(), other).error(), "discovery-issuer") << other;
    EXPECT_FALSE(read_metadata(metadata("true", "\"true\""), "https://a.example")->says_issuer);
}

TEST(ProviderMetadata, SendsBrowsersToTheWebAlone) {
    for (const char* other : {"javascript:alert(1)", "data:text/html,a", "//a.example/", "", "ftp://a.example/",
                              "https://a.example/#part", "https://a.example/ b", "https://a.example/\\u000a"})
        EXPECT_EQ(read_metadata(metadata("https://a.example/authorize", other), "https://a.example").error(),
                  "discovery-endpoints")
            << other;
}

TEST(ProviderMetadata, IsWhole) {
    for (const char* name : {"authorization_endpoint", "token_endpoint", "jwks_uri"})
        EXPECT_EQ(read_metadata(metadata(name, "other"), "https://a.example").error(), "discovery-endpoints") << name;
    for (const char* text : {"", "[]", "<html>", "{\"issuer\":\"https://a.example\""})
        EXPECT_EQ(read_metadata(text, "https://a.example").error(), "discovery-no-json") << text;
}

TEST(TokenAnswer, HasAnIdToken) {
    EXPECT_EQ(read_token_answer(R"({"id_token":"a.b.c","access_token":"d"})")->id_token, "a.b.c");
    EXPECT_EQ(read_token_answer(R"({"id_token":"a.b.c"})")->access_token, "");
    for (const char* text : {R"({"access_token":"d"})", R"({"id_token":7})", "{}"})
        EXPECT_EQ(read_token_answer(text).error(), "token-no-id-token") << text;
    EXPECT_EQ(read_token_answer("error").error(), "token-no-json");
}

TEST(TokenAnswer, HasATokenThatCanBeSentIfItSaysSo) {
    const auto is_bearer = [](const std::string& token, const std::string& type) {
        return read_token_answer(R"({"id_token":"a","access_token":")" + token + R"(","token_type":")" + type + "\"}")
            ->is_bearer;
    };
    EXPECT_TRUE(is_bearer("d", "Bearer"));
    EXPECT_TRUE(is_bearer("a-b._~+/=", "bEARER"));
    EXPECT_FALSE(is_bearer("d", "DPoP"));
    EXPECT_FALSE(is_bearer("d", ""));
    // Nobody writes another field into the request.
    for (const char* token : {"", "a b", "a\\r\\nCookie: b", "\xC3\xA4"})
        EXPECT_FALSE(is_bearer(token, "Bearer")) << token;
}

TEST(UserInfo, IsThatOfTheSubject) {
    const std::string text =
        R"({"sub":"a","email":"ann@example.test","email_verified":true,"name":"Ann","locale":"de"})";
    const auto read = read_user_info(text, "a");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->email, "ann@example.test");
    EXPECT_TRUE(read->email_verified);
    EXPECT_EQ(read->name, "Ann");
    EXPECT_EQ(read->locale, "de");
    for (const char* other : {"", "A", "ab"})
        EXPECT_EQ(read_user_info(text, other).error(), "userinfo-subject") << other;
    EXPECT_EQ(read_user_info(R"({"email":"ann@example.test"})", "").error(), "userinfo-subject");
    EXPECT_EQ(read_user_info(R"({"sub":7})", "7").error(), "userinfo-subject");
    // A JWT, which nobody asked for.
    EXPECT_EQ(read_user_info("eyJhbGciOiJub25lIn0.e30.", "a").error(), "userinfo-no-json");
    const auto verified = [](const std::string& flag) {
        return read_user_info(R"({"sub":"a","email_verified":)" + flag + "}", "a")->email_verified;
    };
    EXPECT_TRUE(verified("\"true\""));
    for (const char* flag : {"false", "\"false\"", "1", "null", "[true]"}) EXPECT_FALSE(verified(flag)) << flag;
}

TEST(FormText, IsReadInOneWay) {
    EXPECT_EQ(FormText().add("a b", "c&d=e+f").add("g", "").add("h", "\xC3\xA4~-._").text(),
              "a%20b=c%26d%3De%2Bf&g=&h=%C3%A4~-._");
    EXPECT_EQ(with_query("https://a.example/", FormText().add("a", "b")), "https://a.example/?a=b");
    EXPECT_EQ(with_query("https://a.example/?c=d", FormText().add("a", "b")), "https://a.example/?c=d&a=b");
}

TEST(BasicCredentials, AreEncodedTwice) {
    // RFC 6749 section 2.3.1: s6BhdRkqt3 and gX1fBat3bV.
    EXPECT_EQ(basic_credentials("s6BhdRkqt3", "gX1fBat3bV"), "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
    EXPECT_EQ(basic_credentials("a:b", "c"), "Basic YSUzQWI6Yw==");
    EXPECT_EQ(basic_credentials("a", "b"), "Basic YTpi");
    EXPECT_EQ(basic_credentials("", ""), "Basic Og==");
}

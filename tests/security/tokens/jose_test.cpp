// What others write by JOSE's standards: tables of what is taken, of what is ignored, and of what is refused.
#include "security/tokens/jose.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "security/primitives/base64url.hpp"
#include "security/tokens/client_assertion.hpp"

namespace keyledger::security {
namespace {

using namespace std::string_literals;
using Kind = JoseObject::Value::Kind;

constexpr std::string_view kTypes[] = {"jwt", "client-authentication+jwt"};

// ---- objects ----------------------------------------------------------------------------------------------
TEST(JoseObject, HasItsOwnMembersAndNoneOfWhatIsInThem) {
    const auto read = JoseObject::parse(
        R"( {"text":"a\u00e4","number":-1.5E3,"texts":["a","b"],"none":[],"mixed":["a",1],"deep":[["a"]],)"
        R"("object":{"text":"b","inner":["c"]},"objects":[{"x":["d"]}],"true":true,"null":null,"":"empty name"} )");
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read->text("text"), "a\xC3\xA4");
    EXPECT_EQ(*read->text(""), "empty name");
    EXPECT_EQ(read->find("number")->kind, Kind::kNumber);
    EXPECT_EQ(read->find("number")->text, "-1.5E3");
    EXPECT_EQ(read->find("texts")->texts, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(read->find("none")->kind, Kind::kTexts);
    for (const char* other : {"mixed", "deep", "object", "objects", "null"})
        EXPECT_EQ(read->find(other)->kind, Kind::kOther) << other;
    EXPECT_EQ(read->find("true")->kind, Kind::kFlag);
    EXPECT_EQ(read->find("true")->text, "true");
    for (const char* within : {"inner", "x", "a"}) EXPECT_FALSE(read->has(within)) << within;
    EXPECT_EQ(read->text("number"), nullptr);
    EXPECT_EQ(read->find("missing"), nullptr);
}

TEST(JoseObject, IsNoneWhereTheTextIsNotOneObjectWithoutAMemberTwice) {
    for (const std::string& text : {""s,
                                    " "s,
                                    "null"s,
                                    "1"s,
                                    "\"a\""s,
                                    "[]"s,
                                    "[{}]"s,
                                    "{"s,
                                    "}"s,
                                    "{}{}"s,
                                    "{} x"s,
                                    "{\"a\"}"s,
                                    "{\"a\":}"s,
                                    "{\"a\":1,}"s,
                                    "{a:1}"s,
                                    "{'a':1}"s,
                                    "{\"a\":01}"s,
                                    "{\"a\":.5}"s,
                                    "{\"a\":NaN}"s,
                                    "{\"a\":+1}"s,
                                    "{\"a\":\"\xff\"}"s,
                                    "{\"a\":\"\\ud800\"}"s,
                                    "\xEF\xBB\xBF{}"s,
                                    "{}\0"s,
                                    "{\"a\":\"\0\"}"s,
                                    "{\"a\":1,\"a\":1}"s,
                                    "{\"a\":1,\"b\":2,\"\\u0061\":3}"s})
        EXPECT_FALSE(JoseObject::parse(text)) << text;
    EXPECT_TRUE(JoseObject::parse(R"({"a":{"b":1,"b":2}})")) << "what is in a member that is not read is not judged";
}

// ASan sees what is read behind the text: each fills its memory, also where a string copies it.
TEST(JoseObject, IsNotReadBehindItsEnd) {
    for (const char* start : {"", "{", "{\"a", "{\"a\":", "{\"a\":\"b"})
        for (const char* end : {"", "\xC3", "\xE2", "\xE2\x82", "\xF4", "\xF4\x8F", "\xF4\x8F\xBF", "\xF4}", "\xF4\"}",
                                "\\", "\\u", "\\u00", "\\ud83d", "\\ud83d\\", "1", "-", "1e", "tru"}) {
            const std::string text = std::string(40, ' ') + start + end;
            const std::vector<char> exact(text.begin(), text.end());
            EXPECT_FALSE(JoseObject::parse({exact.data(), exact.size()})) << text;
        }
}

TEST(JoseObject, HasManyMembersAndDeepOnes) {
    std::string many = "{";
    for (int i = 0; i < 1000; ++i) many += "\"m" + std::to_string(i) + "\":" + std::to_string(i) + ",";
    EXPECT_TRUE(JoseObject::parse(many + "\"last\":1}"));
    EXPECT_FALSE(JoseObject::parse(many + "\"m500\":1}"));
    const std::string deep = std::string(3000, '[') + std::string(3000, ']');
    EXPECT_TRUE(JoseObject::parse("{\"a\":" + deep + "}"));
}

// ---- numeric dates ----------------------------------------------------------------------------------------
TEST(NumericDate, IsAnyJsonNumber) {
    const std::pair<const char*, std::int64_t> dates[] = {
        {"0", 0},
        {"1700000000", 1'700'000'000'000},
        {"1700000000.5", 1'700'000'000'500},
        {"1700000000.123", 1'700'000'000'123},
        {"1700000000.1239999", 1'700'000'000'124},
        {"1700000000.0", 1'700'000'000'000},
        {"1.7e9", 1'700'000'000'000},
        {"17E+8", 1'700'000'000'000},
        {"17000000000e-1", 1'700'000'000'000},
        {"-1", -1000},
        {"-0.5", -500},
        {"99999999999999999999999999999999", kLatestNumericDate.ms()},
        {"1e300", kLatestNumericDate.ms()},
        {"1e4000", kLatestNumericDate.ms()},
        {"-1e4000", -kLatestNumericDate.ms()},
        {"1e-4000", 0},
    };
    for (const auto& [text, unix_ms] : dates) EXPECT_EQ(numeric_date(text), Instant::at_ms(unix_ms)) << text;
    for (const char* text : {"", " 1", "1 ", "+1", "x", "1x", "inf", "nan", "-", "0x10", "1,5"})
        EXPECT_EQ(numeric_date(text), std::nullopt) << text;
}

// ---- headers ----------------------------------------------------------------------------------------------
Result<JoseHeader, std::string> header_of(const std::string& more, const std::string& algorithm = "ES256") {
    const auto object = JoseObject::parse(R"({"alg":")" + algorithm + "\"" + more + "}");
    if (!object) return Unexpected(object.error());
    return read_jose_header(*object, kTypes);
}

TEST(JoseHeader, IsReadWhateverElseItSays) {
    for (const char* more : {"",
                             R"(,"typ":"JWT")",
                             R"(,"typ":"jwt")",
                             R"(,"typ":"Jwt")",
                             R"(,"typ":"application/jwt")",
                             R"(,"typ":"Application/JWT")",
                             R"(,"typ":"client-authentication+jwt")",
                             R"(,"typ":"application/Client-Authentication+JWT")",
                             R"(,"x5t":"AA","x5t#S256":"BB")",
                             R"(,"cty":"JWT")",
                             R"(,"cty":1)",
                             R"(,"x5c":["MIIC"])",
                             R"(,"x5u":"https://else.example")",
                             R"(,"jku":"https://else.example")",
                             R"(,"jwk":{"kty":"oct","k":"AA"})",
                             R"(,"b64":false)",
                             R"(,"zip":"DEF")",
                             R"(,"iss":"a","sub":"b")",
                             R"(,"https://example.com/x":[1,2,{"crit":["a"]}])",
                             R"(,"nonce":99999999999999999999999999999999999)"}) {
        const auto read = header_of(more);
        ASSERT_TRUE(read) << more << ": " << read.error();
        EXPECT_EQ(read->algorithm, SigningAlgorithm::kEs256) << more;
        EXPECT_EQ(read->key_id, std::nullopt) << more;
    }
    EXPECT_EQ(header_of(R"(,"kid":"a/b #1")")->key_id, "a/b #1");
    EXPECT_EQ(header_of(R"(,"kid":"")")->key_id, "") << "it names one, which nobody has";
    EXPECT_EQ(header_of("", "RS256")->algorithm, SigningAlgorithm::kRs256);
    EXPECT_EQ(header_of("", "EdDSA")->algorithm, SigningAlgorithm::kEdDsa);
    EXPECT_EQ(header_of("", "Ed25519")->algorithm, SigningAlgorithm::kEdDsa);
}

TEST(JoseHeader, IsRefusedWhereItMeansSomethingElse) {
    for (const char* more :
         {R"(,"crit":["exp"])", R"(,"crit":["b64"],"b64":false)", R"(,"crit":[])", R"(,"crit":null)",
          R"(,"crit":"exp")", R"(,"typ":"at+jwt")", R"(,"typ":"application/at+jwt")",
          R"(,"typ":"token-introspection+jwt")", R"(,"typ":"text/jwt")", R"(,"typ":"application/application/jwt")",
          R"(,"typ":"")", R"(,"typ":1)", R"(,"typ":null)", R"(,"typ":" JWT")", R"(,"typ":"dpop+jwt")", R"(,"kid":1)",
          R"(,"kid":null)", R"(,"kid":["a"])", R"(,"alg":"RS256")"})
        EXPECT_FALSE(header_of(more)) << more;
    for (const char* algorithm : {"none", "None", "HS256", "RS512", "PS256", "ES384", "es256", "Ed448", "", "ES256 "})
        EXPECT_FALSE(header_of("", algorithm)) << algorithm;
    for (const char* header : {"{}", R"({"alg":1})", R"({"alg":null})", R"({"alg":["ES256"]})"})
        EXPECT_FALSE(read_jose_header(*JoseObject::parse(header), kTypes)) << header;
}

// ---- assertions -------------------------------------------------------------------------------------------
std::string assertion(const std::string& header, const std::string& payload) {
    return base64url_encode(header) + "." + base64url_encode(payload) + "." + base64url_encode("signature");
}
constexpr const char* kHeader = R"({"alg":"EdDSA"})";
std::string jwk_of(const SigningKey& key) {
    std::string text;
    for (const auto& [name, value] : key.public_members())
        text += (text.empty() ? "{\"" : ",\"") + name + "\":\"" + value + "\"";
    return text + "}";
}
std::string claims(const std::string& more) { return R"({"iss":"a","sub":"a","aud":"b")" + more + "}"; }

TEST(ClientAssertion, SaysWhatItClaims) {
    const auto read = read_client_assertion(
        assertion(R"({"alg":"ES256","kid":"k","typ":"JWT"})", claims(R"(,"jti":"1","exp":100.25,"iat":90,"nbf":8e1)")));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->algorithm, SigningAlgorithm::kEs256);
    EXPECT_EQ(read->key_id, "k");
    EXPECT_EQ(read->issuer, "a");
    EXPECT_EQ(read->subject, "a");
    EXPECT_EQ(read->audience, "b");
    EXPECT_EQ(read->id, "1");
    EXPECT_EQ(read->expires_at, Instant::at_ms(100'250));
    EXPECT_EQ(read->issued_at, Instant::at_ms(90'000));
    EXPECT_EQ(read->not_before, Instant::at_ms(80'000));
}

TEST(ClientAssertion, IsTakenWhateverElseItClaims) {
    std::string many;
    for (int i = 0; i < 200; ++i) many += ",\"claim" + std::to_string(i) + "\":{\"a\":[" + std::to_string(i) + "]}";
    for (const std::string& more :
         {R"(,"jti":"1","exp":100)"s, R"(,"exp":100,"jti":"1","email":"a@b","roles":["x"],"n":1e30)"s,
          R"(,"jti":"1","exp":100)" + many, R"(,"jti":")" + std::string(2000, 'j') + R"(","exp":100)",
          R"(,"jti":"1","exp":100,"nbf":-1)"s}) {
        const auto read = read_client_assertion(assertion(kHeader, claims(more)));
        EXPECT_TRUE(read) << more << read.error();
    }
    EXPECT_TRUE(read_client_assertion(assertion("{\r\n \"alg\" : \"EdDSA\" }\n", " " + claims(R"(,"exp":1)") + "\n")));
    EXPECT_EQ(read_client_assertion(assertion(kHeader, R"({"iss":"a","sub":"a","aud":["b"],"exp":1})"))->audience, "b");
}

// RFC 7519 section 4.1.7 has it optional; what is signed can be told apart without.
TEST(ClientAssertion, WithoutAnIdIsKnownByWhatIsSigned) {
    const std::string one = assertion(kHeader, claims(R"(,"exp":100)"));
    const auto first = read_client_assertion(one);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->id.size(), 43U);
    const std::string forged = one.substr(0, one.rfind('.') + 1) + base64url_encode("another signature");
    EXPECT_EQ(read_client_assertion(forged)->id, first->id) << "a signature may have several forms";
    EXPECT_NE(read_client_assertion(assertion(kHeader, claims(R"(,"exp":101)")))->id, first->id);
}

TEST(ClientAssertion, IsRefusedWithTheReason) {
    struct Case {
        std::string token;
        const char* says;
    };
    const auto with = [](const std::string& payload) { return assertion(kHeader, payload); };
    const Case cases[] = {
        {"", "three parts"},
        {".", "three parts"},
        {"a.b", "three parts"},
        {"a.b.c.d", "base64url"},
        {std::string(kMaxAssertionSize + 1, 'a'), "8 KiB"},
        {"e30=.e30.AA", "base64url"},
        {"e3+/.e30.AA", "base64url"},
        {assertion("[]", claims("")), "header is not a JSON object"},
        {assertion(R"({"alg":"EdDSA","alg":"EdDSA"})", claims("")), "header has a member twice"},
        {with("nonsense"), "payload is not a JSON object"},
        {with(claims(R"(,"aud":"c")")), "payload has a member twice"},
        {assertion(R"({"alg":"HS256"})", claims("")), "'alg'"},
        {assertion(R"({"alg":"EdDSA","crit":["exp"]})", claims("")), "'crit'"},
        {assertion(R"({"alg":"EdDSA","typ":"at+jwt"})", claims("")), "'typ'"},
        {assertion(R"({"alg":"EdDSA","kid":7})", claims("")), "'kid'"},
        {with(R"({"sub":"a","aud":"b","exp":1})"), "'iss'"},
        {with(R"({"iss":"a","aud":"b","exp":1})"), "'sub'"},
        {with(R"({"iss":1,"sub":"a","aud":"b","exp":1})"), "'iss'"},
        {with(R"({"iss":"a","sub":"c","aud":"b","exp":1})"), "both are the client's id"},
        {with(R"({"iss":"a","sub":"a","exp":1})"), "'aud'"},
        {with(R"({"iss":"a","sub":"a","aud":[],"exp":1})"), "'aud'"},
        {with(R"({"iss":"a","sub":"a","aud":["b","c"],"exp":1})"), "'aud'"},
        {with(R"({"iss":"a","sub":"a","aud":[1],"exp":1})"), "'aud'"},
        {with(R"({"iss":"a","sub":"a","aud":1,"exp":1})"), "'aud'"},
        {with(claims("")), "has no 'exp'"},
        {with(claims(R"(,"exp":"100")")), "'exp'"},
        {with(claims(R"(,"exp":null)")), "'exp'"},
        {with(claims(R"(,"exp":100,"iat":"90")")), "'iat'"},
        {with(claims(R"(,"exp":100,"nbf":[90])")), "'nbf'"},
        {with(claims(R"(,"exp":100,"jti":1)")), "'jti'"},
        {with(claims(R"(,"exp":100,"jti":"")")), "'jti'"},
    };
    for (const Case& one : cases) {
        const auto read = read_client_assertion(one.token);
        ASSERT_FALSE(read) << one.token;
        EXPECT_NE(read.error().find(one.says), std::string::npos) << read.error() << "\n" << one.says;
        EXPECT_EQ(read.error().find_first_of("\"\\\n"), std::string::npos) << "RFC 6749 section 5.2: " << read.error();
        EXPECT_TRUE(read.error().ends_with('.')) << read.error();
    }
}

TEST(ClientAssertion, IsSignedByOneKey) {
    for (const auto algorithm : {SigningAlgorithm::kRs256, SigningAlgorithm::kEs256, SigningAlgorithm::kEdDsa}) {
        const auto key = SigningKey::generate(algorithm);
        const auto public_key = PublicKey::parse(jwk_of(key));
        ASSERT_TRUE(public_key);
        const std::string text = base64url_encode(kHeader) + "." + base64url_encode(claims(""));
        EXPECT_TRUE(is_signed_by(text + "." + base64url_encode(key.sign(text)), *public_key));
        EXPECT_FALSE(is_signed_by(text + "." + base64url_encode(key.sign("else")), *public_key));
        EXPECT_FALSE(is_signed_by(text + ".", *public_key));
        EXPECT_FALSE(is_signed_by(text, *public_key));
    }
}

}  // namespace
}  // namespace keyledger::security

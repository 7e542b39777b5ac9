#include "security/tokens/id_token.hpp"

#include <gtest/gtest.h>

#include "security/primitives/bytes.hpp"
#include "tests/security/tokens/token_fixture.hpp"

using namespace keyledger;
using namespace keyledger::security;

namespace keyledger::security {

void PrintTo(IdTokenFault fault, std::ostream* out) { *out << name_of(fault); }

}  // namespace keyledger::security

namespace {

constexpr std::string_view kTenant = "018bcfe5-6800-7000-8000-000000000009";
constexpr std::string_view kAlgorithms[] = {"RS256", "ES256", "EdDSA"};

std::string jwk_of(const SigningKey& key, const std::string& key_id) {
    std::string text = key_id.empty() ? "{\"use\":\"sig\"" : "{\"kid\":\"" + key_id + "\",\"use\":\"sig\"";
    for (const auto& [name, value] : key.public_members()) text += ",\"" + name + "\":\"" + value + "\"";
    return text + "}";
}
KeySet set_of(const std::vector<std::string>& jwks) {
    std::string all;
    for (const std::string& jwk : jwks) all += all.empty() ? jwk : "," + jwk;
    auto set = KeySet::parse("{\"keys\":[" + all + "]}");
    EXPECT_TRUE(set);
    return std::move(*set);
}

// A provider with a key of each kind, and what it says unless a test has it lie.
struct Provider {
    SigningKey rsa = SigningKey::generate(SigningAlgorithm::kRs256);
    SigningKey ec = SigningKey::generate(SigningAlgorithm::kEs256);
    SigningKey edwards = SigningKey::generate(SigningAlgorithm::kEdDsa);
    KeySet keys = set_of({jwk_of(rsa, "RS256"), jwk_of(ec, "ES256"), jwk_of(edwards, "EdDSA")});

    const SigningKey& key(std::string_view algorithm) const {
        return algorithm == "RS256" ? rsa : algorithm == "ES256" ? ec : edwards;
    }
};
const Provider& provider() {
    static const Provider one;
    return one;
}

using Members = std::map<std::string, std::string>;  // JSON by name; empty: left out

Members truth() {
    return {{"iss", R"("https://other.example")"},
            {"sub", R"("24400320")"},
            {"aud", R"("keyledger")"},
            {"nonce", R"("n-0S6_WzA2Mj")"},
            {"exp", "1700000300"},
            {"iat", "1699999990"},
            {"auth_time", "1699999980"},
            {"email", R"("ann@example.test")"},
            {"email_verified", "true"},
            {"name", R"("Ann")"},
            {"preferred_username", R"("ann")"},
            {"locale", R"("de-AT")"},
            {"groups", R"([{"a":1}])"}};
}
std::string payload(const Members& lies) {
    Members all = truth();
    for (const auto& [name, value] : lies) all[name] = value;
    std::string text;
    for (const auto& [name, value] : all)
        if (!value.empty()) text += (text.empty() ? "{\"" : ",\"") + name + "\":" + value;
    return text + "}";
}
std::string header(std::string_view algorithm) {
    return R"({"alg":")" + std::string(algorithm) + R"(","kid":")" + std::string(algorithm) + R"("})";
}
std::string token_of(const Members& lies, std::string_view algorithm = "ES256") {
    return forged(header(algorithm), payload(lies), provider().key(algorithm));
}

IdTokenExpectation expectation() {
    IdTokenExpectation expected;
    expected.issuer = "https://other.example";
    expected.client_id = "keyledger";
    expected.nonce = "n-0S6_WzA2Mj";
    return expected;
}
Result<IdToken, IdTokenFault> check(const std::string& token, const IdTokenExpectation& expected = expectation()) {
    return check_id_token(token, provider().keys, expected, kTokenNow);
}
void expect_fault(const Members& lies, IdTokenFault fault, const IdTokenExpectation& expected = expectation()) {
    const auto checked = check(token_of(lies), expected);
    ASSERT_FALSE(checked) << payload(lies);
    EXPECT_EQ(checked.error(), fault) << payload(lies);
}
void expect_fault_of(const std::string& token, IdTokenFault fault) {
    const auto checked = check(token);
    ASSERT_FALSE(checked) << token;
    EXPECT_EQ(checked.error(), fault) << token;
}

}  // namespace

TEST(IdToken, SaysWhoItIsAbout) {
    for (const std::string_view algorithm : kAlgorithms) {
        const auto told = check(token_of({}, algorithm));
        ASSERT_TRUE(told) << algorithm << ": " << name_of(told.error());
        EXPECT_EQ(told->issuer, "https://other.example");
        EXPECT_EQ(told->subject, "24400320");
        EXPECT_EQ(told->email, "ann@example.test");
        EXPECT_TRUE(told->email_verified);
        EXPECT_EQ(told->name, "Ann");
        EXPECT_EQ(told->username, "ann");
        EXPECT_EQ(told->locale, "de-AT");
        EXPECT_EQ(told->authenticated_at, Instant::at_second(1699999980));
    }
    EXPECT_TRUE(check(token_of({{"aud", R"(["keyledger"])"}, {"azp", R"("keyledger")"}})));
    EXPECT_TRUE(check(forged(R"({"alg":"EdDSA","typ":"JWT"})", payload({}), provider().edwards)));  // no kid, one key
    const auto bare = check(
        token_of({{"auth_time", ""}, {"email", ""}, {"email_verified", ""}, {"name", ""}, {"preferred_username", ""}}));
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->email, "");
    EXPECT_FALSE(bare->email_verified);
    EXPECT_EQ(bare->authenticated_at, std::nullopt);
}

TEST(IdToken, HasAVerifiedAddressOnlyWhereItSaysSo) {
    EXPECT_TRUE(check(token_of({{"email_verified", R"("true")"}}))->email_verified);
    for (const char* other : {"false", R"("false")", "1", "null", R"(["true"])", R"("True")", ""})
        EXPECT_FALSE(check(token_of({{"email_verified", other}}))->email_verified) << other;
}

TEST(IdToken, IsOfItsIssuerToTheLetter) {
    for (const char* lie : {R"("https://other.example/")", R"("https://Other.example")", R"("http://other.example")",
                            R"("https://another.example")", R"("")", "7", R"(["https://other.example"])", ""})
        expect_fault({{"iss", lie}}, IdTokenFault::kIssuer);
    IdTokenExpectation nobody = expectation();
    nobody.issuer = "";
    expect_fault({{"iss", R"("")"}}, IdTokenFault::kIssuer, nobody);
}

TEST(IdToken, IsOfTheTenantThatItNames) {
    IdTokenExpectation expected = expectation();
    expected.issuer = "https://login.example/{tenantid}/v2.0";
    const std::string tenant = '"' + std::string(kTenant) + '"';
    const std::string issuer = "\"https://login.example/" + std::string(kTenant) + "/v2.0\"";
    const auto told = check(token_of({{"iss", issuer}, {"tid", tenant}}), expected);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->tenant, kTenant);
    EXPECT_EQ(told->issuer, "https://login.example/" + std::string(kTenant) + "/v2.0");
    const std::string other = R"("018bcfe5-6800-7000-8000-00000000000a")";
    expect_fault({{"iss", issuer}, {"tid", other}}, IdTokenFault::kIssuer, expected);
    expect_fault({{"iss", issuer}}, IdTokenFault::kTenant, expected);
    expect_fault({{"iss", R"("https://login.example/{tenantid}/v2.0")"}, {"tid", R"("{tenantid}")"}},
                 IdTokenFault::kTenant, expected);
    expect_fault({{"iss", R"("https://login.example/../evil/v2.0")"}, {"tid", R"("../evil")"}}, IdTokenFault::kTenant,
                 expected);
}

TEST(IdToken, IsForThisClientAlone) {
    for (const char* lie : {R"("other")", R"([])", R"(["other"])", R"(["keyledger","other"])", R"(["keyledger",7])",
                            R"({"keyledger":1})", "7", R"("")", ""})
        expect_fault({{"aud", lie}}, IdTokenFault::kAudience);
    for (const char* lie : {R"("other")", R"("")", "7", R"(["keyledger"])", "null"})
        expect_fault({{"azp", lie}}, IdTokenFault::kAuthorizedParty);
    IdTokenExpectation nobody = expectation();
    nobody.client_id = "";
    expect_fault({{"aud", R"("")"}}, IdTokenFault::kAudience, nobody);
}

TEST(IdToken, IsTheAnswerToWhatWasAsked) {
    for (const char* lie : {R"("other")", R"("")", R"("n-0S6_WzA2M")", "7", "null", ""})
        expect_fault({{"nonce", lie}}, IdTokenFault::kNonce);
    IdTokenExpectation nothing = expectation();
    nothing.nonce = "";
    expect_fault({{"nonce", R"("")"}}, IdTokenFault::kNonce, nothing);
}

TEST(IdToken, IsOfItsTime) {
    expect_fault({{"exp", ""}}, IdTokenFault::kTimes);
    expect_fault({{"iat", ""}}, IdTokenFault::kTimes);
    for (const char* name : {"exp", "iat", "nbf", "auth_time"})
        expect_fault({{name, R"("1700000300")"}}, IdTokenFault::kTimes);
    // A minute either way is the clocks'.
    EXPECT_TRUE(check(token_of({{"exp", "1699999941"}})));
    expect_fault({{"exp", "1699999940"}}, IdTokenFault::kExpired);
    expect_fault({{"exp", "-1e300"}}, IdTokenFault::kExpired);
    EXPECT_TRUE(check(token_of({{"iat", "1700000060"}})));
    expect_fault({{"iat", "1700000061"}}, IdTokenFault::kNotYetValid);
    EXPECT_TRUE(check(token_of({{"nbf", "1700000060"}})));
    expect_fault({{"nbf", "1700000061"}}, IdTokenFault::kNotYetValid);
    EXPECT_TRUE(check(token_of({{"iat", "1699999341"}})));
    expect_fault({{"iat", "1699999340"}}, IdTokenFault::kTooOld);
}

TEST(IdToken, SaysWhenSomebodyAuthenticatedWhereThatIsAsked) {
    IdTokenExpectation expected = expectation();
    expected.authenticated_since = kTokenNow;
    EXPECT_TRUE(check(token_of({{"auth_time", "1699999940"}}), expected));
    expect_fault({{"auth_time", "1699999939"}}, IdTokenFault::kAuthenticatedBefore, expected);
    expect_fault({{"auth_time", ""}}, IdTokenFault::kAuthenticatedBefore, expected);
}

TEST(IdToken, IsAboutASubject) {
    for (const std::string& lie :
         {std::string(R"("")"), std::string("7"), std::string(R"("a b")"), std::string(R"("ä")"),
          std::string(R"("a\u0000")"), '"' + std::string(256, 'a') + '"', std::string()})
        expect_fault({{"sub", lie}}, IdTokenFault::kSubject);
    EXPECT_TRUE(check(token_of({{"sub", '"' + std::string(255, 'a') + '"'}})));
}

TEST(IdToken, BelongsToItsAccessToken) {
    // OpenID Connect Core 1.0 appendix A.3: the value and the access token that it is of.
    IdTokenExpectation expected = expectation();
    expected.access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    EXPECT_TRUE(check(token_of({{"at_hash", R"("77QmUPtjPfzWtF2AnpK9RQ")"}}), expected));
    EXPECT_TRUE(check(token_of({}), expected));
    EXPECT_TRUE(check(token_of({{"at_hash", R"("77QmUPtjPfzWtF2AnpK9RQ")"}})));  // none came, so none is used
    for (const char* lie : {R"("77QmUPtjPfzWtF2AnpK9RR")", R"("")", "7"})
        expect_fault({{"at_hash", lie}}, IdTokenFault::kAccessToken, expected);
    // Of Ed25519 it is half a SHA-512.
    EXPECT_FALSE(check(token_of({{"at_hash", R"("77QmUPtjPfzWtF2AnpK9RQ")"}}, "EdDSA"), expected));
}

TEST(IdToken, IsSignedByAKeyOfItsProvider) {
    const Provider& one = provider();
    const SigningKey other = SigningKey::generate(SigningAlgorithm::kEs256);
    expect_fault_of(forged(header("ES256"), payload({}), other), IdTokenFault::kSignature);
    std::string changed = token_of({});
    changed.insert(changed.rfind('.'), "A");
    EXPECT_FALSE(check(changed));
    const std::string whole = token_of({});
    expect_fault_of(whole.substr(0, whole.rfind('.') + 1), IdTokenFault::kSignature);
    // A key that is not there, or that is there under another name or for another algorithm.
    expect_fault_of(forged(R"({"alg":"ES256","kid":"new"})", payload({}), one.ec), IdTokenFault::kUnknownKey);
    expect_fault_of(forged(R"({"alg":"ES256","kid":"RS256"})", payload({}), one.ec), IdTokenFault::kUnknownKey);
    expect_fault_of(forged(R"({"alg":"ES256","kid":""})", payload({}), one.ec), IdTokenFault::kUnknownKey);
    const KeySet two = set_of({jwk_of(one.ec, "a"), jwk_of(other, "b")});
    const auto ambiguous =
        check_id_token(forged(R"({"alg":"ES256"})", payload({}), one.ec), two, expectation(), kTokenNow);
    EXPECT_EQ(ambiguous.error(), IdTokenFault::kUnknownKey);
    // Two of one name, as happens while keys change.
    const KeySet twins = set_of({jwk_of(one.ec, "ES256"), jwk_of(other, "ES256")});
    EXPECT_TRUE(check_id_token(token_of({}), twins, expectation(), kTokenNow));
    EXPECT_TRUE(check_id_token(forged(header("ES256"), payload({}), other), twins, expectation(), kTokenNow));
}

TEST(IdToken, IsSignedAtAllAndNotByWhatEverybodyKnows) {
    const std::string unsigned_part = base64url_encode(R"({"alg":"none"})") + "." + base64url_encode(payload({}));
    expect_fault_of(unsigned_part + ".", IdTokenFault::kHeader);
    expect_fault_of(unsigned_part + "." + base64url_encode("signature"), IdTokenFault::kHeader);
    // An HMAC under the public key, as some libraries took it.
    const std::string to_sign =
        base64url_encode(R"({"alg":"HS256","kid":"RS256"})") + "." + base64url_encode(payload({}));
    const std::string known = jwk_of(provider().rsa, "RS256");
    const Digest mac = hmac_sha256(known, {to_sign});
    expect_fault_of(to_sign + "." + base64url_encode(view_of(mac)), IdTokenFault::kHeader);
    for (const char* lie :
         {R"({"alg":"HS512"})", R"({"alg":"RS1","kid":"RS256"})", R"({"alg":7})", "{}", R"({"alg":"ES256","kid":7})",
          R"({"alg":"ES256","kid":"ES256","crit":["exp"]})", R"({"alg":"ES256","kid":"ES256","typ":"at+jwt"})",
          R"({"alg":"ES256","kid":"ES256","typ":"logout+jwt"})"})
        expect_fault_of(forged(lie, payload({}), provider().ec), IdTokenFault::kHeader);
}

TEST(IdToken, IsOneAndNotTooLarge) {
    for (const char* lie : {"", ".", "..", "a.b", "a.b.c", "a.b.c.d", "e30.e30", "e30=.e30.AA", "W10.e30.AA"})
        expect_fault_of(lie, IdTokenFault::kMalformed);
    const std::string claims = payload({});
    expect_fault_of(forged(header("ES256"), claims.substr(0, claims.size() - 1) + R"(,"sub":"other"})", provider().ec),
                    IdTokenFault::kMalformed);
    expect_fault_of(forged(header("ES256"), "[" + claims + "]", provider().ec), IdTokenFault::kMalformed);
    expect_fault({{"more", '"' + std::string(kMaxIdTokenSize, 'a') + '"'}}, IdTokenFault::kTooLarge);
}

TEST(KeySet, LeavesOutWhatItCantUse) {
    const Provider& one = provider();
    const std::string good = jwk_of(one.ec, "a");
    EXPECT_EQ(set_of({good, R"({"kty":"oct","k":"AAAA"})", R"({"kty":"RSA","n":"AQAB","e":"AQAB"})", "7", "[]", "{}",
                      R"({"kty":"new"})"})
                  .size(),
              1u);
    EXPECT_EQ(set_of({R"({"use":"enc",)" + good.substr(1)}).size(), 0u);
    EXPECT_EQ(set_of({}).size(), 0u);
}

TEST(KeySet, IsReadWholeOrNotAtAll) {
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("[]"), std::string("7"), std::string("{}"),
          std::string(R"({"keys":{}})"), std::string("{\"keys\":[\"\xff\"]}"), std::string(R"({"keys":[]} more)")})
        EXPECT_FALSE(KeySet::parse(text)) << text;
    std::string many;
    for (std::size_t i = 0; i <= kMaxKeysOfSet; ++i) many += many.empty() ? "{}" : ",{}";
    EXPECT_FALSE(KeySet::parse("{\"keys\":[" + many + "]}"));
    EXPECT_FALSE(KeySet::parse("{\"keys\":[]" + std::string(kMaxKeySetSize, ' ') + "}"));
    EXPECT_FALSE(KeySet::parse(std::string(200'000, '[')));
}

// Access tokens over HTTP: forged, misused, introspected, revoked.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <thread>

#include "security/keys/keyring.hpp"
#include "security/keys/signing_key.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

using security::base64url_decode;
using security::base64url_encode;

struct Jwt {
    std::string header;  // JSON
    std::string payload;
    std::string signature;  // bytes

    static Jwt parse(const std::string& token) {
        const auto first = token.find('.');
        const auto second = token.find('.', first + 1);
        return {base64url_decode(token.substr(0, first)).value(),
                base64url_decode(token.substr(first + 1, second - first - 1)).value(),
                base64url_decode(token.substr(second + 1)).value()};
    }
    std::string signed_part() const { return base64url_encode(header) + "." + base64url_encode(payload); }
    std::string token() const { return signed_part() + "." + base64url_encode(signature); }
    // With `from` in header or payload replaced.
    Jwt with(const std::string& from, const std::string& to) const {
        Jwt other = *this;
        for (std::string* text : {&other.header, &other.payload})
            if (const auto at = text->find(from); at != std::string::npos) text->replace(at, from.size(), to);
        EXPECT_NE(other.signed_part(), signed_part()) << "the token has no " << from;
        return other;
    }
    Jwt signed_by(const security::SigningKey& key) const {
        Jwt other = *this;
        other.signature = key.sign(signed_part());
        return other;
    }
};

std::int64_t claimed_time(const Jwt& token, const std::string& claim) {
    const auto at = token.payload.find("\"" + claim + "\":");
    EXPECT_NE(at, std::string::npos) << token.payload;
    return std::stoll(token.payload.substr(at + claim.size() + 3));
}

std::string log_in_for(const Person& person, const std::string& resource) {
    ApiClient client = api();
    return tokens_of(client.post(
                         kLogin,
                         json_object({{"email", person.email}, {"password", person.password}, {"resource", resource}})))
        .access;
}

void expect_opens_nothing(const std::string& token, const std::string& what) {
    const Answer answer = api().as(token).get(kMe);
    EXPECT_EQ(answer.status, 401) << what;
    EXPECT_EQ(answer.problem(), "invalid-token") << what;
    EXPECT_FALSE(is_active(api(), token)) << what;
}

TEST(AccessToken, ThatWasForgedOpensNothing) {
    const Visitor one = visitor(api());
    const Jwt good = Jwt::parse(one.tokens.access);
    const std::string alg = R"("alg":"ES256")";
    Jwt none = good.with(alg, R"("alg":"none")");
    none.signature.clear();
    expect_opens_nothing(none.signed_part() + ".", "alg none");
    none.signature = good.signature;
    expect_opens_nothing(none.token(), "alg none with the old signature");
    const auto own = security::SigningKey::generate(security::SigningAlgorithm::kEs256);
    expect_opens_nothing(good.signed_by(own).token(), "signed by another key under the same kid");
    const auto edwards = security::SigningKey::generate(security::SigningAlgorithm::kEdDsa);
    expect_opens_nothing(good.with(alg, R"("alg":"EdDSA")").signed_by(edwards).token(), "another algorithm");
    Jwt hmac = good.with(alg, R"("alg":"HS256")");
    ApiClient anybody = api();
    const std::string public_key = anybody.get("/.well-known/jwks.json").text("/keys/0/x");
    const auto mac = security::hmac_sha256(base64url_decode(public_key).value(), {hmac.signed_part()});
    hmac.signature = security::view_of(mac);
    expect_opens_nothing(hmac.token(), "an HMAC with the public key");
    expect_opens_nothing(good.with(R"("typ":"at+jwt")", R"("typ":"JWT")").token(), "another type");
    expect_opens_nothing(good.with(kIssuer, "https://else.keyledger.test").token(), "another issuer");
    expect_opens_nothing(good.with(one.person.id, "01890a5d-ac96-774b-bcce-b302099a8057").token(), "another user");
    std::string cut = one.tokens.access;
    cut.pop_back();
    expect_opens_nothing(cut, "truncated");
    expect_opens_nothing(good.signed_part(), "without a signature");
    expect_opens_nothing(good.signed_part() + "." + Jwt::parse(visitor(api()).tokens.access).token(), "five parts");
    Jwt borrowed = good;
    borrowed.signature = Jwt::parse(visitor(api()).tokens.access).signature;
    expect_opens_nothing(borrowed.token(), "another token's signature");
    EXPECT_EQ(api().as(one.tokens.refresh).get(kMe).problem(), "invalid-token") << "a refresh token";
    expect_opens_nothing("nonsense", "nonsense");
    EXPECT_TRUE(is_active(api(), one.tokens.access));
}

// These carry the signature of the very key that the service signs with, so that nothing but what they claim
// can be what they are refused for.
TEST(AccessToken, ThatIsRightlySignedMustClaimTheRightThings) {
    const Visitor one = visitor(api());
    const Visitor other = visitor(api());
    const Jwt good = Jwt::parse(one.tokens.access);
    const std::int64_t issued_s = claimed_time(good, "iat");
    const auto keyring = security::Keyring::load(deployment().environment().at("KEYLEDGER_KEYRING_FILE"));
    ASSERT_TRUE(keyring);
    const auto& key =
        *(*keyring)->require_current(security::KeyPurpose::kTokenSigning, Instant::at_second(issued_s)).signing;
    auto time = [](const char* claim, std::int64_t at_s) {
        return "\"" + std::string(claim) + "\":" + std::to_string(at_s);
    };
    const std::string iat = time("iat", issued_s);
    const std::string exp = time("exp", issued_s + 300);
    const std::string aud = R"("aud":[")" + std::string(kIssuer) + R"("])";
    const std::map<std::string, Jwt> bad{
        {"another type", good.with(R"("typ":"at+jwt")", R"("typ":"JWT")")},
        {"no type", good.with(R"(,"typ":"at+jwt")", "")},
        {"a header that is not understood", good.with(R"("typ":)", R"("crit":["b64"],"typ":)")},
        {"an unknown key", good.with(R"("kid":")", R"("kid":"x)")},
        {"another issuer", good.with(R"("iss":"https://auth.)", R"("iss":"https://else.)")},
        {"expired", good.with(iat, time("iat", issued_s - 400)).with(exp, time("exp", issued_s - 100))},
        {"not yet", good.with(iat, time("iat", issued_s + 1000)).with(exp, time("exp", issued_s + 1300))},
        {"not before", good.with(exp, exp + "," + time("nbf", issued_s + 1000))},
        {"a life beyond all limits", good.with(exp, time("exp", issued_s + 90'000))},
        {"another user", good.with(one.person.id, other.person.id)},
        {"somebody else's session", good.with(one.tokens.session_id, other.tokens.session_id)},
        {"a session that never was", good.with(one.tokens.session_id, "01890a5d-ac96-774b-bcce-b302099a8057")},
        {"no expiry", good.with("," + exp, "")},
        {"a claim twice", good.with(exp, exp + "," + exp)},
        {"a time that is none", good.with(exp, R"("exp":"never")")},
        {"no audience", good.with(aud, R"("aud":[])")},
    };
    EXPECT_TRUE(is_active(api(), good.signed_by(key).token())) << "the test signs as the service does";
    for (const auto& [what, token] : bad) expect_opens_nothing(watch_secret(token.signed_by(key).token()), what);
    for (const std::string& audience : {R"("aud":[")" + std::string(kOrders) + R"("])",
                                        R"("aud":[")" + std::string(kIssuer) + "\",\"" + kOrders + R"("])"}) {
        const std::string token = watch_secret(good.with(aud, audience).signed_by(key).token());
        EXPECT_EQ(api().as(token).get(kMe).problem(), "invalid-token") << audience;
        EXPECT_EQ(introspect(api(), deployment().stranger, token).body, R"({"active":false})") << audience;
    }
}

TEST(AccessToken, IsWantedAsABearer) {
    const Visitor one = visitor(api());
    ApiClient client = api();
    for (const std::string& value :
         {std::string(), std::string("Bearer"), std::string("Bearer a b"), "Basic " + one.tokens.access,
          one.tokens.access, "Bearer \"" + one.tokens.access + "\""}) {
        const HttpHeaders headers = value.empty() ? HttpHeaders{} : HttpHeaders{{"Authorization", value}};
        const Answer answer = client.get(kMe, headers);
        EXPECT_EQ(answer.problem(), "invalid-token") << value;
        EXPECT_TRUE(answer.header("WWW-Authenticate").value_or("").starts_with("Bearer")) << value;
    }
    EXPECT_EQ(client.get(kMe, {{"Authorization", "bearer " + one.tokens.access}}).status, 200)
        << "schemes have no case";
}

TEST(AccessToken, ForAResourceServerDoesNotOpenThisApi) {
    const Visitor one = visitor(api());
    const std::string token = log_in_for(one.person, kOrders);
    const std::string id = "/01890a5d-ac96-774b-bcce-b302099a8057";
    ApiClient client = api().as(token);
    for (const char* target : {kMe, kSessions, kAudit, kAuditExport, kUsers})
        EXPECT_EQ(client.get(target).problem(), "invalid-token");
    EXPECT_EQ(client.get(kUsers + id).problem(), "invalid-token");
    EXPECT_EQ(client.get(kUsers + id + "/sessions").problem(), "invalid-token");
    for (const char* verb : {"/activate", "/deactivate", "/unlock"})
        EXPECT_EQ(client.send("POST", kUsers + id + verb).problem(), "invalid-token");
    EXPECT_EQ(client.send("POST", kLogout).problem(), "invalid-token");
    EXPECT_EQ(client.del(kSessions).problem(), "invalid-token");
    EXPECT_EQ(client.del(kSessions + id).problem(), "invalid-token");
    EXPECT_EQ(client.put(kMe, "{}").problem(), "invalid-token");
    EXPECT_EQ(client.post(kChangePassword, R"({"current_password":"a","new_password":"b"})").problem(),
              "invalid-token");
    EXPECT_TRUE(is_active(api(), token)) << "for the resource server it is good";
}

// The service is configured to let tokens live for a second.
TEST(AccessToken, ExpiresAndSaysSoAtIntrospection) {
    RunningService brief(deployment(), {{"KEYLEDGER_ACCESS_TOKEN_SECONDS", "1"}});
    const ApiClient client(brief.port());
    const Visitor one = visitor(client);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (client.as(one.tokens.access).get(kMe).status == 200)
        ASSERT_LT(std::chrono::steady_clock::now(), until) << "it never expires";
    EXPECT_FALSE(is_active(client, one.tokens.access));
    EXPECT_EQ(refresh(client, one.tokens.refresh).status, 200) << "the session goes on";
}

TEST(Introspection, TellsTheClientsThatATokenConcernsAndNobodyElse) {
    const Visitor one = visitor(api());
    const std::string of_orders = log_in_for(one.person, kOrders);
    const Answer seen = introspect(api(), deployment().orders, of_orders);
    EXPECT_TRUE(seen.boolean("/active"));
    EXPECT_EQ(seen.text("/iss"), kIssuer);
    EXPECT_EQ(seen.text("/sub"), one.person.id);
    EXPECT_EQ(seen.text("/aud/0"), kOrders);
    EXPECT_EQ(seen.count("/aud"), 1u);
    EXPECT_EQ(seen.text("/token_type"), "Bearer");
    EXPECT_EQ(seen.number("/exp") - seen.number("/iat"), 300);
    const std::string inactive = R"({"active":false})";
    EXPECT_EQ(introspect(api(), deployment().stranger, of_orders).body, inactive);
    EXPECT_EQ(introspect(api(), deployment().orders, one.tokens.access).body, inactive) << "for this API";
    EXPECT_EQ(introspect(api(), deployment().stranger, one.tokens.refresh).body, inactive);
    EXPECT_EQ(introspect(api(), deployment().gateway, "nonsense").body, inactive);
    const Answer all = introspect(api(), deployment().gateway, one.tokens.refresh);
    EXPECT_TRUE(all.boolean("/active"));
    EXPECT_EQ(all.text("/sid"), one.tokens.session_id);
    EXPECT_EQ(all.text("/token_type"), "refresh_token");
}

TEST(Introspection, IsForClientsAlone) {
    const Visitor one = visitor(api());
    ApiClient client = api();
    const std::string body = form_body({{"token", one.tokens.access}});
    ClientOfService wrong = deployment().gateway;
    wrong.secret = watch_secret(unique("a wrong secret"));
    ClientOfService unknown = wrong;
    unknown.id = "nobody";
    ClientOfService first_party = wrong;
    first_party.id = "keyledger";
    for (const char* target : {kIntrospect, kRevoke}) {
        for (const std::string& value :
             {std::string("Basic"), std::string("Basic !"), wrong.basic(), unknown.basic(), first_party.basic()}) {
            const Answer answer = client.form(target, body, {{"Authorization", value}});
            EXPECT_EQ(answer.status, 401) << value;
            EXPECT_EQ(answer.text("/error"), "invalid_client");
            EXPECT_TRUE(answer.header("WWW-Authenticate").value_or("").starts_with("Basic")) << value;
        }
        EXPECT_EQ(client.form(target, body).text("/error"), "invalid_client");
    }
    ApiClient user = api().as(one.tokens.access);
    EXPECT_EQ(user.form(kIntrospect, body).problem(), "invalid-token") << "a user is no client";
    EXPECT_EQ(user.form(kRevoke, body).text("/error"), "invalid_client");
    EXPECT_TRUE(is_active(api(), one.tokens.access));
}

TEST(Revocation, EndsTheSessionForTheClientThatMay) {
    const Visitor one = visitor(api());
    ApiClient client = api();
    auto revoke = [&](const ClientOfService& as, const std::string& token) {
        return client.form(kRevoke, form_body({{"token", token}, {"token_type_hint", "refresh_token"}}),
                           {{"Authorization", as.basic()}});
    };
    EXPECT_EQ(revoke(deployment().stranger, one.tokens.refresh).status, 200);
    EXPECT_TRUE(is_active(api(), one.tokens.access)) << "another client's request changes nothing";
    const Answer watched = revoke(deployment().watcher, one.tokens.refresh);
    EXPECT_EQ(watched.status, 200);
    EXPECT_FALSE(watched.header("Keyledger-Position"));
    EXPECT_TRUE(introspect(client, deployment().watcher, one.tokens.access).boolean("/active"))
        << "who may look at every token may not take every one";
    EXPECT_EQ(revoke(deployment().gateway, "nonsense").status, 200) << "RFC 7009 section 2.2";
    const Answer ended = revoke(deployment().gateway, one.tokens.refresh);
    EXPECT_EQ(ended.status, 200);
    EXPECT_TRUE(ended.header("Keyledger-Position"));
    EXPECT_FALSE(is_active(api(), one.tokens.access));
    EXPECT_FALSE(is_active(api(), one.tokens.refresh));
    EXPECT_EQ(api().as(one.tokens.access).get(kMe).problem(), "invalid-token");
    EXPECT_EQ(refresh(api(), one.tokens.refresh).problem(), "invalid-grant");
    EXPECT_EQ(revoke(deployment().gateway, one.tokens.access).status, 200) << "again is no error";
}

TEST(Keys, ArePublishedForWhoeverVerifiesTokens) {
    ApiClient client = api();
    const Answer keys = client.get("/.well-known/jwks.json");
    ASSERT_EQ(keys.status, 200);
    ASSERT_GE(keys.count("/keys"), 1u);
    EXPECT_EQ(keys.text("/keys/0/kty"), "EC");
    EXPECT_EQ(keys.body.find("\"d\""), std::string::npos) << "the private key";
    const Visitor one = visitor(api());
    EXPECT_NE(Jwt::parse(one.tokens.access).header.find(keys.text("/keys/0/kid")), std::string::npos);
}

}  // namespace
}  // namespace keyledger::test

// Tokens that are bound to a key (DPoP, RFC 9449): every part of section 4.3 wrong once, and what a thief of each of
// them can do without the key.
#include <gtest/gtest.h>

#include "tests/e2e/clients/signed_assertion.hpp"
#include "tests/e2e/oauth/prover.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kUserinfo = "/oauth2/userinfo";

std::string code_form(const std::string& client_id, const std::string& code) {
    return form_body({{"grant_type", "authorization_code"},
                      {"client_id", client_id},
                      {"code", code},
                      {"redirect_uri", kCallback},
                      {"code_verifier", kVerifier}});
}
std::string refresh_form(const std::string& client_id, const std::string& token) {
    return form_body({{"grant_type", "refresh_token"}, {"client_id", client_id}, {"refresh_token", token}});
}
Answer show(const Prover& prover, const std::string& access_token, Prover::Says says = {}) {
    says.method = "GET";
    says.uri = std::string(kIssuer) + kUserinfo;
    if (says.token_digest.empty()) says.token_digest = Prover::digest_of(access_token);
    if (says.nonce.empty()) says.nonce = nonce_of(api());
    return api().with("Authorization", "DPoP " + access_token).get(kUserinfo, with_proof(prover.sign(says)));
}

struct Bound {
    Person person;
    std::string shop;
    Browser browser;
    Answer tokens;
};
std::string next_code(Bound& bound, const std::string& more = "") {
    return parameter(Browser::location(bound.browser.get(request(bound.shop, more))), "code");
}
Bound bound_to(const Prover& prover) {
    Bound bound{register_somebody(api()), application(), Browser(), {}};
    const std::string code = parameter(Browser::location(authorized(bound.browser, bound.shop, bound.person)), "code");
    bound.tokens = prove_and_post(api(), prover, kToken, code_form(bound.shop, code));
    EXPECT_EQ(bound.tokens.status, 200) << bound.tokens.body;
    return bound;
}

TEST(BoundTokens, AreForWhoHoldsTheKey) {
    for (const auto algorithm : {security::SigningAlgorithm::kEs256, security::SigningAlgorithm::kEdDsa}) {
        const Prover prover(algorithm);
        Bound bound = bound_to(prover);
        const std::string access = bound.tokens.text("/access_token");
        EXPECT_EQ(bound.tokens.text("/token_type"), "DPoP");
        EXPECT_NE(claims_of(access).find(R"("cnf":{"jkt":")" + prover.thumbprint() + "\"}"), std::string::npos);
        const Answer who = show(prover, access);
        ASSERT_EQ(who.status, 200) << who.body;
        EXPECT_EQ(who.text("/sub"), bound.person.id);
        const Answer told = introspect(api(), deployment().gateway, access);
        EXPECT_EQ(told.text("/token_type"), "DPoP");
        EXPECT_EQ(told.text("/cnf/jkt"), prover.thumbprint());
    }
}

TEST(BoundTokens, OpenNothingWithoutTheKey) {
    const Prover prover;
    const Prover thief;
    Bound bound = bound_to(prover);
    const std::string access = bound.tokens.text("/access_token");
    const Answer borne = api().as(access).get(kUserinfo);
    EXPECT_EQ(borne.status, 401) << "RFC 9449 section 7.2: no downgrade to a bearer token";
    const Answer bare = api().with("Authorization", "DPoP " + access).get(kUserinfo);
    EXPECT_EQ(bare.status, 401);
    EXPECT_NE(bare.header("WWW-Authenticate").value_or("").find("DPoP"), std::string::npos);
    EXPECT_EQ(show(thief, access).status, 401);
    Prover::Says of_another;
    of_another.token_digest = Prover::digest_of("another token");
    EXPECT_EQ(show(prover, access, of_another).status, 401) << "ath";
    EXPECT_EQ(api().with("Authorization", "DPoP !").get(kUserinfo).status, 401);
    const Answer unbound = redeem(bound.shop, next_code(bound));
    EXPECT_EQ(unbound.text("/token_type"), "Bearer");
    EXPECT_EQ(show(prover, unbound.text("/access_token")).status, 401) << "and one that is bound to nothing";
    Prover::Says says_no_nonce;
    says_no_nonce.method = "GET";
    says_no_nonce.uri = std::string(kIssuer) + kUserinfo;
    says_no_nonce.token_digest = Prover::digest_of(access);
    const HttpHeaders no_nonce = with_proof(prover.sign(says_no_nonce));
    const Answer without_nonce = api().with("Authorization", "DPoP " + access).get(kUserinfo, no_nonce);
    EXPECT_NE(without_nonce.header("WWW-Authenticate").value_or("").find("use_dpop_nonce"), std::string::npos);
    EXPECT_TRUE(without_nonce.header("DPoP-Nonce"));
    EXPECT_EQ(api().as(access).get(kMe).status, 401);
}

// RFC 9449 section 4.3, point by point.
TEST(DpopProofs, AreRefusedWithAnyPartWrong) {
    const Prover prover;
    const Prover other;
    Bound bound = bound_to(prover);
    const std::string nonce = nonce_of(api());
    const auto refused = [&](const Prover::Says& says) {
        const std::string form = code_form(bound.shop, next_code(bound));
        return api().form(kToken, form, with_proof(prover.sign(says))).text("/error");
    };
    Prover::Says good;
    good.nonce = nonce;
    const auto with = [&](auto change) {
        Prover::Says says = good;
        says.id = unique("proof");
        change(says);
        return refused(says);
    };
    using Says = Prover::Says;
    const std::string form = code_form(bound.shop, next_code(bound));
    const std::string proof = prover.sign(good);
    HttpHeaders two = with_proof(proof);
    two.push_back({"DPoP", prover.sign(good)});
    EXPECT_EQ(api().form(kToken, form, two).text("/error"), "invalid_dpop_proof") << "1: one header";
    EXPECT_EQ(api().form(kToken, form, with_proof("not a JWT")).text("/error"), "invalid_dpop_proof") << "2: a JWT";
    const Answer granted = api().form(kToken, form, with_proof(proof));
    ASSERT_EQ(granted.status, 200) << "and nothing of that used the code up: " << granted.body;
    EXPECT_EQ(refused(good), "invalid_dpop_proof") << "section 11.1: used before";
    EXPECT_EQ(with([](Says& says) { says.id.clear(); }), "invalid_dpop_proof") << "3: all claims";
    EXPECT_EQ(with([](Says& says) { says.method.clear(); }), "invalid_dpop_proof");
    EXPECT_EQ(with([](Says& says) { says.uri.clear(); }), "invalid_dpop_proof");
    EXPECT_EQ(with([](Says& says) { says.made_at.clear(); }), "invalid_dpop_proof");
    EXPECT_EQ(with([](Says& says) { says.type = "JWT"; }), "invalid_dpop_proof") << "4: typ";
    EXPECT_EQ(with([](Says& says) { says.type.clear(); }), "invalid_dpop_proof");
    EXPECT_EQ(with([](Says& says) { says.more_header = R"(,"crit":["b64"],"b64":false)"; }), "invalid_dpop_proof");
    EXPECT_EQ(with([&](Says& says) { says.jwk = other.jwk(); }), "invalid_dpop_proof") << "6: its own key's signature";
    EXPECT_EQ(with([&](Says& says) { says.jwk = prover.jwk().replace(0, 1, R"({"d":"AA",)"); }), "invalid_dpop_proof")
        << "7: no private key";
    EXPECT_EQ(with([](Says& says) { says.method = "GET"; }), "invalid_dpop_proof") << "8: htm";
    EXPECT_EQ(with([](Says& says) { says.method = "post"; }), "invalid_dpop_proof");
    EXPECT_EQ(with([](Says& says) { says.uri = std::string(kIssuer) + kUserinfo; }), "invalid_dpop_proof") << "9: htu";
    EXPECT_EQ(with([](Says& says) { says.uri = std::string("https://evil.example") + kToken; }), "invalid_dpop_proof");
    EXPECT_EQ(with([](Says& says) { says.nonce.clear(); }), "use_dpop_nonce") << "10: nonce";
    EXPECT_EQ(with([](Says& says) { says.nonce = "made up"; }), "use_dpop_nonce");
    EXPECT_EQ(with([](Says& says) { says.made_at = std::to_string(Prover::now_s() - 3600); }), "invalid_dpop_proof")
        << "11: iat";
    EXPECT_EQ(with([](Says& says) { says.made_at = std::to_string(Prover::now_s() + 3600); }), "invalid_dpop_proof");
    Says written_otherwise = good;
    written_otherwise.id = unique("proof");
    written_otherwise.uri = std::string("HTTPS://AUTH.keyledger.test:443") + kToken + "?x=1#y";
    const std::string last = code_form(bound.shop, next_code(bound));
    EXPECT_EQ(api().form(kToken, last, with_proof(prover.sign(written_otherwise))).status, 200)
        << "9: normalised, without query and fragment";
}

TEST(BoundRefreshTokens, StayAndAreForWhoHoldsTheKey) {
    const Prover prover;
    Bound bound = bound_to(prover);
    const std::string token = bound.tokens.text("/refresh_token");
    for (int i = 0; i < 2; ++i) {
        const Answer next = prove_and_post(api(), prover, kToken, refresh_form(bound.shop, token));
        ASSERT_EQ(next.status, 200) << next.body;
        EXPECT_EQ(next.text("/refresh_token"), token) << "it does not rotate";
        EXPECT_EQ(next.text("/token_type"), "DPoP");
        EXPECT_EQ(show(prover, next.text("/access_token")).status, 200);
    }
    EXPECT_EQ(api().form(kToken, refresh_form(bound.shop, token)).text("/error"), "invalid_grant") << "without a proof";
    EXPECT_EQ(prove_and_post(api(), Prover(), kToken, refresh_form(bound.shop, token)).text("/error"),
              "invalid_dpop_proof");
    const Answer told = introspect(api(), deployment().gateway, token);
    EXPECT_EQ(told.text("/cnf/jkt"), prover.thumbprint());
    EXPECT_EQ(show(prover, bound.tokens.text("/access_token")).status, 200) << "the thief ended nothing";
    const Answer plain = redeem(bound.shop, next_code(bound));
    const Answer later = prove_and_post(api(), prover, kToken, refresh_form(bound.shop, plain.text("/refresh_token")));
    ASSERT_EQ(later.status, 200) << later.body;
    EXPECT_EQ(later.text("/token_type"), "DPoP");
    EXPECT_NE(later.text("/refresh_token"), plain.text("/refresh_token")) << "one that was not bound goes on rotating";
}

// A code that names its key is no use to whoever sees it, even with the verifier (section 10).
TEST(BoundCodes, AreExchangedByTheirKeyAlone) {
    const Prover prover;
    Bound bound = bound_to(prover);
    const std::string named = "&dpop_jkt=" + prover.thumbprint();
    const std::string code = next_code(bound, named);
    EXPECT_EQ(prove_and_post(api(), Prover(), kToken, code_form(bound.shop, code)).text("/error"), "invalid_grant");
    EXPECT_EQ(redeem(bound.shop, code).text("/error"), "invalid_grant");
    const Answer tokens = prove_and_post(api(), prover, kToken, code_form(bound.shop, code));
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    EXPECT_EQ(redeem(bound.shop, code).text("/error"), "invalid_grant");
    EXPECT_EQ(show(prover, tokens.text("/access_token")).status, 200) << "who lacks the key ends nothing";
    EXPECT_EQ(prove_and_post(api(), prover, kToken, code_form(bound.shop, code)).text("/error"), "invalid_grant");
    EXPECT_EQ(show(prover, tokens.text("/access_token")).status, 401) << "a second use with all that belongs to it";
    const Answer malformed = bound.browser.get(request(bound.shop, "&dpop_jkt=short"));
    EXPECT_EQ(parameter(Browser::location(malformed), "error"), "invalid_request");
}

// One that names no key is bound by its first exchange: for a lost answer nobody comes without the key (section 5). Who
// does has all that belongs to the code: one of the two is a thief.
TEST(BoundCodes, AreNotExchangedAgainWithoutTheKeyOfTheFirstTime) {
    const Prover prover;
    Bound bound = bound_to(prover);
    const std::string code = next_code(bound);
    const Answer tokens = prove_and_post(api(), prover, kToken, code_form(bound.shop, code));
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    EXPECT_EQ(show(prover, tokens.text("/access_token")).status, 200);
    EXPECT_EQ(redeem(bound.shop, code).text("/error"), "invalid_grant");
    EXPECT_EQ(show(prover, tokens.text("/access_token")).status, 401);
}

TEST(BoundCodes, AreBoundByAPushedProofToo) {
    const Prover prover;
    Bound bound = bound_to(prover);
    const auto code_of = [&](const Answer& pushed) {
        EXPECT_EQ(pushed.status, 201) << pushed.body;
        const Answer back = bound.browser.get(pushed_target(bound.shop, pushed.text("/request_uri")));
        return parameter(Browser::location(back), "code");
    };
    const std::string by_proof = code_of(prove_and_post(api(), prover, kPar, request_form(bound.shop)));
    EXPECT_EQ(redeem(bound.shop, by_proof).text("/error"), "invalid_grant");
    EXPECT_EQ(prove_and_post(api(), prover, kToken, code_form(bound.shop, by_proof)).status, 200);
    const std::string named = "&dpop_jkt=" + prover.thumbprint();
    const std::string by_name = code_of(api().form(kPar, request_form(bound.shop, named)));
    EXPECT_EQ(redeem(bound.shop, by_name).text("/error"), "invalid_grant");
    EXPECT_EQ(prove_and_post(api(), Prover(), kPar, request_form(bound.shop, named)).text("/error"),
              "invalid_dpop_proof")
        << "section 10.1: the two differ";
}

TEST(BoundTokens, AreAllThatAnApplicationGetsWhichWantsThem) {
    ApiClient admin = administrator(api());
    const Answer made = admin.post(
        kApplications, R"({"name":"Bank","application_type":"spa","authentication":"none","grant_types":)"
                       R"(["authorization_code","refresh_token"],"scopes":["openid","email"],"audiences":[],)"
                       R"("redirect_uris":["https://shop.example/callback"],"post_logout_redirect_uris":[],)"
                       R"("token_binding":"dpop"})");
    const std::string bank = made.text("/id");
    const Person person = register_somebody(api());
    Browser browser;
    const std::string code = parameter(Browser::location(authorized(browser, bank, person)), "code");
    EXPECT_EQ(redeem(bank, code).text("/error"), "invalid_dpop_proof");
    const Prover prover;
    const Answer tokens = prove_and_post(api(), prover, kToken, code_form(bank, code));
    ASSERT_EQ(tokens.status, 200) << "that used nothing up: " << tokens.body;
    EXPECT_EQ(tokens.text("/token_type"), "DPoP");
}

// A client that proves who it is may change its key: its refresh tokens are bound to it, not to the key (section 5).
TEST(BoundTokens, OfAClientWithASecretAreBoundToTheKeyOfEachRequest) {
    ApiClient admin = administrator(api());
    const Answer made = admin.post(
        kApplications, R"({"name":"Web","application_type":"web","authentication":"client_secret_post","grant_types":)"
                       R"(["authorization_code","refresh_token"],"scopes":["openid","email"],"audiences":[],)"
                       R"("redirect_uris":["https://shop.example/callback"],"post_logout_redirect_uris":[],)"
                       R"("token_binding":"dpop"})");
    const std::string web = made.text("/id");
    const Answer secret = admin.send("POST", application_target(web, "/secrets"));
    const std::string proof = "&client_secret=" + watch_secret(secret.text("/client_secret"));
    const Person person = register_somebody(api());
    Browser browser;
    const std::string code = parameter(Browser::location(authorized(browser, web, person)), "code");
    const Prover first;
    const Prover second;
    const Answer tokens = prove_and_post(api(), first, kToken, code_form(web, code) + proof);
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    const std::string refresh = refresh_form(web, tokens.text("/refresh_token")) + proof;
    const Answer next = prove_and_post(api(), second, kToken, refresh);
    ASSERT_EQ(next.status, 200) << next.body;
    EXPECT_EQ(show(second, next.text("/access_token")).status, 200);
    EXPECT_EQ(show(first, next.text("/access_token")).status, 401);
    EXPECT_EQ(api().form(kToken, refresh).text("/error"), "invalid_dpop_proof") << "it gets no bearer token";
}

}  // namespace
}  // namespace keyledger::test

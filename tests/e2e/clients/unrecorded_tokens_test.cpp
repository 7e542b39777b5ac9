// Tokens of service accounts on a node that keeps no record of each (KEYLEDGER_SERVICE_TOKEN_RECORDS=none), beside one
// that does: the same answers on both, at once, and nothing for who makes something up.
#include <gtest/gtest.h>

#include <memory>

#include "security/keys/signing_key.hpp"
#include "security/primitives/base64url.hpp"
#include "tests/e2e/clients/registrars.hpp"
#include "tests/e2e/clients/signed_assertion.hpp"
#include "tests/e2e/oauth/prover.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kRoles = "/api/v1/admin/roles";

Environment without_records(const Environment& more = {}) {
    Environment environment{{"KEYLEDGER_SERVICE_TOKEN_RECORDS", "none"}};
    environment.insert(more.begin(), more.end());
    return environment;
}
Answer grant_at(ApiClient client, const ClientOfService& as, const std::string& more = "") {
    return client.form(kToken, "grant_type=client_credentials" + more, {{"Authorization", as.basic()}});
}
std::string token_at(const ApiClient& client, const ClientOfService& as, const std::string& more = "") {
    const Answer answer = grant_at(client, as, more);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return watch_secret(answer.text("/access_token"));
}
Answer revoke_at(ApiClient client, const ClientOfService& as, const std::string& token) {
    return client.form(kRevoke, form_body({{"token", token}}), {{"Authorization", as.basic()}});
}
// What stands in the token for whoever has it.
std::string payload_of(const std::string& token) {
    const std::size_t first = token.find('.') + 1;
    return security::base64url_decode(token.substr(first, token.find('.', first) - first)).value();
}
std::string with_payload(const std::string& token, const std::string& payload) {
    const std::size_t first = token.find('.') + 1;
    return token.substr(0, first) + security::base64url_encode(payload) + token.substr(token.find('.', first));
}

// The node without records beside that of all tests, which records each.
class UnrecordedTokens : public testing::Test {
protected:
    static void SetUpTestSuite() { without_ = std::make_unique<RunningService>(deployment(), without_records()); }
    static void TearDownTestSuite() { without_.reset(); }
    static ApiClient node() { return ApiClient(without_->port()); }
    static std::string earned(const Account& by, const std::string& more = "") {
        return token_at(node(), by.client, more);
    }
    // On both nodes: they say the same.
    static bool is_good(const std::string& token) {
        const bool here = is_active(node(), token);
        EXPECT_EQ(is_active(api(), token), here);
        return here;
    }

    static inline std::unique_ptr<RunningService> without_;
    ApiClient admin_ = administrator(api());
    Account one_ = account(admin_);
};

TEST_F(UnrecordedTokens, AreGoodOnEveryNodeThoughTheLogHasNoEventOfThem) {
    const Answer answer = grant_at(node(), one_.client);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.text("/token_type"), "Bearer");
    EXPECT_EQ(answer.number("/expires_in"), 300);
    EXPECT_FALSE(answer.header("Keyledger-Position")) << "nothing was written";
    const std::string token = watch_secret(answer.text("/access_token"));
    EXPECT_TRUE(is_good(token));
    const std::string recorded = token_of(one_.client);
    EXPECT_TRUE(is_good(recorded)) << "nodes may differ";
    const Answer told = introspect(api(), one_.client, token);
    EXPECT_EQ(told.text("/sub"), one_.id);
    EXPECT_EQ(told.text("/client_id"), one_.id);
    EXPECT_EQ(told.text("/aud/0"), kIssuer);
    EXPECT_FALSE(told.has("/record"));
    const std::string payload = payload_of(token);
    EXPECT_NE(payload.find(R"("record":")"), std::string::npos) << payload;
    EXPECT_EQ(payload.find(one_.secret_id), std::string::npos) << "whoever is shown it learns no credential";
    EXPECT_EQ(payload_of(recorded).find(R"("record")"), std::string::npos);
    const Answer last = admin_.send("POST", target(one_.id, "/secrets"));
    watch_secret(last.text("/client_secret"));
    const Answer trail = admin_.get(std::string(kAudit) + "?type=service_token.issued&actor=" + one_.id, since(last));
    EXPECT_EQ(trail.count(), 1U) << "of the other node alone: " << trail.body;
}

TEST_F(UnrecordedTokens, EndAtOnceOnEveryNodeWithWhatEarnedThem) {
    const Answer second = admin_.send("POST", target(one_.id, "/secrets"));
    const ClientOfService rotated{one_.id, watch_secret(second.text("/client_secret"))};
    const std::string by_first = earned(one_);
    const std::string by_second = token_at(node(), rotated);
    EXPECT_EQ(admin_.del(target(one_.id, "/secrets/" + one_.secret_id)).status, 204);
    EXPECT_FALSE(is_good(by_first));
    EXPECT_TRUE(is_good(by_second));
    EXPECT_EQ(error_of(grant_at(node(), one_.client)), "invalid_client");
    EXPECT_EQ(admin_.put(target(one_.id), definition(one_.name, "disabled")).status, 204);
    EXPECT_FALSE(is_good(by_second));
    EXPECT_EQ(error_of(grant_at(node(), rotated)), "invalid_client");
    EXPECT_EQ(admin_.put(target(one_.id), definition(one_.name, "enabled")).status, 204);
    EXPECT_FALSE(is_good(by_second)) << "what ended stays ended";
    const std::string again = token_at(node(), rotated);
    EXPECT_TRUE(is_good(again));
    EXPECT_EQ(admin_.del(target(one_.id)).status, 204);
    EXPECT_FALSE(is_good(again));
    EXPECT_EQ(error_of(grant_at(node(), rotated)), "invalid_client");
}

TEST_F(UnrecordedTokens, LoseAtOnceWhatTheirAccountLoses) {
    const Answer role = admin_.post(kRoles, R"({"name":")" + unique("role") + R"(","permissions":["orders:read"]})");
    const std::string at = target(one_.id, "/roles/" + role.text("/id"));
    EXPECT_EQ(admin_.send("PUT", at).status, 204);
    const std::string token = earned(one_, "&scope=orders:read");
    EXPECT_EQ(error_of(grant_at(node(), one_.client, "&scope=orders:write")), "invalid_scope");
    for (const ApiClient& client : {node(), api()})
        EXPECT_EQ(introspect(client, one_.client, token).text("/scope"), "orders:read");
    EXPECT_EQ(admin_.del(at).status, 204);
    for (const ApiClient& client : {node(), api()}) {
        const Answer told = introspect(client, one_.client, token);
        EXPECT_TRUE(told.boolean("/active"));
        EXPECT_FALSE(told.has("/scope"));
    }
    EXPECT_EQ(error_of(grant_at(node(), one_.client, "&scope=orders:read")), "invalid_scope");
}

TEST_F(UnrecordedTokens, AreRevokedByTheirOwnOnEveryNode) {
    const Account two = account(admin_);
    const std::string first = earned(one_);
    EXPECT_FALSE(revoke_at(node(), two.client, first).header("Keyledger-Position"));
    EXPECT_TRUE(is_good(first)) << "another's request changes nothing";
    const Answer revoked = revoke_at(node(), one_.client, first);
    EXPECT_EQ(revoked.status, 200) << revoked.body;
    EXPECT_TRUE(revoked.header("Keyledger-Position"));
    EXPECT_FALSE(is_good(first));
    for (const ApiClient& client : {node(), api()}) {
        const Answer again = revoke_at(client, one_.client, first);
        EXPECT_EQ(again.status, 200) << again.body;
        EXPECT_FALSE(again.header("Keyledger-Position")) << "again is no error, and writes nothing";
    }
    const std::string second = earned(one_);
    EXPECT_TRUE(revoke_at(api(), deployment().gateway, second).header("Keyledger-Position"));
    EXPECT_FALSE(is_good(second)) << "revoked by who may revoke all, where tokens have records";
    const Answer trail =
        admin_.get(std::string(kAudit) + "?type=service_token.revoked&user=" + one_.id, since(revoked));
    EXPECT_GE(trail.count(), 1U) << trail.body;
    const RunningService later(deployment(), without_records());
    EXPECT_FALSE(is_active(ApiClient(later.port()), first)) << "whoever starts later reads it in the log";
    EXPECT_TRUE(is_active(ApiClient(later.port()), earned(one_)));
}

// The attacks: a token is made up, changed, or made of two.
TEST_F(UnrecordedTokens, AreNothingThatAnybodyCouldMake) {
    const std::string good = earned(one_);
    const std::string other = earned(one_);
    const std::string ended = earned(one_);
    EXPECT_TRUE(revoke_at(node(), one_.client, ended).header("Keyledger-Position"));
    const std::string recorded = token_of(one_.client);
    const auto jti_of = [](const std::string& of) {
        const std::string payload = payload_of(of);
        return payload.substr(payload.find(R"("jti":")") + 7, 36);
    };
    std::string renamed = payload_of(ended);
    renamed.replace(renamed.find(jti_of(ended)), 36, jti_of(good));
    std::string with_record = payload_of(recorded);
    const std::string record = payload_of(good).substr(payload_of(good).find(R"("record":)"));
    with_record.replace(with_record.find(R"("log":)"), std::string::npos, record);
    std::string flipped = good;
    flipped[flipped.size() - 10] = flipped[flipped.size() - 10] == 'A' ? 'B' : 'A';
    const std::string unsigned_one = security::base64url_encode(R"({"alg":"none","typ":"at+jwt"})") +
                                     good.substr(good.find('.'), good.rfind('.') + 1 - good.find('.'));
    const auto own = security::SigningKey::generate(security::SigningAlgorithm::kEs256);
    const std::string signed_part = good.substr(0, good.rfind('.'));
    const std::string by_another = signed_part + "." + security::base64url_encode(own.sign(signed_part));
    for (const std::string& forged :
         {flipped, unsigned_one, by_another, with_payload(good, renamed), with_payload(recorded, with_record),
          with_payload(good, payload_of(other)), good.substr(0, good.rfind('.') + 1)}) {
        EXPECT_FALSE(is_good(watch_secret(forged)));
        EXPECT_FALSE(revoke_at(node(), one_.client, forged).header("Keyledger-Position")) << "and nothing is written";
        ApiClient itself = node().as(forged);
        EXPECT_EQ(itself.form(kIntrospect, form_body({{"token", good}})).problem(), "invalid-token");
    }
    EXPECT_FALSE(is_good(ended));
    for (const std::string& untouched : {good, other, recorded}) EXPECT_TRUE(is_good(untouched));
}

TEST_F(UnrecordedTokens, OutliveTheSettingThatTheyWereMadeUnder) {
    const std::string recorded = token_of(one_.client);
    std::string unrecorded;
    {
        const RunningService brief(deployment(), without_records());
        unrecorded = token_at(ApiClient(brief.port()), one_.client);
        EXPECT_TRUE(is_active(ApiClient(brief.port()), recorded));
    }
    const RunningService now_each(deployment());
    for (const std::string& token : {recorded, unrecorded}) {
        EXPECT_TRUE(is_active(ApiClient(now_each.port()), token));
        EXPECT_TRUE(revoke_at(ApiClient(now_each.port()), one_.client, token).header("Keyledger-Position"));
        EXPECT_FALSE(is_good(token));
    }
}

TEST_F(UnrecordedTokens, AreEarnedByASignedAssertionOnce) {
    const std::int64_t now_s = introspect(api(), one_.client, earned(one_)).number("/iat");
    const auto key = security::SigningKey::generate(security::SigningAlgorithm::kEs256);
    const Answer added = admin_.post(target(one_.id, "/keys"), jwk_of(key));
    ASSERT_EQ(added.status, 201) << added.body;
    const std::string assertion = Assertion{one_.id}.by(key, now_s);
    const auto grant_by = [&](ApiClient client) {
        return client.form(kToken, form_body({{"grant_type", "client_credentials"},
                                              {"client_assertion_type", kAssertionType},
                                              {"client_assertion", assertion}}));
    };
    const Answer first = grant_by(node());
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_FALSE(first.header("Keyledger-Position"));
    const std::string token = watch_secret(first.text("/access_token"));
    for (const ApiClient& client : {node(), api()}) EXPECT_EQ(error_of(grant_by(client)), "invalid_client");
    EXPECT_TRUE(is_good(token));
    EXPECT_EQ(admin_.del(target(one_.id, "/keys/" + added.text("/id"))).status, 204);
    EXPECT_FALSE(is_good(token));
}

TEST_F(UnrecordedTokens, OpenWhatOthersOpen) {
    const Account registrar = account_with(admin_, kRegisterPermission);
    for (const ApiClient& client : {node(), api()}) {
        ApiClient itself = client.as(earned(registrar));
        EXPECT_EQ(itself.post(kRegisterClient, client_metadata()).status, 201);
        const std::string own = earned(registrar);
        EXPECT_TRUE(itself.form(kIntrospect, form_body({{"token", own}})).boolean("/active"));
        EXPECT_FALSE(itself
                         .post("/access/v1/evaluation", R"({"subject":{"type":"service_account","id":")" +
                                                            registrar.id +
                                                            R"("},"resource":{"type":"invoices","id":"1"},)"
                                                            R"("action":{"name":"read"}})")
                         .boolean("/decision"));
        EXPECT_EQ(itself.get(kMe).problem(), "invalid-token") << "a service is no user";
    }
    const std::string ended = earned(registrar);
    EXPECT_TRUE(revoke_at(api(), registrar.client, ended).header("Keyledger-Position"));
    ApiClient itself = node().as(ended);
    EXPECT_EQ(itself.post(kRegisterClient, client_metadata()).problem(), "invalid-token");
    const Prover prover;
    const Answer bound = prove_and_post(node(), prover, kToken, "grant_type=client_credentials",
                                        {{"Authorization", registrar.client.basic()}});
    ASSERT_EQ(bound.status, 200) << bound.body;
    EXPECT_EQ(bound.text("/token_type"), "DPoP");
    const Answer told = introspect(api(), deployment().gateway, watch_secret(bound.text("/access_token")));
    EXPECT_EQ(told.text("/cnf/jkt"), prover.thumbprint());
}

// The attack: tokens without a record cost nothing to get, and one that is revoked is written down and remembered.
TEST(UnrecordedTokensLimits, HoldRevocationsToWhatASessionMayChange) {
    const RunningService slow(
        deployment(), without_records({{"KEYLEDGER_WRITE_RATE_PER_MINUTE", "60"}, {"KEYLEDGER_WRITE_BURST", "1"}}));
    const ApiClient client(slow.port());
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    bool told_to_wait = false;
    for (int i = 0; !told_to_wait && i < 100; ++i) {
        const std::string token = token_at(client, one.client);
        const Answer answer = revoke_at(client, one.client, token);
        told_to_wait = answer.status == 429;
        EXPECT_EQ(is_active(api(), token), told_to_wait) << answer.body;
        EXPECT_EQ(answer.header("Retry-After").has_value(), told_to_wait);
    }
    EXPECT_TRUE(told_to_wait);
}

// What costs no append is counted on each node.
TEST(UnrecordedTokensLimits, HoldANetworkToAHundredTimesWhatItMayAskWithPasswords) {
    const RunningService slow(deployment(), without_records({{"KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE", "1"},
                                                             {"KEYLEDGER_LOGIN_NETWORK_BURST", "1"}}));
    const ApiClient client(slow.port());
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    Answer last;
    int granted = 0;
    for (; granted < 10'000; ++granted) {
        last = grant_at(client, one.client);
        if (last.status != 200) break;
        watch_secret(last.text("/access_token"));
    }
    EXPECT_EQ(last.status, 429) << last.body;
    EXPECT_TRUE(last.header("Retry-After"));
    EXPECT_GE(granted, 100);
}

}  // namespace
}  // namespace keyledger::test

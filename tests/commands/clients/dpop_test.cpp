// What a proof is held against (RFC 9449 section 4.3), over time and on two nodes; what is wrong with one by itself is
// in tests/security/tokens/dpop_proof_test.cpp.
#include "commands/clients/dpop.hpp"

#include <gtest/gtest.h>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "tests/support/run.hpp"
#include "tests/support/world/ids.hpp"
#include "tests/support/world/plain_cursors.hpp"
#include "tests/support/world/stand_ins.hpp"

namespace keyledger::commands {
namespace {

using Kind = DpopFault::Kind;
constexpr const char* kUri = "https://id.example/oauth2/token";

// The proof that was agreed on, whatever its text is; signed unless its text is "forged".
class PlainKeys : public DpopKeys {
public:
    DpopProof proof;
    Result<DpopProof, std::string> read(std::string_view) override { return proof; }
    asio::awaitable<bool> is_signed_by_its_key(std::string text) override {
        ++verified;
        co_return text != "forged";
    }
    std::vector<std::string> algorithms() override { return {"ES256"}; }
    int verified = 0;
};

class DpopTest : public testing::Test {
protected:
    DpopTest() {
        keys.proof.thumbprint = "key";
        keys.proof.id = "1";
        keys.proof.method = "POST";
        keys.proof.uri = kUri;
        keys.proof.made_at = clock.now();
        keys.proof.nonce = node.nonce();
    }
    DpopRequest request() {
        DpopRequest one;
        one.method = "POST";
        one.uri = kUri;
        return one;
    }
    Result<Possession, DpopFault> check(DpopChecker& at, DpopRequest request, std::string text = "proof") {
        return test::run(at.check(std::move(text), std::move(request)));
    }
    void refuses(Kind kind, DpopRequest one) {
        const auto checked = check(node, std::move(one));
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().kind, kind) << checked.error().why;
    }

    test::FixedClock clock{Instant::at_second(1'700'000'000)};
    PlainKeys keys;
    test::PlainCursors cursors;
    DpopChecker node{keys, cursors, clock, test::uuid(1)};
    DpopChecker other{keys, cursors, clock, test::uuid(1)};
};

TEST_F(DpopTest, TellsWhichKeyIsHeld) {
    const auto checked = check(node, request());
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->thumbprint, "key");
    EXPECT_FALSE(checked->nonce_is_old);
}

TEST_F(DpopTest, TakesAProofOnceOnANode) {
    EXPECT_FALSE(check(node, request(), "forged")) << "what is not signed is not remembered";
    ASSERT_TRUE(check(node, request()));
    refuses(Kind::kInvalid, request());
    EXPECT_TRUE(check(other, request())) << "the nodes do not tell each other: see the header";
    keys.proof.thumbprint = "another key";
    EXPECT_TRUE(check(node, request())) << "its own jti";
}

TEST_F(DpopTest, WantsANonceOfThisLogAndOfTheLastMinutes) {
    clock.advance(kDpopNonceLasts);
    const auto late = check(node, request());
    ASSERT_TRUE(late);
    EXPECT_TRUE(late->nonce_is_old);
    clock.advance(milliseconds(1));
    keys.proof.made_at = clock.now();
    refuses(Kind::kNonceWanted, request());
    keys.proof.nonce.reset();
    refuses(Kind::kNonceWanted, request());
    DpopChecker of_another_log{keys, cursors, clock, test::uuid(2)};
    keys.proof.nonce = of_another_log.nonce();
    refuses(Kind::kNonceWanted, request());
    keys.proof.nonce = "made up";
    refuses(Kind::kNonceWanted, request());
    const int verified = keys.verified;
    refuses(Kind::kNonceWanted, request());
    EXPECT_EQ(keys.verified, verified) << "nothing is verified for whoever has none";
}

TEST_F(DpopTest, WantsATimeThatIsNear) {
    for (const Duration off : {kDpopSkew, -kDpopSkew}) {
        keys.proof.made_at = clock.now() + off;
        keys.proof.id += "x";
        EXPECT_TRUE(check(node, request()));
        keys.proof.made_at = clock.now() + off + (off > Duration() ? milliseconds(1) : -milliseconds(1));
        refuses(Kind::kInvalid, request());
    }
}

TEST_F(DpopTest, IsOfTheMethodTheAddressTheTokenAndTheKey) {
    for (const char* same : {"HTTPS://ID.example/oauth2/token", "https://id.example:443/oauth2/token",
                             "https://id.example/oauth2/token?a=b", "https://id.example/oauth2/token#a"}) {
        keys.proof.uri = same;
        keys.proof.id = same;
        EXPECT_TRUE(check(node, request())) << same;
    }
    for (const char* other_one : {"http://id.example/oauth2/token", "https://id.example:444/oauth2/token",
                                  "https://id.example/oauth2/token/", "https://id.example/OAUTH2/token",
                                  "https://id.example", "/oauth2/token", "https://evil.example/oauth2/token"}) {
        keys.proof.uri = other_one;
        refuses(Kind::kInvalid, request());
    }
    keys.proof.uri = kUri;
    DpopRequest one = request();
    one.method = "GET";
    refuses(Kind::kInvalid, one);
    one = request();
    one.expected_thumbprint = "another key";
    refuses(Kind::kInvalid, one);
    one = request();
    one.access_token = "token";
    refuses(Kind::kInvalid, one);
    const auto digest = security::sha256(std::string_view("token"));
    keys.proof.token_digest = security::base64url_encode(security::view_of(digest));
    keys.proof.id = "of the token";
    EXPECT_TRUE(check(node, one));
    one.access_token = "another";
    refuses(Kind::kInvalid, one);
}

}  // namespace
}  // namespace keyledger::commands

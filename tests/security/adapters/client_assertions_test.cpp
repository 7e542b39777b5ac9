// The keys that clients register, as commands meet them.
#include "security/adapters/client_assertions.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <latch>

#include "security/primitives/base64url.hpp"
#include "tests/security/keys/weak_keys.hpp"

namespace keyledger::security {
namespace {

namespace asio = boost::asio;
using namespace std::string_literals;

std::string edwards_jwk(std::string_view point) {
    return R"({"crv":"Ed25519","kty":"OKP","x":")" + std::string(point) + "\"}";
}

class ClientKeys : public testing::Test {
protected:
    // co_spawn makes what it hands back of nothing first.
    template <class T>
    static asio::awaitable<std::optional<T>> kept(asio::awaitable<T> work) {
        T result = co_await std::move(work);
        co_return result;
    }
    template <class T>
    T run(asio::awaitable<T> work) {
        asio::io_context here;
        auto future = asio::co_spawn(here, kept(std::move(work)), asio::use_future);
        here.run();
        return *future.get();
    }
    // As an event of before keys were judged holds it.
    static ServiceAccount::PublicKey registered_before(std::string jwk, KeyAlgorithm algorithm) {
        return {"registered before", algorithm, std::move(jwk)};
    }

    asio::thread_pool processors{1};
    JwtClientAssertions assertions{processors};
};

TEST_F(ClientKeys, OfBeforeAreJudgedBeforeAnythingIsVerifiedUnderThem) {
    // R the identity, s zero: under the identity point this is a signature of every message.
    const std::string nobodys = "\x01"s + std::string(63, '\0');
    const std::string assertion =
        base64url_encode(R"({"alg":"EdDSA"})") + "." + base64url_encode("{}") + "." + base64url_encode(nobodys);
    for (const auto& point : weak::kEdwardsPoints) {
        auto key = registered_before(edwards_jwk(point.value), KeyAlgorithm::kEdDsa);
        EXPECT_FALSE(run(assertions.is_signed_by(assertion, key))) << point.name;
        EXPECT_FALSE(run(assertions.is_signed_by(assertion, key))) << point.name << ", remembered";
        EXPECT_FALSE(run(assertions.read_key(edwards_jwk(point.value)))) << point.name;
    }
}

TEST_F(ClientKeys, VerifyWhatTheySigned) {
    const auto signer = SigningKey::generate(SigningAlgorithm::kEdDsa);
    std::string point;
    for (const auto& [name, value] : signer.public_members())
        if (name == "x") point = value;
    const auto key = run(assertions.read_key(edwards_jwk(point)));
    ASSERT_TRUE(key);
    const std::string text = base64url_encode(R"({"alg":"EdDSA"})") + "." + base64url_encode("{}");
    EXPECT_TRUE(run(assertions.is_signed_by(text + "." + base64url_encode(signer.sign(text)), *key)));
    EXPECT_FALSE(run(assertions.is_signed_by(text + "." + base64url_encode(signer.sign("else")), *key)));
}

// Scenario: the pool is busy. The thread that asks for a key goes on with other work meanwhile; a key that was judged
// before needs no pool.
TEST_F(ClientKeys, AreJudgedOffTheThreadThatAsks) {
    std::latch free{1};
    asio::post(processors, [&] { free.wait(); });
    asio::io_context here;
    auto judged = asio::co_spawn(here, kept(assertions.read_key(edwards_jwk(weak::kGoodPoint))), asio::use_future);
    bool went_on = false;
    asio::post(here, [&] { went_on = true; });
    here.poll();
    EXPECT_TRUE(went_on);
    EXPECT_EQ(judged.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    free.count_down();
    here.restart();
    here.run();
    EXPECT_TRUE(*judged.get());

    const auto known = registered_before(edwards_jwk(weak::kGoodPoint), KeyAlgorithm::kEdDsa);
    EXPECT_FALSE(run(assertions.is_signed_by("a.b.AA", known)));
    std::latch free_again{1};
    asio::post(processors, [&] { free_again.wait(); });
    EXPECT_FALSE(run(assertions.is_signed_by("a.b.AA", known))) << "remembered";
    free_again.count_down();
    processors.join();
}

TEST_F(ClientKeys, AreForgottenBeyondABound) {
    KeyVerdictCache keys(kMaxRememberedKeys);
    for (std::size_t i = 0; i <= kMaxRememberedKeys; ++i) keys.put(std::to_string(i), nullptr);
    EXPECT_FALSE(keys.find("0"));
    EXPECT_TRUE(keys.find("1"));
    EXPECT_TRUE(keys.find(std::to_string(kMaxRememberedKeys)));
}

}  // namespace
}  // namespace keyledger::security

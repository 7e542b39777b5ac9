#include "security/adapters/client_assertions.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "security/tokens/client_assertion.hpp"

namespace keyledger::security {

namespace asio = boost::asio;

namespace {

KeyAlgorithm port_algorithm(SigningAlgorithm algorithm) {
    switch (algorithm) {
        case SigningAlgorithm::kRs256: return KeyAlgorithm::kRs256;
        case SigningAlgorithm::kEs256: return KeyAlgorithm::kEs256;
        case SigningAlgorithm::kEdDsa: return KeyAlgorithm::kEdDsa;
    }
    return KeyAlgorithm::kEs256;
}

// As a pointer, for what co_spawn hands back must be made of nothing first.
using Read = Result<ServiceAccount::PublicKey, std::string>;
asio::awaitable<std::shared_ptr<const Read>> read_here(std::string jwk) {
    const auto key = PublicKey::parse(jwk);
    if (!key) co_return std::make_shared<const Read>(Unexpected(key.error()));
    ServiceAccount::PublicKey read{key->thumbprint(), port_algorithm(key->algorithm()), key->canonical()};
    if (!key->key_id().empty()) read.kid = key->key_id();
    co_return std::make_shared<const Read>(std::move(read));
}

asio::awaitable<JudgedKey> judge_here(std::string jwk) {
    auto key = PublicKey::parse(jwk);
    if (!key) co_return nullptr;
    co_return std::make_shared<const PublicKey>(std::move(*key));
}

}  // namespace

asio::awaitable<JudgedKey> JwtClientAssertions::judge(std::string jwk) {
    if (auto known = judged_.find(jwk)) co_return *known;
    auto judging = judge_here(jwk);
    auto key = co_await asio::co_spawn(processors_, std::move(judging), asio::use_awaitable);
    judged_.put(jwk, key);
    co_return key;
}

// Not remembered as it came: it may be long, and is kept in its canonical form.
asio::awaitable<Result<ServiceAccount::PublicKey, std::string>> JwtClientAssertions::read_key(std::string jwk) {
    auto reading = read_here(std::move(jwk));
    const auto read = co_await asio::co_spawn(processors_, std::move(reading), asio::use_awaitable);
    co_return *read;
}

Result<JwtClientAssertions::Claims, std::string> JwtClientAssertions::read(std::string_view assertion) {
    auto read = read_client_assertion(assertion);
    if (!read) return Unexpected(read.error());
    Claims claims;
    claims.algorithm = port_algorithm(read->algorithm);
    claims.key_id = std::move(read->key_id);
    claims.issuer = std::move(read->issuer);
    claims.subject = std::move(read->subject);
    claims.audience = std::move(read->audience);
    claims.id = std::move(read->id);
    claims.expires_at = read->expires_at;
    claims.issued_at = read->issued_at;
    claims.not_before = read->not_before;
    return claims;
}

asio::awaitable<bool> JwtClientAssertions::is_signed_by(std::string assertion, ServiceAccount::PublicKey key) {
    const auto judged = co_await judge(key.jwk);
    if (!judged || port_algorithm(judged->algorithm()) != key.algorithm) co_return false;
    co_return security::is_signed_by(assertion, *judged);
}

}  // namespace keyledger::security

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

asio::awaitable<JudgedKeys::Verdict> judge_here(std::string jwk) {
    auto key = PublicKey::parse(jwk);
    if (!key) co_return nullptr;
    co_return std::make_shared<const PublicKey>(std::move(*key));
}

}  // namespace

std::optional<JudgedKeys::Verdict> JudgedKeys::recall(const std::string& jwk) {
    const std::lock_guard lock(mutex_);
    const auto at = places_.find(jwk);
    if (at == places_.end()) return std::nullopt;
    recent_.splice(recent_.begin(), recent_, at->second);
    return at->second->verdict;
}

void JudgedKeys::remember(const std::string& jwk, Verdict verdict) {
    const std::lock_guard lock(mutex_);
    if (places_.contains(jwk)) return;
    recent_.push_front({jwk, std::move(verdict)});
    places_.emplace(jwk, recent_.begin());
    if (recent_.size() <= kMaxRememberedKeys) return;
    places_.erase(recent_.back().jwk);
    recent_.pop_back();
}

asio::awaitable<JudgedKeys::Verdict> JwtClientAssertions::judge(std::string jwk) {
    if (auto known = judged_.recall(jwk)) co_return *known;
    auto judging = judge_here(jwk);
    auto verdict = co_await asio::co_spawn(processors_, std::move(judging), asio::use_awaitable);
    judged_.remember(jwk, verdict);
    co_return verdict;
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
    claims.expires_at_ms = read->expires_at_ms;
    claims.issued_at_ms = read->issued_at_ms;
    claims.not_before_ms = read->not_before_ms;
    return claims;
}

asio::awaitable<bool> JwtClientAssertions::is_signed_by(std::string assertion, ServiceAccount::PublicKey key) {
    const auto judged = co_await judge(key.jwk);
    co_return judged&& port_algorithm(judged->algorithm()) ==
        key.algorithm&& security::is_signed_by(assertion, *judged);
}

}  // namespace keyledger::security

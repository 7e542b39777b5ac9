#include "security/tokens/access_tokens.hpp"

#include <cstring>
#include <stdexcept>

#include "security/primitives/digest.hpp"

namespace keyledger::security {

std::size_t AccessTokens::DigestHash::operator()(const Digest& digest) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
}

AccessTokens::AccessTokens(const LiveKeyring& keyring, std::size_t remembered)
    : keyring_(keyring), capacity_(remembered) {
    if (remembered > kMaxRememberedTokens) throw std::invalid_argument("access tokens: at most 1,000,000 remembered");
}

std::string AccessTokens::sign(const AccessTokenClaims& claims, std::int64_t now_ms) const {
    auto keyring = keyring_.snapshot();
    return sign_access_token(keyring->need_current(KeyPurpose::kTokenSigning, now_ms), claims);
}

std::string AccessTokens::sign_introspection(std::string_view issuer, std::string_view audience,
                                             std::string_view answer, std::int64_t now_ms) const {
    auto keyring = keyring_.snapshot();
    const Key& key = keyring->need_current(KeyPurpose::kTokenSigning, now_ms);
    return security::sign_introspection(key, issuer, audience, now_ms, answer);
}

bool AccessTokens::signs_slowly(std::int64_t now_ms) const {
    auto keyring = keyring_.snapshot();
    const Key* key = keyring->current(KeyPurpose::kTokenSigning, now_ms);
    return key && key->signing->algorithm() == SigningAlgorithm::kRs256;
}

Result<AccessTokenClaims, TokenError> AccessTokens::verify(std::string_view token, const TokenExpectation& expectation,
                                                           std::int64_t now_ms) {
    if (token.size() > kMaxTokenSize) return Unexpected(TokenError::kTooLarge);
    auto keyring = keyring_.snapshot();
    Digest digest = sha256(token);
    Remembered known = recall(digest, *keyring, now_ms);
    if (!known) {
        auto read = read_access_token(*keyring, token, now_ms);
        if (!read) return Unexpected(read.error());
        known = std::make_shared<const SignedToken>(std::move(*read));
        remember(digest, known);
    }
    auto checked = check_access_token(*known, expectation, now_ms);
    if (!checked) return Unexpected(checked.error());
    return known->claims;
}

// A token whose key is gone, or was replaced by another of the same id, is forgotten.
AccessTokens::Remembered AccessTokens::recall(const Digest& digest, const Keyring& keyring, std::int64_t now_ms) {
    std::lock_guard lock(mutex_);
    auto place = places_.find(digest);
    if (place == places_.end()) return nullptr;
    Order::iterator entry = place->second;
    const Key* key = keyring.find(KeyPurpose::kTokenSigning, entry->second->key_id, now_ms);
    if (!key || key->signing->thumbprint() != entry->second->thumbprint) {
        places_.erase(place);
        order_.erase(entry);
        return nullptr;
    }
    order_.splice(order_.begin(), order_, entry);
    return entry->second;
}

void AccessTokens::remember(const Digest& digest, Remembered token) {
    if (capacity_ == 0) return;
    std::lock_guard lock(mutex_);
    if (places_.contains(digest)) return;
    order_.emplace_front(digest, std::move(token));
    places_.emplace(digest, order_.begin());
    if (places_.size() <= capacity_) return;
    places_.erase(order_.back().first);
    order_.pop_back();
}

std::size_t AccessTokens::remembered() const {
    std::lock_guard lock(mutex_);
    return places_.size();
}

}  // namespace keyledger::security

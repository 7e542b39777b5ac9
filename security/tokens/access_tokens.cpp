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
    : keyring_(keyring), remembered_(remembered) {
    if (remembered > kMaxRememberedTokens) throw std::invalid_argument("access tokens: at most 1,000,000 remembered");
}

std::string AccessTokens::sign(const AccessTokenClaims& claims, Instant now) const {
    auto keyring = keyring_.snapshot();
    return sign_access_token(keyring->require_current(KeyPurpose::kTokenSigning, now), claims);
}

std::string AccessTokens::sign_introspection(std::string_view issuer, std::string_view audience,
                                             std::string_view answer, Instant now) const {
    auto keyring = keyring_.snapshot();
    const Key& key = keyring->require_current(KeyPurpose::kTokenSigning, now);
    return security::sign_introspection(key, issuer, audience, now, answer);
}

bool AccessTokens::signs_slowly(Instant now) const {
    auto keyring = keyring_.snapshot();
    const Key* key = keyring->current(KeyPurpose::kTokenSigning, now);
    return key && key->signing->algorithm() == SigningAlgorithm::kRs256;
}

Result<AccessTokenClaims, TokenError> AccessTokens::verify(std::string_view token, const TokenExpectation& expectation,
                                                           Instant now) {
    const auto claims = claims_of(token, expectation, now);
    if (!claims) return Unexpected(claims.error());
    return **claims;
}

Result<AccessTokens::SharedClaims, TokenError> AccessTokens::claims_of(std::string_view token,
                                                                       const TokenExpectation& expectation,
                                                                       Instant now) {
    if (token.size() > kMaxTokenSize) return Unexpected(TokenError::kTooLarge);
    auto keyring = keyring_.snapshot();
    Digest digest = sha256(token);
    Remembered known = recall(digest, *keyring, now);
    if (!known) {
        auto read = read_access_token(*keyring, token, now);
        if (!read) return Unexpected(read.error());
        known = std::make_shared<const SignedToken>(std::move(*read));
        remembered_.put(digest, known);
    }
    auto checked = check_access_token(*known, expectation, now);
    if (!checked) return Unexpected(checked.error());
    return SharedClaims(known, &known->claims);
}

// A token whose key is gone, or was replaced by another of the same id, is forgotten.
AccessTokens::Remembered AccessTokens::recall(const Digest& digest, const Keyring& keyring, Instant now) {
    Remembered known = remembered_.find(digest).value_or(nullptr);
    if (!known) return nullptr;
    const Key* key = keyring.find(KeyPurpose::kTokenSigning, known->key_id, now);
    if (key && key->signing->thumbprint() == known->thumbprint) return known;
    remembered_.drop(digest);
    return nullptr;
}

}  // namespace keyledger::security

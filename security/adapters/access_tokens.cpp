#include "security/adapters/access_tokens.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "security/primitives/digest.hpp"

namespace keyledger::security {
namespace {

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

commands::AccessClaims told_by(AccessTokenClaims from) {
    commands::AccessClaims claims;
    std::vector<std::string> scope = words_of(from.scope);
    if (from.session) {
        claims.bearer = {UserId{from.subject}, *from.session, from.security_stamp, from.issued_at};
        claims.scope = std::move(scope);
    } else {
        claims.service =
            commands::ServiceBearer{ServiceAccountId{from.subject}, ServiceTokenId{from.token_id}, std::move(scope)};
    }
    claims.client_id = std::move(from.client_id);
    claims.audiences = std::move(from.audiences);
    claims.token_id = from.token_id.to_string();
    claims.authenticated_at = from.authenticated_at;
    claims.methods = std::move(from.methods);
    claims.strength = std::move(from.strength);
    claims.key_thumbprint = std::move(from.key_thumbprint);
    claims.issued_at = from.issued_at;
    claims.expires_at = from.expires_at;
    for (const AccessTokenClaims::Exchange& exchange : from.exchanges)
        claims.exchanges.push_back({exchange.client_id, exchange.token_id});
    claims.actors = std::move(from.actors);
    return claims;
}

KnownToken known_token(SignedToken token) {
    KnownToken known;
    known.key_id = std::move(token.key_id);
    known.key_thumbprint = token.thumbprint;
    known.issuer = std::move(token.claims.issuer);
    known.not_before = token.not_before;
    known.log_id = token.claims.log_id;
    known.record = std::move(token.claims.record);
    known.claims = told_by(std::move(token.claims));
    return known;
}

TokenBounds bounds_of(const KnownToken& token) {
    return {token.issuer, token.claims.audiences, token.not_before, token.claims.expires_at};
}

}  // namespace

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

Result<AccessTokens::Known, TokenError> AccessTokens::verify(std::string_view token,
                                                             const TokenExpectation& expectation, Instant now) {
    if (token.size() > kMaxTokenSize) return Unexpected(TokenError::kTooLarge);
    auto keyring = keyring_.snapshot();
    const Digest digest = sha256(token);
    Known known = recall(digest, *keyring, now);
    if (!known) {
        reads_.fetch_add(1, std::memory_order_relaxed);
        auto read = read_access_token(*keyring, token, now);
        if (!read) return Unexpected(read.error());
        known = remember(digest, std::move(*read), now);
    }
    auto checked = check_access_token(bounds_of(*known), expectation, now);
    if (!checked) return Unexpected(checked.error());
    return known;
}

// A token whose key is gone, or was replaced by another of the same id, is forgotten.
AccessTokens::Known AccessTokens::recall(const Digest& digest, const Keyring& keyring, Instant now) {
    Known known = remembered_.find(digest).value_or(nullptr);
    if (!known) return nullptr;
    const Key* key = keyring.find(KeyPurpose::kTokenSigning, known->key_id, now);
    if (key && key->signing->thumbprint() == known->key_thumbprint) return known;
    remembered_.drop(digest);
    return nullptr;
}

AccessTokens::Known AccessTokens::remember(const Digest& digest, SignedToken token, Instant now) {
    auto known = std::make_shared<const KnownToken>(known_token(std::move(token)));
    remembered_.put(digest, known, [now](const Known& other) { return other->claims.expires_at <= now; });
    return known;
}

}  // namespace keyledger::security

#include "security/adapters/keyring_tokens.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <utility>

#include "commands/runtime/key_on_other_node.hpp"
#include "domain/ladder/assurance.hpp"
#include "security/tokens/issued_id_token.hpp"
#include "security/tokens/refresh_token.hpp"

namespace keyledger::security {

namespace asio = boost::asio;

namespace {

constexpr Duration kEver = days(1'000'000);

constexpr Duration kMaxClockDifference = minutes(1);

static_assert(kMaxAccessTokenLifetime <= kLongestServiceToken, "a revoked token would be forgotten while it is good");

asio::awaitable<std::string> sign_here(const AccessTokens& tokens, AccessTokenClaims claims, Instant now) {
    co_return tokens.sign(claims, now);
}

asio::awaitable<std::string> sign_here_for_application(std::shared_ptr<const Keyring> /*holds the key*/, const Key& key,
                                                       std::string claims) {
    co_return sign_jwt(key, "JWT", claims);
}

asio::awaitable<std::string> sign_answer_here(const AccessTokens& tokens, const std::string& issuer,
                                              std::string audience, std::string answer, Instant now) {
    co_return tokens.sign_introspection(issuer, audience, answer, now);
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(word);
    return text;
}

// ---- carried records -------------------------------------------------------------------------------------------
// Clear, a record is the position (8 bytes, big-endian), the length of the credential (1 byte), and the credential with
// zeros behind it. All are of one size: that of what is sealed can be seen.
constexpr std::size_t kPositionSize = 8;
constexpr std::size_t kMaxCredentialSize = 43;  // a key's thumbprint; the id of a secret has 36
constexpr std::size_t kCredentialAt = kPositionSize + 1;
constexpr std::size_t kClearRecordSize = kCredentialAt + kMaxCredentialSize;

std::string clear_text_of(const CarriedRecord& record) {
    if (record.position <= 0) throw std::invalid_argument("a carried record is of no position");
    if (record.credential.empty() || record.credential.size() > kMaxCredentialSize)
        throw std::length_error("a carried record's credential has 1 to 43 bytes");
    const auto position = static_cast<std::uint64_t>(record.position);
    std::string clear;
    for (int shift = 56; shift >= 0; shift -= 8) clear += static_cast<char>(position >> shift & 0xFF);
    clear += static_cast<char>(record.credential.size());
    clear += record.credential;
    clear.resize(kClearRecordSize, '\0');
    return clear;
}

// Without its end, which the token says.
std::optional<CarriedRecord> read_clear_text(std::string_view clear) {
    if (clear.size() != kClearRecordSize) return std::nullopt;
    std::uint64_t position = 0;
    for (const char byte : clear.substr(0, kPositionSize)) position = position << 8 | static_cast<unsigned char>(byte);
    const std::size_t size = static_cast<unsigned char>(clear[kPositionSize]);
    if (position == 0 || !std::in_range<Position>(position)) return std::nullopt;
    if (size == 0 || size > kMaxCredentialSize) return std::nullopt;
    if (clear.find_first_not_of('\0', kCredentialAt + size) != std::string_view::npos) return std::nullopt;
    CarriedRecord record;
    record.position = static_cast<Position>(position);
    record.credential = clear.substr(kCredentialAt, size);
    return record;
}

}  // namespace

bool is_here_now(const LocateKey& locate_key, const std::optional<std::string>& key_id) {
    if (!locate_key || !key_id) return false;
    switch (locate_key(*key_id)) {
        case KeyLocation::kUnknown: return false;
        case KeyLocation::kJustLoaded: return true;
        case KeyLocation::kOtherNode: break;
    }
    throw commands::KeyOnOtherNode("the keyring lacks key " + *key_id + ", which others have");
}

asio::awaitable<std::string> KeyringTokens::sign(AccessTokenClaims claims, Instant now) {
    if (!access_tokens_.signs_slowly(now)) co_return access_tokens_.sign(claims, now);
    auto signing = sign_here(access_tokens_, std::move(claims), now);
    auto token = co_await asio::co_spawn(processors_, std::move(signing), asio::use_awaitable);
    co_return token;
}

asio::awaitable<commands::IssuedTokens> KeyringTokens::issue(commands::Grant grant, commands::TokenTerms terms) {
    const Instant now = clock_.now();
    const Duration lifetime = terms.access_token_lifetime.value_or(settings_.access_token_lifetime);
    AccessTokenClaims claims;
    claims.issuer = settings_.issuer;
    claims.subject = grant.user_id;
    claims.audiences = grant.audiences;
    claims.client_id = grant.client_id;
    claims.session = grant.session_id;
    claims.token_id = AccessTokenId{identifiers_.next()};
    claims.issued_at = now;
    claims.expires_at = now + lifetime;
    claims.security_stamp = grant.security_stamp;
    claims.scope = joined(grant.scope);
    claims.key_thumbprint = std::move(terms.access_token_key);
    claims.log_id = settings_.log_id;
    const Assurance assurance = assurance_of(grant.proofs);
    if (assurance.authenticated_at.is_set()) {
        claims.authenticated_at = assurance.authenticated_at;
        claims.methods = method_names(assurance);
        claims.strength = assurance.level;
    }
    commands::IssuedTokens issued;
    issued.expires_in = lifetime;
    issued.access_token = co_await sign(std::move(claims), now);

    const auto keyring = keyring_.snapshot();
    // The key of the time when this generation came into being: a lost answer is given again byte for byte.
    const Key* root = keyring->current(KeyPurpose::kSealingRoot, grant.generated_at);
    if (!root || root->has_ended(now)) root = &keyring->require_current(KeyPurpose::kSealingRoot, now);
    const RefreshTokenContent content{grant.session_id, settings_.log_id,        grant.generation,
                                      grant.client_id,  grant.session_audiences, std::move(terms.refresh_token_key)};
    issued.refresh_token = seal_refresh_token(*root, content);
    co_return issued;
}

asio::awaitable<std::string> KeyringTokens::issue_exchanged(commands::AccessClaims told) {
    AccessTokenClaims claims;
    claims.issuer = settings_.issuer;
    claims.subject = told.bearer.user_id;
    claims.audiences = std::move(told.audiences);
    claims.client_id = std::move(told.client_id);
    claims.session = told.bearer.session_id;
    for (const commands::ServiceBearer& exchange : told.exchanges)
        claims.exchanges.push_back({exchange.account_id, exchange.token_id});
    if (!claims.exchanges.empty()) claims.token_id = claims.exchanges.front().token_id;
    claims.issued_at = told.issued_at;
    claims.expires_at = told.expires_at;
    claims.security_stamp = told.bearer.security_stamp;
    claims.authenticated_at = told.authenticated_at;
    claims.methods = std::move(told.methods);
    claims.strength = std::move(told.strength);
    claims.scope = joined(told.scope);
    claims.key_thumbprint = std::move(told.key_thumbprint);
    claims.log_id = settings_.log_id;
    claims.actors = std::move(told.actors);
    auto token = co_await sign(std::move(claims), clock_.now());
    co_return token;
}

asio::awaitable<std::string> KeyringTokens::issue(commands::ServiceGrant grant) {
    AccessTokenClaims claims;
    claims.issuer = settings_.issuer;
    claims.subject = grant.account_id;
    claims.audiences = grant.audiences;
    claims.client_id = grant.account_id.to_string();
    claims.token_id = grant.token_id;
    claims.issued_at = grant.issued_at;
    claims.expires_at = grant.expires_at;
    claims.scope = joined(grant.scope);
    claims.key_thumbprint = std::move(grant.key_thumbprint);
    claims.log_id = settings_.log_id;
    if (grant.record) claims.record = sealed(*grant.record, grant.token_id);
    auto token = co_await sign(std::move(claims), clock_.now());
    co_return token;
}

// Whoever is shown the token is told neither a position of the log (I14) nor what its holder authenticates with.
std::string KeyringTokens::sealed(const CarriedRecord& record, const ServiceTokenId& token_id) {
    const std::string clear = clear_text_of(record);
    return seal_value(*keyring_.snapshot(), SealedPurpose::kServiceToken, token_id.to_string(), clear, clock_.now());
}

std::optional<CarriedRecord> KeyringTokens::record_in(const KnownToken& token) {
    const std::string& context = token.claims.token_id;
    const auto open = [&] {
        return open_value(*keyring_.snapshot(), SealedPurpose::kServiceToken, context, token.record, clock_.now());
    };
    auto clear = open();
    if (!clear && clear.error() == SealedValueError::kUnknownKey &&
        is_here_now(locate_key_, key_named_by_sealed_value(SealedPurpose::kServiceToken, token.record)))
        clear = open();
    if (!clear) return std::nullopt;
    auto record = read_clear_text(*clear);
    if (record) record->expires_at = token.claims.expires_at;
    return record;
}

asio::awaitable<std::string> KeyringTokens::issue_id_token(commands::IdToken told, std::string access_token) {
    const Instant now = clock_.now();
    const Assurance assurance = assurance_of(told.grant.proofs);
    IssuedIdToken claims;
    claims.issuer = settings_.issuer;
    claims.subject = told.grant.user_id;
    claims.client_id = told.grant.client_id;
    claims.session = told.grant.session_id;
    claims.issued_at = now;
    claims.expires_at = now + told.lifetime.value_or(settings_.access_token_lifetime);
    claims.authenticated_at = assurance.authenticated_at;
    claims.methods = method_names(assurance);
    claims.strength = assurance.level;
    claims.nonce = std::move(told.nonce);
    const auto keyring = keyring_.snapshot();
    const Key& key = key_for_id_tokens(*keyring, told.grant.id_token_algorithm, now);
    // Of Ed25519 the digest would be another one (at_hash is optional: section 3.1.3.6).
    if (key.signing->algorithm() != SigningAlgorithm::kEdDsa) claims.access_token = std::move(access_token);
    auto token = co_await sign_for_application(keyring, key, issued_id_token_text(claims));
    co_return token;
}

asio::awaitable<std::string> KeyringTokens::sign_userinfo(std::string answer, KeyAlgorithm algorithm) {
    const auto keyring = keyring_.snapshot();
    const Key& key = key_for_id_tokens(*keyring, algorithm, clock_.now());
    auto token = co_await sign_for_application(keyring, key, std::move(answer));
    co_return token;
}

asio::awaitable<std::string> KeyringTokens::sign_for_application(std::shared_ptr<const Keyring> keyring, const Key& key,
                                                                 std::string claims) {
    auto signing = sign_here_for_application(std::move(keyring), key, std::move(claims));
    if (key.signing->algorithm() != SigningAlgorithm::kRs256) {
        auto token = co_await std::move(signing);
        co_return token;
    }
    auto token = co_await asio::co_spawn(processors_, std::move(signing), asio::use_awaitable);
    co_return token;
}

asio::awaitable<std::string> KeyringTokens::sign_introspection(std::string audience, std::string answer) {
    const Instant now = clock_.now();
    auto signing = sign_answer_here(access_tokens_, settings_.issuer, std::move(audience), std::move(answer), now);
    if (!access_tokens_.signs_slowly(now)) {
        auto token = co_await std::move(signing);
        co_return token;
    }
    auto token = co_await asio::co_spawn(processors_, std::move(signing), asio::use_awaitable);
    co_return token;
}

commands::SharedClaims KeyringTokens::read_access(std::string_view token) {
    // Another node may have issued it a moment ago, by a clock that is ahead.
    return read_as({settings_.issuer, std::nullopt, {}, kMaxClockDifference, {}}, token);
}

// What counts is that its key is still known.
commands::SharedClaims KeyringTokens::read_expired_access(std::string_view token) {
    return read_as({settings_.issuer, std::nullopt, {}, kMaxClockDifference, kEver}, token);
}

commands::SharedClaims KeyringTokens::read_as(const TokenExpectation& expectation, std::string_view token) {
    auto known = access_tokens_.verify(token, expectation, clock_.now());
    if (!known && known.error() == TokenError::kUnknownKey && is_here_now(locate_key_, key_named_by_token(token)))
        known = access_tokens_.verify(token, expectation, clock_.now());
    if (!known || (*known)->log_id != settings_.log_id) return nullptr;
    const KnownToken& verified = **known;
    if (verified.record.empty()) return commands::SharedClaims(std::move(*known), &verified.claims);
    // Its key may have ended since the token was read first.
    auto record = record_in(verified);
    if (!record) return nullptr;
    auto claims = std::make_shared<commands::AccessClaims>(verified.claims);
    claims->service->record = std::move(record);
    return claims;
}

std::optional<commands::ShownIdToken> KeyringTokens::read_id_token(std::string_view token) {
    const auto read = read_issued_id_token(*keyring_.snapshot(), token, clock_.now());
    if (!read || read->issuer != settings_.issuer) return std::nullopt;
    return commands::ShownIdToken{read->client_id, read->subject, read->session};
}

std::optional<commands::PresentedRefreshToken> KeyringTokens::read_refresh(std::string_view token) {
    if (!token.starts_with(kRefreshTokenPrefix)) return std::nullopt;
    auto opened = open_refresh_token(*keyring_.snapshot(), token, clock_.now());
    if (!opened && opened.error() == RefreshTokenError::kUnknownKey &&
        is_here_now(locate_key_, key_named_by_refresh_token(token)))
        opened = open_refresh_token(*keyring_.snapshot(), token, clock_.now());
    if (!opened || opened->content.log_id != settings_.log_id) return std::nullopt;
    return commands::PresentedRefreshToken{opened->content.session, opened->content.generation,
                                           opened->content.client_id, opened->content.key_thumbprint};
}

std::string KeyringTokens::jwks() { return security::jwks(*keyring_.snapshot(), clock_.now()); }

std::vector<std::string> KeyringTokens::signing_algorithms() {
    const auto keyring = keyring_.snapshot();
    std::vector<std::string> names;
    if (const Key* key = keyring->current(KeyPurpose::kTokenSigning, clock_.now()))
        names.emplace_back(name_of(key->signing->algorithm()));
    return names;
}

std::vector<std::string> KeyringTokens::id_token_algorithms() {
    return security::id_token_algorithms(*keyring_.snapshot(), clock_.now());
}

std::vector<std::string> id_token_algorithms(const Keyring& keyring, Instant now) {
    std::vector<std::string> names{std::string(algorithm_for(KeyPurpose::kIdTokens))};
    const Key* key = keyring.current(KeyPurpose::kTokenSigning, now);
    if (key == nullptr) return names;
    std::string name(name_of(key->signing->algorithm()));
    if (name != names.front()) names.push_back(std::move(name));
    return names;
}

std::string KeyringCursors::seal(std::string_view purpose, std::string_view clear) {
    return sealer_.seal(keyring_.snapshot(), purpose, clear, clock_.now());
}

std::optional<std::string> KeyringCursors::open(std::string_view purpose, std::string_view sealed) {
    auto opened = open_value(*keyring_.snapshot(), SealedPurpose::kCursor, purpose, sealed, clock_.now());
    if (!opened && opened.error() == SealedValueError::kUnknownKey &&
        is_here_now(locate_key_, key_named_by_sealed_value(SealedPurpose::kCursor, sealed)))
        opened = open_value(*keyring_.snapshot(), SealedPurpose::kCursor, purpose, sealed, clock_.now());
    if (!opened) return std::nullopt;
    return std::move(*opened);
}

}  // namespace keyledger::security

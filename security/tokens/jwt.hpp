#pragma once
// Access tokens: JWTs by the profile of RFC 9068, signed by the keyring's keys for token signing, and their
// JWKS (RFC 7517). What is accepted is exactly what is made here: a header of alg, kid and typ, the algorithm
// bound to the key (RFC 8725 section 3.1), strict base64url, no member twice. Any thread. Nothing here looks
// at a token's status (revoked, user disabled): ask the log.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/id.hpp"
#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxTokenSize = 8 * 1024;
inline constexpr std::size_t kMaxAudiences = 16;
inline constexpr std::size_t kMaxTokenTextSize = 512;  // issuer, client id, each audience
inline constexpr std::size_t kMaxScopeSize = 4096;
inline constexpr std::size_t kMaxMethods = 16;
// Shorter than kTokenSigningRetention, so that a retired key outlives its last token.
inline constexpr Duration kMaxAccessTokenLifetime = hours(1);

// Times have whole seconds in a token; signing cuts off the rest.
struct AccessTokenClaims {
    std::string issuer = {};                  // iss
    SubjectId subject = {};                   // sub
    std::vector<std::string> audiences = {};  // aud, always an array
    std::string client_id = {};               // client_id
    std::optional<SessionId> session = {};    // sid; none: a service's, whose subject is the client itself
    AccessTokenId token_id = {};              // jti
    Instant issued_at;                        // iat
    Instant expires_at;                       // exp
    std::int64_t security_stamp = 0;          // sst, the number of the user's security stamp; with sid only
    Instant authenticated_at = {};            // auth_time, with amr and acr; not set: of none of the three is told
    std::vector<std::string> methods = {};    // amr (RFC 8176), with auth_time only
    std::string strength = {};                // acr, likewise
    std::string scope = {};                   // scope, if there is any: of services, and of applications
    std::string key_thumbprint = {};          // cnf.jkt (RFC 9449 section 6.1); empty: of whoever bears it
    Uuid log_id = {};                         // log
    // Of a user's token that exchanges gave (RFC 8693), the newest first; with sid only. The first is the token itself.
    struct Exchange {
        ServiceAccountId client_id;
        ServiceTokenId token_id;
        friend bool operator==(const Exchange&, const Exchange&) = default;
    };
    std::vector<Exchange> exchanges = {};       // exchanges: client_id and jti of each
    std::vector<ServiceAccountId> actors = {};  // act (section 4.1), the last one first; with exchanges only
    std::string record = {};  // record: what the log would say of it, sealed; without sid only; empty: the log does
    friend bool operator==(const AccessTokenClaims&, const AccessTokenClaims&) = default;
};

enum class TokenError {
    kTooLarge,
    kMalformed,          // not three parts of strict base64url with JSON objects in the first two
    kUnsupportedHeader,  // a member besides alg, kid and typ (crit, jwk, jku, x5u ...), or one missing or
                         // twice
    kWrongType,
    kUnknownKey,  // also revoked and ended ones
    kWrongAlgorithm,
    kBadSignature,
    kBadClaims,  // rightly signed, but not claims of an access token
    kWrongIssuer,
    kWrongAudience,
    kExpired,
    kNotYetValid,
};
// For metrics and the audit trail: "expired", "bad_signature" ...
std::string_view name_of(TokenError error);

// `key` is one of the keyring's for token signing; RSA takes half a millisecond, so leave the I/O thread for
// it. Claims out of their limits throw std::invalid_argument, a revoked key MissingKey.
std::string sign_access_token(const Key& key, const AccessTokenClaims& claims);

// What a signature proves for ever: these claims were signed by that key.
struct SignedToken {
    AccessTokenClaims claims;
    Instant not_before;  // the later of iat and nbf
    std::string key_id;
    Digest thumbprint = {};  // of the key
    friend bool operator==(const SignedToken&, const SignedToken&) = default;
};
// Form and signature only, under a key that is usable at that time.
Result<SignedToken, TokenError> read_access_token(const Keyring& keyring, std::string_view token, Instant now);

// The key that its header names, whether there is one or not.
std::optional<std::string> key_named_by_token(std::string_view token);

struct TokenExpectation {
    std::string_view issuer = {};
    // The only audience that the token may have; without it any audience does (introspection).
    std::optional<std::string_view> sole_audience = {};
    Duration skew{};
    Duration early{};    // by how much the clock of whoever issued it may be ahead of this one
    Duration overdue{};  // how long ago it may have expired
};
// What changes with the question and the time.
Result<void, TokenError> check_access_token(const SignedToken& token, const TokenExpectation& expectation, Instant now);
// The same of what is left of a token: views.
struct TokenBounds {
    std::string_view issuer;
    std::span<const std::string> audiences;
    Instant not_before;
    Instant expires_at;
};
Result<void, TokenError> check_access_token(const TokenBounds& token, const TokenExpectation& expectation, Instant now);

// The answer to an introspection as a JWT (RFC 9701 section 5); `answer` is its JSON object. The audience is whoever
// asked. `key` as above.
std::string sign_introspection(const Key& key, std::string_view issuer, std::string_view audience, Instant issued_at,
                               std::string_view answer);

// A JWT of ours of that `typ`; `claims` is a JSON object. `key` as above.
std::string sign_jwt(const Key& key, std::string_view type, std::string_view claims);

// The public keys that verifiers need: published, current, and retired ones whose tokens have not ended.
std::string jwks(const Keyring& keyring, Instant now);

}  // namespace keyledger::security

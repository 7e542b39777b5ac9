#pragma once
// Tokens, as commands and routes see them: made from a grant, read back as claims. Implemented in security/. What a
// token says is not yet true: whether its session still holds is asked of the log.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/clients/service_tokens.hpp"
#include "commands/services.hpp"
#include "commands/sessions/refresh_session.hpp"
#include "domain/base/time.hpp"

namespace keyledger::commands {

struct IssuedTokens {
    std::string access_token;   // JWT, RFC 9068
    std::string refresh_token;  // opaque
    Duration expires_in;
};
struct AccessClaims {
    Bearer bearer;  // of a user; nobody's where the token is a service's
    std::optional<ServiceBearer> service;
    std::string client_id;
    std::vector<std::string> audiences;
    std::string token_id;  // jti
    // What the session had proven when the token was made (domain/ladder/assurance.hpp); not set, and empty: of a
    // service, or of a node of an older version, which told nothing of it.
    Instant authenticated_at;          // auth_time
    std::vector<std::string> methods;  // amr
    std::string strength;              // acr
    std::vector<std::string> scope;    // of an application's, or of one that an exchange gave
    std::string key_thumbprint{};      // of the key that it is bound to (RFC 9449); empty: to none
    Instant issued_at;
    Instant expires_at;
    // Of a user's token that an exchange gave (RFC 8693): the tokens of all exchanges on the way to it, itself first.
    // It is no better than the worst of them.
    std::vector<ServiceBearer> exchanges{};
    std::vector<ServiceAccountId> actors{};  // act: who acts for the user, the last one first
};
using SharedClaims = std::shared_ptr<const AccessClaims>;

// What an ID token tells.
struct IdToken {
    Grant grant;
    std::string nonce;                   // empty: none
    std::optional<Duration> lifetime{};  // none: that of the service's access tokens
};

// What an ID token of ours says that is shown to us again (`id_token_hint`).
struct ShownIdToken {
    std::string client_id;
    UserId user_id;
    SessionId session_id;
};

// What tokens of an application are like, beside what they grant.
struct TokenTerms {
    // The thumbprints (RFC 7638) of the keys that they are bound to (RFC 9449); empty: to none. Of refresh tokens for a
    // client that keeps no secret alone: others prove who they are.
    std::string access_token_key;
    std::string refresh_token_key{};
    std::optional<Duration> access_token_lifetime{};  // none: the service's own
};

class Tokens {
public:
    virtual ~Tokens() = default;
    // Signing that takes long leaves the I/O thread and comes back.
    virtual asio::awaitable<IssuedTokens> issue(Grant grant, TokenTerms terms) = 0;
    asio::awaitable<IssuedTokens> issue(Grant grant) { return issue(std::move(grant), TokenTerms{}); }
    // An access token alone (RFC 6749 section 4.4.3).
    virtual asio::awaitable<std::string> issue(ServiceGrant grant) = 0;
    // An access token that says just this, of an exchange (RFC 8693).
    virtual asio::awaitable<std::string> issue_exchanged(AccessClaims claims) = 0;
    // OpenID Connect Core section 2, for the client that holds the session. `access_token` is what goes with it.
    virtual asio::awaitable<std::string> issue_id_token(IdToken told, std::string access_token) = 0;
    // RFC 9701 section 5: `answer` is the JSON object of an introspection, the audience its caller.
    virtual asio::awaitable<std::string> sign_introspection(std::string audience, std::string answer) = 0;
    // OpenID Connect Core section 5.3.2: `answer` is the JSON object of userinfo, with issuer and audience.
    virtual asio::awaitable<std::string> sign_userinfo(std::string answer, KeyAlgorithm algorithm) = 0;
    // Signature, algorithm, type, issuer and time are checked, and nullptr tells that it is not good; the audience is
    // the caller's to check.
    virtual SharedClaims read_access(std::string_view token) = 0;
    // The same of one that may have expired, as long as its key is known: it names what is to be ended.
    virtual SharedClaims read_expired_access(std::string_view token) = 0;
    // Signature and issuer are checked; it may have expired, as long as its key is known.
    virtual std::optional<ShownIdToken> read_id_token(std::string_view token) = 0;
    virtual std::optional<PresentedRefreshToken> read_refresh(std::string_view token) = 0;
    // The public keys (RFC 7517), as JSON.
    virtual std::string jwks() = 0;
    // JOSE's names of the algorithms that are signed with now.
    virtual std::vector<std::string> signing_algorithms() = 0;
    // The same of ID tokens; the first is what all clients understand.
    virtual std::vector<std::string> id_token_algorithms() = 0;
};

// Values that are handed out to be sent back, opaque and bound to their purpose.
class Cursors {
public:
    virtual ~Cursors() = default;
    virtual std::string seal(std::string_view purpose, std::string_view clear) = 0;
    virtual std::optional<std::string> open(std::string_view purpose, std::string_view sealed) = 0;
};

// The command id and fingerprint behind an `Idempotency-Key`.
class IdempotencyKeys {
public:
    virtual ~IdempotencyKeys() = default;
    // `request`: all of it, secrets too. Of each part a keyed digest is made, and no copy.
    virtual Idempotency derive(std::string_view operation, std::string_view principal, std::string_view key,
                               const std::vector<std::string_view>& request) = 0;
};

class ClientRegistry {
public:
    virtual ~ClientRegistry() = default;
    // Takes the same time for an unknown id and a wrong secret, which are nullptr.
    virtual SharedClient authenticate(std::string_view client_id, const Secret& secret) = 0;
    virtual SharedClient find(std::string_view client_id) = 0;
};

}  // namespace keyledger::commands

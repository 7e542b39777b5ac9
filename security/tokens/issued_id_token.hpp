#pragma once
// Our own ID tokens (OpenID Connect Core section 2): what an application is told of who logged in. Any thread.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/id.hpp"
#include "domain/base/time.hpp"
#include "domain/clients/client_credentials.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

struct IssuedIdToken {
    std::string issuer;                // iss
    UserId subject;                    // sub
    std::string client_id;             // aud
    SessionId session;                 // sid, of which a log-out tells later (Back-Channel Logout 1.0 section 2.1)
    Instant issued_at;                 // iat
    Instant expires_at;                // exp
    Instant authenticated_at;          // auth_time, with amr and acr; not set: nothing is told of it
    std::vector<std::string> methods;  // amr (RFC 8176)
    std::string strength;              // acr
    std::string nonce;                 // nonce; empty: none was sent
    std::string access_token;          // that is issued with it: its at_hash binds the two
};
// Of several algorithms: the key of access tokens where it is the one that the application wants, else that of ID
// tokens, whose algorithm all clients understand. Valid as long as the keyring.
const Key& key_for_id_tokens(const Keyring& keyring, KeyAlgorithm algorithm, Instant now);
// A JSON object, to be signed with SHA-256 in the algorithm's name.
std::string issued_id_token_text(const IssuedIdToken& claims);

// One that comes back, rightly signed by a key for ID or access tokens that is still known: issuer, subject, client and
// session. Its times are not looked at. nullopt: none of ours.
std::optional<IssuedIdToken> read_issued_id_token(const Keyring& keyring, std::string_view token, Instant now);

}  // namespace keyledger::security

#include "security/tokens/issued_id_token.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/tokens/compact_jws.hpp"
#include "security/tokens/jose.hpp"

namespace keyledger::security {
namespace {

// Section 3.1.3.6: the left half of the digest.
std::string at_hash(std::string_view access_token) {
    const Digest digest = sha256(access_token);
    return base64url_encode(view_of(digest).substr(0, digest.size() / 2));
}

}  // namespace

const Key& key_for_id_tokens(const Keyring& keyring, KeyAlgorithm algorithm, Instant now) {
    const Key& of_tokens = keyring.require_current(KeyPurpose::kTokenSigning, now);
    if (name_of(of_tokens.signing->algorithm()) == stored_name(algorithm)) return of_tokens;
    return keyring.require_current(KeyPurpose::kIdTokens, now);
}

std::string issued_id_token_text(const IssuedIdToken& claims) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> json(buffer);
    const auto text = [&](const char* name, const std::string& value) {
        json.Key(name);
        json.String(value);
    };
    const auto time = [&](const char* name, Instant at) {
        json.Key(name);
        json.Int64(at.whole_seconds());
    };
    json.StartObject();
    text("iss", claims.issuer);
    text("sub", claims.subject.to_string());
    text("aud", claims.client_id);
    text("sid", claims.session.to_string());
    time("iat", claims.issued_at);
    time("exp", claims.expires_at);
    if (claims.authenticated_at.is_set()) {
        time("auth_time", claims.authenticated_at);
        json.Key("amr");
        json.StartArray();
        for (const std::string& method : claims.methods) json.String(method);
        json.EndArray();
        text("acr", claims.strength);
    }
    if (!claims.nonce.empty()) text("nonce", claims.nonce);
    if (!claims.access_token.empty()) text("at_hash", at_hash(claims.access_token));
    json.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

std::optional<IssuedIdToken> read_issued_id_token(const Keyring& keyring, std::string_view token, Instant now) {
    static constexpr std::string_view kTypes[] = {"jwt"};
    const auto parts = split_compact_jws(token);
    if (!parts) return std::nullopt;
    const auto header_text = base64url_decode(parts->header);
    const auto payload_text = base64url_decode(parts->payload);
    const auto signature = base64url_decode(parts->signature);
    if (!header_text || !payload_text || !signature) return std::nullopt;
    const auto header_object = JoseObject::parse(*header_text);
    const auto header = header_object ? read_jose_header(*header_object, kTypes) : Unexpected(header_object.error());
    if (!header || !header->key_id) return std::nullopt;
    const Key* key = keyring.find(KeyPurpose::kIdTokens, *header->key_id, now);
    if (key == nullptr) key = keyring.find(KeyPurpose::kTokenSigning, *header->key_id, now);
    if (key == nullptr || key->signing->algorithm() != header->algorithm) return std::nullopt;
    if (!key->signing->verify(parts->signed_part, *signature)) return std::nullopt;
    const auto claims = JoseObject::parse(*payload_text);
    if (!claims || !claims->text("iss") || !claims->text("aud")) return std::nullopt;
    const auto subject = claims->text("sub") ? UserId::parse(*claims->text("sub")) : std::nullopt;
    const auto session = claims->text("sid") ? SessionId::parse(*claims->text("sid")) : std::nullopt;
    if (!subject || !session) return std::nullopt;
    IssuedIdToken read;
    read.issuer = *claims->text("iss");
    read.subject = *subject;
    read.client_id = *claims->text("aud");
    read.session = *session;
    return read;
}

}  // namespace keyledger::security

#include "security/tokens/issued_id_token.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::security {
namespace {

// Section 3.1.3.6: the left half of the digest.
std::string at_hash(std::string_view access_token) {
    const Digest digest = sha256(access_token);
    return base64url_encode(view_of(digest).substr(0, digest.size() / 2));
}

}  // namespace

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

}  // namespace keyledger::security

#include "security/tokens/logout_token.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace keyledger::security {

std::string logout_token_text(const LogoutTokenClaims& claims) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> json(buffer);
    const auto text = [&](const char* name, const std::string& value) {
        json.Key(name);
        json.String(value);
    };
    json.StartObject();
    text("iss", claims.issuer);
    text("sub", claims.subject.to_string());
    text("aud", claims.client_id);
    text("sid", claims.session.to_string());
    text("jti", claims.token_id);
    json.Key("iat");
    json.Int64(claims.issued_at.whole_seconds());
    json.Key("exp");
    json.Int64((claims.issued_at + kLogoutTokenLifetime).whole_seconds());
    json.Key("events");
    json.StartObject();
    json.Key("http://schemas.openid.net/event/backchannel-logout");
    json.StartObject();
    json.EndObject();
    json.EndObject();
    json.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace keyledger::security

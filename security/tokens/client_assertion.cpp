#include "security/tokens/client_assertion.hpp"

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/tokens/compact_jws.hpp"
#include "security/tokens/jose.hpp"

namespace keyledger::security {
namespace {

// RFC 7519 section 5.1, and draft-ietf-oauth-rfc7523bis for the second.
constexpr std::string_view kTypes[] = {"jwt", "client-authentication+jwt"};

std::optional<CompactJws> parts_of(std::string_view token) {
    return token.size() > kMaxAssertionSize ? std::nullopt : split_compact_jws(token);
}

Unexpected<std::string> refused(std::string why) { return Unexpected("The client assertion " + std::move(why) + "."); }

Result<JoseObject, std::string> object_of(std::string_view base64url, std::string_view part) {
    const auto text = base64url_decode(base64url);
    if (!text) return refused("is not three parts of base64url without padding");
    auto object = JoseObject::parse(*text);
    if (!object) return refused("is no JWT: its " + std::string(part) + " " + object.error());
    return object;
}

// RFC 7519 section 4.1.3, narrowed: one audience, bare or alone in a list. What names several could be meant
// for another.
const std::string* sole_audience(const JoseObject& claims) {
    const auto* value = claims.find("aud");
    if (value == nullptr) return nullptr;
    if (value->kind == JoseObject::Value::Kind::kText) return &value->text;
    return value->kind == JoseObject::Value::Kind::kTexts && value->texts.size() == 1 ? &value->texts.front() : nullptr;
}

std::string digest_of(std::string_view signed_part) {
    const Digest digest = sha256({"keyledger assertion without jti", signed_part});
    return base64url_encode(view_of(digest));
}

Result<void, std::string> read_claims(const JoseObject& claims, ClientAssertion& assertion) {
    for (const auto& [name, to] : {std::pair("iss", &assertion.issuer), std::pair("sub", &assertion.subject)}) {
        const std::string* text = claims.text(name);
        if (!text) return refused(std::string("has no '") + name + "' that is a string");
        *to = *text;
    }
    if (assertion.issuer != assertion.subject) return refused("has another 'iss' than 'sub': both are the client's id");
    const std::string* audience = sole_audience(claims);
    if (!audience) return refused("must have one 'aud', a string or a list of one");
    assertion.audience = *audience;
    std::optional<Instant> expires_at;
    for (const auto& [name, to] : {std::pair("exp", &expires_at), std::pair("iat", &assertion.issued_at),
                                   std::pair("nbf", &assertion.not_before)})
        if (!read_time(claims, name, *to)) return refused(std::string("has an '") + name + "' that is no number");
    if (!expires_at) return refused("has no 'exp'");
    assertion.expires_at = *expires_at;
    if (!claims.has("jti")) return {};
    const std::string* id = claims.text("jti");
    if (!id || id->empty()) return refused("has a 'jti' that is no string or empty");
    assertion.id = *id;
    return {};
}

}  // namespace

Result<ClientAssertion, std::string> read_client_assertion(std::string_view token) {
    const auto parts = parts_of(token);
    if (!parts) return refused("is not three parts of base64url without padding, 8 KiB at most");
    const auto header = object_of(parts->header, "header");
    if (!header) return Unexpected(header.error());
    const auto claims = object_of(parts->payload, "payload");
    if (!claims) return Unexpected(claims.error());
    const auto read = read_jose_header(*header, kTypes);
    if (!read) return refused("has a header that is not taken: " + read.error());
    ClientAssertion assertion;
    assertion.algorithm = read->algorithm;
    assertion.key_id = read->key_id;
    auto good = read_claims(*claims, assertion);
    if (!good) return Unexpected(good.error());
    if (assertion.id.empty()) assertion.id = digest_of(parts->signed_part);
    return assertion;
}

bool is_signed_by(std::string_view token, const PublicKey& key) {
    const auto parts = parts_of(token);
    const auto signature = parts ? base64url_decode(parts->signature) : std::nullopt;
    return signature && key.verify(parts->signed_part, *signature);
}

}  // namespace keyledger::security

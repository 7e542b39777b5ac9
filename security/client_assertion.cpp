#include "security/client_assertion.hpp"

#include <rapidjson/document.h>

#include <algorithm>

#include "security/base64url.hpp"

namespace keyledger::security {
namespace {

constexpr std::int64_t kLatestSecond = std::int64_t{1} << 38;
constexpr std::size_t kMaxMembers = 32;
constexpr std::size_t kMaxClaimSize = 512;

using Json = rapidjson::Document;

struct Parts {
    std::string_view header;
    std::string_view payload;
    std::string_view signature;
    std::string_view signed_part;
};

std::optional<Parts> parts_of(std::string_view token) {
    if (token.size() > kMaxAssertionSize) return std::nullopt;
    const std::size_t first = token.find('.');
    const std::size_t second = first == token.npos ? first : token.find('.', first + 1);
    if (second == token.npos) return std::nullopt;
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
                 token.substr(0, second)};
}

bool parse_object(std::string_view base64url, Json& json) {
    const auto text = base64url_decode(base64url);
    if (!text || !text->starts_with('{') || !text->ends_with('}')) return false;
    json.Parse<rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag>(text->data(), text->size());
    if (json.HasParseError() || !json.IsObject() || json.MemberCount() > kMaxMembers) return false;
    for (auto a = json.MemberBegin(); a != json.MemberEnd(); ++a)
        for (auto b = a + 1; b != json.MemberEnd(); ++b)
            if (a->name == b->name) return false;
    return true;
}

// nullopt: it is there and no string of a fitting size.
std::optional<std::string> text_of(const rapidjson::Value& value) {
    if (!value.IsString() || value.GetStringLength() > kMaxClaimSize) return std::nullopt;
    return std::string(value.GetString(), value.GetStringLength());
}
std::optional<std::string> text_member(const Json& json, const char* name) {
    const auto at = json.FindMember(name);
    return at == json.MemberEnd() ? std::nullopt : text_of(at->value);
}

// RFC 7519 section 4.1.3, narrowed: one audience, bare or alone in a list.
std::optional<std::string> sole_audience(const Json& json) {
    const auto at = json.FindMember("aud");
    if (at == json.MemberEnd()) return std::nullopt;
    if (!at->value.IsArray()) return text_of(at->value);
    if (at->value.Size() != 1) return std::nullopt;
    return text_of(at->value[0]);
}

// False: it is there and no time.
bool read_time(const Json& json, const char* name, std::optional<std::int64_t>& at_ms) {
    const auto at = json.FindMember(name);
    if (at == json.MemberEnd()) return true;
    const bool fits = at->value.IsInt64() && at->value.GetInt64() >= 0 && at->value.GetInt64() <= kLatestSecond;
    if (fits) at_ms = at->value.GetInt64() * 1000;
    return fits;
}

bool read_header(const Json& json, ClientAssertion& assertion) {
    static constexpr std::string_view kTypes[] = {"JWT", "client-authentication+jwt",
                                                  "application/client-authentication+jwt"};
    std::size_t understood = 1;
    const auto algorithm = text_member(json, "alg");
    if (!algorithm) return false;
    // RFC 9864 section 2.2: another name of the same algorithm.
    const auto named = signing_algorithm_named(*algorithm == "Ed25519" ? "EdDSA" : *algorithm);
    if (!named) return false;
    assertion.algorithm = *named;
    if (json.HasMember("kid")) {
        const auto key_id = text_member(json, "kid");
        if (!key_id || key_id->empty()) return false;
        assertion.key_id = *key_id;
        ++understood;
    }
    if (json.HasMember("typ")) {
        const auto type = text_member(json, "typ");
        if (!type || std::find(std::begin(kTypes), std::end(kTypes), *type) == std::end(kTypes)) return false;
        ++understood;
    }
    return json.MemberCount() == understood;
}

}  // namespace

std::optional<ClientAssertion> read_client_assertion(std::string_view token) {
    const auto parts = parts_of(token);
    Json header;
    Json payload;
    ClientAssertion assertion;
    if (!parts || !parse_object(parts->header, header) || !parse_object(parts->payload, payload)) return std::nullopt;
    if (!read_header(header, assertion)) return std::nullopt;
    const auto issuer = text_member(payload, "iss");
    const auto subject = text_member(payload, "sub");
    const auto audience = sole_audience(payload);
    const auto id = text_member(payload, "jti");
    std::optional<std::int64_t> expires_at_ms;
    const bool times = read_time(payload, "exp", expires_at_ms) && read_time(payload, "iat", assertion.issued_at_ms) &&
                       read_time(payload, "nbf", assertion.not_before_ms);
    if (!issuer || !subject || !audience || !id || !times || !expires_at_ms) return std::nullopt;
    assertion.issuer = *issuer;
    assertion.subject = *subject;
    assertion.audience = *audience;
    assertion.id = *id;
    assertion.expires_at_ms = *expires_at_ms;
    return assertion;
}

bool is_signed_by(std::string_view token, const PublicKey& key) {
    const auto parts = parts_of(token);
    const auto signature = parts ? base64url_decode(parts->signature) : std::nullopt;
    return signature && key.verify(parts->signed_part, *signature);
}

}  // namespace keyledger::security

#include "integrations/providers/metadata.hpp"

#include <algorithm>

#include "security/tokens/jose.hpp"

namespace keyledger::integrations {
namespace {

using security::JoseObject;

std::string text_of(const JoseObject& object, std::string_view name) {
    const std::string* text = object.text(name);
    return text == nullptr ? std::string() : *text;
}

bool is_true(const JoseObject& object, std::string_view name) {
    const auto* value = object.find(name);
    return value != nullptr && value->kind == JoseObject::Value::Kind::kFlag && value->text == "true";
}

// Of visible ASCII alone, so that it can be a field's value.
bool can_be_sent(std::string_view token) {
    return !token.empty() && std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
}

// RFC 6749 section 5.1: without case.
bool is_bearer(std::string_view type) {
    constexpr std::string_view kBearer = "bearer";
    return std::ranges::equal(type, kBearer, [](char a, char b) { return (a | 0x20) == b; });
}

// A browser is sent there: to nothing that a browser would carry out.
bool is_for_browsers(std::string_view url) {
    const bool is_web = url.starts_with("https://") || url.starts_with("http://");
    return is_web && url.find_first_of(" \r\n\t\"<>#\\") == url.npos;
}

// The alphabet of RFC 4648 section 4, padded.
std::string base64(std::string_view bytes) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        unsigned bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0);
        for (std::size_t i = 0; i < 4; ++i) text += i <= group.size() ? kAlphabet[bits >> (18 - 6 * i) & 63] : '=';
    }
    return text;
}

}  // namespace

Result<ProviderMetadata, std::string_view> read_metadata(std::string_view json, std::string_view issuer) {
    const auto object = JoseObject::parse(json);
    if (!object) return Unexpected(std::string_view("discovery-no-json"));
    if (text_of(*object, "issuer") != issuer) return Unexpected(std::string_view("discovery-issuer"));
    ProviderMetadata read{text_of(*object, "authorization_endpoint"), text_of(*object, "token_endpoint"),
                          text_of(*object, "jwks_uri"), text_of(*object, "userinfo_endpoint")};
    read.says_issuer = is_true(*object, "authorization_response_iss_parameter_supported");
    if (!is_for_browsers(read.authorization_endpoint) || read.token_endpoint.empty() || read.jwks_uri.empty())
        return Unexpected(std::string_view("discovery-endpoints"));
    return read;
}

Result<TokenAnswer, std::string_view> read_token_answer(std::string_view json) {
    const auto object = JoseObject::parse(json);
    if (!object) return Unexpected(std::string_view("token-no-json"));
    TokenAnswer read{text_of(*object, "id_token"), text_of(*object, "access_token")};
    if (read.id_token.empty()) return Unexpected(std::string_view("token-no-id-token"));
    read.is_bearer = is_bearer(text_of(*object, "token_type")) && can_be_sent(read.access_token);
    return read;
}

Result<UserInfo, std::string_view> read_user_info(std::string_view json, std::string_view subject) {
    const auto object = JoseObject::parse(json);
    if (!object) return Unexpected(std::string_view("userinfo-no-json"));
    if (subject.empty() || text_of(*object, "sub") != subject) return Unexpected(kUserinfoOfAnother);
    UserInfo read{text_of(*object, "email"), false, text_of(*object, "name"), text_of(*object, "locale")};
    // Amazon's Cognito writes "true" as a text.
    read.email_verified = is_true(*object, "email_verified") || text_of(*object, "email_verified") == "true";
    return read;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kUnreserved = "-._~";
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              kUnreserved.find(c) != kUnreserved.npos;
        const auto byte = static_cast<unsigned char>(c);
        if (is_plain) encoded += c;
        else encoded.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
    return encoded;
}

FormText& FormText::add(std::string_view name, std::string_view value) {
    if (!text_.empty()) text_ += '&';
    text_.append(percent_encoded(name)).append("=").append(percent_encoded(value));
    return *this;
}

std::string with_query(const std::string& url, const FormText& parameters) {
    return url + (url.find('?') == url.npos ? "?" : "&") + parameters.text();
}

std::string basic_credentials(std::string_view client_id, std::string_view secret) {
    return "Basic " + base64(percent_encoded(client_id) + ":" + percent_encoded(secret));
}

}  // namespace keyledger::integrations

#include "security/tokens/jwt.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "domain/clients/service_token.hpp"
#include "security/primitives/base64url.hpp"

namespace keyledger::security {
namespace {

constexpr std::int64_t kLatestSecond = std::int64_t{1} << 38;
constexpr std::size_t kMaxClaims = 64;
constexpr std::size_t kThumbprintSize = 43;  // SHA-256 in base64url

using Json = rapidjson::Document;

std::optional<Json> parsed_object(std::string_view base64url) {
    auto text = base64url_decode(base64url);
    // Nothing around the object: RapidJSON would skip a byte order mark.
    if (!text || !text->starts_with('{') || !text->ends_with('}')) return std::nullopt;
    Json json;
    json.Parse<rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag>(text->data(), text->size());
    if (json.HasParseError() || !json.IsObject()) return std::nullopt;
    return json;
}

std::string_view text_of(const rapidjson::Value& value) { return {value.GetString(), value.GetStringLength()}; }

bool has_doubled_members(const Json& json) {
    for (auto a = json.MemberBegin(); a != json.MemberEnd(); ++a)
        for (auto b = a + 1; b != json.MemberEnd(); ++b)
            if (a->name == b->name) return true;
    return false;
}

std::optional<std::string_view> string_member(const Json& json, const char* name) {
    auto at = json.FindMember(name);
    if (at == json.MemberEnd() || !at->value.IsString()) return std::nullopt;
    return text_of(at->value);
}

// Takes claims one by one; a missing or bad one makes the whole bad.
class ClaimsReader {
public:
    explicit ClaimsReader(const Json& json) : json_(json) {}

    std::string text(const char* name, std::size_t max_size = kMaxTokenTextSize) {
        auto value = string_member(json_, name);
        if (value && !value->empty() && value->size() <= max_size) return std::string(*value);
        good_ = false;
        return {};
    }
    Uuid uuid(const char* name) {
        auto value = string_member(json_, name);
        auto id = value ? Uuid::parse(*value) : std::nullopt;
        good_ = good_ && id.has_value();
        return id.value_or(Uuid{});
    }
    std::int64_t number(const char* name, std::int64_t greatest) {
        auto at = json_.FindMember(name);
        bool fits = at != json_.MemberEnd() && at->value.IsInt64() && at->value.GetInt64() >= 0 &&
                    at->value.GetInt64() <= greatest;
        good_ = good_ && fits;
        return fits ? at->value.GetInt64() : 0;
    }
    Instant time(const char* name) { return Instant::at_second(number(name, kLatestSecond)); }
    std::vector<std::string> texts(const char* name, std::size_t most) {
        std::vector<std::string> all;
        auto at = json_.FindMember(name);
        bool fits = at != json_.MemberEnd() && at->value.IsArray() && !at->value.Empty() && at->value.Size() <= most;
        good_ = good_ && fits;
        if (!fits) return all;
        for (const rapidjson::Value& value : at->value.GetArray()) {
            good_ = good_ && value.IsString() && value.GetStringLength() > 0 &&
                    value.GetStringLength() <= kMaxTokenTextSize;
            if (good_) all.emplace_back(text_of(value));
        }
        return all;
    }
    // RFC 7800 section 3, of the one kind that is made here: {"jkt": …}.
    std::string thumbprint(const char* name) {
        const auto at = json_.FindMember(name);
        const bool is_one = at != json_.MemberEnd() && at->value.IsObject() && at->value.MemberCount() == 1 &&
                            at->value.HasMember("jkt") && at->value["jkt"].IsString() &&
                            at->value["jkt"].GetStringLength() == kThumbprintSize;
        good_ = good_ && is_one;
        return is_one ? std::string(text_of(at->value["jkt"])) : std::string();
    }
    std::vector<AccessTokenClaims::Exchange> exchanges(const char* name) {
        std::vector<AccessTokenClaims::Exchange> all;
        const auto at = json_.FindMember(name);
        const bool fits = at != json_.MemberEnd() && at->value.IsArray() && !at->value.Empty() &&
                          at->value.Size() <= kMaxTokenExchanges;
        good_ = good_ && fits;
        if (!fits) return all;
        for (const rapidjson::Value& value : at->value.GetArray()) {
            good_ = good_ && value.IsObject() && value.MemberCount() == 2;
            if (!good_) return all;
            all.push_back({id_member<ServiceAccount>(value, "client_id"), id_member<ServiceToken>(value, "jti")});
        }
        return all;
    }
    // RFC 8693 section 4.1, of the one kind that is made here: {"sub": …, "act": {…}}.
    std::vector<ServiceAccountId> actors(const char* name) {
        std::vector<ServiceAccountId> all;
        const rapidjson::Value* holder = &json_;
        while (holder->HasMember(name)) {
            const rapidjson::Value& act = (*holder)[name];
            good_ = good_ && act.IsObject() && all.size() < kMaxTokenExchanges &&
                    act.MemberCount() == (act.HasMember(name) ? 2U : 1U);
            if (!good_) return all;
            all.push_back(id_member<ServiceAccount>(act, "sub"));
            holder = &act;
        }
        return all;
    }
    bool has(const char* name) const { return json_.HasMember(name); }
    bool good() const { return good_; }

private:
    template <class Of>
    Id<Of> id_member(const rapidjson::Value& object, const char* name) {
        const auto at = object.FindMember(name);
        const auto id =
            at != object.MemberEnd() && at->value.IsString() ? Id<Of>::parse(text_of(at->value)) : std::nullopt;
        good_ = good_ && id.has_value();
        return id.value_or(Id<Of>{});
    }

    const Json& json_;
    bool good_ = true;
};

// A node of an older version signs tokens without all three.
bool tells_of_authentication(const ClaimsReader& reader) {
    return reader.has("auth_time") || reader.has("amr") || reader.has("acr");
}

// Of its own exchange it is the token. What is no user's was not exchanged.
bool fit_its_exchanges(const AccessTokenClaims& claims) {
    if (claims.exchanges.empty()) return claims.actors.empty();
    const AccessTokenClaims::Exchange& own = claims.exchanges.front();
    return claims.session && claims.exchanges.size() <= kMaxTokenExchanges &&
           claims.actors.size() <= claims.exchanges.size() && own.client_id.to_string() == claims.client_id &&
           own.token_id.uuid == claims.token_id.uuid;
}

std::optional<SignedToken> read_claims(const Json& json) {
    if (json.MemberCount() > kMaxClaims || has_doubled_members(json)) return std::nullopt;
    ClaimsReader reader(json);
    SignedToken token;
    token.claims.issuer = reader.text("iss");
    token.claims.subject = SubjectId{reader.uuid("sub")};
    token.claims.audiences = reader.texts("aud", kMaxAudiences);
    token.claims.client_id = reader.text("client_id");
    if (reader.has("sid")) {
        token.claims.session = SessionId{reader.uuid("sid")};
        token.claims.security_stamp = reader.number("sst", INT64_MAX);
        if (tells_of_authentication(reader)) {
            token.claims.authenticated_at = reader.time("auth_time");
            token.claims.methods = reader.texts("amr", kMaxMethods);
            token.claims.strength = reader.text("acr");
            if (!token.claims.authenticated_at.is_set()) return std::nullopt;
        }
    }
    if (reader.has("scope")) {
        token.claims.scope = reader.text("scope", kMaxScopeSize);
    }
    if (reader.has("cnf")) token.claims.key_thumbprint = reader.thumbprint("cnf");
    if (reader.has("exchanges")) token.claims.exchanges = reader.exchanges("exchanges");
    if (reader.has("record")) token.claims.record = reader.text("record");
    token.claims.actors = reader.actors("act");
    token.claims.token_id = AccessTokenId{reader.uuid("jti")};
    token.claims.issued_at = reader.time("iat");
    token.claims.expires_at = reader.time("exp");
    token.claims.log_id = reader.uuid("log");
    token.not_before = token.claims.issued_at;
    if (reader.has("nbf")) token.not_before = std::max(token.not_before, reader.time("nbf"));
    Duration lifetime = token.claims.expires_at - token.claims.issued_at;
    bool good = reader.good() && lifetime > Duration() && lifetime <= kMaxAccessTokenLifetime &&
                fit_its_exchanges(token.claims) && (token.claims.record.empty() || !token.claims.session);
    if (!token.claims.session)
        good = good && token.claims.subject.to_string() == token.claims.client_id && !tells_of_authentication(reader);
    return good ? std::optional(std::move(token)) : std::nullopt;
}

// Header checks that need no key, then the key that it names.
Result<const Key*, TokenError> key_for_header(const Keyring& keyring, const Json& header, Instant now) {
    auto algorithm = string_member(header, "alg");
    auto type = string_member(header, "typ");
    auto key_id = string_member(header, "kid");
    bool understood = algorithm && type && key_id && header.MemberCount() == 3;
    if (!understood) return Unexpected(TokenError::kUnsupportedHeader);
    if (*type != "at+jwt" && *type != "application/at+jwt") return Unexpected(TokenError::kWrongType);
    const Key* key = keyring.find(KeyPurpose::kTokenSigning, *key_id, now);
    if (!key) return Unexpected(TokenError::kUnknownKey);
    if (name_of(key->signing->algorithm()) != *algorithm) return Unexpected(TokenError::kWrongAlgorithm);
    return key;
}

void check_text(std::string_view text, const char* what) {
    if (text.empty() || text.size() > kMaxTokenTextSize)
        throw std::invalid_argument(std::string("access token: ") + what + " must have 1 to 512 bytes");
}

bool tells_whole_authentication(const AccessTokenClaims& claims) {
    if (!claims.authenticated_at.is_set()) return claims.methods.empty() && claims.strength.empty();
    return claims.session && !claims.methods.empty() && claims.methods.size() <= kMaxMethods &&
           !claims.strength.empty();
}

void check_claims(const AccessTokenClaims& claims) {
    check_text(claims.issuer, "the issuer");
    check_text(claims.client_id, "the client id");
    if (claims.audiences.empty() || claims.audiences.size() > kMaxAudiences)
        throw std::invalid_argument("access token: 1 to 16 audiences");
    for (const std::string& audience : claims.audiences) check_text(audience, "an audience");
    const Duration lifetime = seconds(claims.expires_at.whole_seconds() - claims.issued_at.whole_seconds());
    if (claims.issued_at < Instant() || lifetime < seconds(1) || lifetime > kMaxAccessTokenLifetime)
        throw std::invalid_argument("access token: its lifetime must be 1 second to 1 hour");
    if (claims.scope.size() > kMaxScopeSize) throw std::invalid_argument("access token: the scope is too long");
    if (!claims.session && claims.subject.to_string() != claims.client_id)
        throw std::invalid_argument("access token: without a session it is the client's own");
    if (!tells_whole_authentication(claims))
        throw std::invalid_argument("access token: auth_time, amr and acr are told together, of a session");
    if (!claims.key_thumbprint.empty() && claims.key_thumbprint.size() != kThumbprintSize)
        throw std::invalid_argument("access token: a thumbprint is SHA-256 in base64url");
    if (!fit_its_exchanges(claims))
        throw std::invalid_argument("access token: what exchanges gave is a user's, and at most 4 of them did");
    if (claims.record.size() > kMaxTokenTextSize || (claims.session && !claims.record.empty()))
        throw std::invalid_argument("access token: it carries a record of at most 512 bytes, and of no session");
    if (claims.security_stamp < 0) throw std::invalid_argument("access token: the security stamp is negative");
}

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void put(Writer& json, std::string_view name, std::string_view value) {
    json.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}
void put(Writer& json, std::string_view name, const Uuid& id) { put(json, name, id.to_string()); }
void put(Writer& json, std::string_view name, std::int64_t value) {
    json.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    json.Int64(value);
}

void put(Writer& json, std::string_view name, const std::vector<std::string>& values) {
    json.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    json.StartArray();
    for (const std::string& value : values) json.String(value);
    json.EndArray();
}

template <class Members>
std::string object_text(Members members) {
    rapidjson::StringBuffer buffer;
    Writer json(buffer);
    json.StartObject();
    members(json);
    json.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

void put_exchanges(Writer& json, const AccessTokenClaims& claims) {
    for (const ServiceAccountId& actor : claims.actors) {
        json.Key("act");
        json.StartObject();
        put(json, "sub", actor);
    }
    for (std::size_t left = claims.actors.size(); left > 0; --left) json.EndObject();
    if (claims.exchanges.empty()) return;
    json.Key("exchanges");
    json.StartArray();
    for (const AccessTokenClaims::Exchange& exchange : claims.exchanges) {
        json.StartObject();
        put(json, "client_id", exchange.client_id);
        put(json, "jti", exchange.token_id);
        json.EndObject();
    }
    json.EndArray();
}

std::string claims_text(const AccessTokenClaims& claims) {
    return object_text([&](Writer& json) {
        put(json, "iss", claims.issuer);
        put(json, "sub", claims.subject);
        put(json, "aud", claims.audiences);
        put(json, "client_id", claims.client_id);
        if (claims.session) put(json, "sid", *claims.session);
        put(json, "jti", claims.token_id);
        put(json, "iat", claims.issued_at.whole_seconds());
        put(json, "exp", claims.expires_at.whole_seconds());
        if (claims.session) put(json, "sst", claims.security_stamp);
        if (claims.authenticated_at.is_set()) {
            put(json, "auth_time", claims.authenticated_at.whole_seconds());
            put(json, "amr", claims.methods);
            put(json, "acr", claims.strength);
        }
        if (!claims.scope.empty()) put(json, "scope", claims.scope);
        if (!claims.key_thumbprint.empty()) {
            json.Key("cnf");
            json.StartObject();
            put(json, "jkt", claims.key_thumbprint);
            json.EndObject();
        }
        put_exchanges(json, claims);
        if (!claims.record.empty()) put(json, "record", claims.record);
        put(json, "log", claims.log_id);
    });
}

}  // namespace

std::string_view name_of(TokenError error) {
    switch (error) {
        case TokenError::kTooLarge: return "too_large";
        case TokenError::kMalformed: return "malformed";
        case TokenError::kUnsupportedHeader: return "unsupported_header";
        case TokenError::kWrongType: return "wrong_type";
        case TokenError::kUnknownKey: return "unknown_key";
        case TokenError::kWrongAlgorithm: return "wrong_algorithm";
        case TokenError::kBadSignature: return "bad_signature";
        case TokenError::kBadClaims: return "bad_claims";
        case TokenError::kWrongIssuer: return "wrong_issuer";
        case TokenError::kWrongAudience: return "wrong_audience";
        case TokenError::kExpired: return "expired";
        case TokenError::kNotYetValid: return "not_yet_valid";
    }
    throw std::logic_error("unknown token error");
}

std::string sign_jwt(const Key& key, std::string_view type, std::string_view claims) {
    const bool is_for_tokens = key.purpose == KeyPurpose::kTokenSigning || key.purpose == KeyPurpose::kIdTokens;
    if (!is_for_tokens) throw std::invalid_argument("key " + key.id + " is not for tokens");
    if (!key.signing) throw MissingKey("key " + key.id + " is revoked");
    std::string header = object_text([&](Writer& json) {
        put(json, "alg", name_of(key.signing->algorithm()));
        put(json, "kid", key.id);
        put(json, "typ", type);
    });
    std::string token = base64url_encode(header) + '.' + base64url_encode(claims);
    std::string signature = base64url_encode(key.signing->sign(token));
    token += '.' + signature;
    return token;
}

std::string sign_access_token(const Key& key, const AccessTokenClaims& claims) {
    check_claims(claims);
    std::string token = sign_jwt(key, "at+jwt", claims_text(claims));
    if (token.size() > kMaxTokenSize) throw std::invalid_argument("access token: above 8 KiB");
    return token;
}

std::string sign_introspection(const Key& key, std::string_view issuer, std::string_view audience, Instant issued_at,
                               std::string_view answer) {
    const std::string claims = object_text([&](Writer& json) {
        put(json, "iss", issuer);
        put(json, "aud", audience);
        put(json, "iat", issued_at.whole_seconds());
        json.Key("token_introspection");
        json.RawValue(answer.data(), answer.size(), rapidjson::kObjectType);
    });
    return sign_jwt(key, "token-introspection+jwt", claims);
}

Result<SignedToken, TokenError> read_access_token(const Keyring& keyring, std::string_view token, Instant now) {
    if (token.size() > kMaxTokenSize) return Unexpected(TokenError::kTooLarge);
    std::size_t first = token.find('.');
    std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
    // A third dot is no character of base64url, so it is found there.
    if (second == std::string_view::npos) return Unexpected(TokenError::kMalformed);
    auto header = parsed_object(token.substr(0, first));
    auto signature = base64url_decode(token.substr(second + 1));
    if (!header || !signature) return Unexpected(TokenError::kMalformed);
    auto key = key_for_header(keyring, *header, now);
    if (!key) return Unexpected(key.error());
    const Key& signer = **key;
    if (!signer.signing->verify(token.substr(0, second), *signature)) return Unexpected(TokenError::kBadSignature);
    auto payload = parsed_object(token.substr(first + 1, second - first - 1));
    if (!payload) return Unexpected(TokenError::kMalformed);
    auto read = read_claims(*payload);
    if (!read) return Unexpected(TokenError::kBadClaims);
    read->key_id = signer.id;
    read->thumbprint = signer.signing->thumbprint();
    return std::move(*read);
}

std::optional<std::string> key_named_by_token(std::string_view token) {
    if (token.size() > kMaxTokenSize) return std::nullopt;
    const auto header = parsed_object(token.substr(0, token.find('.')));
    const auto key_id = header ? string_member(*header, "kid") : std::nullopt;
    if (!key_id) return std::nullopt;
    return std::string(*key_id);
}

Result<void, TokenError> check_access_token(const SignedToken& token, const TokenExpectation& expectation,
                                            Instant now) {
    const AccessTokenClaims& claims = token.claims;
    return check_access_token(TokenBounds{claims.issuer, claims.audiences, token.not_before, claims.expires_at},
                              expectation, now);
}

Result<void, TokenError> check_access_token(const TokenBounds& token, const TokenExpectation& expectation,
                                            Instant now) {
    if (token.issuer != expectation.issuer) return Unexpected(TokenError::kWrongIssuer);
    bool meant =
        !expectation.sole_audience || (token.audiences.size() == 1 && token.audiences[0] == *expectation.sole_audience);
    if (!meant) return Unexpected(TokenError::kWrongAudience);
    const Duration late = expectation.skew + expectation.overdue;
    if (now >= token.expires_at + late) return Unexpected(TokenError::kExpired);
    const Duration early = std::max(expectation.skew, expectation.early);
    if (now < token.not_before - early) return Unexpected(TokenError::kNotYetValid);
    return {};
}

std::string jwks(const Keyring& keyring, Instant now) {
    return object_text([&](Writer& json) {
        json.Key("keys");
        json.StartArray();
        auto published = keyring.usable(KeyPurpose::kTokenSigning, now);
        for (const Key* key : keyring.usable(KeyPurpose::kIdTokens, now)) published.push_back(key);
        for (const Key* key : published) {
            json.StartObject();
            for (const auto& [name, value] : key->signing->public_members()) put(json, name, value);
            put(json, "use", "sig");
            put(json, "alg", name_of(key->signing->algorithm()));
            put(json, "kid", key->id);
            json.EndObject();
        }
        json.EndArray();
    });
}

}  // namespace keyledger::security

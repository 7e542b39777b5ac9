#include "security/tokens/id_token.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "security/primitives/base64url.hpp"
#include "security/primitives/openssl.hpp"
#include "security/tokens/compact_jws.hpp"

namespace keyledger::security {
namespace {

using Kind = JoseObject::Value::Kind;
using Checked = Result<void, IdTokenFault>;

constexpr std::string_view kTypes[] = {"jwt"};
constexpr std::size_t kTenantSize = 36;  // a GUID

struct Verified {
    JoseObject claims;
    SigningAlgorithm algorithm;
};

Result<JoseObject, IdTokenFault> object_of(std::string_view base64url) {
    const auto text = base64url_decode(base64url);
    auto object = text ? JoseObject::parse(*text) : Result<JoseObject, std::string>(Unexpected(std::string()));
    if (!object) return Unexpected(IdTokenFault::kMalformed);
    return std::move(*object);
}

Result<Verified, IdTokenFault> verified(std::string_view token, const KeySet& keys) {
    if (token.size() > kMaxIdTokenSize) return Unexpected(IdTokenFault::kTooLarge);
    const auto parts = split_compact_jws(token);
    const auto signature = parts ? base64url_decode(parts->signature) : std::nullopt;
    if (!signature) return Unexpected(IdTokenFault::kMalformed);
    KEYLEDGER_TRY(header, object_of(parts->header));
    KEYLEDGER_TRY(claims, object_of(parts->payload));
    const auto read = read_jose_header(*header, kTypes);
    if (!read) return Unexpected(IdTokenFault::kHeader);
    const auto signed_by_one = keys.verify(read->algorithm, read->key_id, parts->signed_part, *signature);
    if (!signed_by_one) return Unexpected(IdTokenFault::kUnknownKey);
    if (!*signed_by_one) return Unexpected(IdTokenFault::kSignature);
    return Verified{std::move(*claims), read->algorithm};
}

std::string text_of(const JoseObject& claims, std::string_view name) {
    const std::string* text = claims.text(name);
    return text == nullptr ? std::string() : *text;
}

// Of a GUID's characters alone: nothing that could lead an issuer elsewhere.
bool is_tenant(std::string_view text) {
    return text.size() == kTenantSize && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
           });
}

Checked check_issuer(const JoseObject& claims, std::string_view expected) {
    std::string issuer(expected);
    if (const std::size_t at = issuer.find(kTenantInIssuer); at != issuer.npos) {
        const std::string tenant = text_of(claims, "tid");
        if (!is_tenant(tenant)) return Unexpected(IdTokenFault::kTenant);
        issuer.replace(at, kTenantInIssuer.size(), tenant);
    }
    if (issuer.empty() || text_of(claims, "iss") != issuer) return Unexpected(IdTokenFault::kIssuer);
    return {};
}

Checked check_parties(const JoseObject& claims, const IdTokenExpectation& expected) {
    const std::string subject = text_of(claims, "sub");
    const bool is_subject = !subject.empty() && subject.size() <= kMaxSubjectSize &&
                            std::ranges::all_of(subject, [](char c) { return c > ' ' && c < '\x7f'; });
    if (!is_subject) return Unexpected(IdTokenFault::kSubject);
    const auto* audience = claims.find("aud");
    const bool is_list = audience != nullptr && audience->kind == Kind::kTexts && audience->texts.size() == 1;
    const std::string sole = is_list ? audience->texts.front() : text_of(claims, "aud");
    if (expected.client_id.empty() || sole != expected.client_id) return Unexpected(IdTokenFault::kAudience);
    if (claims.has("azp") && text_of(claims, "azp") != expected.client_id)
        return Unexpected(IdTokenFault::kAuthorizedParty);
    if (expected.nonce.empty() || !Secret::equal(text_of(claims, "nonce"), expected.nonce))
        return Unexpected(IdTokenFault::kNonce);
    return {};
}

Checked check_times(const JoseObject& claims, const IdTokenExpectation& expected, Instant now) {
    std::optional<Instant> expires_at;
    std::optional<Instant> issued_at;
    std::optional<Instant> not_before;
    std::optional<Instant> authenticated_at;
    const bool are_times = read_time(claims, "exp", expires_at) && read_time(claims, "iat", issued_at) &&
                           read_time(claims, "nbf", not_before) && read_time(claims, "auth_time", authenticated_at);
    if (!are_times || !expires_at || !issued_at) return Unexpected(IdTokenFault::kTimes);
    if (*expires_at + expected.skew <= now) return Unexpected(IdTokenFault::kExpired);
    const Instant begins_at = std::max(*issued_at, not_before.value_or(*issued_at));
    if (begins_at > now + expected.skew) return Unexpected(IdTokenFault::kNotYetValid);
    if (*issued_at + expected.oldest + expected.skew <= now) return Unexpected(IdTokenFault::kTooOld);
    const auto& since = expected.authenticated_since;
    if (since && (!authenticated_at || *authenticated_at + expected.skew < *since))
        return Unexpected(IdTokenFault::kAuthenticatedBefore);
    return {};
}

// Section 3.1.3.6: the left half of the digest that goes with the algorithm.
std::string hash_of(std::string_view access_token, SigningAlgorithm algorithm) {
    const EVP_MD* const digest = algorithm == SigningAlgorithm::kEdDsa ? EVP_sha512() : EVP_sha256();
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    ensure(EVP_Digest(access_token.data(), access_token.size(), bytes.data(), &size, digest, nullptr) == 1, "digest");
    return base64url_encode({reinterpret_cast<const char*>(bytes.data()), size / 2});
}

Checked check_access_token_of(const Verified& token, std::string_view access_token) {
    if (access_token.empty() || !token.claims.has("at_hash")) return {};
    const bool fits = text_of(token.claims, "at_hash") == hash_of(access_token, token.algorithm);
    return fits ? Checked() : Unexpected(IdTokenFault::kAccessToken);
}

// Apple writes "true" as a text.
bool is_true(const JoseObject& claims, std::string_view name) {
    const auto* value = claims.find(name);
    return value != nullptr && (value->kind == Kind::kFlag || value->kind == Kind::kText) && value->text == "true";
}

IdToken told_by(const JoseObject& claims) {
    IdToken told{text_of(claims, "iss"), text_of(claims, "sub"), text_of(claims, "tid"), text_of(claims, "email")};
    told.email_verified = is_true(claims, "email_verified");
    told.name = text_of(claims, "name");
    told.username = text_of(claims, "preferred_username");
    told.locale = text_of(claims, "locale");
    read_time(claims, "auth_time", told.authenticated_at);
    return told;
}

}  // namespace

std::string_view name_of(IdTokenFault fault) {
    switch (fault) {
        case IdTokenFault::kTooLarge: return "too-large";
        case IdTokenFault::kMalformed: return "malformed";
        case IdTokenFault::kHeader: return "header";
        case IdTokenFault::kUnknownKey: return "unknown-key";
        case IdTokenFault::kSignature: return "signature";
        case IdTokenFault::kIssuer: return "issuer";
        case IdTokenFault::kTenant: return "tenant";
        case IdTokenFault::kSubject: return "subject";
        case IdTokenFault::kAudience: return "audience";
        case IdTokenFault::kAuthorizedParty: return "authorized-party";
        case IdTokenFault::kNonce: return "nonce";
        case IdTokenFault::kTimes: return "times";
        case IdTokenFault::kExpired: return "expired";
        case IdTokenFault::kNotYetValid: return "not-yet-valid";
        case IdTokenFault::kTooOld: return "too-old";
        case IdTokenFault::kAuthenticatedBefore: return "authenticated-before";
        case IdTokenFault::kAccessToken: return "access-token";
    }
    return "unknown";
}

Result<IdToken, IdTokenFault> check_id_token(std::string_view token, const KeySet& keys,
                                             const IdTokenExpectation& expected, Instant now) {
    KEYLEDGER_TRY(found, verified(token, keys));
    KEYLEDGER_TRY(issuer, check_issuer(found->claims, expected.issuer));
    KEYLEDGER_TRY(parties, check_parties(found->claims, expected));
    KEYLEDGER_TRY(times, check_times(found->claims, expected, now));
    KEYLEDGER_TRY(access, check_access_token_of(*found, expected.access_token));
    return told_by(found->claims);
}

}  // namespace keyledger::security

#include "security/tokens/dpop_proof.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/tokens/compact_jws.hpp"
#include "security/tokens/jose.hpp"

namespace keyledger::security {
namespace {

constexpr std::size_t kMaxClaimSize = 2048;

// Which keys sign by which name; none of them is symmetric (RFC 9449 section 4.3, point 5). None is of RSA: whoever
// sends a proof need not have proven anything, and a modulus that nobody knows takes a thousand times as long to judge
// as a point on a curve.
struct Algorithm {
    std::string_view name;
    std::string_view key_type;
};
constexpr Algorithm kAlgorithms[] = {{"ES256", "EC"}, {"EdDSA", "OKP"}, {"Ed25519", "OKP"}};  // the last: RFC 9864

Unexpected<std::string> refused(std::string_view why) { return Unexpected("The DPoP proof " + std::string(why) + "."); }

std::optional<CompactJws> parts_of(std::string_view proof) {
    return proof.size() > kMaxProofSize ? std::nullopt : split_compact_jws(proof);
}

// The member as it stands there, for JoseObject keeps no objects. The text was parsed before: it is good JSON.
std::optional<JoseObject> member_object(const std::string& json, const char* name) {
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
    if (document.HasParseError() || !document.IsObject()) return std::nullopt;
    const auto at = document.FindMember(name);
    if (at == document.MemberEnd() || !at->value.IsObject()) return std::nullopt;
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    if (!at->value.Accept(writer)) return std::nullopt;
    auto object = JoseObject::parse({buffer.GetString(), buffer.GetSize()});
    return object ? std::optional(std::move(*object)) : std::nullopt;
}

bool is_base64url(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

// RFC 7638 section 3.2: the required members in lexicographic order. Empty: one is missing or no plain text. What a key
// says beside them (`alg`, `use`, a chain of certificates) is nothing that it is told by.
std::string canonical_form(const JoseObject& jwk, std::string_view key_type) {
    const std::vector<const char*> members = key_type == "EC" ? std::vector<const char*>{"crv", "kty", "x", "y"}
                                                              : std::vector<const char*>{"crv", "kty", "x"};
    std::string text;
    for (const char* name : members) {
        const std::string* value = jwk.text(name);
        // "P-256" and "Ed25519" are of these characters, too.
        if (value == nullptr || !is_base64url(*value)) return {};
        text += text.empty() ? "{\"" : ",\"";
        text.append(name).append("\":\"").append(*value).append("\"");
    }
    return text + '}';
}

bool is_private(const JoseObject& jwk) {
    return std::ranges::any_of(std::initializer_list<const char*>{"d", "p", "q", "dp", "dq", "qi", "oth", "k"},
                               [&](const char* name) { return jwk.has(name); });
}

Result<void, std::string> read_header(std::string_view base64url, ProofOfPossession& proof) {
    const auto text = base64url_decode(base64url);
    if (!text) return refused("is not three parts of base64url without padding");
    const auto header = JoseObject::parse(*text);
    if (!header) return refused("is no JWT: its header " + header.error());
    const std::string* type = header->text("typ");
    if (type == nullptr || *type != "dpop+jwt") return refused("must have the 'typ' dpop+jwt");
    if (header->has("crit")) return refused("has a 'crit' that names what is not understood here");
    const std::string* name = header->text("alg");
    const auto* algorithm =
        std::ranges::find_if(kAlgorithms, [&](const Algorithm& one) { return name != nullptr && one.name == *name; });
    if (algorithm == std::end(kAlgorithms)) return refused("must be signed by ES256 or EdDSA");
    const auto jwk = member_object(*text, "jwk");
    if (!jwk) return refused("has no 'jwk' that is an object without a member twice");
    if (is_private(*jwk)) return refused("tells a private key: replace it, since it was sent");
    const std::string* key_type = jwk->text("kty");
    if (key_type == nullptr || *key_type != algorithm->key_type)
        return refused("has a 'jwk' that its 'alg' does not fit");
    proof.jwk = canonical_form(*jwk, algorithm->key_type);
    if (proof.jwk.empty()) return refused("has a 'jwk' that lacks what its key is made of");
    const Digest digest = sha256(std::string_view(proof.jwk));
    proof.thumbprint = base64url_encode(view_of(digest));
    return {};
}

Result<void, std::string> read_claims(std::string_view base64url, ProofOfPossession& proof) {
    const auto text = base64url_decode(base64url);
    if (!text) return refused("is not three parts of base64url without padding");
    const auto claims = JoseObject::parse(*text);
    if (!claims) return refused("is no JWT: its payload " + claims.error());
    for (const auto& [name, to] :
         {std::pair("jti", &proof.id), std::pair("htm", &proof.method), std::pair("htu", &proof.uri)}) {
        const std::string* value = claims->text(name);
        if (value == nullptr || value->empty() || value->size() > kMaxClaimSize)
            return refused(std::string("has no '") + name + "' that is text");
        *to = *value;
    }
    std::optional<Instant> made_at;
    if (!read_time(*claims, "iat", made_at) || !made_at) return refused("has no 'iat' that is a number");
    proof.made_at = *made_at;
    for (const auto& [name, to] : {std::pair("nonce", &proof.nonce), std::pair("ath", &proof.token_digest)}) {
        if (!claims->has(name)) continue;
        const std::string* value = claims->text(name);
        if (value == nullptr) return refused(std::string("has a '") + name + "' that is no text");
        *to = *value;
    }
    return {};
}

}  // namespace

Result<ProofOfPossession, std::string> read_dpop_proof(std::string_view text) {
    const auto parts = parts_of(text);
    if (!parts) return refused("is not three parts of base64url without padding, 6 KiB at most");
    ProofOfPossession proof;
    KEYLEDGER_TRY(header, read_header(parts->header, proof));
    KEYLEDGER_TRY(claims, read_claims(parts->payload, proof));
    return proof;
}

bool proof_is_signed_by(std::string_view proof, const PublicKey& key) {
    const auto parts = parts_of(proof);
    const auto signature = parts ? base64url_decode(parts->signature) : std::nullopt;
    return signature && key.verify(parts->signed_part, *signature);
}

std::vector<std::string> dpop_algorithms() {
    std::vector<std::string> names;
    for (const Algorithm& algorithm : kAlgorithms) names.emplace_back(algorithm.name);
    return names;
}

}  // namespace keyledger::security

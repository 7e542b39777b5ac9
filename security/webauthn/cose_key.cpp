#include "security/webauthn/cose_key.hpp"

#include <openssl/ecdsa.h>

#include <algorithm>

#include "security/primitives/base64url.hpp"
#include "security/primitives/openssl.hpp"

namespace keyledger::security {
namespace {

using Kind = CborValue::Kind;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;

constexpr std::int64_t kKeyType = 1;
constexpr std::int64_t kAlgorithm = 3;
constexpr int kP256Size = 32;

// What stands at a key of the map, if it is of that kind.
const CborValue* member(const CborValue& key, std::int64_t name, Kind kind) {
    const CborValue* found = key.find(name);
    return found != nullptr && found->kind == kind ? found : nullptr;
}
bool is_number(const CborValue& key, std::int64_t name, std::int64_t wanted) {
    const CborValue* found = member(key, name, Kind::kInteger);
    return found != nullptr && found->number == wanted;
}

struct JwkMember {
    std::int64_t label;
    const char* name;
};
struct Form {
    std::int64_t algorithm;
    std::int64_t key_type;
    std::int64_t curve;  // 0: it has none
    const char* head;
    std::vector<JwkMember> members;  // byte strings
};
const Form* form_of(std::int64_t algorithm) {
    static const Form kForms[] = {{kCoseEs256, 2, 1, R"({"kty":"EC","crv":"P-256")", {{-2, "x"}, {-3, "y"}}},
                                  {kCoseEdDsa, 1, 6, R"({"kty":"OKP","crv":"Ed25519")", {{-2, "x"}}},
                                  {kCoseRs256, 3, 0, R"({"kty":"RSA")", {{-1, "n"}, {-2, "e"}}}};
    for (const Form& form : kForms)
        if (form.algorithm == algorithm) return &form;
    return nullptr;
}

// r || s; empty: it is not DER's one form of a signature on P-256.
std::string fixed_from_der(std::string_view der) {
    const unsigned char* at = octets(der);
    EcdsaSignature read(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    forget_openssl_errors();
    if (!read || at != octets(der) + der.size()) return {};
    unsigned char* again = nullptr;
    const int size = i2d_ECDSA_SIG(read.get(), &again);
    const std::unique_ptr<unsigned char, decltype([](unsigned char* bytes) { OPENSSL_free(bytes); })> owner(again);
    if (size < 0 || der != std::string_view(reinterpret_cast<const char*>(again), static_cast<std::size_t>(size)))
        return {};
    std::string fixed(std::size_t{2 * kP256Size}, '\0');
    const bool fits = BN_bn2binpad(ECDSA_SIG_get0_r(read.get()), octets(fixed), kP256Size) == kP256Size &&
                      BN_bn2binpad(ECDSA_SIG_get0_s(read.get()), octets(fixed) + kP256Size, kP256Size) == kP256Size;
    forget_openssl_errors();
    const bool is_positive =
        !BN_is_negative(ECDSA_SIG_get0_r(read.get())) && !BN_is_negative(ECDSA_SIG_get0_s(read.get()));
    return fits && is_positive ? fixed : std::string();
}

}  // namespace

std::int64_t cose_algorithm(SigningAlgorithm algorithm) {
    switch (algorithm) {
        case SigningAlgorithm::kRs256: return kCoseRs256;
        case SigningAlgorithm::kEs256: return kCoseEs256;
        case SigningAlgorithm::kEdDsa: return kCoseEdDsa;
    }
    return 0;
}

Result<std::string, CeremonyError> jwk_of_cose(const CborValue& key) {
    const CborValue* algorithm = member(key, kAlgorithm, Kind::kInteger);
    if (key.kind != Kind::kMap || algorithm == nullptr) return Unexpected(CeremonyError::kKeyUnreadable);
    const Form* form = form_of(algorithm->number);
    if (form == nullptr) return Unexpected(CeremonyError::kAlgorithmNotOffered);
    constexpr std::int64_t kCurve = -1;
    const std::size_t numbers = form->curve == 0 ? 2 : 3;
    if (key.members() != numbers + form->members.size() || !is_number(key, kKeyType, form->key_type) ||
        (form->curve != 0 && !is_number(key, kCurve, form->curve)))
        return Unexpected(CeremonyError::kKeyUnreadable);
    std::string jwk = form->head;
    for (const JwkMember& one : form->members) {
        const CborValue* bytes = member(key, one.label, Kind::kBytes);
        if (bytes == nullptr) return Unexpected(CeremonyError::kKeyUnreadable);
        jwk.append(",\"").append(one.name).append("\":\"").append(base64url_encode(bytes->bytes)).append("\"");
    }
    return jwk + '}';
}

Result<PublicKey, CeremonyError> judged_key(std::string_view jwk) {
    auto key = PublicKey::parse(jwk);
    if (!key) return Unexpected(CeremonyError::kWeakKey);
    return std::move(*key);
}

bool verify_as_authenticator(const PublicKey& key, std::string_view message, std::string_view signature) {
    if (key.algorithm() != SigningAlgorithm::kEs256) return key.verify(message, signature);
    const std::string fixed = fixed_from_der(signature);
    return !fixed.empty() && key.verify(message, fixed);
}

}  // namespace keyledger::security

#include "security/keys/public_key.hpp"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <set>

#include "domain/base/plain_text.hpp"
#include "security/keys/key_checks.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/signatures.hpp"
#include "security/tokens/jose.hpp"

namespace keyledger::security {
namespace {

using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using Handle = PrivateKey;  // OpenSSL has one type for both halves

constexpr std::size_t kCoordinateSize = 32;
constexpr std::string_view kExponent = "AQAB";  // 65537

class Jwk {
public:
    // Why it can't be read; empty: it can.
    std::string read(std::string_view text) {
        if (text.size() > kMaxJwkSize) return "the key is above 32 KiB";
        auto parsed = JoseObject::parse(text);
        if (!parsed) return "the key " + parsed.error();
        json_ = std::move(*parsed);
        for (const char* secret : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
            if (json_.has(secret))
                return "the key is private or symmetric; register its public half, and "
                       "replace it, since it was sent";
        return {};
    }
    // Empty: missing, or no string.
    std::string_view text(const char* name) const {
        const std::string* found = json_.text(name);
        return found == nullptr ? std::string_view() : std::string_view(*found);
    }
    // Absent, or this very text.
    bool allows(const char* name, std::string_view wanted) const { return !json_.has(name) || text(name) == wanted; }
    std::optional<std::string> bytes(const char* name) const { return base64url_decode(text(name)); }
    // RFC 7517 section 4.3: what it is for, each once, next to which there may be other operations.
    bool is_for_verifying() const {
        const auto* value = json_.find("key_ops");
        if (value == nullptr) return true;
        if (value->kind != JoseObject::Value::Kind::kTexts) return false;
        const std::set<std::string> operations(value->texts.begin(), value->texts.end());
        return operations.size() == value->texts.size() && operations.contains("verify");
    }
    // Section 4.5. nullopt: it can't be kept.
    std::optional<std::string> key_id() const {
        if (!json_.has("kid")) return std::string();
        const std::string* given = json_.text("kid");
        const bool fits = given && !given->empty() && given->size() <= kMaxKeyIdSize && is_plain_text(*given);
        return fits ? std::optional(*given) : std::nullopt;
    }

private:
    JoseObject json_;
};

Handle key_from(const char* type, OSSL_PARAM* parameters) {
    PrivateKeyContext context(ensured(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), "public key"));
    EVP_PKEY* key = nullptr;
    const bool made = EVP_PKEY_fromdata_init(context.get()) == 1 &&
                      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
    Handle handle(key);
    if (!made) handle.reset();
    if (handle) {
        PrivateKeyContext check(ensured(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr), "public key"));
        if (EVP_PKEY_public_check(check.get()) != 1) handle.reset();
    }
    forget_openssl_errors();
    return handle;
}

Result<Handle, std::string> rsa_from(const Jwk& jwk) {
    const auto modulus = jwk.bytes("n");
    if (jwk.text("e") != kExponent) return Unexpected(std::string("the exponent 'e' must be 65537, \"AQAB\""));
    if (!modulus || modulus->empty() || modulus->front() == '\0')
        return Unexpected(std::string("the modulus 'n' is not base64url of a number without leading zeroes"));
    BigNumber n(ensured(BN_bin2bn(octets(*modulus), static_cast<int>(modulus->size()), nullptr), "public key"));
    if (BN_num_bits(n.get()) < kMinRsaBits || BN_num_bits(n.get()) > kMaxRsaBits)
        return Unexpected(std::string("the RSA key must have 2048 to 4096 bits"));
    if (std::string wrong = modulus_fault(*n); !wrong.empty()) return Unexpected(std::move(wrong));
    BigNumber e(ensured(BN_new(), "public key"));
    ensure(BN_set_word(e.get(), 65537) == 1, "public key");
    ParameterBuilder builder(ensured(OSSL_PARAM_BLD_new(), "public key"));
    ensure(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
               OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1,
           "public key");
    Parameters parameters(ensured(OSSL_PARAM_BLD_to_param(builder.get()), "public key"));
    Handle key = key_from("RSA", parameters.get());
    if (!key) return Unexpected(std::string("the modulus 'n' is not that of an RSA key"));
    return key;
}

Result<Handle, std::string> ec_from(const Jwk& jwk) {
    if (jwk.text("crv") != "P-256") return Unexpected(std::string("an EC key must be on P-256"));
    const auto x = jwk.bytes("x");
    const auto y = jwk.bytes("y");
    if (!x || !y || x->size() != kCoordinateSize || y->size() != kCoordinateSize)
        return Unexpected(std::string("'x' and 'y' must be base64url of 32 bytes each"));
    const std::string point = '\x04' + *x + *y;
    ParameterBuilder builder(ensured(OSSL_PARAM_BLD_new(), "public key"));
    ensure(
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
            OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) == 1,
        "public key");
    Parameters parameters(ensured(OSSL_PARAM_BLD_to_param(builder.get()), "public key"));
    Handle key = key_from("EC", parameters.get());
    if (!key) return Unexpected(std::string("'x' and 'y' are no point on P-256"));
    return key;
}

Result<Handle, std::string> edwards_from(const Jwk& jwk) {
    if (jwk.text("crv") != "Ed25519") return Unexpected(std::string("an OKP key must be an Ed25519 key"));
    const auto x = jwk.bytes("x");
    if (!x) return Unexpected(std::string("'x' must be base64url of 32 bytes"));
    if (std::string wrong = edwards_point_fault(*x); !wrong.empty()) return Unexpected(std::move(wrong));
    Handle key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(*x), x->size()));
    forget_openssl_errors();
    if (!key) return Unexpected(std::string("'x' is not an Ed25519 key"));
    return key;
}

struct Kind {
    std::string_view type;
    SigningAlgorithm algorithm;
    Result<Handle, std::string> (*make)(const Jwk&);
    std::vector<const char*> members;  // in lexicographic order
};
const Kind* kind_of(std::string_view type) {
    static const Kind kKinds[] = {{"RSA", SigningAlgorithm::kRs256, rsa_from, {"e", "kty", "n"}},
                                  {"EC", SigningAlgorithm::kEs256, ec_from, {"crv", "kty", "x", "y"}},
                                  {"OKP", SigningAlgorithm::kEdDsa, edwards_from, {"crv", "kty", "x"}}};
    for (const Kind& kind : kKinds)
        if (kind.type == type) return &kind;
    return nullptr;
}

// The values are base64url and fixed names, so nothing needs escaping.
std::string canonical_form(const Jwk& jwk, const Kind& kind) {
    std::string text;
    for (const char* name : kind.members) {
        text += text.empty() ? "{\"" : ",\"";
        text.append(name).append("\":\"").append(jwk.text(name)).append("\"");
    }
    return text + '}';
}

}  // namespace

struct PublicKey::Handle {
    PrivateKey key;
};

PublicKey::PublicKey(SigningAlgorithm algorithm, std::string canonical, std::string key_id,
                     std::unique_ptr<Handle> handle)
    : algorithm_(algorithm), canonical_(std::move(canonical)), key_id_(std::move(key_id)), handle_(std::move(handle)) {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;

Result<PublicKey, std::string> PublicKey::parse(std::string_view text) {
    Jwk jwk;
    if (std::string wrong = jwk.read(text); !wrong.empty()) return Unexpected(std::move(wrong));
    const Kind* kind = kind_of(jwk.text("kty"));
    if (kind == nullptr) return Unexpected(std::string("'kty' must be \"RSA\", \"EC\" or \"OKP\""));
    if (!jwk.allows("use", "sig")) return Unexpected(std::string("'use' must be \"sig\" if it is given"));
    if (!jwk.is_for_verifying())
        return Unexpected(
            std::string("'key_ops' must be a list with \"verify\" in it if it is given, and nothing twice"));
    auto key_id = jwk.key_id();
    if (!key_id) return Unexpected(std::string("'kid' must be plain text of 1 to 256 bytes if it is given"));
    const bool fits = jwk.allows("alg", name_of(kind->algorithm)) ||
                      (kind->algorithm == SigningAlgorithm::kEdDsa && jwk.allows("alg", "Ed25519"));
    if (!fits) return Unexpected("'alg' must be \"" + std::string(name_of(kind->algorithm)) + "\" if it is given");
    auto key = kind->make(jwk);
    if (!key) return Unexpected(key.error());
    return PublicKey(kind->algorithm, canonical_form(jwk, *kind), std::move(*key_id),
                     std::make_unique<Handle>(Handle{std::move(*key)}));
}

std::string PublicKey::thumbprint() const {
    const Digest digest = sha256(std::string_view(canonical_));
    return base64url_encode(view_of(digest));
}

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
    return verify_signature(handle_->key.get(), algorithm_, message, signature);
}

}  // namespace keyledger::security

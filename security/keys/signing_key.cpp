#include "security/keys/signing_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "security/primitives/base64url.hpp"
#include "security/primitives/openssl.hpp"
#include "security/primitives/signatures.hpp"

namespace keyledger::security {
namespace {

using BigNumber = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;

constexpr std::size_t kP256Size = 32;
constexpr std::size_t kMaxDerSignature = 80;

const EVP_MD* digest_for(SigningAlgorithm algorithm) {
    static const EVP_MD* const sha256 = ensured(EVP_MD_fetch(nullptr, "SHA256", nullptr), "SHA-256 is missing");
    return algorithm == SigningAlgorithm::kEdDsa ? nullptr : sha256;
}

std::string public_number(const EVP_PKEY* key, const char* name, std::size_t size) {
    BIGNUM* read = nullptr;
    ensure(EVP_PKEY_get_bn_param(key, name, &read) == 1, "public key");
    BigNumber number(read);
    std::string bytes(size != 0 ? size : static_cast<std::size_t>(BN_num_bytes(read)), '\0');
    ensure(BN_bn2binpad(read, octets(bytes), static_cast<int>(bytes.size())) >= 0, "public key");
    return base64url_encode(bytes);
}

std::vector<std::pair<std::string, std::string>> members_of(SigningAlgorithm algorithm, const EVP_PKEY* key) {
    switch (algorithm) {
        case SigningAlgorithm::kRs256:
            return {{"e", public_number(key, OSSL_PKEY_PARAM_RSA_E, 0)},
                    {"kty", "RSA"},
                    {"n", public_number(key, OSSL_PKEY_PARAM_RSA_N, 0)}};
        case SigningAlgorithm::kEs256:
            return {{"crv", "P-256"},
                    {"kty", "EC"},
                    {"x", public_number(key, OSSL_PKEY_PARAM_EC_PUB_X, kP256Size)},
                    {"y", public_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, kP256Size)}};
        case SigningAlgorithm::kEdDsa: break;
    }
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    ensure(EVP_PKEY_get_raw_public_key(key, octets(raw), &size) == 1, "public key");
    return {{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", base64url_encode(raw)}};
}

// Values are base64url and fixed names, so nothing needs escaping.
Digest thumbprint_of(const std::vector<std::pair<std::string, std::string>>& members) {
    std::string json;
    for (const auto& [name, value] : members) {
        json += json.empty() ? '{' : ',';
        json += '"' + name + "\":\"" + value + '"';
    }
    return sha256({json, "}"});
}

std::string fixed_from_der(std::string_view der) {
    const unsigned char* at = octets(der);
    EcdsaSignature signature(ensured(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), "ES256"));
    std::string fixed(2 * kP256Size, '\0');
    ensure(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), octets(fixed), kP256Size) >= 0, "ES256");
    ensure(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), octets(fixed) + kP256Size, kP256Size) >= 0, "ES256");
    return fixed;
}

std::string der_from_fixed(std::string_view fixed) {
    EcdsaSignature signature(ensured(ECDSA_SIG_new(), "ES256"));
    BigNumber r(ensured(BN_bin2bn(octets(fixed), kP256Size, nullptr), "ES256"));
    BigNumber s(ensured(BN_bin2bn(octets(fixed) + kP256Size, kP256Size, nullptr), "ES256"));
    ensure(ECDSA_SIG_set0(signature.get(), r.release(), s.release()) == 1, "ES256");
    std::string der(kMaxDerSignature, '\0');
    unsigned char* at = octets(der);
    int size = i2d_ECDSA_SIG(signature.get(), &at);
    ensure(size > 0, "ES256");
    der.resize(static_cast<std::size_t>(size));
    return der;
}

// What is wrong with the key for this algorithm; empty if nothing.
std::string mismatch(SigningAlgorithm algorithm, const EVP_PKEY* key) {
    switch (algorithm) {
        case SigningAlgorithm::kRs256: {
            if (EVP_PKEY_is_a(key, "RSA") != 1) return "the key is not an RSA key";
            int bits = EVP_PKEY_get_bits(key);
            if (bits < kMinRsaBits || bits > kMaxRsaBits) return "the RSA key must have 2048 to 4096 bits";
            return {};
        }
        case SigningAlgorithm::kEs256: {
            char group[32] = {};
            bool is_p256 =
                EVP_PKEY_is_a(key, "EC") == 1 &&
                EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, nullptr) == 1 &&
                std::string_view(group) == "prime256v1";
            return is_p256 ? "" : "the key is not an EC key on P-256";
        }
        case SigningAlgorithm::kEdDsa: break;
    }
    return EVP_PKEY_is_a(key, "ED25519") == 1 ? "" : "the key is not an Ed25519 key";
}

// Without this OpenSSL would ask the terminal for a passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

struct SigningKey::Handle {
    Handle(PrivateKey parsed, SigningAlgorithm algorithm) : key(std::move(parsed)) {
        ensure(EVP_DigestSignInit(ready.get(), nullptr, digest_for(algorithm), nullptr, key.get()) == 1, "signing");
        // Else OpenSSL signs with a copy, so that more could follow.
        EVP_MD_CTX_set_flags(ready.get(), EVP_MD_CTX_FLAG_FINALISE);
    }

    PrivateKey key;
    // Copied for each signature: looking up what signs with such a key, and binding it, costs more than a copy.
    MessageDigestContext ready{ensured(EVP_MD_CTX_new(), "signing")};
};

std::string_view name_of(SigningAlgorithm algorithm) {
    switch (algorithm) {
        case SigningAlgorithm::kRs256: return "RS256";
        case SigningAlgorithm::kEs256: return "ES256";
        case SigningAlgorithm::kEdDsa: return "EdDSA";
    }
    throw std::logic_error("unknown signing algorithm");
}

std::optional<SigningAlgorithm> signing_algorithm_named(std::string_view name) {
    for (SigningAlgorithm known : {SigningAlgorithm::kRs256, SigningAlgorithm::kEs256, SigningAlgorithm::kEdDsa})
        if (name_of(known) == name) return known;
    return std::nullopt;
}

SigningKey::SigningKey(SigningAlgorithm algorithm, std::unique_ptr<Handle> handle)
    : algorithm_(algorithm),
      handle_(std::move(handle)),
      public_members_(members_of(algorithm, handle_->key.get())),
      thumbprint_(thumbprint_of(public_members_)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

SigningKey SigningKey::generate(SigningAlgorithm algorithm) {
    EVP_PKEY* made = nullptr;
    switch (algorithm) {
        case SigningAlgorithm::kRs256: made = EVP_RSA_gen(kMinRsaBits); break;
        case SigningAlgorithm::kEs256: made = EVP_EC_gen("P-256"); break;
        case SigningAlgorithm::kEdDsa: made = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"); break;
    }
    PrivateKey key(ensured(made, "making a signing key"));
    return SigningKey(algorithm, std::make_unique<Handle>(std::move(key), algorithm));
}

Result<SigningKey, std::string> SigningKey::parse(SigningAlgorithm algorithm, const Secret& pem) {
    std::string_view text = pem.reveal();
    if (text.size() > kMaxPemSize) return Unexpected(std::string("the PEM is above 8 KiB"));
    if (!text.starts_with("-----BEGIN PRIVATE KEY-----"))
        return Unexpected(std::string("it is not an unencrypted PKCS#8 PEM (\"BEGIN PRIVATE KEY\")"));
    Bio bio(ensured(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "memory buffer"));
    PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    forget_openssl_errors();
    if (!key) return Unexpected(std::string("the PEM can't be parsed"));
    if (std::string wrong = mismatch(algorithm, key.get()); !wrong.empty()) return Unexpected(std::move(wrong));
    try {
        SigningKey parsed(algorithm, std::make_unique<Handle>(std::move(key), algorithm));
        if (parsed.verify("probe", parsed.sign("probe"))) return parsed;
    } catch (const CryptoFailure&) {
        // A key whose parts don't fit each other may fail to sign at all: the same answer as a wrong
        // signature.
    }
    return Unexpected(std::string("the private and the public part don't belong together"));
}

Secret SigningKey::pem() const {
    Bio bio(ensured(BIO_new(BIO_s_secmem()), "memory buffer"));
    ensure(PEM_write_bio_PKCS8PrivateKey(bio.get(), handle_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
           "writing a key");
    char* text = nullptr;
    long size = BIO_get_mem_data(bio.get(), &text);
    Secret pem(std::string_view(text, static_cast<std::size_t>(size)));
    OPENSSL_cleanse(text, static_cast<std::size_t>(size));
    return pem;
}

std::string SigningKey::sign(std::string_view message) const {
    MessageDigestContext context(ensured(EVP_MD_CTX_new(), "signing"));
    ensure(EVP_MD_CTX_copy_ex(context.get(), handle_->ready.get()) == 1, "signing");
    std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(handle_->key.get())), '\0');
    std::size_t size = signature.size();
    ensure(EVP_DigestSign(context.get(), octets(signature), &size, octets(message), message.size()) == 1, "signing");
    signature.resize(size);
    return algorithm_ == SigningAlgorithm::kEs256 ? fixed_from_der(signature) : signature;
}

bool SigningKey::verify(std::string_view message, std::string_view signature) const {
    return verify_signature(handle_->key.get(), algorithm_, message, signature);
}

bool verify_signature(EVP_PKEY* key, SigningAlgorithm algorithm, std::string_view message, std::string_view signature) {
    std::string der;
    if (algorithm == SigningAlgorithm::kEs256) {
        if (signature.size() != 2 * kP256Size) return false;
        der = der_from_fixed(signature);
        signature = der;
    }
    MessageDigestContext context(ensured(EVP_MD_CTX_new(), "verifying"));
    ensure(EVP_DigestVerifyInit(context.get(), nullptr, digest_for(algorithm), nullptr, key) == 1, "verifying");
    bool good =
        EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message), message.size()) == 1;
    if (!good) forget_openssl_errors();
    return good;
}

}  // namespace keyledger::security

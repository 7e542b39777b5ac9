#include "security/primitives/aead.hpp"

#include <openssl/crypto.h>

#include <stdexcept>
#include <utility>

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/openssl.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::security {
namespace {

const EVP_CIPHER* fetched_aes_256_gcm() {
    static const EVP_CIPHER* const algorithm =
        ensured(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), "AES-256-GCM is missing");
    return algorithm;
}

CipherContext new_context() {
    CipherContext context(ensured(EVP_CIPHER_CTX_new(), "cipher context"));
    ensure(EVP_CipherInit_ex2(context.get(), fetched_aes_256_gcm(), nullptr, nullptr, 1, nullptr) == 1, "AES-256-GCM");
    return context;
}

void check_key(const Secret& key) {
    if (key.size() != kAeadKeySize) throw std::invalid_argument("aead: the key must have 32 bytes");
}

int checked_size(std::string_view bytes) {
    if (bytes.size() > kMaxAeadClearSize + kAeadOverhead) throw std::length_error("aead: the value is too large");
    return static_cast<int>(bytes.size());
}

// Seals `clear` behind the nonce that `sealed` starts with.
std::string seal_after(std::string sealed, const Secret& key, std::string_view associated_data,
                       std::string_view clear) {
    thread_local CipherContext context = new_context();
    EVP_CIPHER_CTX* cipher = context.get();
    int written = 0;
    sealed.resize(kAeadOverhead + clear.size());
    unsigned char* out = octets(sealed);
    ensure(EVP_EncryptInit_ex2(cipher, nullptr, octets(key.reveal()), out, nullptr) == 1, "AES-256-GCM");
    ensure(EVP_EncryptUpdate(cipher, nullptr, &written, octets(associated_data), checked_size(associated_data)) == 1,
           "AES-256-GCM");
    out += kAeadNonceSize;
    ensure(EVP_EncryptUpdate(cipher, out, &written, octets(clear), checked_size(clear)) == 1, "AES-256-GCM");
    out += clear.size();
    ensure(EVP_EncryptFinal_ex(cipher, out, &written) == 1, "AES-256-GCM");
    ensure(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kAeadTagSize, out) == 1, "AES-256-GCM");
    return sealed;
}

}  // namespace

std::string aead_seal(const Secret& key, std::string_view associated_data, std::string_view clear) {
    check_key(key);
    if (clear.size() > kMaxAeadClearSize) throw std::length_error("aead: the value is too large");
    return seal_after(random_bytes(kAeadNonceSize), key, associated_data, clear);
}

std::optional<std::string> aead_open(const Secret& key, std::string_view associated_data, std::string_view sealed) {
    check_key(key);
    if (sealed.size() < kAeadOverhead || sealed.size() > kAeadOverhead + kMaxAeadClearSize) return std::nullopt;
    thread_local CipherContext context = new_context();
    EVP_CIPHER_CTX* cipher = context.get();
    std::string_view ciphertext = sealed.substr(kAeadNonceSize, sealed.size() - kAeadOverhead);
    std::string tag(sealed.substr(sealed.size() - kAeadTagSize));
    std::string clear(ciphertext.size(), '\0');
    int written = 0;
    ensure(EVP_DecryptInit_ex2(cipher, nullptr, octets(key.reveal()), octets(sealed), nullptr) == 1, "AES-256-GCM");
    ensure(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, kAeadTagSize, tag.data()) == 1, "AES-256-GCM");
    ensure(EVP_DecryptUpdate(cipher, nullptr, &written, octets(associated_data), checked_size(associated_data)) == 1,
           "AES-256-GCM");
    ensure(EVP_DecryptUpdate(cipher, octets(clear), &written, octets(ciphertext), checked_size(ciphertext)) == 1,
           "AES-256-GCM");
    unsigned char none[1];
    if (EVP_DecryptFinal_ex(cipher, none, &written) == 1) return clear;
    // What was decrypted before the tag failed must not get out.
    OPENSSL_cleanse(clear.data(), clear.size());
    forget_openssl_errors();
    return std::nullopt;
}

DeterministicAead::DeterministicAead(const Secret& root, std::string_view info)
    : info_(info),
      extracted_(hkdf_extracted(root, {})),
      encryption_key_(hkdf_expanded(extracted_, length_prefixed({"encrypt", info}))) {}

std::string DeterministicAead::seal(std::string_view associated_data, std::string_view clear) const {
    if (clear.size() > kMaxAeadClearSize) throw std::length_error("aead: the value is too large");
    const Secret nonce_key = hkdf_expanded(extracted_, length_prefixed({"nonce", info_}));
    Digest all = hmac_sha256(nonce_key.reveal(), {length_prefixed({associated_data, clear})});
    return seal_after(std::string(view_of(all).substr(0, kAeadNonceSize)), encryption_key_, associated_data, clear);
}

std::optional<std::string> DeterministicAead::open(std::string_view associated_data, std::string_view sealed) const {
    return aead_open(encryption_key_, associated_data, sealed);
}

void KeptAeads::put(const Uuid& context, Pointer aead) {
    const std::lock_guard lock(mutex_);
    kept_.put(context, std::move(aead));
}

KeptAeads::Pointer KeptAeads::take(const Uuid& context) {
    const std::lock_guard lock(mutex_);
    Pointer* const known = kept_.use(context);
    if (known == nullptr) return nullptr;
    Pointer taken = std::move(*known);
    kept_.drop(context);
    return taken;
}

}  // namespace keyledger::security

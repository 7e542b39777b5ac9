#pragma once
// Internal to security/: owners for OpenSSL's objects and its failures as exceptions. Include it in .cpp
// files only.
#include <openssl/evp.h>

#include <memory>
#include <string_view>

#include "security/primitives/crypto_failure.hpp"

namespace keyledger::security {

template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};
using MessageDigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeWith<EVP_MAC_CTX_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using PrivateKeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;

// Throws CryptoFailure with `what` and OpenSSL's reason text (which never holds data), and empties its error
// queue.
[[noreturn]] void throw_crypto_failure(std::string_view what);
// For failures that are answers (a bad tag, a bad signature): the thread's error queue must not keep them.
void forget_openssl_errors() noexcept;

inline void ensure(bool done, std::string_view what) {
    if (!done) throw_crypto_failure(what);
}
template <class T>
T* ensured(T* object, std::string_view what) {
    ensure(object != nullptr, what);
    return object;
}

inline const unsigned char* octets(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* octets(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace keyledger::security

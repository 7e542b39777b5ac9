#pragma once
// A public key that somebody else signs with: RSA, P-256 or Ed25519, out of a JWK (RFC 7517). The algorithm belongs to
// the key. Immutable; any number of threads may verify with one. Failures of OpenSSL throw CryptoFailure.
#include <memory>
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "security/keys/signing_key.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxJwkSize = 32 * 1024;  // with a chain of certificates
inline constexpr std::size_t kMaxKeyIdSize = 256;

class PublicKey {
public:
    // The only way to one, wherever it comes from: a request, the log, another service. One JSON object
    // without a member twice; what RFC 7517 does not know, and what says nothing of the key itself (`ext`,
    // `x5c`, `x5t`, `x5u`), is ignored (section 4). Refused: private and symmetric keys, a `use` other than
    // "sig", `key_ops` without "verify", an `alg` other than the key's, and keys that others could sign
    // under: RSA below 2048 or above 4096 bits, with another exponent than 65537 or a modulus of the kinds in
    // key_checks.hpp; points that are not on the curve, not in canonical form or, of Ed25519, not of prime
    // order. The error says what is wrong. Takes milliseconds: never on an I/O thread.
    static Result<PublicKey, std::string> parse(std::string_view jwk);

    PublicKey(PublicKey&&) noexcept;
    PublicKey& operator=(PublicKey&&) noexcept;
    ~PublicKey();

    SigningAlgorithm algorithm() const { return algorithm_; }
    // The required members alone, in the form that is hashed for the thumbprint (RFC 7638 section 3).
    const std::string& canonical() const { return canonical_; }
    std::string thumbprint() const;  // base64url
    // The `kid` that it came with (RFC 7517 section 4.5), plain text of at most kMaxKeyIdSize bytes; empty:
    // with none.
    const std::string& key_id() const { return key_id_; }
    // Any text may come as signature; what is not exactly of the key's form is false.
    bool verify(std::string_view message, std::string_view signature) const;

private:
    struct Handle;
    PublicKey(SigningAlgorithm algorithm, std::string canonical, std::string key_id, std::unique_ptr<Handle> handle);

    SigningAlgorithm algorithm_;
    std::string canonical_;
    std::string key_id_;
    std::unique_ptr<Handle> handle_;
};

}  // namespace keyledger::security

#pragma once
// A private key for signatures in JOSE's form (RFC 7515, RFC 7518 section 3, RFC 8037), parsed once. The
// algorithm belongs to the key. Immutable; any number of threads may sign and verify with one. Failures of
// OpenSSL throw CryptoFailure.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::security {

enum class SigningAlgorithm { kRs256, kEs256, kEdDsa };

// As in JOSE headers: "RS256", "ES256", "EdDSA".
std::string_view name_of(SigningAlgorithm algorithm);
std::optional<SigningAlgorithm> signing_algorithm_named(std::string_view name);

inline constexpr int kMinRsaBits = 2048;
inline constexpr int kMaxRsaBits = 4096;
inline constexpr std::size_t kMaxPemSize = 8 * 1024;

class SigningKey {
public:
    // RSA of 2048 bits, P-256 or Ed25519.
    static SigningKey generate(SigningAlgorithm algorithm);
    // One unencrypted PKCS#8 PEM (RFC 5958) of exactly that algorithm, which then has to sign and verify a
    // probe. The error says what is wrong and holds nothing of the key.
    static Result<SigningKey, std::string> parse(SigningAlgorithm algorithm, const Secret& pem);

    SigningKey(SigningKey&&) noexcept;
    SigningKey& operator=(SigningKey&&) noexcept;
    ~SigningKey();

    SigningAlgorithm algorithm() const { return algorithm_; }
    Secret pem() const;

    // ES256 is r || s of 64 bytes (RFC 7518 section 3.4).
    std::string sign(std::string_view message) const;
    // Any text may come as signature; what is not exactly of the key's form is false.
    bool verify(std::string_view message, std::string_view signature) const;

    // The required public members of the key's JWK in lexicographic order (RFC 7638 section 3.2), and their
    // SHA-256.
    const std::vector<std::pair<std::string, std::string>>& public_members() const { return public_members_; }
    const Digest& thumbprint() const { return thumbprint_; }

private:
    struct Handle;
    SigningKey(SigningAlgorithm algorithm, std::unique_ptr<Handle> handle);

    SigningAlgorithm algorithm_;
    std::unique_ptr<Handle> handle_;
    std::vector<std::pair<std::string, std::string>> public_members_;
    Digest thumbprint_;
};

}  // namespace keyledger::security

#pragma once
// The keys by which somebody else's tokens are verified: a JWK set (RFC 7517 section 5). Immutable; any thread.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "security/keys/public_key.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxKeySetSize = 256 * 1024;
inline constexpr std::size_t kMaxKeysOfSet = 64;

class KeySet {
public:
    // Keys that can't be used (of other kinds, for encryption, too weak) are left out, as section 5 has it. Takes
    // milliseconds for each RSA key: never on an I/O thread. The error repeats nothing of the text.
    static Result<KeySet, std::string> parse(std::string_view json);

    std::size_t size() const { return keys_.size(); }
    // Whether one that a token's header can mean signed it. With a `kid` those of that name; without one the only key
    // of its algorithm (OpenID Connect Core 1.0 section 10.1). nullopt: there is none that it can mean.
    std::optional<bool> verify(SigningAlgorithm algorithm, const std::optional<std::string>& key_id,
                               std::string_view signed_part, std::string_view signature) const;

private:
    std::vector<PublicKey> keys_;
};

}  // namespace keyledger::security

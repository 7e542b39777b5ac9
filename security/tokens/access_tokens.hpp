#pragma once
// AccessTokens: signs and verifies with the keys in use now, and remembers which tokens were rightly signed,
// because that never changes and checking it costs most. What does change is asked anew each time: the key (a
// revoked one takes its tokens along), the expectation and the clock. A token's status is never remembered.
// Any thread.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "domain/base/lru_map.hpp"
#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "security/keys/keyring.hpp"
#include "security/tokens/jwt.hpp"

namespace keyledger::security {

// About 700 bytes each.
inline constexpr std::size_t kDefaultRememberedTokens = 10'000;
inline constexpr std::size_t kMaxRememberedTokens = 1'000'000;

class AccessTokens {
public:
    // `remembered` of 0 remembers none; above the limit it throws std::invalid_argument. `keyring` must
    // outlive this.
    explicit AccessTokens(const LiveKeyring& keyring, std::size_t remembered = kDefaultRememberedTokens);

    // With the current key. MissingKey if there is none.
    std::string sign(const AccessTokenClaims& claims, Instant now) const;
    std::string sign_introspection(std::string_view issuer, std::string_view audience, std::string_view answer,
                                   Instant now) const;
    // True if signing takes more than 0.2 ms (RSA) and so must leave an I/O thread.
    bool signs_slowly(Instant now) const;

    Result<AccessTokenClaims, TokenError> verify(std::string_view token, const TokenExpectation& expectation,
                                                 Instant now);
    // The same without a copy: as they are remembered.
    using SharedClaims = std::shared_ptr<const AccessTokenClaims>;
    Result<SharedClaims, TokenError> claims_of(std::string_view token, const TokenExpectation& expectation,
                                               Instant now);

    std::size_t remembered() const { return remembered_.size(); }

private:
    using Remembered = std::shared_ptr<const SignedToken>;
    struct DigestHash {
        std::size_t operator()(const Digest& digest) const noexcept;
    };
    Remembered recall(const Digest& digest, const Keyring& keyring, Instant now);

    const LiveKeyring& keyring_;
    SharedLruMap<Digest, Remembered, DigestHash> remembered_;
};

}  // namespace keyledger::security

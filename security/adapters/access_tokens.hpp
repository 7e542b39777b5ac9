#pragma once
// AccessTokens: signs and verifies with the keys in use now, and remembers what tokens say that were shown and rightly
// signed, because that never changes and checking it costs most. What does change is asked anew each time: the key (a
// revoked one takes its tokens along), the expectation and the clock. A token's status is never remembered. What was
// signed here and not shown is not remembered either: to keep all of that cost each refresh a sixth of what its I/O
// thread takes. Any thread.
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "commands/sessions/tokens.hpp"
#include "domain/base/lru_map.hpp"
#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "security/keys/keyring.hpp"
#include "security/tokens/jwt.hpp"

namespace keyledger::security {

// Some 1,000 bytes each.
inline constexpr std::size_t kDefaultRememberedTokens = 50'000;
inline constexpr std::size_t kMaxRememberedTokens = 1'000'000;

// What is kept of a token that was rightly signed.
struct KnownToken {
    std::string key_id;
    Digest key_thumbprint = {};
    std::string issuer;
    Instant not_before;  // the later of iat and nbf
    Uuid log_id;
    std::string record;  // of a service's, sealed; empty: it carries none
    // All that it tells, but for the record: that is opened by the keys in use when it is asked for.
    commands::AccessClaims claims;
};

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

    // As it is remembered, without a copy.
    using Known = std::shared_ptr<const KnownToken>;
    Result<Known, TokenError> verify(std::string_view token, const TokenExpectation& expectation, Instant now);

    // Tokens in memory; those that have expired are forgotten as others come.
    std::size_t remembered() const { return remembered_.size(); }
    // How many that were shown had to be read, and verified unless something else was wrong with them.
    std::size_t reads() const { return reads_.load(std::memory_order_relaxed); }

private:
    struct DigestHash {
        std::size_t operator()(const Digest& digest) const noexcept;
    };
    Known recall(const Digest& digest, const Keyring& keyring, Instant now);
    Known remember(const Digest& digest, SignedToken token, Instant now);

    const LiveKeyring& keyring_;
    std::atomic<std::size_t> reads_ = 0;
    SharedLruMap<Digest, Known, DigestHash> remembered_;
};

}  // namespace keyledger::security

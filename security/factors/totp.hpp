#pragma once
// Time-based one-time passwords (RFC 6238), as authenticator apps show them. liboath computes them. A code is good in
// its step and in the one before and after; whoever accepts one spends its step, so that it opens nothing twice
// (RFC 6238 section 5.2). Any thread. Failures of the library throw CryptoFailure.
#include <cstdint>
#include <optional>

#include "domain/base/secret.hpp"
#include "domain/base/time.hpp"

namespace keyledger::security {

enum class TotpHash { kSha1, kSha256, kSha512 };
// The defaults are what every app supports, and several apps nothing else. They lose nothing by SHA-1: HMAC does not
// rest on its resistance to collisions.
struct TotpParameters {
    TotpHash hash = TotpHash::kSha1;
    int digits = 6;  // to 8
};
inline constexpr Duration kTotpStep = seconds(30);
inline constexpr std::int64_t kTotpStepsAround = 1;  // for clocks that differ and people who type slowly

// Not before 1970.
constexpr std::int64_t totp_step_at(Instant now) { return now.since_epoch() / kTotpStep; }

Secret new_totp_secret();  // 160 bits (RFC 4226 section 4, R6)

// The digits. A step before 1970 throws std::out_of_range.
Secret totp_code(const Secret& secret, std::int64_t step, const TotpParameters& parameters = {});

// The step whose code was typed, spaces aside; nullopt: that of none that is good at `now`. Takes the same time for
// every text of as many digits.
std::optional<std::int64_t> matching_totp_step(const Secret& secret, const Secret& typed, Instant now,
                                               const TotpParameters& parameters = {});

}  // namespace keyledger::security

#pragma once
// Randomness from the operating system through OpenSSL's CSPRNG. Any thread: each keeps at most 384 bytes in store
// that nobody got yet, for requests of up to 12, and none of them in a process that was forked. Failure to get any
// throws CryptoFailure.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "domain/base/secret.hpp"
#include "domain/base/time.hpp"
#include "domain/base/uuid.hpp"

namespace keyledger::security {

void fill_random(std::span<std::uint8_t> bytes);
std::string random_bytes(std::size_t count);
Secret random_secret(std::size_t count);

// UUIDv7 (RFC 9562 section 5.7) with `now` in its first 48 bits. Ids of this process are strictly
// increasing while the clock stands, runs, or steps back by at most kMaxClockStepBack (RFC 9562
// section 6.2, method 2); beyond that they follow the clock. A time before 1970 or beyond 48 bits throws
// std::out_of_range.
inline constexpr Duration kMaxClockStepBack = seconds(1);
Uuid uuid_v7(Instant now);

}  // namespace keyledger::security

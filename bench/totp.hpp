#pragma once
// What an authenticator app shows (RFC 6238 with SHA-1, six digits and thirty seconds). Of load alone: the service
// computes its codes with liboath.
#include <cstdint>
#include <string>

namespace keyledger::bench {

// By the service's clock: of the field Date of an answer (RFC 9110 section 6.6.1). Throws std::runtime_error.
std::uint64_t step_of(const std::string& date);
// `seed` in base32. Throws std::runtime_error where it is none.
std::string totp(const std::string& seed, std::uint64_t step);

}  // namespace keyledger::bench

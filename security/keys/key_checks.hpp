#pragma once
// Internal to security/: what is looked for in public keys that somebody else made. It takes milliseconds: never on an
// I/O thread. Include it in .cpp files only.
#include <openssl/bn.h>

#include <string>
#include <string_view>

#include "security/primitives/openssl.hpp"

namespace keyledger::security {

using BigNumber = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;

// Each answers with what is wrong, or with an empty text.

// 32 bytes of RFC 8032 section 5.1.2: canonical, on the curve, and of the prime order L. Every key that was made by
// the book is a multiple of the base point and has that order; one of small order (the identity too) or with a part of
// small order never is, and OpenSSL looks at none of it.
std::string edwards_point_fault(std::string_view encoded);

// A modulus without the faults that are known and cheap to find: even, small factors, the pattern of ROCA
// (CVE-2017-15361), primes so close that Fermat's method finds them (CVE-2022-26320), squares. That it is no prime and
// no power of one is OpenSSL's to find (SP 800-56B section 6.4.2.2).
std::string modulus_fault(const BIGNUM& modulus);

}  // namespace keyledger::security

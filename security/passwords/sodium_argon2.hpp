#pragma once
// Argon2id by libsodium, which has it for SSSE3, AVX2 and AVX-512 and takes what the processor has; Debian's libargon2
// has it for none of them, and takes more than twice as long. The one computes what the other does (RFC 9106), for the
// parameters that both know. Any thread; it works in that thread's HashingMemory, if it has one, and wipes it.
#include <string>

#include "security/passwords/argon2.hpp"

namespace keyledger::security {

// One lane, a salt of 16 bytes, a tag of as many at least, no secret and no associated data.
bool is_for_sodium(const Argon2Input& input, const Argon2Parameters& parameters, std::size_t tag_size);

// What argon2id() gives of the same, which must be for it. Out of memory throws std::bad_alloc; a library that can't be
// initialized CryptoFailure.
std::string sodium_argon2id(const Argon2Input& input, const Argon2Parameters& parameters, std::size_t tag_size);

}  // namespace keyledger::security

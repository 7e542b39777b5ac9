#include "security/passwords/sodium_argon2.hpp"

#include <sodium/core.h>
#include <sodium/crypto_pwhash_argon2id.h>
#include <string.h>
#include <sys/mman.h>

#include <new>

#include "security/passwords/hashing_memory.hpp"
#include "security/primitives/crypto_failure.hpp"
#include "security/primitives/openssl.hpp"

// What our copy of the library calls where it says mmap and munmap (security/CMakeLists.txt): it maps a block for each
// hash, and has no other way to be given one.
extern "C" {
void* keyledger_sodium_mmap(void* address, std::size_t bytes, int protection, int flags, int file, off_t offset);
int keyledger_sodium_munmap(void* address, std::size_t bytes);
}

void* keyledger_sodium_mmap(void* address, std::size_t bytes, int protection, int flags, int file, off_t offset) {
    using keyledger::security::HashingMemory;
    HashingMemory* const memory = HashingMemory::of_this_thread();
    if (memory == nullptr) return ::mmap(address, bytes, protection, flags, file, offset);
    void* const taken = memory->take(bytes);
    return taken == nullptr ? MAP_FAILED : taken;
}

int keyledger_sodium_munmap(void* address, std::size_t bytes) {
    using keyledger::security::HashingMemory;
    HashingMemory* const memory = HashingMemory::of_this_thread();
    if (memory == nullptr) return ::munmap(address, bytes);
    ::explicit_bzero(address, bytes);  // the library leaves that to the system
    memory->give_back(static_cast<std::uint8_t*>(address), bytes);
    return 0;
}

namespace keyledger::security {

bool is_for_sodium(const Argon2Input& input, const Argon2Parameters& parameters, std::size_t tag_size) {
    return parameters.lanes == 1 && input.salt.size() == crypto_pwhash_argon2id_SALTBYTES &&
           tag_size >= crypto_pwhash_argon2id_BYTES_MIN && input.secret.empty() && input.associated_data.empty();
}

std::string sodium_argon2id(const Argon2Input& input, const Argon2Parameters& parameters, std::size_t tag_size) {
    // Where it finds out what the processor has.
    static const bool is_ready = sodium_init() >= 0;
    if (!is_ready) throw CryptoFailure("libsodium can't be initialized");
    std::string tag(tag_size, '\0');
    const char* const password = input.password.empty() ? "" : input.password.data();  // it takes no nullptr
    const int outcome = crypto_pwhash_argon2id(
        octets(tag), tag.size(), password, input.password.size(), octets(input.salt), parameters.passes,
        std::size_t{parameters.memory_kib} * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13);
    // Parameters that it refuses are none that we accept.
    if (outcome != 0) throw std::bad_alloc();
    return tag;
}

}  // namespace keyledger::security

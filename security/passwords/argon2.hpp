#pragma once
// Argon2id (RFC 9106) with PHC strings: $argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<tag>. Any thread;
// a hash takes tens of milliseconds and m KiB of memory, so requests go through HashingPool. Out of memory
// throws std::bad_alloc.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/secret.hpp"

namespace keyledger::security {

// The defaults are OWASP's: about 20 ms a hash on a core of 2024.
struct Argon2Parameters {
    std::uint32_t memory_kib = 19'456;
    std::uint32_t passes = 2;
    std::uint32_t lanes = 1;
    friend bool operator==(const Argon2Parameters&, const Argon2Parameters&) = default;
};

// Bounds on what is configured and on what a stored string may ask for: a hostile one must not take gigabytes
// or minutes.
inline constexpr std::uint32_t kMinArgon2MemoryKib = 8;
inline constexpr std::uint32_t kMaxArgon2MemoryKib = 256 * 1024;
inline constexpr std::uint32_t kMaxArgon2Passes = 16;
inline constexpr std::uint32_t kMaxArgon2Lanes = 8;
inline constexpr std::size_t kArgon2SaltSize = 16;
inline constexpr std::size_t kArgon2TagSize = 32;
inline constexpr std::size_t kMaxPhcSize = 256;
// Above the 256 code points that a password may have, in UTF-8.
inline constexpr std::size_t kMaxPasswordSize = 1024;

// Within the bounds, and with at least 8 KiB for each lane (RFC 9106 section 3.1).
bool is_acceptable(const Argon2Parameters& parameters);

struct Phc {
    Argon2Parameters parameters;
    std::string salt;  // 8 to 64 bytes
    std::string tag;   // 16 to 64 bytes
};
// Exactly the form above, numbers without leading zeros, within the bounds; else nullopt.
std::optional<Phc> parse_phc(std::string_view text);
std::string phc_text(const Phc& phc);

// With a fresh random salt. Unacceptable parameters or a password above kMaxPasswordSize throw
// std::invalid_argument.
Secret argon2_hash(const Secret& password, const Argon2Parameters& parameters);
// False also for a string that is no PHC string of ours, or a password that is too long.
bool argon2_verify(const Secret& password, std::string_view phc);
// True if the string was made with any smaller parameter, with more lanes (unless it takes more memory or passes: then
// it is the stronger one, and stays), with a smaller salt or tag, or can't be read.
bool needs_renewal(std::string_view phc, const Argon2Parameters& parameters);

// The function itself with all its inputs, for the test vectors.
struct Argon2Input {
    std::string_view password;
    std::string_view salt;
    std::string_view secret;
    std::string_view associated_data;
};
std::string argon2id(const Argon2Input& input, const Argon2Parameters& parameters, std::size_t tag_size);
// The same by libargon2, whatever the parameters: argon2id() has libsodium compute what that knows (sodium_argon2.hpp).
std::string reference_argon2id(const Argon2Input& input, const Argon2Parameters& parameters, std::size_t tag_size);

}  // namespace keyledger::security

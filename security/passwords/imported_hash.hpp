#pragma once
// Password hashes that other services made. An import keeps them as they are; at the first good log-in ours takes their
// place. What trying one costs is read from its text and bounded before anything is computed: a hostile or careless
// line must not take gigabytes or minutes of a log-in. Any thread; a trial takes up to two seconds and 256 MiB, so
// requests go through HashingPool.
//
// Forms, of at most kMaxImportedHashSize bytes (bytes in base64, with padding or without):
//
//   Argon2   $argon2id$v=19$m=65536,t=3,p=4$SALT$TAG; argon2i and argon2d, v=16 or none
//   bcrypt   $2a$, $2b$ or $2y$, as crypt(5) writes it; a password counts to its 72nd byte
//   scrypt   $scrypt$ln=15,r=8,p=1$SALT$TAG (PHC), $7$… of crypt(5), and
//            $fbscrypt$v=1,n=14,r=8,p=1,ss=SEPARATOR,sk=SIGNER$SALT$TAG of Firebase as Supabase writes it
//   PBKDF2   $pbkdf2-sha256$i=600000,l=32$SALT$TAG (PHC; sha1, sha512), $pbkdf2-sha256$600000$SALT$TAG of Passlib,
//            pbkdf2_sha256$600000$salt$TAG of Django
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"
#include "security/passwords/argon2.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxImportedHashSize = 1024;
// What a trial may cost: memory as with ours (kMaxArgon2MemoryKib), and of each algorithm what takes a core of 2024
// about two seconds at most.
inline constexpr std::uint32_t kMaxImportedArgon2Lanes = 255;
inline constexpr std::uint64_t kMaxImportedArgon2Work = 1024 * 1024;  // KiB times passes
inline constexpr int kMinBcryptCost = 4;
inline constexpr int kMaxBcryptCost = 14;
inline constexpr std::uint64_t kMaxScryptWork = 1U << 22;         // N times r times p
inline constexpr std::uint64_t kMaxPbkdf2Iterations = 4'000'000;  // times blocks of output

enum class ImportedHashFault {
    kUnknownForm,  // none of those above
    kMalformed,    // begins as one of them and goes on otherwise
    kTooCostly,    // beyond the bounds
};

struct ImportedArgon2 {
    enum class Type { kD, kI, kId } type = Type::kId;
    bool is_version_13 = true;  // else 0x10, as of before 2016
    Argon2Parameters parameters{};
    std::string salt;
    std::string tag;
};
struct ImportedBcrypt {
    std::string text;  // 60 characters
    int cost = 0;
};
struct ScryptParameters {
    int n_log2 = 0;
    std::uint32_t r = 0;
    std::uint32_t p = 0;
};
struct ImportedScrypt {
    ScryptParameters parameters{};
    std::string salt;
    std::string tag;
};
struct ImportedCryptScrypt {
    std::string text;
    ScryptParameters parameters{};
};
struct ImportedFirebaseScrypt {
    ScryptParameters parameters{};
    std::string salt;  // with the separator behind it
    std::string signer_key;
    std::string tag;
};
struct ImportedPbkdf2 {
    enum class Digest { kSha1, kSha256, kSha512 } digest = Digest::kSha256;
    std::uint32_t iterations = 0;
    std::string salt;
    std::string tag;
};
using ImportedHash = std::variant<ImportedArgon2, ImportedBcrypt, ImportedScrypt, ImportedCryptScrypt,
                                  ImportedFirebaseScrypt, ImportedPbkdf2>;

Result<ImportedHash, ImportedHashFault> read_imported_hash(std::string_view text);
// As costly as it is written, whether the password matches or not. Out of memory throws std::bad_alloc.
bool imported_verify(const Secret& password, const ImportedHash& hash);
// Algorithm and cost, without salt or tag: "bcrypt, cost 12". Equal texts cost the same.
std::string cost_of(const ImportedHash& hash);
// A hash of nothing that costs as much, for Options::imported_decoy: it tells nothing of the one it is made like.
std::string decoy_like(const ImportedHash& hash);

// ---- how a credential says that its hash was imported ------------------------------------------------------------
inline constexpr std::string_view kImportedPrefix = "imported:";
inline bool is_imported(std::string_view stored) { return stored.starts_with(kImportedPrefix); }

}  // namespace keyledger::security

// A password hash that another service made: its text, and its cost before anything is computed.
#include "security/passwords/imported_hash.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {
namespace {

using namespace security;

void check(const ImportedArgon2& hash) {
    const Argon2Parameters& cost = hash.parameters;
    promise(cost.memory_kib <= kMaxArgon2MemoryKib && cost.memory_kib >= 8 * cost.lanes && cost.lanes >= 1,
            "Argon2 within its bounds");
    promise(std::uint64_t{cost.memory_kib} * cost.passes <= kMaxImportedArgon2Work, "Argon2 within its work");
    promise(hash.salt.size() >= 8 && hash.tag.size() >= 16, "Argon2 takes a salt and a tag");
}
void check(const ImportedBcrypt& hash) {
    promise(hash.text.size() == 60 && hash.cost >= kMinBcryptCost && hash.cost <= kMaxBcryptCost, "bcrypt in bounds");
}
void check(const ScryptParameters& cost) {
    promise(cost.n_log2 >= 1 && cost.r >= 1 && cost.p >= 1, "scrypt has parameters");
    const long double blocks = static_cast<long double>(std::uint64_t{1} << cost.n_log2) * cost.r;
    promise(blocks / 8 <= kMaxArgon2MemoryKib && blocks * cost.p <= kMaxScryptWork, "scrypt within its bounds");
}
void check(const ImportedScrypt& hash) { check(hash.parameters); }
void check(const ImportedCryptScrypt& hash) { check(hash.parameters); }
void check(const ImportedFirebaseScrypt& hash) {
    check(hash.parameters);
    promise(hash.tag.size() == hash.signer_key.size(), "the tag is the signer key, encrypted");
}
void check(const ImportedPbkdf2& hash) {
    promise(hash.iterations >= 1 && hash.iterations <= kMaxPbkdf2Iterations, "PBKDF2 within its bounds");
    promise(hash.tag.size() >= 16 && hash.tag.size() <= 128, "PBKDF2 has a tag");
}

}  // namespace

void imported_hash(std::string_view input) {
    const auto hash = read_imported_hash(input);
    if (!hash) return;
    promise(input.size() <= kMaxImportedHashSize, "a hash is not long");
    std::visit([](const auto& one) { check(one); }, *hash);
    promise(!cost_of(*hash).empty(), "its cost has a name");
}

}  // namespace keyledger::fuzz

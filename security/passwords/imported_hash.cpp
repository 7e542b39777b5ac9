#include "security/passwords/imported_hash.hpp"

#include <argon2.h>
#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <new>

#include "security/passwords/hashing_memory.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/openssl.hpp"

namespace keyledger::security {
namespace {

using Fault = ImportedHashFault;
using Read = Result<ImportedHash, Fault>;

// ---- reading -----------------------------------------------------------------------------------------------------
constexpr std::size_t kMinTag = 16;
constexpr std::size_t kMaxTag = 128;
constexpr std::size_t kMaxSalt = 128;

// Ten digits at most, so that no product of two overflows 64 bits.
std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
    return value;
}

std::string_view take_until(std::string_view& text, char border) {
    const std::size_t at = text.find(border);
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(at == text.npos ? text.size() : at + 1);
    return taken;
}

// "name=number" from the front of a list.
std::optional<std::uint32_t> take_parameter(std::string_view& list, std::string_view name) {
    std::string_view item = take_until(list, ',');
    if (take_until(item, '=') != name) return std::nullopt;
    return number(item);
}

std::optional<std::string> bytes_of(std::string_view base64, std::size_t least, std::size_t most) {
    while (base64.ends_with('=')) base64.remove_suffix(1);
    std::string standard(base64);
    std::ranges::replace(standard, '.', '+');  // as Passlib writes it
    auto bytes = base64_unpadded_decode(standard);
    if (!bytes || bytes->size() < least || bytes->size() > most) return std::nullopt;
    return bytes;
}

std::optional<std::string> tag_of(std::string_view base64) { return bytes_of(base64, kMinTag, kMaxTag); }

bool is_affordable(const ScryptParameters& cost) {
    if (cost.n_log2 < 1 || cost.n_log2 > 22) return false;
    const std::uint64_t n = std::uint64_t{1} << cost.n_log2;
    const std::uint64_t blocks = n * cost.r;  // of 128 bytes each; below 2^54
    return blocks / 8 <= kMaxArgon2MemoryKib && std::uint64_t{cost.r} * cost.p <= kMaxScryptWork &&
           blocks * cost.p <= kMaxScryptWork;
}

Read read_argon2(std::string_view text) {
    ImportedArgon2 hash;
    const std::string_view type = take_until(text, '$');
    if (type == "d") hash.type = ImportedArgon2::Type::kD;
    else if (type == "i") hash.type = ImportedArgon2::Type::kI;
    else if (type != "id") return Unexpected(Fault::kUnknownForm);
    hash.is_version_13 = text.starts_with("v=19$");
    if (text.starts_with("v=") && take_until(text, '$') != (hash.is_version_13 ? "v=19" : "v=16"))
        return Unexpected(Fault::kMalformed);
    std::string_view cost = take_until(text, '$');
    const auto memory_kib = take_parameter(cost, "m");
    const auto passes = take_parameter(cost, "t");
    const auto lanes = take_parameter(cost, "p");
    auto salt = bytes_of(take_until(text, '$'), 8, kMaxSalt);
    auto tag = tag_of(text);
    if (!memory_kib || !passes || !lanes || !cost.empty() || !salt || !tag) return Unexpected(Fault::kMalformed);
    hash.parameters = {*memory_kib, *passes, *lanes};
    if (*memory_kib > kMaxArgon2MemoryKib || *lanes > kMaxImportedArgon2Lanes ||
        std::uint64_t{*memory_kib} * *passes > kMaxImportedArgon2Work)
        return Unexpected(Fault::kTooCostly);
    if (*memory_kib < 8 * *lanes) return Unexpected(Fault::kMalformed);  // RFC 9106 section 3.1
    hash.salt = std::move(*salt);
    hash.tag = std::move(*tag);
    return ImportedHash(std::move(hash));
}

bool is_crypt_base64(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= '.' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
}

// "$2b$12$" and 22 characters of salt, 31 of hash.
Read read_bcrypt(std::string_view text) {
    constexpr std::size_t kSize = 60;
    const bool is_in_form = text.size() == kSize && text[3] == '$' && text[6] == '$' && is_crypt_base64(text.substr(7));
    if (!is_in_form || text[4] < '0' || text[4] > '9' || text[5] < '0' || text[5] > '9')
        return Unexpected(Fault::kMalformed);
    const int cost = (text[4] - '0') * 10 + (text[5] - '0');
    if (cost < kMinBcryptCost) return Unexpected(Fault::kMalformed);
    if (cost > kMaxBcryptCost) return Unexpected(Fault::kTooCostly);
    return ImportedHash(ImportedBcrypt{std::string(text), cost});
}

// Little-endian, six bits a character, as crypt(5) has it.
std::optional<std::uint32_t> crypt_number(std::string_view text) {
    constexpr std::string_view kAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::size_t digit = kAlphabet.find(text[i]);
        if (digit == kAlphabet.npos) return std::nullopt;
        value |= static_cast<std::uint32_t>(digit) << (6 * i);
    }
    return value;
}

// "$7$", one character of log2 N, five of r, five of p, salt, '$', 43 of hash.
Read read_crypt_scrypt(std::string_view text) {
    constexpr std::size_t kSettings = 3 + 1 + 5 + 5;
    constexpr std::size_t kTag = 43;
    const std::size_t border = text.rfind('$');
    if (text.size() < kSettings + 1 + kTag || border < kSettings || text.size() - border - 1 != kTag ||
        border - kSettings > kMaxSalt || !is_crypt_base64(text.substr(border + 1)))
        return Unexpected(Fault::kMalformed);
    const auto n_log2 = crypt_number(text.substr(3, 1));
    const auto r = crypt_number(text.substr(4, 5));
    const auto p = crypt_number(text.substr(9, 5));
    const bool is_plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
    if (!n_log2 || !r || !p || *r == 0 || *p == 0 || !is_plain) return Unexpected(Fault::kMalformed);
    const ScryptParameters parameters{static_cast<int>(*n_log2), *r, *p};
    if (!is_affordable(parameters)) return Unexpected(Fault::kTooCostly);
    return ImportedHash(ImportedCryptScrypt{std::string(text), parameters});
}

Read read_scrypt(std::string_view text) {
    std::string_view cost = take_until(text, '$');
    const auto n_log2 = take_parameter(cost, "ln");
    const auto r = take_parameter(cost, "r");
    const auto p = take_parameter(cost, "p");
    auto salt = bytes_of(take_until(text, '$'), 0, kMaxSalt);
    auto tag = tag_of(text);
    if (!n_log2 || !r || !p || !cost.empty() || !salt || !tag) return Unexpected(Fault::kMalformed);
    const ScryptParameters parameters{static_cast<int>(std::min<std::uint32_t>(*n_log2, 64)), *r, *p};
    if (!is_affordable(parameters)) return Unexpected(Fault::kTooCostly);
    return ImportedHash(ImportedScrypt{parameters, std::move(*salt), std::move(*tag)});
}

Read read_firebase_scrypt(std::string_view text) {
    std::string_view cost = take_until(text, '$');
    if (take_until(cost, ',') != "v=1") return Unexpected(Fault::kMalformed);
    const auto n_log2 = take_parameter(cost, "n");
    const auto r = take_parameter(cost, "r");
    const auto p = take_parameter(cost, "p");
    const auto take_bytes = [&cost](std::string_view name, std::size_t least) {
        std::string_view item = take_until(cost, ',');
        const bool is_it = take_until(item, '=') == name;
        return is_it ? bytes_of(item, least, kMaxSalt) : std::nullopt;
    };
    auto separator = take_bytes("ss", 0);
    auto signer_key = take_bytes("sk", 1);
    auto salt = bytes_of(take_until(text, '$'), 0, kMaxSalt);
    auto tag = tag_of(text);
    if (!n_log2 || !r || !p || !cost.empty() || !separator || !signer_key || !salt || !tag)
        return Unexpected(Fault::kMalformed);
    if (tag->size() != signer_key->size()) return Unexpected(Fault::kMalformed);
    const ScryptParameters parameters{static_cast<int>(std::min<std::uint32_t>(*n_log2, 64)), *r, *p};
    if (!is_affordable(parameters)) return Unexpected(Fault::kTooCostly);
    return ImportedHash(
        ImportedFirebaseScrypt{parameters, *salt + *separator, std::move(*signer_key), std::move(*tag)});
}

std::optional<ImportedPbkdf2::Digest> digest_of(std::string_view name) {
    if (name == "sha1") return ImportedPbkdf2::Digest::kSha1;
    if (name == "sha256") return ImportedPbkdf2::Digest::kSha256;
    if (name == "sha512") return ImportedPbkdf2::Digest::kSha512;
    return std::nullopt;
}
std::size_t size_of(ImportedPbkdf2::Digest digest) {
    switch (digest) {
        case ImportedPbkdf2::Digest::kSha1: return 20;
        case ImportedPbkdf2::Digest::kSha256: return 32;
        case ImportedPbkdf2::Digest::kSha512: return 64;
    }
    return 20;
}

Read pbkdf2_of(std::optional<ImportedPbkdf2::Digest> digest, std::optional<std::uint32_t> iterations,
               std::optional<std::string> salt, std::optional<std::string> tag) {
    if (!digest || !iterations || !salt || !tag) return Unexpected(Fault::kMalformed);
    const std::uint64_t blocks = (tag->size() + size_of(*digest) - 1) / size_of(*digest);
    if (blocks * *iterations > kMaxPbkdf2Iterations) return Unexpected(Fault::kTooCostly);
    return ImportedHash(ImportedPbkdf2{*digest, *iterations, std::move(*salt), std::move(*tag)});
}

// PHC's "sha256$i=600000,l=32$" and Passlib's "sha256$600000$"; SHA-1 has no name there.
Read read_pbkdf2(std::string_view text) {
    const std::string_view name = text.starts_with('-') ? take_until(text, '$').substr(1) : "sha1";
    if (name == "sha1" && text.starts_with('$')) text.remove_prefix(1);
    std::string_view cost = take_until(text, '$');
    std::optional<std::uint32_t> iterations;
    std::optional<std::uint32_t> size;
    if (cost.starts_with("i=")) {
        iterations = take_parameter(cost, "i");
        if (!cost.empty()) size = take_parameter(cost, "l");
        if (!cost.empty()) return Unexpected(Fault::kMalformed);
    } else {
        iterations = number(cost);
    }
    auto salt = bytes_of(take_until(text, '$'), 0, kMaxSalt);
    auto tag = tag_of(text);
    if (size && tag && tag->size() != *size) return Unexpected(Fault::kMalformed);
    return pbkdf2_of(digest_of(name), iterations, std::move(salt), std::move(tag));
}

// Django's, whose salt is a text as it stands there.
Read read_django(std::string_view text) {
    const auto digest = digest_of(take_until(text, '$'));
    const auto iterations = number(take_until(text, '$'));
    const std::string_view salt = take_until(text, '$');
    if (salt.empty() || salt.size() > kMaxSalt) return Unexpected(Fault::kMalformed);
    return pbkdf2_of(digest, iterations, std::string(salt), tag_of(text));
}

// ---- trying ------------------------------------------------------------------------------------------------------
// The library takes pointers to mutable bytes, but writes to none of these without its clearing flags.
std::uint8_t* mutable_octets(std::string_view bytes) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

bool matches(const Secret& password, const ImportedArgon2& hash) {
    std::string tag(hash.tag.size(), '\0');
    argon2_context context = {};
    context.out = mutable_octets(tag);
    context.outlen = static_cast<std::uint32_t>(tag.size());
    context.pwd = mutable_octets(password.reveal());
    context.pwdlen = static_cast<std::uint32_t>(password.size());
    context.salt = mutable_octets(hash.salt);
    context.saltlen = static_cast<std::uint32_t>(hash.salt.size());
    context.t_cost = hash.parameters.passes;
    context.m_cost = hash.parameters.memory_kib;
    context.lanes = hash.parameters.lanes;
    context.threads = 1;  // as with ours
    context.version = hash.is_version_13 ? ARGON2_VERSION_13 : ARGON2_VERSION_10;
    use_hashing_memory(context);
    constexpr argon2_type kTypes[] = {Argon2_d, Argon2_i, Argon2_id};
    const int outcome = argon2_ctx(&context, kTypes[static_cast<int>(hash.type)]);
    if (outcome == ARGON2_MEMORY_ALLOCATION_ERROR) throw std::bad_alloc();
    if (outcome != ARGON2_OK) throw CryptoFailure(std::string("argon2: ") + argon2_error_message(outcome));
    return Secret::equal(tag, hash.tag);
}

// crypt(3) of the library, whose working memory holds the password; empty if it refuses. It takes texts that end with a
// zero: a password that holds one would be cut there, and is none of theirs.
std::string crypted(std::string_view password, const std::string& text) {
    if (password.find('\0') != password.npos || password.size() >= CRYPT_MAX_PASSPHRASE_SIZE) return {};
    const auto data = std::make_unique<crypt_data>();
    const Secret phrase = Secret::take(std::string(password) + '\0');
    const char* output = crypt_r(phrase.reveal().data(), text.c_str(), data.get());
    std::string made = output == nullptr || *output == '*' ? std::string() : std::string(output);
    OPENSSL_cleanse(data.get(), sizeof(crypt_data));
    return made;
}

// What is compared is the hash alone: of a salt's last character bits are unused, and the library writes them as zero.
bool matches(const Secret& password, const ImportedBcrypt& hash) {
    constexpr std::size_t kCounts = 72;
    constexpr std::size_t kTag = 31;
    const std::string made = crypted(password.reveal().substr(0, kCounts), hash.text);
    if (made.size() != hash.text.size()) return false;
    return Secret::equal(std::string_view(made).substr(made.size() - kTag),
                         std::string_view(hash.text).substr(hash.text.size() - kTag));
}

bool matches(const Secret& password, const ImportedCryptScrypt& hash) {
    const std::string made = crypted(password.reveal(), hash.text);
    return !made.empty() && Secret::equal(made, hash.text);
}

Secret scrypt(const Secret& password, std::string_view salt, const ScryptParameters& cost, std::size_t size) {
    std::string key(size, '\0');
    const std::uint64_t n = std::uint64_t{1} << cost.n_log2;
    // What it takes (RFC 7914 section 6), and a little for the two ends.
    const std::uint64_t memory = 128 * (n * cost.r + std::uint64_t{cost.r} * cost.p) + 1024 * 1024;
    ensure(EVP_PBE_scrypt(password.reveal().data(), password.size(), octets(salt), salt.size(), n, cost.r, cost.p,
                          memory, octets(key), key.size()) == 1,
           "scrypt");
    return Secret::take(std::move(key));
}

bool matches(const Secret& password, const ImportedScrypt& hash) {
    const Secret key = scrypt(password, hash.salt, hash.parameters, hash.tag.size());
    return Secret::equal(key.reveal(), hash.tag);
}

// The key that scrypt makes encrypts the project's signer key (AES-256-CTR from zero), and that is the hash.
bool matches(const Secret& password, const ImportedFirebaseScrypt& hash) {
    const Secret key = scrypt(password, hash.salt, hash.parameters, 64);
    const std::string from_zero(16, '\0');
    const CipherContext context(ensured(EVP_CIPHER_CTX_new(), "AES-256-CTR"));
    std::string made(hash.signer_key.size(), '\0');
    int size = 0;
    ensure(EVP_EncryptInit_ex(context.get(), EVP_aes_256_ctr(), nullptr, octets(key.reveal()), octets(from_zero)) == 1,
           "AES-256-CTR");
    ensure(EVP_EncryptUpdate(context.get(), octets(made), &size, octets(hash.signer_key),
                             static_cast<int>(hash.signer_key.size())) == 1,
           "AES-256-CTR");
    return Secret::equal(made, hash.tag);
}

bool matches(const Secret& password, const ImportedPbkdf2& hash) {
    const EVP_MD* digest = hash.digest == ImportedPbkdf2::Digest::kSha1     ? EVP_sha1()
                           : hash.digest == ImportedPbkdf2::Digest::kSha256 ? EVP_sha256()
                                                                            : EVP_sha512();
    std::string tag(hash.tag.size(), '\0');
    ensure(PKCS5_PBKDF2_HMAC(password.reveal().data(), static_cast<int>(password.size()), octets(hash.salt),
                             static_cast<int>(hash.salt.size()), static_cast<int>(hash.iterations), digest,
                             static_cast<int>(tag.size()), octets(tag)) == 1,
           "PBKDF2");
    return Secret::equal(tag, hash.tag);
}

// ---- what it costs -----------------------------------------------------------------------------------------------
std::string told(const ScryptParameters& cost) {
    return "scrypt, N=2^" + std::to_string(cost.n_log2) + ", r=" + std::to_string(cost.r) +
           ", p=" + std::to_string(cost.p);
}
std::string cost(const ImportedArgon2& hash) {
    constexpr const char* kTypes[] = {"Argon2d", "Argon2i", "Argon2id"};
    return std::string(kTypes[static_cast<int>(hash.type)]) + ", " + std::to_string(hash.parameters.memory_kib) +
           " KiB, t=" + std::to_string(hash.parameters.passes) + ", p=" + std::to_string(hash.parameters.lanes);
}
std::string cost(const ImportedBcrypt& hash) { return "bcrypt, cost " + std::to_string(hash.cost); }
std::string cost(const ImportedScrypt& hash) { return told(hash.parameters); }
std::string cost(const ImportedCryptScrypt& hash) { return told(hash.parameters); }
std::string cost(const ImportedFirebaseScrypt& hash) { return "Firebase's " + told(hash.parameters); }
std::string cost(const ImportedPbkdf2& hash) {
    return "PBKDF2 with SHA-" + std::to_string(size_of(hash.digest) == 20 ? 1 : size_of(hash.digest) * 8) + ", " +
           std::to_string(hash.iterations) + " iterations, " + std::to_string(hash.tag.size()) + " bytes";
}

// ---- one of nothing ----------------------------------------------------------------------------------------------
std::string salt_and_tag(std::size_t tag_size) {
    return '$' + base64_unpadded_encode(std::string(16, '\0')) + '$' +
           base64_unpadded_encode(std::string(tag_size, '\0'));
}
std::string decoy(const ScryptParameters& cost, std::size_t tag_size) {
    return "$scrypt$ln=" + std::to_string(cost.n_log2) + ",r=" + std::to_string(cost.r) +
           ",p=" + std::to_string(cost.p) + salt_and_tag(tag_size);
}
std::string decoy(const ImportedArgon2& hash) {
    constexpr const char* kTypes[] = {"d", "i", "id"};
    return std::string("$argon2") + kTypes[static_cast<int>(hash.type)] + (hash.is_version_13 ? "$v=19" : "$v=16") +
           "$m=" + std::to_string(hash.parameters.memory_kib) + ",t=" + std::to_string(hash.parameters.passes) +
           ",p=" + std::to_string(hash.parameters.lanes) + salt_and_tag(hash.tag.size());
}
std::string decoy(const ImportedBcrypt& hash) { return hash.text.substr(0, 7) + std::string(53, '.'); }
std::string decoy(const ImportedScrypt& hash) { return decoy(hash.parameters, hash.tag.size()); }
std::string decoy(const ImportedCryptScrypt& hash) { return decoy(hash.parameters, 32); }
std::string decoy(const ImportedFirebaseScrypt& hash) { return decoy(hash.parameters, 64); }
std::string decoy(const ImportedPbkdf2& hash) {
    constexpr const char* kDigests[] = {"sha1", "sha256", "sha512"};
    return std::string("$pbkdf2-") + kDigests[static_cast<int>(hash.digest)] + "$i=" + std::to_string(hash.iterations) +
           ",l=" + std::to_string(hash.tag.size()) + salt_and_tag(hash.tag.size());
}

}  // namespace

Result<ImportedHash, ImportedHashFault> read_imported_hash(std::string_view text) {
    if (text.size() > kMaxImportedHashSize) return Unexpected(Fault::kMalformed);
    struct Form {
        std::string_view prefix;
        Read (*read)(std::string_view rest);
        bool with_prefix;
    };
    constexpr Form kForms[] = {{"$argon2", read_argon2, false},
                               {"$2a$", read_bcrypt, true},
                               {"$2b$", read_bcrypt, true},
                               {"$2y$", read_bcrypt, true},
                               {"$7$", read_crypt_scrypt, true},
                               {"$scrypt$", read_scrypt, false},
                               {"$fbscrypt$", read_firebase_scrypt, false},
                               {"$pbkdf2", read_pbkdf2, false},
                               {"pbkdf2_", read_django, false}};
    for (const Form& form : kForms)
        if (text.starts_with(form.prefix)) return form.read(form.with_prefix ? text : text.substr(form.prefix.size()));
    return Unexpected(Fault::kUnknownForm);
}

bool imported_verify(const Secret& password, const ImportedHash& hash) {
    return password.size() <= kMaxPasswordSize &&
           std::visit([&](const auto& one) { return matches(password, one); }, hash);
}

std::string cost_of(const ImportedHash& hash) {
    return std::visit([](const auto& one) { return cost(one); }, hash);
}

std::string decoy_like(const ImportedHash& hash) {
    return std::visit([](const auto& one) { return decoy(one); }, hash);
}

}  // namespace keyledger::security

#include "security/factors/recovery_codes.hpp"

#include "security/primitives/base32.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::security {
namespace {

constexpr std::size_t kRandomBytes = 16;
constexpr std::size_t kCharacters = 28;  // 128 bits and 12 of the check
constexpr std::size_t kGroup = 4;

// Both bytes of it, of which the last four bits are zero: they are not written.
std::string check_of(std::string_view random) {
    const Digest digest = sha256({"keyledger recovery code, check", random});
    std::string check(view_of(digest).substr(0, 2));
    check[1] = static_cast<char>(static_cast<unsigned char>(check[1]) & 0xF0);
    return check;
}

}  // namespace

Secret new_recovery_code() {
    std::string bytes = random_bytes(kRandomBytes);
    bytes.reserve(bytes.size() + 2);
    bytes += check_of(bytes);
    std::string characters = typeable32_encode(bytes);
    std::string shown;
    shown.reserve(kCharacters + kCharacters / kGroup);
    for (std::size_t at = 0; at < kCharacters; at += kGroup) {
        if (at > 0) shown += '-';
        shown += std::string_view(characters).substr(at, kGroup);
    }
    Secret::wipe(bytes);
    Secret::wipe(characters);
    return Secret::take(std::move(shown));
}

std::optional<std::string> recovery_code_digest(const UserId& user_id, const Secret& typed) {
    std::string characters;
    characters.reserve(typed.size() + 1);
    for (const char one : typed.reveal())
        if (one != '-' && one != ' ') characters += one;
    std::optional<std::string> digest, bytes;
    if (characters.size() == kCharacters) {
        characters += '0';  // the bits that are not written
        bytes = typeable32_decode(characters);
    }
    if (bytes) {
        const std::string_view random = std::string_view(*bytes).substr(0, kRandomBytes);
        if (check_of(random) == std::string_view(*bytes).substr(kRandomBytes))
            digest = hex_encode(view_of(sha256({"keyledger recovery code", view_of(user_id), random})));
    }
    if (bytes) Secret::wipe(*bytes);
    Secret::wipe(characters);
    return digest;
}

}  // namespace keyledger::security

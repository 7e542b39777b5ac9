#pragma once
// Values handed to clients and taken back: readable by nobody else, changed by nobody, and good for one
// purpose only, because the purpose is in the key and in the associated data. Nothing is stored. Any thread.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

// What is sealed may be at most this long (std::length_error); a snapshot, which no client ever gets, that long.
inline constexpr std::size_t kMaxSealedValueClearSize = 4 * 1024;
inline constexpr std::size_t kMaxSealedSnapshotClearSize = 2 * 1024 * 1024;

enum class SealedPurpose {
    kCursor,
    kMailLink,
    kChallengeHandle,
    kDevice,
    kPreAuthentication,
    kPasskeyChallenge,
    kServiceToken,
    kSnapshot
};

enum class SealedValueError {
    kMalformed,
    kUnknownKey,  // also revoked and ended ones
    kForged,      // changed, or sealed for another purpose or context
};

// A key is derived from the root for each purpose; for kServiceToken, of which there are more than one key may seal,
// for each of its contexts (a token's `jti`).
//
// base64url text. `context` is not in the value but must be the same when it is opened: the query a cursor
// belongs to, the user of a mail link. Two sealings of one value differ. MissingKey if there is no current
// root.
std::string seal_value(const Keyring& keyring, SealedPurpose purpose, std::string_view context, std::string_view clear,
                       Instant now);
Result<std::string, SealedValueError> open_value(const Keyring& keyring, SealedPurpose purpose,
                                                 std::string_view context, std::string_view text, Instant now);

// Seals many values of one purpose: what HKDF makes of the root takes longer than sealing, and is the same for as long
// as that root of that keyring is in use. Nothing is saved where each context has its own key. Any thread.
class ValueSealer {
public:
    explicit ValueSealer(SealedPurpose purpose) : purpose_(purpose) {}
    // As seal_value() with that keyring.
    std::string seal(const std::shared_ptr<const Keyring>& keyring, std::string_view context, std::string_view clear,
                     Instant now);

private:
    struct Derived;
    std::shared_ptr<const Derived> derived_for(const std::shared_ptr<const Keyring>& keyring, const Key& root);

    const SealedPurpose purpose_;
    std::mutex mutex_;
    std::shared_ptr<const Derived> derived_;  // of the root that was used last
};

// The key that it names, whether there is one or not.
std::optional<std::string> key_named_by_sealed_value(SealedPurpose purpose, std::string_view text);

}  // namespace keyledger::security

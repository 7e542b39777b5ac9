#pragma once
// AES-256-GCM (NIST SP 800-38D). A sealed value is nonce (12 bytes) | ciphertext | tag (16 bytes). Keys have
// exactly kAeadKeySize bytes; another size is a bug in the caller and throws std::invalid_argument. Any
// thread: each keeps a context, in which the schedule of the key it used last stays until its next use.
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/lru_map.hpp"
#include "domain/base/secret.hpp"
#include "domain/base/uuid.hpp"

namespace keyledger::security {

inline constexpr std::size_t kAeadKeySize = 32;
inline constexpr std::size_t kAeadNonceSize = 12;
inline constexpr std::size_t kAeadTagSize = 16;
inline constexpr std::size_t kAeadOverhead = kAeadNonceSize + kAeadTagSize;
inline constexpr std::size_t kMaxAeadClearSize = std::size_t{16} << 20;  // more throws std::length_error

// Random nonce: at most 2^32 values under one key (SP 800-38D section 8.3), far beyond what one subject ever
// has.
std::string aead_seal(const Secret& key, std::string_view associated_data, std::string_view clear);
// Opens what either kind of key sealed; nullopt if anything differs (key, associated data, a bit of the
// value).
std::optional<std::string> aead_open(const Secret& key, std::string_view associated_data, std::string_view sealed);

// For values that must come out byte-equal from equal input. The nonce is derived from all that is sealed, so
// equal nonces mean equal values; what an onlooker learns is that two values are equal. Encryption and nonce
// keys are split from one root by HKDF; each sealing derives the nonce key anew, for opening needs none.
class DeterministicAead {
public:
    DeterministicAead(const Secret& root, std::string_view info);
    std::string seal(std::string_view associated_data, std::string_view clear) const;
    std::optional<std::string> open(std::string_view associated_data, std::string_view sealed) const;

private:
    std::string info_;
    Secret extracted_;  // from the root, for both keys
    Secret encryption_key_;
};

// A few of those, for whoever seals for the same context soon after they opened: deriving one costs more than its use
// does. Each is taken once; of more than kMost the oldest are wiped. Any thread.
class KeptAeads {
public:
    using Pointer = std::unique_ptr<const DeterministicAead>;
    static constexpr std::size_t kMost = 1'024;

    void put(const Uuid& context, Pointer aead);
    // nullptr: it is not here, or not any more.
    Pointer take(const Uuid& context);

private:
    std::mutex mutex_;
    LruMap<Uuid, Pointer> kept_{kMost};
};

}  // namespace keyledger::security

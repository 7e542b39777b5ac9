#pragma once
// The keys that Keyledger holds outside its database, as one immutable snapshot read from a file. Keys have a
// purpose and serve only that. A key is published first, used from `use_from`, retired when its successor
// takes over, and still opens or verifies until what was made with it has ended; a revoked key ends at once.
#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"
#include "domain/base/time.hpp"
#include "domain/clients/service_account.hpp"
#include "security/keys/signing_key.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::security {

class KeptAeads;

enum class KeyPurpose {
    kKeyEncryption,  // wraps subject keys
    kClaims,         // HMAC of normalised e-mail addresses and user names
    kSealingRoot,    // HKDF root of everything sealed for clients: refresh tokens, cursors, mail links ...
    kTokenSigning,   // access tokens
    kIdTokens,       // ID tokens: RS256 alone, which every OpenID client must understand (Core section 15.1)
    kTreeHeads,      // what the log was at a time, for auditors: Ed25519 alone, as signed notes want it
    kEventMacs,      // HMAC of what the service appends, so that nobody else's events are believed
    kUnknown,        // of a newer program: kept in the file as it is, and good for nothing here
};
inline constexpr std::array kAllKeyPurposes{KeyPurpose::kKeyEncryption, KeyPurpose::kClaims,   KeyPurpose::kSealingRoot,
                                            KeyPurpose::kTokenSigning,  KeyPurpose::kIdTokens, KeyPurpose::kTreeHeads,
                                            KeyPurpose::kEventMacs};
// As in the file and on the command line: "key-encryption", "claims", "sealing-root", "token-signing", "tree-heads",
// "event-macs", "id-tokens".
std::string_view name_of(KeyPurpose purpose);
// The one algorithm of a purpose; empty for token signing, where each key has its own.
std::string_view algorithm_for(KeyPurpose purpose);
// Whether its keys are pairs that sign, and not 32 secret bytes.
bool is_signing(KeyPurpose purpose);
std::optional<KeyPurpose> key_purpose_named(std::string_view name);

// How long a retired key still opens or verifies; lifetimes that are configured must stay below. Keys of the
// other purposes serve until they are revoked, because what they made is stored.
inline constexpr Duration kTokenSigningRetention = hours(2);
inline constexpr Duration kSealingRootRetention = days(90);

struct Key {
    std::string id;  // short random base64url, unique in the file
    KeyPurpose purpose = KeyPurpose::kClaims;
    std::string unknown_purpose{};  // its name, of kUnknown alone; the material is then what the file says
    std::string algorithm;
    Instant created_at;
    Instant use_from;
    std::optional<Instant> retired_at;
    std::optional<Instant> revoked_at;
    Secret material;                            // 32 bytes; empty for keys that sign and once revoked
    std::shared_ptr<const SigningKey> signing;  // keys that sign only; null once revoked
    // Of a sealing root in a keyring alone, which extracts it from the material once (derived_key), and with which it
    // dies; null once revoked.
    std::unique_ptr<const HmacKey> extracted;
    // Likewise: of the sessions whose refresh tokens were opened a moment ago, until the next ones are sealed.
    std::shared_ptr<KeptAeads> sessions{};

    // When the key stops to open and verify, if that is settled.
    std::optional<Instant> ends_at() const;
    bool has_ended(Instant now) const;
};

enum class KeyState { kPublished, kCurrent, kRetired, kEnded, kRevoked };
std::string_view name_of(KeyState state);

// What may be shown of a key.
struct KeyDescription {
    std::string id;
    KeyPurpose purpose = KeyPurpose::kClaims;
    std::string algorithm;
    KeyState state = KeyState::kPublished;
    Instant created_at;
    Instant use_from;
    std::optional<Instant> retired_at;
    std::optional<Instant> revoked_at;
};

struct KeyringError {
    enum class Code {
        kUnreadable,         // missing, not a file, no permission, disk
        kUnsafePermissions,  // readable or writable by group or others
        kMalformed,
        kMissingPurpose,  // well-formed, but a purpose has no key in use
        kExists,
        kUnknownKey,
        kInUse,  // the only key that opens what is stored
        kTooManyKeys,
    };
    Code code;
    std::string message;  // for people; names path, key id and purpose, never material
};

struct MissingKey : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Keyring {
public:
    // Reads the file; see keyring_file.hpp for its form and for the functions that write it.
    static Result<std::shared_ptr<const Keyring>, KeyringError> load(const std::string& path);
    explicit Keyring(std::vector<Key> keys);

    // The key with which things of this purpose are made at that time, or null. The same for equal files and
    // times, on every node. Pointers live as long as the keyring.
    const Key* current(KeyPurpose purpose, Instant at) const;
    // The same where a service can't go on without; throws MissingKey, which names the purpose.
    const Key& require_current(KeyPurpose purpose, Instant at) const;
    // For opening and verifying: null if unknown, of another purpose, revoked or ended. A key that is
    // published but not yet used is found, because another node's clock may be ahead.
    const Key* find(KeyPurpose purpose, std::string_view id, Instant now) const;
    // All that find() would give, the current one first, the others by falling time of first use. Whatever is
    // looked up by a digest (claims, command ids) is looked up under each.
    std::vector<const Key*> usable(KeyPurpose purpose, Instant now) const;
    // The last of those, or null.
    const Key* last_usable(KeyPurpose purpose, Instant now) const;

    // Every purpose has a current key, or an error that names those that have none (I12).
    Result<void, KeyringError> complete_at(Instant now) const;
    std::vector<KeyDescription> list(Instant now) const;
    const std::vector<Key>& keys() const { return keys_; }

private:
    std::vector<Key> keys_;
};

// The snapshot in use, exchanged while serving. Any thread; hold the snapshot for as long as you use a key of
// it.
class LiveKeyring {
public:
    // As load(), and refuses an incomplete keyring.
    static Result<std::unique_ptr<LiveKeyring>, KeyringError> open(std::string path, Instant now);
    explicit LiveKeyring(std::shared_ptr<const Keyring> keyring) : snapshot_(std::move(keyring)) {}

    std::shared_ptr<const Keyring> snapshot() const;
    // Reads the file again. An unreadable file changes nothing; an incomplete one is reported but taken,
    // because it may be incomplete by a revocation. A keyring that was not opened from a file has nothing to
    // reload.
    Result<void, KeyringError> reload(Instant now);

private:
    std::string path_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Keyring> snapshot_;
};

}  // namespace keyledger::security

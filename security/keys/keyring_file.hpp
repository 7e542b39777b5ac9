#pragma once
// The keyring's file: {"keyring": 1, "keys": [{id, purpose, algorithm, created_at_ms, use_from_ms,
// retired_at_ms?, revoked_at_ms?, material?}]}. Material is base64url of 32 bytes, or a PKCS#8 PEM for keys
// that sign; a revoked key has none. It is written by rename, mode 0600, and refused if group or others may
// touch it. Writers on one machine exclude each other by a lock on the folder.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"
#include "domain/base/time.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxKeyringSize = 256 * 1024;
inline constexpr std::size_t kMaxKeys = 100;

Result<std::vector<Key>, KeyringError> read_keyring_file(const std::string& path);
// Wipes `text`. Refuses unknown and doubled members, keys that don't fit their algorithm, and ids that occur
// twice.
Result<std::vector<Key>, KeyringError> parse_keyring(std::string&& text);
Secret keyring_text(const std::vector<Key>& keys);

// A new file with one key for each purpose, in use at once. kExists if there is anything at the path.
Result<void, KeyringError> generate_keyring(const std::string& path, SigningAlgorithm algorithm, Instant now);

// Makes a key, in use at once, for each purpose that has none: after an update to a program that knows more purposes.
// Returns the ids, separated by spaces; empty: nothing was missing.
Result<std::string, KeyringError> complete_keyring(const std::string& path, Instant now);

// Publishes a new key now and uses it from now + lead (0 to 30 days), when its predecessors retire. Give
// every node time to reload, and every client time to fetch the JWKS. `algorithm` is for token signing: none
// keeps the current one's. Keys that ended are dropped from the file, revoked ones after 90 days. Returns the
// new key's id.
inline constexpr Duration kMaxRotationLead = days(30);
Result<std::string, KeyringError> rotate_key(const std::string& path, KeyPurpose purpose, Duration lead, Instant now,
                                             std::optional<SigningAlgorithm> algorithm = std::nullopt);

// Ends a key at once and destroys its material. If it was the current one for tokens or sealing, its
// published successor takes over early, or a new one is made. A
// key for subject keys or claims must first be rotated (kInUse), for it opens what is stored: re-wrap before
// you revoke. One for event MACs is never revoked: what it authenticated would not be believed any more.
Result<void, KeyringError> revoke_key(const std::string& path, std::string_view id, Instant now);

}  // namespace keyledger::security

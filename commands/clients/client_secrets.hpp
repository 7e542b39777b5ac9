#pragma once
// Client secrets (docs/adr/0015-client-secrets.md): what they look like, and the digests that were read of late.
//
//     kls_ base64url( the secret's id, 16 bytes | 256 random bits )
//
// The id tells which of an account's secrets is meant, so that one digest is compared and not several. What is kept is
// the SHA-256 of the whole text, sealed: with 256 random bits there is nothing to guess that a slow hash would slow.
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/id.hpp"
#include "domain/base/lru_map.hpp"
#include "domain/base/secret.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {

inline constexpr std::string_view kClientSecretPrefix = "kls_";
inline constexpr std::size_t kClientSecretBytes = 32;  // random ones

Secret client_secret_text(const CredentialId& secret_id, const Secret& random);

struct PresentedSecret {
    CredentialId secret_id;
    security::Digest digest{};  // of the whole text
};
// nullopt: not of the form above.
std::optional<PresentedSecret> read_client_secret(const Secret& text);

// The kind of credential that a secret is.
std::string client_secret_kind(const CredentialId& secret_id);

// Digests by the SHA-256 of their sealed form, which the log names: that one belongs to the other never changes. Any
// thread.
using ClientSecretCache = SharedLruMap<std::string, security::Digest>;
inline constexpr std::size_t kMaxRememberedSecrets = 10'000;

}  // namespace keyledger::commands

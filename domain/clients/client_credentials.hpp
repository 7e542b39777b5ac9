#pragma once
// What clients authenticate with, service accounts and applications alike: secrets, which are kept elsewhere (sealed),
// and public keys. Pure. Both aggregates have events of their own, which begin as those below.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/result.hpp"

namespace keyledger {

inline constexpr std::size_t kMaxSecretsPerClient = 2;  // one in use and one to come, while it is rotated
inline constexpr std::size_t kMaxKeysPerClient = 4;

enum class KeyAlgorithm { kRs256, kEs256, kEdDsa };  // bound to the key, as RFC 8725 section 3.1 wants
constexpr auto enum_names(KeyAlgorithm) {
    return std::array{EnumName{KeyAlgorithm::kRs256, "RS256"}, EnumName{KeyAlgorithm::kEs256, "ES256"},
                      EnumName{KeyAlgorithm::kEdDsa, "EdDSA"}};
}

// ---- what events of both say -----------------------------------------------------------------------------------
struct ClientSecretAdded {
    CredentialId secret_id;     // of the row in `credentials`
    std::string sealed_sha256;  // of the sealed value: any other is refused
    static constexpr auto fields() {
        using E = ClientSecretAdded;
        return std::tuple{
            Field{"secret_id", &E::secret_id, "of the row in `credentials`"},
            Field{"sealed_sha256", &E::sealed_sha256, "SHA-256 (hex) of the sealed digest; any other is refused"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(secret_id.to_string()); }
};
struct ClientSecretRemoved {
    CredentialId secret_id;
    static constexpr auto fields() {
        return std::tuple{Field{"secret_id", &ClientSecretRemoved::secret_id,
                                "of the row in `credentials`, which went with this event"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(secret_id.to_string()); }
};
struct ClientKeyAdded {
    std::string key_id;  // its thumbprint (RFC 7638)
    KeyAlgorithm algorithm = KeyAlgorithm::kEs256;
    std::string public_key;            // JWK (RFC 7517) of its public members alone
    std::optional<std::string> kid{};  // that it was registered with; none: with none, or before there were any
    static constexpr auto fields() {
        using E = ClientKeyAdded;
        return std::tuple{Field{"key_id", &E::key_id, "its thumbprint (RFC 7638)"},
                          Field{"algorithm", &E::algorithm, "the only one that its signatures may be of"},
                          Field{"public_key", &E::public_key, "its public members, as a JWK"},
                          Field{"kid", &E::kid, "that it was registered with (RFC 7517), beside its thumbprint"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(key_id); }
};
struct ClientKeyRemoved {
    std::string key_id;
    static constexpr auto fields() { return std::tuple{Field{"key_id", &ClientKeyRemoved::key_id, "its thumbprint"}}; }
    AuditOutcome outcome() const { return AuditOutcome::success(key_id); }
};

// ---- commands --------------------------------------------------------------------------------------------------
struct AddClientSecret {
    CredentialId secret_id;
    std::string sealed_sha256;
};
struct RemoveClientSecret {
    CredentialId secret_id;
};
struct AddClientKey {
    std::string key_id;
    KeyAlgorithm algorithm = KeyAlgorithm::kEs256;
    std::string public_key;
    std::optional<std::string> kid{};
};
struct RemoveClientKey {
    std::string key_id;  // or its kid
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
// A secret or a key that it has not, or no more.
inline constexpr Refusal kCredentialUnknown{RefusalKind::kUnknown, "credential-unknown", "No such secret or key",
                                            "The client has no secret or key with this id."};
inline constexpr Refusal kKeyAlreadyRegistered{RefusalKind::kConflict, "key-known", "Key registered before",
                                               "The client has this very key already."};
// What a header would name it by is another key's name.
inline constexpr Refusal kKeyIdTaken{RefusalKind::kConflict, "key-known", "Key registered before",
                                     "Another key of the client has this 'kid'. Give this one its own, or none."};
inline constexpr Refusal kTooManySecrets =
    limit_reached("A client has at most two secrets: one in use and one to come. Remove one first.");
inline constexpr Refusal kTooManyKeys = limit_reached("A client has at most four keys. Remove one first.");
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct ClientCredentials {
    struct NamedSecret {
        CredentialId id;
        std::string sealed_sha256;
        static constexpr auto fields() {
            return std::tuple{Field{"id", &NamedSecret::id}, Field{"sealed_sha256", &NamedSecret::sealed_sha256}};
        }
        bool operator==(const NamedSecret&) const = default;
    };
    struct PublicKey {
        std::string id;
        KeyAlgorithm algorithm = KeyAlgorithm::kEs256;
        std::string jwk;
        std::optional<std::string> kid{};
        static constexpr auto fields() {
            using K = PublicKey;
            return std::tuple{Field{"id", &K::id}, Field{"algorithm", &K::algorithm}, Field{"jwk", &K::jwk},
                              Field{"kid", &K::kid}};
        }
        bool operator==(const PublicKey&) const = default;

        // By the `kid` that it was registered with, or by its thumbprint.
        bool is_named(std::string_view name) const { return id == name || kid == name; }
    };
    std::vector<NamedSecret> secrets;  // oldest first
    std::vector<PublicKey> keys;
    bool operator==(const ClientCredentials&) const = default;

    const NamedSecret* secret(const CredentialId& id) const;
    const PublicKey* key(std::string_view id) const;
    // Of the form that a token's event names: the secret's id as text, or the key's.
    bool has_credential(std::string_view id) const;

    void take(const ClientSecretAdded& event);
    void take(const ClientSecretRemoved& event);
    void take(const ClientKeyAdded& event);
    void take(const ClientKeyRemoved& event);
};

// ---- rules -----------------------------------------------------------------------------------------------------
// Of a client that there is.
Result<ClientSecretAdded, RefusalRef> decide_on(const ClientCredentials& credentials, const AddClientSecret& command);
Result<ClientSecretRemoved, RefusalRef> decide_on(const ClientCredentials& credentials,
                                                  const RemoveClientSecret& command);
Result<ClientKeyAdded, RefusalRef> decide_on(const ClientCredentials& credentials, const AddClientKey& command);
Result<ClientKeyRemoved, RefusalRef> decide_on(const ClientCredentials& credentials, const RemoveClientKey& command);

}  // namespace keyledger

#pragma once
// The aggregate `service_account`: a client (RFC 6749 section 2) that acts for itself. Pure. Stream id = client id.
// What it may do follows from the roles that are assigned to it; what it authenticates with is named here and kept
// elsewhere (secrets, sealed), or is public (keys). Names are unique without regard to case (claims of kind
// "service_account_name") and of the grammar of role names; audiences are of is_audience() before they come here.
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/held_name.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

inline constexpr std::size_t kMaxSecretsPerAccount = 2;  // one in use and one to come, while it is rotated
inline constexpr std::size_t kMaxKeysPerAccount = 4;
inline constexpr std::size_t kMaxAudiencesPerAccount = 16;
inline constexpr std::size_t kMaxAudienceBytes = 512;

// RFC 8707 section 2: an absolute URI without a fragment; in ASCII.
bool is_audience(std::string_view text);

// ---- events ----------------------------------------------------------------------------------------------------
struct ServiceAccountRegistered {
    std::string name;
    std::vector<std::string> audiences;
    static constexpr std::string_view kType = "service_account.registered";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "There is a service account from now on, enabled, which has nothing to authenticate with yet.";
    static constexpr auto fields() {
        using E = ServiceAccountRegistered;
        return std::tuple{
            Field{"name", &E::name, "unique without regard to case. In the clear: nothing personal belongs here"},
            Field{"audiences", &E::audiences,
                  "the resource servers that it may ask tokens for (RFC 8707), beside the issuer"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(name); }
};
struct ServiceAccountChanged {  // the whole account as it is from now on
    std::string name;
    std::vector<std::string> audiences;
    static constexpr std::string_view kType = "service_account.changed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The whole account as it is from now on.";
    static constexpr auto fields() {
        using E = ServiceAccountChanged;
        return std::tuple{Field{"name", &E::name, "unique without regard to case"},
                          Field{"audiences", &E::audiences, "the resource servers, sorted"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(name); }
};
struct ServiceAccountSecretAdded {
    CredentialId secret_id;     // of the row in `credentials`
    std::string sealed_sha256;  // of the sealed value: any other is refused
    static constexpr std::string_view kType = "service_account.secret_added";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "It authenticates with this secret from now on, too. The log holds no secret and no digest of one, only what "
        "the stored value must be equal to.";
    static constexpr auto fields() {
        using E = ServiceAccountSecretAdded;
        return std::tuple{
            Field{"secret_id", &E::secret_id, "of the row in `credentials`"},
            Field{"sealed_sha256", &E::sealed_sha256, "SHA-256 (hex) of the sealed digest; any other is refused"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(secret_id.to_string()); }
};
struct ServiceAccountSecretRemoved {
    CredentialId secret_id;
    static constexpr std::string_view kType = "service_account.secret_removed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The secret is not good any more, nor is any token that it earned.";
    static constexpr auto fields() {
        return std::tuple{Field{"secret_id", &ServiceAccountSecretRemoved::secret_id,
                                "of the row in `credentials`, which went with this event"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(secret_id.to_string()); }
};
enum class KeyAlgorithm { kRs256, kEs256, kEdDsa };  // bound to the key, as RFC 8725 section 3.1 wants
constexpr auto enum_names(KeyAlgorithm) {
    return std::array{EnumName{KeyAlgorithm::kRs256, "RS256"}, EnumName{KeyAlgorithm::kEs256, "ES256"},
                      EnumName{KeyAlgorithm::kEdDsa, "EdDSA"}};
}
struct ServiceAccountKeyAdded {
    std::string key_id;  // its thumbprint (RFC 7638)
    KeyAlgorithm algorithm = KeyAlgorithm::kEs256;
    std::string public_key;            // JWK (RFC 7517) of its public members alone
    std::optional<std::string> kid{};  // that it was registered with; none: with none, or before schema 2
    static constexpr std::string_view kType = "service_account.key_added";
    static constexpr int kSchema = 2;
    static constexpr std::string_view kMeaning =
        "It authenticates with assertions under this key from now on, too (RFC 7523).";
    static constexpr auto fields() {
        using E = ServiceAccountKeyAdded;
        return std::tuple{Field{"key_id", &E::key_id, "its thumbprint (RFC 7638)"},
                          Field{"algorithm", &E::algorithm, "the only one that its signatures may be of"},
                          Field{"public_key", &E::public_key, "its public members, as a JWK"},
                          Field{"kid", &E::kid,
                                "that it was registered with (RFC 7517), beside its thumbprint; none before schema 2"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(key_id); }
};
struct ServiceAccountKeyRemoved {
    std::string key_id;
    static constexpr std::string_view kType = "service_account.key_removed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The key is not good any more, nor is any token that it earned.";
    static constexpr auto fields() {
        return std::tuple{Field{"key_id", &ServiceAccountKeyRemoved::key_id, "its thumbprint"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(key_id); }
};
struct ServiceAccountDisabled {  // ends its tokens, for good
    static constexpr std::string_view kType = "service_account.disabled";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "It gets no token any more, and those that it has are over for good.";
    static constexpr auto fields() { return std::tuple{}; }
};
struct ServiceAccountEnabled {
    static constexpr std::string_view kType = "service_account.enabled";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "It may get tokens again. The earlier ones stay ended.";
    static constexpr auto fields() { return std::tuple{}; }
};
struct ServiceAccountDeleted {  // the last of its stream: its secrets and their key are destroyed with it
    static constexpr std::string_view kType = "service_account.deleted";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The last of its stream. Its secrets and the key that sealed them are destroyed together with this event; its "
        "tokens are over, and its roles grant nothing to anybody. It leaves its groups: a `group.member_removed` of "
        "each follows in the same append.";
    static constexpr auto fields() { return std::tuple{}; }
};
using ServiceAccountEvent = std::variant<ServiceAccountRegistered, ServiceAccountChanged, ServiceAccountSecretAdded,
                                         ServiceAccountSecretRemoved, ServiceAccountKeyAdded, ServiceAccountKeyRemoved,
                                         ServiceAccountDisabled, ServiceAccountEnabled, ServiceAccountDeleted>;

// ---- commands --------------------------------------------------------------------------------------------------
struct RegisterServiceAccount {
    std::string name;
    std::vector<std::string> audiences;  // sorted, each once
};
enum class AccountStatus { kEnabled, kDisabled };
struct ChangeServiceAccount {
    std::string name;
    std::vector<std::string> audiences;  // sorted, each once
    AccountStatus account_status = AccountStatus::kEnabled;
};
struct AddAccountSecret {
    CredentialId secret_id;
    std::string sealed_sha256;
};
struct RemoveAccountSecret {
    CredentialId secret_id;
};
struct AddAccountKey {
    std::string key_id;
    KeyAlgorithm algorithm = KeyAlgorithm::kEs256;
    std::string public_key;
    std::optional<std::string> kid{};
};
struct RemoveAccountKey {
    std::string key_id;  // or its kid
};
struct DeleteServiceAccount {};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kInvalidAccountName =
    invalid_field("name", "Use 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first.");
inline constexpr Refusal kInvalidAudience = invalid_field(
    "audiences",
    "Give each as an absolute URI without a fragment, such as https://orders.example, of at most 512 bytes.");
inline constexpr Refusal kTooManyAudiences = invalid_field("audiences", "Give at most 16 audiences.");
inline constexpr Refusal kAccountUnknown{RefusalKind::kUnknown, "service-account-unknown", "No such service account",
                                         "There is no service account with this id."};  // also once it is deleted
inline constexpr Refusal kAccountNameTaken{RefusalKind::kConflict, "service-account-name-taken",
                                           "Service account name in use",
                                           "There is a service account of this name. Choose another one."};
// A secret or a key that it has not, or no more.
inline constexpr Refusal kCredentialUnknown{RefusalKind::kUnknown, "credential-unknown", "No such secret or key",
                                            "The service account has no secret or key with this id."};
inline constexpr Refusal kKeyAlreadyRegistered{RefusalKind::kConflict, "key-known", "Key registered before",
                                               "The service account has this very key already."};
// What a header would name it by is another key's name.
inline constexpr Refusal kKeyIdTaken{
    RefusalKind::kConflict, "key-known", "Key registered before",
    "Another key of the service account has this 'kid'. Give this one its own, or none."};
inline constexpr Refusal kTooManySecrets =
    limit_reached("A service account has at most two secrets: one in use and one to come. Remove one first.");
inline constexpr Refusal kTooManyKeys = limit_reached("A service account has at most four keys. Remove one first.");
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct ServiceAccount {
    enum class Status { kAbsent, kEnabled, kDisabled, kDeleted };
    friend constexpr auto enum_names(Status) {
        return std::array{EnumName{Status::kAbsent, "absent"}, EnumName{Status::kEnabled, "enabled"},
                          EnumName{Status::kDisabled, "disabled"}, EnumName{Status::kDeleted, "deleted"}};
    }
    struct NamedSecret {
        CredentialId id;
        std::string sealed_sha256;
        bool operator==(const NamedSecret&) const = default;
    };
    struct PublicKey {
        std::string id;
        KeyAlgorithm algorithm = KeyAlgorithm::kEs256;
        std::string jwk;
        std::optional<std::string> kid{};
        bool operator==(const PublicKey&) const = default;

        // By the `kid` that it was registered with, or by its thumbprint.
        bool is_named(std::string_view name) const { return id == name || kid == name; }
    };
    Status status = Status::kAbsent;
    std::string name;
    std::vector<std::string> audiences;
    std::vector<NamedSecret> secrets;  // oldest first
    std::vector<PublicKey> keys;
    Position tokens_ended_before = 0;  // those that were issued before it are over
    Instant registered_at;
    bool operator==(const ServiceAccount&) const = default;

    bool exists() const { return status == Status::kEnabled || status == Status::kDisabled; }
    const NamedSecret* secret(const CredentialId& id) const;
    const PublicKey* key(std::string_view id) const;
    // Of the form that a token's event names: the secret's id as text, or the key's.
    bool has_credential(std::string_view id) const;
    bool authenticates_by(std::string_view id) const { return status == Status::kEnabled && has_credential(id); }
    static constexpr std::array<std::string_view, 1> kNameKinds{"service_account_name"};
    std::vector<ClaimedName> held_names() const;

    static constexpr std::string_view kStreamType = "service_account";
    static constexpr std::string_view kTitle = "Service accounts";
    static constexpr std::string_view kMeaning =
        "One a service account; the stream's id is its client id. In Kafka these events have it as their subject.";
    static constexpr About kAbout = About::streams_account();
    using Event = ServiceAccountEvent;
    static constexpr int kFold = 2;  // as Session's
};

// ---- rules -----------------------------------------------------------------------------------------------------
using ServiceAccountDecision = Result<std::vector<ServiceAccountEvent>, RefusalRef>;
using ServiceAccountCommand = std::variant<RegisterServiceAccount, ChangeServiceAccount, AddAccountSecret,
                                           RemoveAccountSecret, AddAccountKey, RemoveAccountKey, DeleteServiceAccount>;

ServiceAccountDecision decide(const ServiceAccount& account, const ServiceAccountCommand& command);
ServiceAccount evolve(ServiceAccount account, const ServiceAccountEvent& event, const Recorded& recorded);

}  // namespace keyledger

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
#include "domain/clients/client_credentials.hpp"
#include "domain/clients/client_uri.hpp"

namespace keyledger {

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
struct ServiceAccountSecretAdded : ClientSecretAdded {
    static constexpr std::string_view kType = "service_account.secret_added";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "It authenticates with this secret from now on, too. The log holds no secret and no digest of one, only what "
        "the stored value must be equal to.";
};
struct ServiceAccountSecretRemoved : ClientSecretRemoved {
    static constexpr std::string_view kType = "service_account.secret_removed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The secret is not good any more, nor is any token that it earned.";
};
struct ServiceAccountKeyAdded : ClientKeyAdded {
    static constexpr std::string_view kType = "service_account.key_added";
    static constexpr int kSchema = 2;
    static constexpr std::string_view kMeaning =
        "It authenticates with assertions under this key from now on, too (RFC 7523).";
};
struct ServiceAccountKeyRemoved : ClientKeyRemoved {
    static constexpr std::string_view kType = "service_account.key_removed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The key is not good any more, nor is any token that it earned.";
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
struct DeleteServiceAccount {};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kInvalidAccountName =
    invalid_field("name", "Use 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first.");
inline constexpr Refusal kAccountUnknown{RefusalKind::kUnknown, "service-account-unknown", "No such service account",
                                         "There is no service account with this id."};  // also once it is deleted
inline constexpr Refusal kAccountNameTaken{RefusalKind::kConflict, "service-account-name-taken",
                                           "Service account name in use",
                                           "There is a service account of this name. Choose another one."};
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct ServiceAccount : ClientCredentials {
    enum class Status { kAbsent, kEnabled, kDisabled, kDeleted };
    friend constexpr auto enum_names(Status) {
        return std::array{EnumName{Status::kAbsent, "absent"}, EnumName{Status::kEnabled, "enabled"},
                          EnumName{Status::kDisabled, "disabled"}, EnumName{Status::kDeleted, "deleted"}};
    }
    Status status = Status::kAbsent;
    std::string name;
    std::vector<std::string> audiences;
    Position tokens_ended_before = 0;  // those that were issued before it are over
    Instant registered_at;
    static constexpr auto fields() {
        using A = ServiceAccount;
        return std::tuple{Field{"status", &A::status},
                          Field{"name", &A::name},
                          Field{"audiences", &A::audiences},
                          Field{"secrets", &A::secrets},
                          Field{"keys", &A::keys},
                          Field{"tokens_ended_before", &A::tokens_ended_before},
                          Field{"registered_at_ms", &A::registered_at}};
    }
    bool operator==(const ServiceAccount&) const = default;

    bool exists() const { return status == Status::kEnabled || status == Status::kDisabled; }
    bool authenticates_by(std::string_view id) const { return status == Status::kEnabled && has_credential(id); }
    static constexpr std::array<std::string_view, 1> kNameKinds{"service_account_name"};
    std::vector<ClaimedName> held_names() const;

    static constexpr std::string_view kStreamType = "service_account";
    static constexpr std::string_view kTitle = "Service accounts";
    static constexpr std::string_view kMeaning =
        "One a service account; the stream's id is its client id. In Kafka these events have it as their subject.";
    static constexpr About kAbout = About::streams_account();
    using Event = ServiceAccountEvent;
    static constexpr int kFold = 3;  // as Session's
};

// ---- rules -----------------------------------------------------------------------------------------------------
using ServiceAccountDecision = Result<std::vector<ServiceAccountEvent>, RefusalRef>;
using ServiceAccountCommand = std::variant<RegisterServiceAccount, ChangeServiceAccount, AddClientSecret,
                                           RemoveClientSecret, AddClientKey, RemoveClientKey, DeleteServiceAccount>;

ServiceAccountDecision decide(const ServiceAccount& account, const ServiceAccountCommand& command);
ServiceAccount evolve(ServiceAccount account, const ServiceAccountEvent& event, const Recorded& recorded);

}  // namespace keyledger

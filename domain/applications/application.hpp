#pragma once
// The aggregate `application`: a client (RFC 6749 section 2) that people log in with. Pure. Stream id = client id. It
// is not its user: which scopes and audiences its tokens can have stands here, what the user may do follows from their
// roles. What it authenticates with is named here and kept elsewhere (secrets, sealed), or is public (keys). Names are
// for people and need not be unique.
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/applications/application_definition.hpp"
#include "domain/base/application_id.hpp"
#include "domain/base/declare.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/time.hpp"
#include "domain/clients/client_credentials.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
struct ApplicationRegistered : ApplicationDefinition {
    static constexpr std::string_view kType = "application.registered";
    static constexpr int kSchema = 2;
    static constexpr std::string_view kMeaning =
        "There is an application from now on, enabled, which has no secret and no key yet.";
    AuditOutcome outcome() const { return AuditOutcome::success(name); }
};
struct ApplicationChanged : ApplicationDefinition {
    static constexpr std::string_view kType = "application.changed";
    static constexpr int kSchema = 2;
    static constexpr std::string_view kMeaning =
        "The whole application as it is from now on. If a scope or an audience was taken from it, if people are asked "
        "for their consent from now on, or if it authenticates in another way, its tokens and sessions are over.";
    AuditOutcome outcome() const { return AuditOutcome::success(name); }
};
struct ApplicationSecretAdded : ClientSecretAdded {
    static constexpr std::string_view kType = "application.secret_added";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "It authenticates with this secret from now on, too. The log holds no secret and no digest of one, only what "
        "the stored value must be equal to.";
};
struct ApplicationSecretRemoved : ClientSecretRemoved {
    static constexpr std::string_view kType = "application.secret_removed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The secret is not good any more. Tokens are people's and stay: disabling the application ends them.";
};
struct ApplicationKeyAdded : ClientKeyAdded {
    static constexpr std::string_view kType = "application.key_added";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "It authenticates with assertions under this key from now on, too (RFC 7523).";
};
struct ApplicationKeyRemoved : ClientKeyRemoved {
    static constexpr std::string_view kType = "application.key_removed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The key is not good any more. Tokens are people's and stay: disabling the application ends them.";
};
struct ApplicationDisabled {
    static constexpr std::string_view kType = "application.disabled";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Nobody logs in with it any more, and its tokens and sessions are over for good.";
    static constexpr auto fields() { return std::tuple{}; }
};
struct ApplicationEnabled {
    static constexpr std::string_view kType = "application.enabled";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "People may log in with it again. The earlier tokens stay ended.";
    static constexpr auto fields() { return std::tuple{}; }
};
struct ApplicationDeleted {  // the last of its stream
    static constexpr std::string_view kType = "application.deleted";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The last of its stream. Its secrets and the key that sealed them are destroyed together with this event; its "
        "tokens and sessions are over.";
    static constexpr auto fields() { return std::tuple{}; }
};
using ApplicationEvent = std::variant<ApplicationRegistered, ApplicationChanged, ApplicationSecretAdded,
                                      ApplicationSecretRemoved, ApplicationKeyAdded, ApplicationKeyRemoved,
                                      ApplicationDisabled, ApplicationEnabled, ApplicationDeleted>;

// ---- commands --------------------------------------------------------------------------------------------------
// Definitions are of checked() before they come here.
struct RegisterApplication {
    ApplicationDefinition definition;
};
enum class ApplicationStatus { kEnabled, kDisabled };
struct ChangeApplication {
    ApplicationDefinition definition;
    ApplicationStatus status = ApplicationStatus::kEnabled;
};
struct DeleteApplication {};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kApplicationUnknown{RefusalKind::kUnknown, "application-unknown", "No such application",
                                             "There is no application with this id."};  // also once it is deleted
inline constexpr Refusal kProvesNothing =
    limit_reached("An application that authenticates by 'none' has no secrets and no keys.");
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct Application : ClientCredentials {
    enum class Status { kAbsent, kEnabled, kDisabled, kDeleted };
    friend constexpr auto enum_names(Status) {
        return std::array{EnumName{Status::kAbsent, "absent"}, EnumName{Status::kEnabled, "enabled"},
                          EnumName{Status::kDisabled, "disabled"}, EnumName{Status::kDeleted, "deleted"}};
    }
    Status status = Status::kAbsent;
    ApplicationDefinition definition;
    Position tokens_ended_before = 0;  // tokens and sessions that began before it are over
    Instant registered_at;
    static constexpr auto fields() {
        using A = Application;
        return std::tuple{Field{"status", &A::status},
                          Field{"definition", &A::definition},
                          Field{"secrets", &A::secrets},
                          Field{"keys", &A::keys},
                          Field{"tokens_ended_before", &A::tokens_ended_before},
                          Field{"registered_at_ms", &A::registered_at}};
    }
    bool operator==(const Application&) const = default;

    bool exists() const { return status == Status::kEnabled || status == Status::kDisabled; }
    bool is_first_party() const { return definition.consent == ConsentRule::kFirstParty; }
    bool is_public() const { return definition.authentication == ClientAuthentication::kNone; }

    static constexpr std::string_view kStreamType = "application";
    static constexpr std::string_view kTitle = "Applications";
    static constexpr std::string_view kMeaning =
        "One a client that people log in with; the stream's id is its client id. In Kafka these events have it as "
        "their subject.";
    static constexpr About kAbout = About::stream();
    using Event = ApplicationEvent;
    static constexpr int kFold = 2;  // as Session's
};

// ---- rules -----------------------------------------------------------------------------------------------------
using ApplicationDecision = Result<std::vector<ApplicationEvent>, RefusalRef>;
using ApplicationCommand = std::variant<RegisterApplication, ChangeApplication, AddClientSecret, RemoveClientSecret,
                                        AddClientKey, RemoveClientKey, DeleteApplication>;

ApplicationDecision decide(const Application& application, const ApplicationCommand& command);
Application evolve(Application application, const ApplicationEvent& event, const Recorded& recorded);

// Whether answers may go to `uri`: one of its redirect URIs, byte by byte. Of a native application's on 127.0.0.1 or
// [::1] the port is free (RFC 8252 section 7.3).
bool redirect_uri_matches(const Application& application, std::string_view uri);
// The same of where people are sent after they logged out (OpenID Connect RP-Initiated Logout 1.0 section 3).
bool post_logout_redirect_uri_matches(const Application& application, std::string_view uri);

// Where its pages are that call this service from a browser: the origins of its redirect URIs, each once, if it is
// enabled and runs in a page (ADR 42). Sorted.
std::vector<std::string> page_origins(const Application& application);

}  // namespace keyledger

#pragma once
// The aggregate `user`: who somebody is, whether they may log in, and which of their sessions ended together. Pure:
// no I/O, no clock, no randomness. Strings are normalised and bounded by domain/users/identity.hpp before they come
// here. Stream id = user id.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/held_name.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/time.hpp"
#include "domain/users/consequences.hpp"
#include "domain/users/linked_identity.hpp"
#include "domain/users/user_imported.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
struct UserRegistered {
    Personal<std::string> email;
    Personal<std::string> username;  // empty: none was chosen
    Personal<std::string> name;
    static constexpr std::string_view kType = "user.registered";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "Somebody is a user from now on, and active.";
    static constexpr auto fields() {
        using E = UserRegistered;
        return std::tuple{Field{"email", &E::email, "as typed"},
                          Field{"username", &E::username, "as typed; `null` if none was chosen"},
                          Field{"name", &E::name, "`null` if none was given"}};
    }
};
// Credentials live outside the log. The events that set one carry the SHA-256 (hex) of its sealed value, and log-in
// refuses a value that the log does not name: a hash swapped in the database opens no door.
struct UserPasswordSet {
    CredentialId credential_id;
    std::string sealed_sha256;
    static constexpr std::string_view kType = "user.password_set";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The first password. The log holds no credential, only what it must be equal to.";
    static constexpr auto fields() {
        using E = UserPasswordSet;
        return std::tuple{
            Field{"credential_id", &E::credential_id, "of the row in `credentials`"},
            Field{"sealed_sha256", &E::sealed_sha256, "SHA-256 (hex) of the sealed hash; log-in refuses any other"}};
    }
};
struct UserPasswordChanged {
    CredentialId credential_id;
    std::string sealed_sha256;
    std::optional<SessionId> kept_session;
    static constexpr std::string_view kType = "user.password_changed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "Ends every session that began before it, except the one it keeps.";
    static constexpr auto fields() {
        using E = UserPasswordChanged;
        return std::tuple{Field{"credential_id", &E::credential_id, "of the row in `credentials`"},
                          Field{"sealed_sha256", &E::sealed_sha256, "SHA-256 (hex) of the new sealed hash"},
                          Field{"kept_session", &E::kept_session, "the session that goes on, or `null`"}};
    }
    constexpr EndOfSessions ends_sessions() const { return {"password_changed", kept_session}; }
};
struct UserPasswordHashRenewed {  // the same password under stronger parameters: ends nothing
    CredentialId credential_id;
    std::string sealed_sha256;
    static constexpr std::string_view kType = "user.password_hash_renewed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The same password, hashed anew at a log-in because the parameters grew. Ends nothing.";
    static constexpr auto fields() {
        using E = UserPasswordHashRenewed;
        return std::tuple{Field{"credential_id", &E::credential_id, "of the row in `credentials`"},
                          Field{"sealed_sha256", &E::sealed_sha256, "SHA-256 (hex) of the new sealed hash"}};
    }
};
struct UserProfileUpdated {  // the whole profile as it is from now on
    Personal<std::string> username;
    Personal<std::string> name;
    static constexpr std::string_view kType = "user.profile_updated";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The whole profile as it is from now on: what is `null` was taken away.";
    static constexpr auto fields() {
        using E = UserProfileUpdated;
        return std::tuple{Field{"username", &E::username, "the user name, if there is one"},
                          Field{"name", &E::name, "the name, if there is one"}};
    }
};
struct UserDisabled {
    std::string reason;
    static constexpr std::string_view kType = "user.disabled";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "An administrator locked the user out. Ends every session that began before it.";
    static constexpr auto fields() {
        return std::tuple{
            Field{"reason", &UserDisabled::reason, "possibly empty. In the clear: nothing personal belongs here"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(reason); }
    constexpr EndOfSessions ends_sessions() const { return {"user_disabled"}; }
};
struct UserEnabled {
    static constexpr std::string_view kType = "user.enabled";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The user may log in again. Earlier sessions stay ended.";
    static constexpr auto fields() { return std::tuple{}; }
};
struct UserSessionsRevoked {
    std::optional<SessionId> kept_session;
    static constexpr std::string_view kType = "user.sessions_revoked";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Ends every session that began before it, except the one it keeps. There is no `session.ended` for each: "
        "whoever asks about a session reads its user too.";
    static constexpr auto fields() {
        return std::tuple{
            Field{"kept_session", &UserSessionsRevoked::kept_session, "the session that goes on, or `null`"}};
    }
    constexpr EndOfSessions ends_sessions() const { return {"sessions_revoked", kept_session}; }
};
// Of before there were roles; never written any more. commands/access/roles.hpp turns it into an assignment.
struct UserMadeAdministrator {
    static constexpr std::string_view kType = "user.made_administrator";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Of before there were roles, and never written any more: `serve` gives such a user the administrator's role.";
    static constexpr auto fields() { return std::tuple{}; }
};
struct UserErasureRequested {  // until it is due it can be taken back
    Instant due_at;
    static constexpr std::string_view kType = "user.erasure_requested";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The user, or an administrator, asked for the user's erasure. Ends every session that began before it. Until "
        "it is due the user can log in and take it back.";
    static constexpr auto fields() {
        return std::tuple{Field{"due_at_ms", &UserErasureRequested::due_at,
                                "when it is to be carried out: at once, or at the end of a grace period"}};
    }
    constexpr EndOfSessions ends_sessions() const { return {"erasure_requested"}; }
    constexpr PendingErasure erasure() const { return {due_at}; }
};
struct UserErasureWithdrawn {
    static constexpr std::string_view kType = "user.erasure_withdrawn";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The request was taken back.";
    static constexpr auto fields() { return std::tuple{}; }
    constexpr PendingErasure erasure() const { return {}; }
};
// The last of its stream: key, claims and credentials went with it, and what was sealed for the user reads as erased.
struct UserErased {
    static constexpr std::string_view kType = "user.erased";
    static constexpr int kSchema = 1;
    static constexpr bool kErases = true;
    static constexpr std::string_view kMeaning =
        "The last of its stream. The user's key was destroyed together with this event, and the claims and credentials "
        "removed: every personal field of the user reads as `null` from now on, here and in every copy of the log. "
        "Ends every session. Whoever keeps data about the user has to remove it now.";
    static constexpr auto fields() { return std::tuple{}; }
    constexpr EndOfSessions ends_sessions() const { return {"user_erased"}; }
    constexpr PendingErasure erasure() const { return {}; }
};
// Somebody showed that the address is theirs, by whatever reached them there.
struct UserEmailVerified {
    static constexpr std::string_view kType = "user.email_verified";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "Somebody showed that they read the mail of the user's address.";
    static constexpr auto fields() { return std::tuple{}; }
};
// The address from before stays the user's until it is given back or released (I16): nobody else can take it.
struct UserEmailChanged {
    Personal<std::string> email;
    Instant undo_until;
    std::optional<SessionId> kept_session;
    static constexpr std::string_view kType = "user.email_changed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The user has another address, which was proven. Ends every session that began before it, except the one it "
        "keeps. Until a time, whoever reads the mail of the address from before can undo it.";
    static constexpr auto fields() {
        using E = UserEmailChanged;
        return std::tuple{Field{"email", &E::email, "the new one, as typed"},
                          Field{"undo_until_ms", &E::undo_until, "until when it can be undone"},
                          Field{"kept_session", &E::kept_session, "the session that goes on, or `null`"}};
    }
    constexpr EndOfSessions ends_sessions() const { return {"email_changed", kept_session}; }
};
struct UserEmailChangeUndone {
    static constexpr std::string_view kType = "user.email_change_undone";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The address from before got the account back. Ends every session that began before it; the password opens "
        "nothing any more, and a new one has to be set by the mail of that address.";
    static constexpr auto fields() { return std::tuple{}; }
    constexpr EndOfSessions ends_sessions() const { return {"email_change_undone"}; }
};
struct UserFormerEmailReleased {
    static constexpr std::string_view kType = "user.former_email_released";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The time to undo a change of address is over: the address from before is anybody's again.";
    static constexpr auto fields() { return std::tuple{}; }
};
struct UserPasswordReset {
    CredentialId credential_id;
    std::string sealed_sha256;
    static constexpr std::string_view kType = "user.password_reset";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "A new password, of whoever proved the address instead of the old one. Ends every session that began before "
        "it.";
    static constexpr auto fields() {
        using E = UserPasswordReset;
        return std::tuple{Field{"credential_id", &E::credential_id, "of the row in `credentials`"},
                          Field{"sealed_sha256", &E::sealed_sha256, "SHA-256 (hex) of the new sealed hash"}};
    }
    constexpr EndOfSessions ends_sessions() const { return {"password_reset"}; }
};
struct UserOneTimePasswordSet {
    CredentialId credential_id;
    std::string sealed_sha256;
    Instant expires_at;
    static constexpr std::string_view kType = "user.one_time_password_set";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "An administrator set a password that opens nothing but the way to another one. Ends every session that began "
        "before it.";
    static constexpr auto fields() {
        using E = UserOneTimePasswordSet;
        return std::tuple{Field{"credential_id", &E::credential_id, "of the row in `credentials`"},
                          Field{"sealed_sha256", &E::sealed_sha256, "SHA-256 (hex) of the new sealed hash"},
                          Field{"expires_at_ms", &E::expires_at, "until when it has to be changed"}};
    }
    constexpr EndOfSessions ends_sessions() const { return {"one_time_password_set"}; }
};
struct UserLocaleChosen {
    Personal<std::string> locale;
    static constexpr std::string_view kType = "user.locale_chosen";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The language in which the user is written to.";
    static constexpr auto fields() {
        return std::tuple{
            Field{"locale", &UserLocaleChosen::locale, "a language tag (BCP 47); `null`: none is chosen any more"}};
    }
};
// In the append of the first factor that is enrolled, and of the last one that is removed.
struct UserSecondFactorTurnedOn {
    static constexpr std::string_view kType = "user.second_factor_turned_on";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The user has a second factor, and does not get in without. It is told here too, so that nobody gets in by "
        "hiding the stream of the factors.";
    static constexpr auto fields() { return std::tuple{}; }
};
struct UserSecondFactorTurnedOff {
    static constexpr std::string_view kType = "user.second_factor_turned_off";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The user has none any more.";
    static constexpr auto fields() { return std::tuple{}; }
};
struct UserSecondFactorGivenBack {
    static constexpr std::string_view kType = "user.second_factor_given_back";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Whoever reads the mail of the address undid the removal of a second factor. Ends every session; the password "
        "opens nothing any more, and a new one has to be set by the mail of that address.";
    static constexpr auto fields() { return std::tuple{}; }
    constexpr EndOfSessions ends_sessions() const { return {"second_factor_given_back"}; }
};
using UserEvent =
    std::variant<UserRegistered, UserImported, UserPasswordSet, UserPasswordChanged, UserPasswordHashRenewed,
                 UserProfileUpdated, UserDisabled, UserEnabled, UserSessionsRevoked, UserMadeAdministrator,
                 UserErasureRequested, UserErasureWithdrawn, UserErased, UserEmailVerified, UserEmailChanged,
                 UserEmailChangeUndone, UserFormerEmailReleased, UserPasswordReset, UserOneTimePasswordSet,
                 UserLocaleChosen, UserSecondFactorTurnedOn, UserSecondFactorTurnedOff, UserSecondFactorGivenBack,
                 UserIdentityLinked, UserIdentityUnlinked>;

// ---- commands --------------------------------------------------------------------------------------------------
struct NewCredential {
    CredentialId credential_id;
    std::string sealed_sha256;
};
struct RegisterUser {
    std::string email;
    std::optional<std::string> username;
    std::optional<std::string> name;
    std::optional<NewCredential> password{};  // empty: they come in by an invitation first
};
struct ImportUser {
    std::string email;
    std::optional<std::string> username{};
    std::optional<std::string> name{};
    std::optional<std::string> locale{};
    EmailAtImport address = EmailAtImport::kUnproven;
    StatusAtImport status = StatusAtImport::kActive;
    std::optional<Instant> registered_at{};
    std::optional<NewCredential> password{};
};
struct ChangePassword {
    std::string verified_sha256;  // of the sealed credential that the current password was checked against
    NewCredential password;
    std::optional<SessionId> kept_session;
};
struct RenewPasswordHash {
    std::string verified_sha256;
    NewCredential password;
};
struct UpdateProfile {
    std::optional<std::string> username;
    std::optional<std::string> name;
};
struct DisableUser {
    std::string reason;
};
struct EnableUser {};
struct RevokeAllSessions {
    std::optional<SessionId> kept_session;
};
// Due at once: both events together. Asked again while it is pending it stays as it was.
struct RequestErasure {
    Instant now;
    Instant due_at;
};
struct WithdrawErasure {};
struct VerifyEmail {};  // quiet where it is verified
// Quiet where the one before can still be undone: whoever asks looks first.
struct ChangeEmail {
    std::string email;
    Instant undo_until;
    std::optional<SessionId> kept_session;
};
struct UndoEmailChange {  // quiet where there is none to undo, or no longer
    Instant now;
};
struct ReleaseFormerEmail {  // quiet before its time
    Instant now;
};
struct ResetPassword {
    NewCredential password;
};
struct SetOneTimePassword {
    NewCredential password;
    Instant expires_at;
};
struct ChooseLocale {  // quiet where it is chosen
    std::optional<std::string> locale;
};
// As the stream of the factors is from now on; quiet where it is so already.
struct TurnOnSecondFactor {};
struct TurnOffSecondFactor {};
struct GiveBackSecondFactor {};
// Carries out a request that is due; quiet where there is none.
struct EraseUser {
    Instant now;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kUserDisabled{RefusalKind::kForbidden, "user-disabled", "User disabled",
                                       "This user is disabled. Ask an administrator."};
inline constexpr Refusal kEmailTaken{RefusalKind::kConflict, "email-taken", "E-mail address in use",
                                     "Somebody registered with this e-mail address. Log in instead."};
inline constexpr Refusal kUsernameTaken{RefusalKind::kConflict, "username-taken", "User name in use",
                                        "This user name is in use. Choose another one."};
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
enum class UserPrivilege { kUser, kAdministrator };
constexpr auto enum_names(UserPrivilege) {
    return std::array{EnumName{UserPrivilege::kUser, "user"}, EnumName{UserPrivilege::kAdministrator, "administrator"}};
}
struct User {
    enum class Status { kAbsent, kActive, kDisabled, kErased };
    friend constexpr auto enum_names(Status) {
        return std::array{EnumName{Status::kAbsent, "absent"}, EnumName{Status::kActive, "active"},
                          EnumName{Status::kDisabled, "disabled"}, EnumName{Status::kErased, "erased"}};
    }
    enum class Origin { kRegistered, kImported };
    friend constexpr auto enum_names(Origin) {
        return std::array{EnumName{Origin::kRegistered, "registered"}, EnumName{Origin::kImported, "imported"}};
    }
    enum class EmailProof { kNone, kVerified };
    friend constexpr auto enum_names(EmailProof) {
        return std::array{EnumName{EmailProof::kNone, "none"}, EnumName{EmailProof::kVerified, "verified"}};
    }
    // What the password is good for, beside being right.
    enum class PasswordUse { kLogsIn, kMustBeChanged, kMustBeReset };
    friend constexpr auto enum_names(PasswordUse) {
        return std::array{EnumName{PasswordUse::kLogsIn, "logs_in"},
                          EnumName{PasswordUse::kMustBeChanged, "must_be_changed"},
                          EnumName{PasswordUse::kMustBeReset, "must_be_reset"}};
    }
    enum class SecondFactor { kOff, kOn };
    friend constexpr auto enum_names(SecondFactor) {
        return std::array{EnumName{SecondFactor::kOff, "off"}, EnumName{SecondFactor::kOn, "on"}};
    }
    Status status = Status::kAbsent;
    std::optional<std::string> email;  // as typed; empty once erased
    EmailProof email_proof = EmailProof::kNone;
    // From before a change, while that can be undone: still theirs.
    std::optional<std::string> former_email;
    EmailProof former_email_proof = EmailProof::kNone;
    Instant undo_until;
    std::optional<std::string> username;
    std::optional<std::string> name;
    UserPrivilege privilege = UserPrivilege::kUser;  // by UserMadeAdministrator: it grants nothing, roles do
    std::optional<std::string> locale;
    Origin origin = Origin::kRegistered;
    Instant registered_at;
    CredentialId credential_id;  // nil: they have no password
    std::string sealed_sha256;
    PasswordUse password_use = PasswordUse::kLogsIn;
    Instant password_expires_at;  // of one that must be changed
    SecondFactor second_factor = SecondFactor::kOff;
    // For step-up (domain/ladder/waits.hpp).
    Instant password_counts_from;
    Instant second_factor_counts_from;
    // Counts what ends sessions together. Tokens carry it; it is never compared by time.
    std::int64_t security_stamp = 0;
    Position sessions_ended_before = 0;
    std::optional<SessionId> kept_session;
    std::optional<Instant> erasure_due_at;  // requested, and not taken back
    std::vector<LinkedIdentity> identities;

    static constexpr std::string_view kStreamType = "user";
    static constexpr std::string_view kTitle = "Users";
    static constexpr std::string_view kMeaning = "One a user; the stream's id is the user's.";
    static constexpr About kAbout = About::streams_account();
    using Event = UserEvent;
    // As Session's. A snapshot with personal data is sealed under the user's key and dies with it.
    static constexpr int kFold = 5;
    static constexpr auto fields() {
        using U = User;
        return std::tuple{Field{"status", &U::status},
                          Field{"email", &U::email},
                          Field{"email_proof", &U::email_proof},
                          Field{"former_email", &U::former_email},
                          Field{"former_email_proof", &U::former_email_proof},
                          Field{"undo_until_ms", &U::undo_until},
                          Field{"username", &U::username},
                          Field{"name", &U::name},
                          Field{"locale", &U::locale},
                          Field{"standing", &U::privilege},
                          Field{"origin", &U::origin},
                          Field{"registered_at_ms", &U::registered_at},
                          Field{"credential_id", &U::credential_id},
                          Field{"sealed_sha256", &U::sealed_sha256},
                          Field{"password_use", &U::password_use},
                          Field{"password_expires_at_ms", &U::password_expires_at},
                          Field{"second_factor", &U::second_factor},
                          Field{"password_counts_from_ms", &U::password_counts_from},
                          Field{"second_factor_counts_from_ms", &U::second_factor_counts_from},
                          Field{"security_stamp", &U::security_stamp},
                          Field{"sessions_ended_before", &U::sessions_ended_before},
                          Field{"kept_session", &U::kept_session},
                          Field{"erasure_due_at_ms", &U::erasure_due_at},
                          Field{"identities", &U::identities}};
    }
    // Of an aggregate with personal fields: whether any are known, and whether its key was destroyed.
    bool has_personal_data() const {
        return email || username || name || locale || former_email || !identities.empty();
    }
    bool is_erased() const { return status == Status::kErased; }

    bool exists() const { return status == Status::kActive || status == Status::kDisabled; }
    static constexpr std::array<std::string_view, 3> kNameKinds{"email", "username", "identity"};
    std::vector<ClaimedName> held_names() const;
    const LinkedIdentity* find_identity(std::string_view issuer, std::string_view subject) const;
    // A session that began at `first_position` was ended by an event on its user.
    bool ended_session(const SessionId& session_id, Position first_position) const {
        return first_position < sessions_ended_before && session_id != kept_session;
    }
};

// ---- rules -----------------------------------------------------------------------------------------------------
using UserDecision = Result<std::vector<UserEvent>, RefusalRef>;
using UserCommand = std::variant<RegisterUser, ImportUser, ChangePassword, RenewPasswordHash, UpdateProfile,
                                 DisableUser, EnableUser, RevokeAllSessions, RequestErasure, WithdrawErasure, EraseUser,
                                 VerifyEmail, ChangeEmail, UndoEmailChange, ReleaseFormerEmail, ResetPassword,
                                 SetOneTimePassword, ChooseLocale, TurnOnSecondFactor, TurnOffSecondFactor,
                                 GiveBackSecondFactor, LinkIdentity, UnlinkIdentity, UnlinkIdentitiesSince>;

UserDecision decide(const User& user, const UserCommand& command);
User evolve(User user, const UserEvent& event, const Recorded& recorded);

// What the event declares; empty: it ends no sessions, and leaves the request as it was.
std::optional<EndOfSessions> end_of_sessions(const UserEvent& event);
std::optional<PendingErasure> pending_erasure(const UserEvent& event);

}  // namespace keyledger

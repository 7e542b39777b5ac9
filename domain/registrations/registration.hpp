#pragma once
// The aggregate `registration`: somebody wants to be a user, and has not yet shown that the address is theirs. There is
// no user and no claim before that, so that a registration keeps nothing from anybody: any number of them may be open
// for one address. Stream id = registration id, which is also the subject of a key of its own. Pure.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

struct Registration;
using RegistrationId = Id<Registration>;

inline constexpr Duration kRegistrationLife = days(7);
inline constexpr Duration kRegistrationLinkLife = hours(24);
inline constexpr Duration kRegistrationCodeLife = minutes(10);
// Asked again sooner, nothing new is sent.
inline constexpr Duration kLeastBetweenMails = minutes(1);
inline constexpr int kMostMailsOfRegistration = 5;
inline constexpr int kMostWrongCodesOfMail = 3;
inline constexpr int kMostWrongPasswordsOfRegistration = 10;  // beside a link

// What is presented beside the knowledge of the registration: a code beside its handle, a password beside its link.
enum class RegistrationProof { kCode, kPassword };
constexpr auto enum_names(RegistrationProof) {
    return std::array{EnumName{RegistrationProof::kCode, "code"}, EnumName{RegistrationProof::kPassword, "password"}};
}

// ---- events ----------------------------------------------------------------------------------------------------
struct RegistrationBegun {
    Personal<std::string> email;
    Personal<std::string> username;
    Personal<std::string> name;
    Personal<std::string> locale;
    CredentialId credential_id;
    std::string sealed_sha256;
    std::string code_key;
    Instant expires_at;
    static constexpr std::string_view kType = "registration.begun";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Somebody wants to be a user. They are none, and have no name, until they show that the address is theirs. It "
        "is the same whether or not somebody has the address or the user name.";
    static constexpr auto fields() {
        using E = RegistrationBegun;
        return std::tuple{Field{"email", &E::email, "as typed"},
                          Field{"username", &E::username, "as typed; `null` if none was chosen"},
                          Field{"name", &E::name, "`null` if none was given"},
                          Field{"locale", &E::locale, "a language tag (BCP 47) that they read; `null`: none is known"},
                          Field{"credential_id", &E::credential_id, "of the row in `credentials`"},
                          Field{"sealed_sha256", &E::sealed_sha256, "SHA-256 (hex) of the sealed hash"},
                          Field{"code_key", &E::code_key, "the id of the key under which the mailed code is made"},
                          Field{"expires_at_ms", &E::expires_at, "until when it can be completed"}};
    }
};
// By whoever another provider knows, and whose address nobody vouches for: there is no password, and no link in mail.
struct RegistrationBegunByProvider {
    Personal<std::string> email;
    Personal<std::string> name;
    Personal<std::string> locale;
    std::string provider;
    Personal<std::string> issuer;
    Personal<std::string> subject;
    Personal<std::string> shown_as;
    std::string code_key;
    Instant expires_at;
    static constexpr std::string_view kType = "registration.begun_by_provider";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Somebody whom another provider knows wants to be a user, and has given an address. They are none until they "
        "show that it is theirs. It is the same whether or not somebody has the address.";
    static constexpr auto fields() {
        using E = RegistrationBegunByProvider;
        return std::tuple{Field{"email", &E::email, "as typed"},
                          Field{"name", &E::name, "as the provider tells it; `null` if it tells none"},
                          Field{"locale", &E::locale, "a language tag (BCP 47) that they read; `null`: none is known"},
                          Field{"provider", &E::provider, "the provider's name in the configuration of then"},
                          Field{"issuer", &E::issuer, "with `subject`: who it is there. It may name a tenant"},
                          Field{"subject", &E::subject, "`sub` of the provider's ID token"},
                          Field{"shown_as", &E::shown_as, "the name there; `null` if none is known"},
                          Field{"code_key", &E::code_key, "the id of the key under which the mailed code is made"},
                          Field{"expires_at_ms", &E::expires_at, "until when it can be completed"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(provider); }
};
struct RegistrationMailAsked {
    std::string code_key;
    static constexpr std::string_view kType = "registration.mail_asked";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The mail is to be sent again, with another code.";
    static constexpr auto fields() {
        return std::tuple{Field{"code_key", &RegistrationMailAsked::code_key,
                                "the id of the key under which the mailed code is made"}};
    }
};
struct RegistrationProofFailed {
    RegistrationProof proof = RegistrationProof::kCode;
    static constexpr std::string_view kType = "registration.proof_failed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "Whoever knew of the registration presented a wrong code or password.";
    static constexpr auto fields() {
        return std::tuple{
            Field{"proof", &RegistrationProofFailed::proof, "`code` beside the handle, or `password` beside the link"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::failure(std::string(stored_name(proof))); }
};
// The last of its stream, as the next one. Everything of it is the user's from now on, sealed anew under their key.
struct RegistrationCompleted {
    UserId user_id;
    static constexpr std::string_view kType = "registration.completed";
    static constexpr int kSchema = 1;
    static constexpr bool kErases = true;
    static constexpr std::string_view kMeaning =
        "The address was proven, and a user began in the same append. The registration's key was destroyed with this "
        "event: what is told of somebody is told of the user alone.";
    static constexpr auto fields() {
        return std::tuple{Field{"user_id", &RegistrationCompleted::user_id, "who they are"}};
    }
};
struct RegistrationErased {
    static constexpr std::string_view kType = "registration.erased";
    static constexpr int kSchema = 1;
    static constexpr bool kErases = true;
    static constexpr std::string_view kMeaning =
        "Nobody proved the address in time. Key and credential went with this event: nothing of it can be read any "
        "more.";
    static constexpr auto fields() { return std::tuple{}; }
};
using RegistrationEvent = std::variant<RegistrationBegun, RegistrationBegunByProvider, RegistrationMailAsked,
                                       RegistrationProofFailed, RegistrationCompleted, RegistrationErased>;

// ---- commands --------------------------------------------------------------------------------------------------
struct BeginRegistration {
    std::string email;
    std::optional<std::string> username;
    std::optional<std::string> name;
    std::optional<std::string> locale;
    CredentialId credential_id;
    std::string sealed_sha256;
    std::string code_key;
    Instant expires_at;
};
// Somebody proved at the provider that it is them.
struct RegisteredIdentity {
    std::string provider;
    std::string issuer;
    std::string subject;
    std::optional<std::string> shown_as;
    bool operator==(const RegisteredIdentity&) const = default;
};
struct BeginRegistrationByProvider {
    std::string email;
    std::optional<std::string> name;
    std::optional<std::string> locale;
    RegisteredIdentity identity;
    std::string code_key;
    Instant expires_at;
};
struct AskForRegistrationMail {  // quiet where one was asked for just now, or too many
    std::string code_key;
    Instant now;
};
struct FailRegistrationProof {
    RegistrationProof proof = RegistrationProof::kCode;
    Instant now;
};
struct CompleteRegistration {
    UserId user_id;
    Instant now;
};
struct EraseRegistration {  // quiet before its time
    Instant now;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
// Also of what never was one: a handle or link tells of nothing else.
inline constexpr Refusal kRegistrationOver{RefusalKind::kForbidden, "registration-over", "Registration over",
                                           "The registration is completed, its time is over, or the handle or link is "
                                           "none of ours. Log in, or register again."};
inline constexpr Refusal kRegistrationCodeWrong{RefusalKind::kForbidden, "wrong-code", "Code not accepted",
                                                "The code is wrong. Nothing was changed."};
inline constexpr Refusal kRegistrationCodeOver{
    RefusalKind::kForbidden, "code-over", "Code not good any more",
    "The code expired, or was wrong too often. Ask for another mail, or use the link in it."};
inline constexpr Refusal kRegistrationPasswordWrong{RefusalKind::kForbidden, "wrong-password", "Current password wrong",
                                                    "This is not the password that was registered. Nothing was "
                                                    "changed."};
// Too many wrong passwords beside links: codes go on.
inline constexpr Refusal kRegistrationLinkOver{
    RefusalKind::kForbidden, "link-over", "Link not good any more",
    "The link expired, or the password beside it was wrong too often. Register again, or use the code."};
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct Registration {
    enum class Status { kAbsent, kOpen, kCompleted, kErased };
    Status status = Status::kAbsent;
    std::optional<std::string> email;  // empty once it is over
    std::optional<std::string> username;
    std::optional<std::string> name;
    std::optional<std::string> locale;
    // One of both: a password, or whom another provider knows.
    CredentialId credential_id;
    std::string sealed_sha256;
    std::optional<RegisteredIdentity> identity;
    Instant expires_at;
    // Of the newest mail.
    std::string code_key;
    Instant mailed_at;
    int mails = 0;
    int wrong_codes = 0;
    int wrong_passwords = 0;  // of all

    static constexpr std::string_view kStreamType = "registration";
    static constexpr std::string_view kTitle = "Registrations";
    static constexpr std::string_view kMeaning =
        "One for everybody who wants to be a user and has yet to prove their address, for seven days at most; the "
        "stream's id is that of the registration, and not of the user whom it becomes.";
    static constexpr About kAbout = About::stream();
    using Event = RegistrationEvent;

    bool has_personal_data() const { return email || username || name || locale || identity; }
    bool has_password() const { return !sealed_sha256.empty(); }
    bool is_erased() const { return status == Status::kCompleted || status == Status::kErased; }
    bool is_open(Instant now) const { return status == Status::kOpen && now < expires_at; }
};

// ---- rules -----------------------------------------------------------------------------------------------------
using RegistrationDecision = Result<std::vector<RegistrationEvent>, RefusalRef>;
using RegistrationCommand = std::variant<BeginRegistration, BeginRegistrationByProvider, AskForRegistrationMail,
                                         FailRegistrationProof, CompleteRegistration, EraseRegistration>;

// Whether a proof may still be tried. Asked before anything is compared.
Result<void, RefusalRef> may_try(const Registration& registration, RegistrationProof proof, Instant now);

RegistrationDecision decide(const Registration& registration, const RegistrationCommand& command);
Registration evolve(Registration registration, const RegistrationEvent& event, const Recorded& recorded);

}  // namespace keyledger

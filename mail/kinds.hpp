#pragma once
// The kinds of mail, and what each of them has to tell. A kind is one row here and a file in each language
// (mail/templates/<language>/<name>.mustache). Constants and values; any thread.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "domain/base/time.hpp"

namespace keyledger::mail {

enum class Kind {
    kWelcome,           // user.registered, by themselves
    kPasswordChanged,   // user.password_changed, user.password_reset
    kLocked,            // too many failed log-ins in a row
    kUnlocked,          // login.unlocked
    kSessionRevoked,    // session.ended, and not by whom it belongs to
    kSessionsRevoked,   // user.sessions_revoked
    kAccountDisabled,   // user.disabled
    kAccountEnabled,    // user.enabled
    kErasureRequested,  // user.erasure_requested: afterwards nobody is left to write to
    kErasureWithdrawn,  // user.erasure_withdrawn
    kVerificationCode,
    kAddressInUse,  // somebody registered with the address of an account
    kPasswordReset,
    kMagicLink,
    kLogInCode,
    kAddressChangedOld,  // to the address from before
    kAddressChangedNew,
    kNewDevice,
    kFactorAdded,
    kFactorRemoved,
    kRecoveryCodesLow,
    kUnlock,          // somebody who may be locked out asks for a way in
    kInvitation,      // an administrator made an account for them
    kConfirmAddress,  // an administrator asks whether the address is theirs
    kAccountMade,     // an administrator made an account for them, with a one-time password
    kChangesUndone,   // by the link of a mail that told of them
    kRecoveryCodesMade,
    kIdentityLinked,    // user.identity_linked, but at sign-up
    kIdentityUnlinked,  // user.identity_unlinked
    // To whoever runs the service.
    kAlertAdministrator,
    kAlertRecovery,
    kAlertGuesses,
    kAlertForms,
};

// What a mail tells, as far as its kind needs it. Texts are as the log has them: what could deceive the reader is left
// out when the mail is written (mail/message/shown.hpp). Times are shown in UTC.
struct Facts {
    std::optional<Instant> at;   // when it happened
    std::optional<Instant> due;  // when it will: an erasure, the end of a pause
    std::string device;          // "Firefox on Linux"
    std::string place;           // "192.0.2.0/24", "Berlin, Germany"
    std::string address;         // the other one, where a mail is about two
    std::string factor;          // its name
    std::string provider;        // its name in the configuration
    std::string code;            // a secret: never logged
    std::string link;            // likewise; https, or http to this machine
    std::optional<int> minutes;  // how long code and link are good
    std::optional<int> left;     // recovery codes
    std::optional<int> count;    // of what happened often
};

// A member of Facts, by the name that templates give it.
enum class Fact { kAt, kDue, kDevice, kPlace, kAddress, kFactor, kProvider, kCode, kLink, kMinutes, kLeft, kCount };

struct FactName {
    Fact fact;
    std::string_view name;
};
inline constexpr FactName kFactNames[] = {
    {Fact::kAt, "at"},           {Fact::kDue, "due"},         {Fact::kDevice, "device"},     {Fact::kPlace, "place"},
    {Fact::kAddress, "address"}, {Fact::kFactor, "factor"},   {Fact::kProvider, "provider"}, {Fact::kCode, "code"},
    {Fact::kLink, "link"},       {Fact::kMinutes, "minutes"}, {Fact::kLeft, "left"},         {Fact::kCount, "count"},
};

struct KindRow {
    Kind kind;
    std::string_view name;        // of its files, and of jobs
    std::span<const Fact> needs;  // without these it can't be written
    std::span<const Fact> may;    // told if they are known
    bool is_open = false;         // somebody without an account can cause it, to whatever address
};

// In the order of the enumeration.
std::span<const KindRow> all_kinds();
const KindRow& row_of(Kind kind);
constexpr bool is_alert(Kind kind) { return kind >= Kind::kAlertAdministrator; }
// nullopt: there is none of that name.
std::optional<Kind> kind_named(std::string_view name);

}  // namespace keyledger::mail

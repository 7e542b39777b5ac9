#include "domain/users/user.hpp"

#include <algorithm>

#include "domain/ladder/waits.hpp"
#include "domain/users/identity.hpp"

namespace keyledger {
namespace {

using Events = std::vector<UserEvent>;
using Status = User::Status;

UserDecision decide_on(const User& user, const RegisterUser& command) {
    if (user.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    Events events{UserRegistered{{command.email}, {command.username}, {command.name}}};
    if (command.password)
        events.push_back(UserPasswordSet{command.password->credential_id, command.password->sealed_sha256});
    return events;
}

UserDecision decide_on(const User& user, const ImportUser& command) {
    if (user.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    Events events{UserImported{{command.email},
                               {command.username},
                               {command.name},
                               {command.locale},
                               command.address,
                               command.status,
                               command.registered_at}};
    if (command.password)
        events.push_back(UserPasswordSet{command.password->credential_id, command.password->sealed_sha256});
    return events;
}

UserDecision decide_on(const User& user, const ChangePassword& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.status != Status::kActive) return Unexpected(refusals::kUserDisabled);
    if (user.sealed_sha256 != command.verified_sha256) return Unexpected(refusals::kCredentialTampered);
    return Events{
        UserPasswordChanged{command.password.credential_id, command.password.sealed_sha256, command.kept_session}};
}

UserDecision decide_on(const User& user, const RenewPasswordHash& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.sealed_sha256 != command.verified_sha256) return Unexpected(refusals::kCredentialTampered);
    return Events{UserPasswordHashRenewed{command.password.credential_id, command.password.sealed_sha256}};
}

UserDecision decide_on(const User& user, const UpdateProfile& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.username == command.username && user.name == command.name) return Events{};
    return Events{UserProfileUpdated{{command.username}, {command.name}}};
}

UserDecision decide_on(const User& user, const DisableUser& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.status == Status::kDisabled) return Events{};
    return Events{UserDisabled{command.reason}};
}

UserDecision decide_on(const User& user, const EnableUser&) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.status == Status::kActive) return Events{};
    return Events{UserEnabled{}};
}

UserDecision decide_on(const User& user, const RevokeAllSessions& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    return Events{UserSessionsRevoked{command.kept_session}};
}

UserDecision decide_on(const User& user, const RequestErasure& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.erasure_due_at) return Events{};
    // A thief who changed the address does not end what its owner may still undo (I16).
    const Instant due_at = user.former_email ? std::max(command.due_at, user.undo_until) : command.due_at;
    Events events{UserErasureRequested{due_at}};
    if (due_at <= command.now) events.push_back(UserErased{});
    return events;
}

UserDecision decide_on(const User& user, const WithdrawErasure&) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (!user.erasure_due_at) return Events{};
    return Events{UserErasureWithdrawn{}};
}

UserDecision decide_on(const User& user, const EraseUser& command) {
    if (!user.erasure_due_at || *user.erasure_due_at > command.now) return Events{};
    if (user.former_email && command.now < user.undo_until) return Events{};  // it was changed since
    return Events{UserErased{}};
}

UserDecision decide_on(const User& user, const VerifyEmail&) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.email_proof == User::EmailProof::kVerified) return Events{};
    return Events{UserEmailVerified{}};
}

UserDecision decide_on(const User& user, const ChangeEmail& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.status != Status::kActive) return Unexpected(refusals::kUserDisabled);
    if (user.former_email || user.email == command.email) return Events{};
    return Events{UserEmailChanged{{command.email}, command.undo_until, command.kept_session}};
}

UserDecision decide_on(const User& user, const UndoEmailChange& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (!user.former_email || command.now >= user.undo_until) return Events{};
    return Events{UserEmailChangeUndone{}};
}

UserDecision decide_on(const User& user, const ReleaseFormerEmail& command) {
    if (!user.exists() || !user.former_email || command.now < user.undo_until) return Events{};
    return Events{UserFormerEmailReleased{}};
}

UserDecision decide_on(const User& user, const ResetPassword& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.status != Status::kActive) return Unexpected(refusals::kUserDisabled);
    return Events{UserPasswordReset{command.password.credential_id, command.password.sealed_sha256}};
}

UserDecision decide_on(const User& user, const SetOneTimePassword& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    return Events{
        UserOneTimePasswordSet{command.password.credential_id, command.password.sealed_sha256, command.expires_at}};
}

UserDecision decide_on(const User& user, const ChooseLocale& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.locale == command.locale) return Events{};
    return Events{UserLocaleChosen{{command.locale}}};
}

UserDecision decide_on(const User& user, const TurnOnSecondFactor&) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.status != Status::kActive) return Unexpected(refusals::kUserDisabled);
    if (user.second_factor == User::SecondFactor::kOn) return Events{};
    return Events{UserSecondFactorTurnedOn{}};
}

UserDecision decide_on(const User& user, const TurnOffSecondFactor&) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.second_factor == User::SecondFactor::kOff) return Events{};
    return Events{UserSecondFactorTurnedOff{}};
}

UserDecision decide_on(const User& user, const GiveBackSecondFactor&) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    return Events{UserSecondFactorGivenBack{}};
}

UserDecision decide_on(const User& user, const LinkIdentity& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (user.status != Status::kActive) return Unexpected(refusals::kUserDisabled);
    if (user.find_identity(command.issuer, command.subject) != nullptr) return Events{};
    if (user.identities.size() >= kMaxLinkedIdentities) return Unexpected(refusals::kTooManyIdentities);
    return Events{UserIdentityLinked{command.identity_id,
                                     command.provider,
                                     {command.issuer},
                                     {command.subject},
                                     {command.shown_as},
                                     command.linked_by}};
}

UserDecision decide_on(const User& user, const UnlinkIdentity& command) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (std::ranges::find(user.identities, command.identity_id, &LinkedIdentity::id) == user.identities.end())
        return Unexpected(refusals::kIdentityUnknown);
    return Events{UserIdentityUnlinked{command.identity_id, command.kept_session}};
}

UserDecision decide_on(const User& user, const UnlinkIdentitiesSince& command) {
    // Also what a thief may have linked in the days before: it does not count yet.
    const auto may_be_a_thiefs = [&](const LinkedIdentity& identity) {
        return identity.linked_by != LinkedBy::kRegistration && command.since < identity.linked_at + kWaitOfNewFactor;
    };
    Events events;
    for (const LinkedIdentity& identity : user.identities)
        if (may_be_a_thiefs(identity)) events.push_back(UserIdentityUnlinked{identity.id, std::nullopt});
    return events;
}

// Of a password that is its user's own.
User with_password(User user, const CredentialId& credential_id, const std::string& sealed_sha256) {
    user.credential_id = credential_id;
    user.sealed_sha256 = sealed_sha256;
    user.password_use = User::PasswordUse::kLogsIn;
    user.password_expires_at = {};
    return user;
}

// What an event ends and whose erasure is pending is no part of these: evolve() takes it from the declaration.
User apply(User user, const UserRegistered& event, const Recorded& recorded) {
    user.status = Status::kActive;
    user.email = event.email.value;
    user.username = event.username.value;
    user.name = event.name.value;
    user.registered_at = recorded.occurred_at;
    return user;
}
User apply(User user, const UserImported& event, const Recorded& recorded) {
    user.status = event.status == StatusAtImport::kActive ? Status::kActive : Status::kDisabled;
    user.email = event.email.value;
    user.email_proof = event.address == EmailAtImport::kProven ? User::EmailProof::kVerified : User::EmailProof::kNone;
    user.username = event.username.value;
    user.name = event.name.value;
    user.locale = event.locale.value;
    user.origin = User::Origin::kImported;
    user.registered_at = event.registered_at.value_or(recorded.occurred_at);
    return user;
}
User apply(User user, const UserPasswordSet& event, const Recorded&) {
    return with_password(std::move(user), event.credential_id, event.sealed_sha256);
}
User apply(User user, const UserPasswordChanged& event, const Recorded&) {
    return with_password(std::move(user), event.credential_id, event.sealed_sha256);
}
User apply(User user, const UserPasswordHashRenewed& event, const Recorded&) {
    user.credential_id = event.credential_id;
    user.sealed_sha256 = event.sealed_sha256;
    return user;
}
User apply(User user, const UserProfileUpdated& event, const Recorded&) {
    user.username = event.username.value;
    user.name = event.name.value;
    return user;
}
User apply(User user, const UserDisabled&, const Recorded&) {
    user.status = Status::kDisabled;
    return user;
}
User apply(User user, const UserEnabled&, const Recorded&) {
    user.status = Status::kActive;
    return user;
}
User apply(User user, const UserSessionsRevoked&, const Recorded&) { return user; }
User apply(User user, const UserMadeAdministrator&, const Recorded&) {
    user.privilege = UserPrivilege::kAdministrator;
    return user;
}
User apply(User user, const UserErasureRequested&, const Recorded&) { return user; }
User apply(User user, const UserErasureWithdrawn&, const Recorded&) { return user; }
User apply(User user, const UserEmailVerified&, const Recorded&) {
    user.email_proof = User::EmailProof::kVerified;
    return user;
}
User apply(User user, const UserEmailChanged& event, const Recorded&) {
    user.former_email = std::move(user.email);
    user.former_email_proof = user.email_proof;
    user.undo_until = event.undo_until;
    user.email = event.email.value;
    user.email_proof = User::EmailProof::kVerified;
    return user;
}
// Whoever undoes it reads the mail of that address.
User apply(User user, const UserEmailChangeUndone&, const Recorded&) {
    user.email = std::move(user.former_email);
    user.email_proof = User::EmailProof::kVerified;
    user.former_email.reset();
    user.former_email_proof = User::EmailProof::kNone;
    user.undo_until = {};
    user.password_use = User::PasswordUse::kMustBeReset;
    return user;
}
User apply(User user, const UserFormerEmailReleased&, const Recorded&) {
    user.former_email.reset();
    user.former_email_proof = User::EmailProof::kNone;
    user.undo_until = {};
    return user;
}
// A reset takes the mail of the address, and the second factor if there is one that counts.
User apply(User user, const UserPasswordReset& event, const Recorded& recorded) {
    const bool took_factor =
        user.second_factor == User::SecondFactor::kOn && user.second_factor_counts_from <= recorded.occurred_at;
    user.password_counts_from = took_factor ? Instant() : recorded.occurred_at + kWaitAfterReset;
    return with_password(std::move(user), event.credential_id, event.sealed_sha256);
}
User apply(User user, const UserOneTimePasswordSet& event, const Recorded&) {
    user = with_password(std::move(user), event.credential_id, event.sealed_sha256);
    user.password_use = User::PasswordUse::kMustBeChanged;
    user.password_expires_at = event.expires_at;
    user.password_counts_from = {};
    return user;
}
User apply(User user, const UserLocaleChosen& event, const Recorded&) {
    user.locale = event.locale.value;
    return user;
}
// It was enrolled with the password.
User apply(User user, const UserSecondFactorTurnedOn&, const Recorded& recorded) {
    const bool password_counted = user.password_counts_from <= recorded.occurred_at;
    user.second_factor = User::SecondFactor::kOn;
    user.second_factor_counts_from = password_counted ? recorded.occurred_at : recorded.occurred_at + kWaitOfNewFactor;
    return user;
}
User apply(User user, const UserSecondFactorTurnedOff&, const Recorded&) {
    user.second_factor = User::SecondFactor::kOff;
    user.second_factor_counts_from = {};
    return user;
}
// Whoever has it proves nothing new by that: it counts as it did.
User apply(User user, const UserSecondFactorGivenBack&, const Recorded& recorded) {
    user.second_factor = User::SecondFactor::kOn;
    user.second_factor_counts_from = recorded.occurred_at;
    user.password_use = User::PasswordUse::kMustBeReset;
    return user;
}
// Without the user's key nobody knows any more who it was.
User apply(User user, const UserIdentityLinked& event, const Recorded& recorded) {
    user.identities.push_back({event.identity_id, event.provider, event.issuer.value.value_or(""),
                               event.subject.value.value_or(""), event.shown_as.value, event.linked_by,
                               recorded.occurred_at});
    return user;
}
User apply(User user, const UserIdentityUnlinked& event, const Recorded&) {
    std::erase_if(user.identities, [&](const LinkedIdentity& one) { return one.id == event.identity_id; });
    return user;
}
// What is left ends sessions and tells nobody.
User apply(User user, const UserErased&, const Recorded&) {
    User erased;
    erased.status = Status::kErased;
    erased.security_stamp = user.security_stamp;
    return erased;
}

template <class Event>
std::optional<EndOfSessions> end_declared_by(const Event& event) {
    constexpr bool kEnds = requires { event.ends_sessions(); };
    static_assert(
        kEnds || !requires { event.kept_session; }, "it keeps a session: which does it end?");
    if constexpr (kEnds) return event.ends_sessions();
    else return std::nullopt;
}
template <class Event>
std::optional<PendingErasure> erasure_declared_by(const Event& event) {
    if constexpr (requires { event.erasure(); }) return event.erasure();
    else return std::nullopt;
}

}  // namespace

std::vector<ClaimedName> User::held_names() const {
    std::vector<ClaimedName> names;
    if (!exists()) return names;
    const auto by_email = email ? parse_email(*email) : std::nullopt;
    if (by_email) names.push_back({"email", by_email->key, refusals::kEmailTaken});
    const auto by_former_email = former_email ? parse_email(*former_email) : std::nullopt;
    if (by_former_email && !(by_email && by_email->key == by_former_email->key))
        names.push_back({"email", by_former_email->key, refusals::kEmailTaken});
    if (username) {
        const auto by_username = parse_username(*username);
        if (by_username) names.push_back({"username", by_username->key, refusals::kUsernameTaken});
    }
    for (const LinkedIdentity& identity : identities)
        if (!identity.subject.empty())
            names.push_back({"identity", identity_key(identity.issuer, identity.subject), refusals::kIdentityTaken});
    return names;
}

const LinkedIdentity* User::find_identity(std::string_view issuer, std::string_view subject) const {
    const auto found = std::ranges::find_if(
        identities, [&](const LinkedIdentity& one) { return one.issuer == issuer && one.subject == subject; });
    return found == identities.end() || subject.empty() ? nullptr : &*found;
}

UserDecision decide(const User& user, const UserCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(user, c); }, command);
}

User evolve(User user, const UserEvent& event, const Recorded& recorded) {
    user = std::visit([&](const auto& e) { return apply(std::move(user), e, recorded); }, event);
    if (const auto end = end_of_sessions(event)) {
        user.security_stamp += 1;
        user.sessions_ended_before = recorded.position;
        user.kept_session = end->kept_session;
    }
    if (const auto erasure = pending_erasure(event)) user.erasure_due_at = erasure->due_at;
    return user;
}

std::optional<EndOfSessions> end_of_sessions(const UserEvent& event) {
    return std::visit([](const auto& e) { return end_declared_by(e); }, event);
}

std::optional<PendingErasure> pending_erasure(const UserEvent& event) {
    return std::visit([](const auto& e) { return erasure_declared_by(e); }, event);
}

}  // namespace keyledger

#include "domain/users/user.hpp"

#include "domain/users/identity.hpp"

namespace keyledger {
namespace {

using Events = std::vector<UserEvent>;
using Status = User::Status;

UserDecision decide_on(const User& user, const RegisterUser& command) {
    if (user.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    return Events{UserRegistered{{command.email}, {command.username}, {command.name}},
                  UserPasswordSet{command.password.credential_id, command.password.sealed_sha256}};
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
    Events events{UserErasureRequested{command.due_at}};
    if (command.due_at <= command.now) events.push_back(UserErased{});
    return events;
}

UserDecision decide_on(const User& user, const WithdrawErasure&) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (!user.erasure_due_at) return Events{};
    return Events{UserErasureWithdrawn{}};
}

UserDecision decide_on(const User& user, const EraseUser& command) {
    if (!user.erasure_due_at || *user.erasure_due_at > command.now) return Events{};
    return Events{UserErased{}};
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
User apply(User user, const UserPasswordSet& event, const Recorded&) {
    user.credential_id = event.credential_id;
    user.sealed_sha256 = event.sealed_sha256;
    return user;
}
User apply(User user, const UserPasswordChanged& event, const Recorded&) {
    user.credential_id = event.credential_id;
    user.sealed_sha256 = event.sealed_sha256;
    return user;
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
    if (!username) return names;
    const auto by_username = parse_username(*username);
    if (by_username) names.push_back({"username", by_username->key, refusals::kUsernameTaken});
    return names;
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

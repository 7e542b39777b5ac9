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
    if (user.erasure_due_at_ms) return Events{};
    Events events{UserErasureRequested{command.due_at_ms}};
    if (command.due_at_ms <= command.now_ms) events.push_back(UserErased{});
    return events;
}

UserDecision decide_on(const User& user, const WithdrawErasure&) {
    if (!user.exists()) return Unexpected(refusals::kUserUnknown);
    if (!user.erasure_due_at_ms) return Events{};
    return Events{UserErasureWithdrawn{}};
}

UserDecision decide_on(const User& user, const EraseUser& command) {
    if (!user.erasure_due_at_ms || *user.erasure_due_at_ms > command.now_ms) return Events{};
    return Events{UserErased{}};
}

User end_sessions(User user, const Recorded& recorded, std::optional<Uuid> kept_session) {
    user.security_stamp += 1;
    user.sessions_ended_before = recorded.position;
    user.kept_session = kept_session;
    return user;
}

User apply(User user, const UserRegistered& event, const Recorded& recorded) {
    user.status = Status::kActive;
    user.email = event.email.value;
    user.username = event.username.value;
    user.name = event.name.value;
    user.registered_at_ms = recorded.occurred_at_ms;
    return user;
}
User apply(User user, const UserPasswordSet& event, const Recorded&) {
    user.credential_id = event.credential_id;
    user.sealed_sha256 = event.sealed_sha256;
    return user;
}
User apply(User user, const UserPasswordChanged& event, const Recorded& recorded) {
    user.credential_id = event.credential_id;
    user.sealed_sha256 = event.sealed_sha256;
    return end_sessions(std::move(user), recorded, event.kept_session);
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
User apply(User user, const UserDisabled&, const Recorded& recorded) {
    user.status = Status::kDisabled;
    return end_sessions(std::move(user), recorded, std::nullopt);
}
User apply(User user, const UserEnabled&, const Recorded&) {
    user.status = Status::kActive;
    return user;
}
User apply(User user, const UserSessionsRevoked& event, const Recorded& recorded) {
    return end_sessions(std::move(user), recorded, event.kept_session);
}
User apply(User user, const UserMadeAdministrator&, const Recorded&) {
    user.privilege = UserPrivilege::kAdministrator;
    return user;
}
User apply(User user, const UserErasureRequested& event, const Recorded& recorded) {
    user.erasure_due_at_ms = event.due_at_ms;
    return end_sessions(std::move(user), recorded, std::nullopt);
}
User apply(User user, const UserErasureWithdrawn&, const Recorded&) {
    user.erasure_due_at_ms.reset();
    return user;
}
// What is left ends sessions and tells nobody.
User apply(User user, const UserErased&, const Recorded& recorded) {
    User erased;
    erased.status = Status::kErased;
    erased.security_stamp = user.security_stamp;
    return end_sessions(std::move(erased), recorded, std::nullopt);
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
    return std::visit([&](const auto& e) { return apply(std::move(user), e, recorded); }, event);
}

}  // namespace keyledger

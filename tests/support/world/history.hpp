#pragma once
// Events with defaults, for pasts: what a test does not name does not matter to it.
#include "domain/credentials/login_attempts.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "tests/support/world/given.hpp"

namespace keyledger::test {

inline const UserId kAnn = uuid(0xA1);
inline const UserId kBob = uuid(0xB1);
inline const CredentialId kAnnsPassword = uuid(0xA2);
inline const SessionId kLaptop = uuid(0xC1);  // sessions
inline const SessionId kPhone = uuid(0xC2);
inline constexpr const char* kClient = "keyledger";

inline UserRegistered registered() {
    UserRegistered event;
    event.email.value = "Ann@Example.com";
    event.username.value = "Ann";
    event.name.value = "Ann Example";
    return event;
}
inline UserPasswordSet password_set(std::string sealed_sha256 = "first") {
    return {kAnnsPassword, std::move(sealed_sha256)};
}
inline SessionStarted started() { return {kAnn, kClient, {"https://issuer"}, 0, "laptop", kNow + 30 * kDay}; }

// Somebody who may come in.
template <class... Events>
User given_user(Events... events) {
    return given<User>(registered(), password_set(), std::move(events)...);
}
template <class... Events>
User given_administrator(Events... events) {
    return given_user(UserMadeAdministrator{}, std::move(events)...);
}
// A session of Ann's, begun at position 1 and at kNow.
template <class... Events>
Session given_session(Events... events) {
    return given<Session>(started(), std::move(events)...);
}

}  // namespace keyledger::test

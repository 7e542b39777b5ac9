#pragma once
#include "commands/sessions/tokens.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {

// Who an application's session is of, for an answer of userinfo (OpenID Connect Core section 5.3): as of the head,
// with what the session rests on (domain/sessions/grounds.hpp). kInvalidToken when any of it no longer holds. Where
// answers come from memory, the user alone is read, and only where they are not remembered as they stand; else all of
// it in one read of the store.
struct UserOfApplication {
    User user;
    std::optional<KeyAlgorithm> signed_by;  // how its application wants the answer; none: not signed
};
Answer<UserOfApplication> user_of_application(Services& services, Bearer bearer, Deadline deadline);

}  // namespace keyledger::commands

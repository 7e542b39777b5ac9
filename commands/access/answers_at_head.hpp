#pragma once
// Security answers that append nothing: is this token good, who is this? Answered from folds that include everything
// which had been appended before the question, on any node (I8); when the store is away, there is no answer (I12).
#include "commands/access/permissions.hpp"
#include "commands/services.hpp"
#include "domain/access/subject_access.hpp"
#include "domain/base/time.hpp"

namespace keyledger {
struct Session;
}

namespace keyledger::commands {

struct UserAtHead {
    User user;
    bool administrator = false;
};
struct SessionAtHead {
    User user;
    std::shared_ptr<const Session> session;  // never nullptr
};

// Whether a user's token for this very API holds, and nothing more: kInvalidToken when it no longer does, or is an
// application's. Where answers come from memory, no stream is read for it.
Answer<SubjectAccess> holder_at_head(Services& services, Bearer bearer, Deadline deadline);
// The same, and who its holder is, both of one moment. Their stream alone is read, and only where it is not remembered
// as it stands.
Answer<UserAtHead> bearer_at_head(Services& services, Bearer bearer, Deadline deadline);
// The same with all that is known of the session.
Answer<SessionAtHead> session_of_bearer(Services& services, Bearer bearer, Deadline deadline);

// The session of a token and its user, whatever their state.
Answer<SessionAtHead> session_at_head(Services& services, SessionId session_id, Deadline deadline);
// Reads as bearer_at_head.
Answer<UserAtHead> user_at_head(Services& services, UserId user_id, Deadline deadline);
// The same for the answer to a command that was carried out just now. Where the store can't be read any more it is
// kOutcomeUnknown: "nothing was done" would not be true, and a repeat under the same Idempotency-Key tells.
Answer<UserAtHead> user_after_command(Services& services, UserId user_id, Deadline deadline);
// kUserUnknown, and nothing else: whether there is such a user.
Answer<SubjectAccess> existing_user(Services& services, UserId user_id, Deadline deadline);

// The user of an answer as that found them, with what is personal. nullopt: they are remembered as of another moment,
// and whoever asks has to begin anew.
Answer<std::optional<User>> user_of_answer(Services& services, const SubjectAccess& access, Deadline deadline);

// Answers for unknown ids, too: such a subject is not active and has no permissions.
Answer<SubjectAccess> access_of_user(Services& services, UserId user_id, Deadline deadline);
Answer<SubjectAccess> access_of_session(Services& services, SessionId session_id, Deadline deadline);
// The holder of a bearer token; kInvalidToken when it no longer holds.
Answer<SubjectAccess> access_of_bearer(Services& services, Bearer bearer, Deadline deadline);
// The holder must also have the permission; kForbidden otherwise.
Answer<SubjectAccess> access_with_permission(Services& services, Permission needed, Bearer bearer, Deadline deadline);

// How often in a row somebody failed to log in as the user, over all networks, and whether that has closed
// the account to networks that are not known. The holder of the token must hold keyledger.users:read.
struct LockOut {
    bool locked = false;
    std::int64_t failures_in_a_row = 0;
    Instant last_failed_at;  // not set: never since the last good one
};
Answer<LockOut> lock_out_of(Services& services, UserId user_id, Bearer bearer, Deadline deadline);

// AuthZEN's searches for what can't be told from the roles of one subject.
Answer<SubjectPage> subjects_who_may(Services& services, SubjectSearch search, SubjectPlace from, std::size_t limit,
                                     Deadline deadline);
// The actions that are known for a resource: those that some role names, or Keyledger itself.
Answer<std::set<std::string>> known_actions(Services& services, std::string resource, Deadline deadline);

}  // namespace keyledger::commands

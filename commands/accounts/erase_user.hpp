#pragma once
// Erasure: a person's key, claims and credentials go in the transaction of `user.erased`, and what was sealed under
// that key reads as erased wherever it was copied (design section 5).
#include "commands/challenges/challenge_secrets.hpp"
#include "commands/services.hpp"
#include "domain/base/time.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {

struct ErasureRequest {
    Bearer bearer;
    Secret current_password;
};
struct Erasure {
    Position position = 0;  // 0: it had been requested before
    Instant due_at;         // of a request that can be taken back; not set: they are erased
    bool repeated = false;  // as in Done
};

// Of oneself. A wrong password counts as a failed log-in: a stolen access token is no licence to guess.
Answer<Erasure> request_own_erasure(Services& services, ErasureRequest request, Caller caller);
// Of somebody else, by an administrator.
Answer<Erasure> request_erasure(Services& services, Bearer bearer, UserId user_id, Caller caller);

// Takes a request back while the grace period lasts; quiet where there is none.
Answer<Receipt> withdraw_own_erasure(Services& services, Bearer bearer, Caller caller);
Answer<Receipt> withdraw_erasure(Services& services, Bearer bearer, UserId user_id, Caller caller);

// By the link in the mail that tells of the request: of this very one, and until it is due. kLinkSpent.
inline MailLink withdrawal_link(const UserId& user_id, Instant due_at) {
    MailLink link;
    link.purpose = ChallengePurpose::kWithdrawErasure;
    link.subject = user_id;
    link.expires_at = due_at;
    return link;
}
Answer<Receipt> withdraw_erasure_by_mail(Services& services, const Secret& link, Caller caller);

// For whoever appends events that ask for an erasure or take one back. A user who asked to be erased is no
// administrator from the request on, so that the erasure can be carried out when it is due. If the request is
// withdrawn, they are one again.
StepResult count_among_administrators(Attempt& attempt, StreamOf<User> user, const std::vector<UserEvent>& events);

// Carries out a request that is due; quiet where there is none, or where another node did it. By the system.
Answer<Receipt> erase_user(Services& services, UserId user_id, Caller caller);

// Erases somebody again who was erased after the backup that was restored; quiet where there is nobody. By the system,
// without a grace period.
Answer<Receipt> repeat_erasure(Services& services, UserId user_id, Caller caller);

}  // namespace keyledger::commands

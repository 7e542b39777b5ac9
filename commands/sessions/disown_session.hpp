#pragma once
// "This was not me": whoever is told of a log-in from a new device ends what it began by the link in that mail.
#include "commands/challenges/challenge_secrets.hpp"
#include "commands/services.hpp"

namespace keyledger::commands {

// Sealed, and good once.
inline MailLink disown_link(const UserId& user_id, const SessionId& session_id, Instant logged_in_at) {
    MailLink link;
    link.purpose = ChallengePurpose::kEndSession;
    link.about = session_id;
    link.subject = user_id;
    link.expires_at = logged_in_at + life_of(ChallengePurpose::kEndSession);
    return link;
}

// Ends all sessions of the user, and the session's device is not known any more. kLinkSpent: also where it was
// done.
Answer<Receipt> disown_session(Services& services, const Secret& link, Caller caller);

}  // namespace keyledger::commands

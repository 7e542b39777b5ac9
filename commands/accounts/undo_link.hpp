#pragma once
// What undoes a change of address (I16): commands redeem it, and the mail to the address from before has it.
#include <optional>

#include "commands/challenges/challenge_secrets.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {

// nullopt: there is nothing to undo. It is sealed, and of this very change: of a user, no two end at one time. The
// address is not in it, for keys under which its digest is made may end before the link does.
inline std::optional<MailLink> undo_link(const UserId& user_id, const User& user) {
    if (!user.former_email) return std::nullopt;
    MailLink link;
    link.purpose = ChallengePurpose::kUndo;
    link.subject = user_id;
    link.expires_at = user.undo_until;
    return link;
}

}  // namespace keyledger::commands

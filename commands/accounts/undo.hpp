#pragma once
// A takeover can be undone (I16): for seven days after a change of address, or the removal of a second factor, whoever
// reads the mail of the address gets the account back as it was. The mail that tells of it has a link.
#include <optional>

#include "commands/challenges/challenge_secrets.hpp"
#include "commands/services.hpp"
#include "domain/factors/factors.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {

// A link is sealed, and of this very change: of a user no two end at one time, and a factor is removed once. The
// address is not in it, for keys under which its digest is made may end before the link does.
inline MailLink undo_link(const UserId& user_id, const Uuid& about, Instant expires_at) {
    MailLink link;
    link.purpose = ChallengePurpose::kUndo;
    link.about = about;
    link.subject = user_id;
    link.expires_at = expires_at;
    return link;
}
// nullopt: there is nothing to undo.
inline std::optional<MailLink> undo_link(const UserId& user_id, const User& user) {
    if (!user.former_email) return std::nullopt;
    return undo_link(user_id, Uuid{}, user.undo_until);
}
inline std::optional<MailLink> undo_link(const UserId& user_id, const Factors::Kept& kept) {
    return undo_link(user_id, kept.factor.id, kept.until);
}

// By such a link, of whichever of the two: the address from before is the account's again, what was done since to
// second factors and recovery codes is undone (and what was enrolled within the week before goes), an erasure that was
// asked for is taken back, all sessions end, and the password has to be reset by the mail of the address. Links about
// what a thief may have enrolled are void then. kLinkSpent: also where it was undone, or its time is over.
Answer<Receipt> undo_change(Services& services, const Secret& link, Caller caller);

// What was sealed of a factor that was removed goes, once nobody can have it given back; quiet before. By the system.
Answer<Receipt> forget_factor(Services& services, UserId user_id, FactorId factor_id, Caller caller);

}  // namespace keyledger::commands

#pragma once
// Mail that an administrator has sent to a user's address: an invitation, by whose link whoever has no password sets
// their first one, or a link by which a user shows that the address is theirs. Each is good for seven days. With
// kWriteUsers, and authority over what the user holds.
#include "commands/challenges/challenges.hpp"
#include "commands/services.hpp"

namespace keyledger::refusals {

inline constexpr Refusal kHasPassword{RefusalKind::kConflict, "has-password", "User has a password",
                                      "Only whoever has no password is invited. Others ask for another one by mail."};
inline constexpr Refusal kGetsNoMail{RefusalKind::kConflict, "user-not-active", "User not active",
                                     "No mail with a link goes to whoever is disabled. Activate them first."};
inline constexpr Refusal kAddressVerified{RefusalKind::kConflict, "address-verified", "Address verified",
                                          "The user has shown that the address is theirs. Nothing was sent."};

}  // namespace keyledger::refusals

namespace keyledger::commands {

inline constexpr Duration kInvitationLife = life_of(ChallengePurpose::kInvite);

// In a step, for somebody who is a user in its append at the latest: what asks for the mail to `email`, theirs.
Result<void, CommandError> put_invitation(Services& services, Attempt& attempt, StreamOf<Challenge> challenge,
                                          const UserId& user_id, const std::string& email, ChallengePurpose purpose);

// kHasPassword, kUserUnknown, kGetsNoMail.
Answer<Receipt> invite_user(Services& services, Bearer bearer, UserId user_id, Caller caller);
// kAddressVerified, kUserUnknown, kGetsNoMail.
Answer<Receipt> send_verification(Services& services, Bearer bearer, UserId user_id, Caller caller);

// By the link of the second. An invitation is accepted by reset_password(). kLinkSpent.
Answer<Receipt> confirm_address(Services& services, const Secret& link, Caller caller);

}  // namespace keyledger::commands

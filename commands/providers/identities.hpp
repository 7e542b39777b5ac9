#pragma once
// Whom a user is at other providers: linked and unlinked by themselves, with a step-up for each.
#include "commands/providers/log_in_by_provider.hpp"

namespace keyledger::refusals {

// Nobody locks themselves out.
inline constexpr Refusal kLastWayIn{RefusalKind::kConflict, "last-way-in", "Last way in",
                                    "You could not log in without it. Set a password or register a passkey first."};
inline constexpr Refusal kProviderUnknown{RefusalKind::kUnknown, "provider-unknown", "No such provider",
                                          "No provider of this name is offered. GET /api/v1/auth/providers has those "
                                          "that are."};

}  // namespace keyledger::refusals

namespace keyledger::commands {

// Whether they may link: kProviderUnknown, and the refusals of commands/access/step_up.hpp. Nothing is appended.
Answer<Receipt> may_link_identity(Services& services, Bearer bearer, std::string provider, Deadline deadline);

// Links whoever came back with the user who set out for that (SentToProvider::links), whose session still holds.
// kIdentityTaken, kTooManyIdentities, and the refusals of arrive_from_provider(). Linked before: quiet.
Answer<Receipt> link_identity(Services& services, ComeBack back, Caller caller);

// Ends all other sessions, for one may have begun by it. kLastWayIn, kIdentityUnknown.
Answer<Receipt> unlink_identity(Services& services, Bearer bearer, LinkedIdentityId identity_id, Caller caller);

}  // namespace keyledger::commands

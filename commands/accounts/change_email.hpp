#pragma once
// Another address for a user. It is asked for with the password, proven at the new address, and told to both; for seven
// days whoever reads the mail of the one from before can undo it (undo.hpp).
#include <string>

#include "commands/challenges/challenges.hpp"
#include "commands/services.hpp"

namespace keyledger::refusals {

inline constexpr Refusal kEmailChangedJustNow{RefusalKind::kConflict, "email-changed", "Address changed just now",
                                              "The address was changed within the last seven days, and that can still "
                                              "be undone: further changes wait until then."};

inline constexpr Refusal kEmailUnchanged =
    invalid_field("email", "This is the address that you have.", RefusalKind::kUnsuitable);

}  // namespace keyledger::refusals

namespace keyledger::commands {

inline constexpr Duration kUndoEmailChangeFor = days(7);

struct EmailChange {
    Bearer bearer;
    Secret current_password;
    std::string email;
    std::optional<std::string> language{};
};
// Sends a code to the new address; or, if somebody has it, word of that. The answer is the same.
Answer<AskedChallenge> ask_email_change(Services& services, EmailChange change, Caller caller);

// By the code that came to the new address, in a session of the user's own: a link alone would prove nothing, for the
// address may be that of a stranger. Ends every other session. kNotProven; kEmailTaken.
struct EmailProof {
    Secret handle;
    Secret code;
};
Answer<Receipt> change_email(Services& services, Bearer bearer, EmailProof presented, Caller caller);

// The address from before is anybody's again, once its time is over; quiet before, and where there is none. By the
// system.
Answer<Receipt> release_former_email(Services& services, UserId user_id, Caller caller);

}  // namespace keyledger::commands

#pragma once
#include "commands/factors/presented_factor.hpp"
#include "commands/services.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {

// Somebody lost app and recovery codes: an administrator takes all second factors off, and whoever has the password
// gets in. Takes kWriteUsers, and no permission of the target's that the actor lacks. Quiet where there is none.
// kForbidden, kExceedsAuthority, kUserUnknown.
Answer<Receipt> reset_second_factor(Services& services, Bearer bearer, UserId user_id, Caller caller);

// In a step: takes all off that there are. What was removed before can be given back as it could.
StepResult take_all_factors(Services& services, Attempt& attempt, StreamOf<User> user, Deadline deadline);
// In a step, by whoever has authority: nor can be given back what was removed before.
StepResult take_all_factors_for_good(Services& services, Attempt& attempt, StreamOf<User> user, Deadline deadline);
// In a step, of a user whose own stream says that there are factors: whether one of them outlives the recovery of the
// account (domain/factors/factors.hpp). Also where none is found: somebody hides them.
Answer<bool> has_established_factor(Services& services, Attempt& attempt, UserId user_id);
// In a step, after an attempt was taken: one that outlives it, or a recovery code, is used. kWrongSecondFactor.
StepResult use_established_factor(Services& services, Attempt& attempt, UserId user_id,
                                  const PresentedFactor& presented, const Caller& caller);

}  // namespace keyledger::commands

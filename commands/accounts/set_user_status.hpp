#pragma once
// Disabling a user ends all of their sessions in the same event. Takes kWriteUsers; the last administrator stays.
#include "commands/services.hpp"

namespace keyledger::commands {

inline constexpr std::size_t kMaxReasonBytes = 256;

Answer<Receipt> disable_user(Services& services, Bearer bearer, UserId user_id, std::string reason, Caller caller);
Answer<Receipt> enable_user(Services& services, Bearer bearer, UserId user_id, Caller caller);

}  // namespace keyledger::commands

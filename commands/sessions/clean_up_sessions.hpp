#pragma once
#include "commands/services.hpp"

namespace keyledger::commands {

// Sessions that are over are not listed any more, with kWriteUsers. Ends none that lives.
Answer<Receipt> clean_up_sessions(Services& services, Bearer bearer, Caller caller);

}  // namespace keyledger::commands

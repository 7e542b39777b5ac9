#pragma once
// The log: one line an entry on standard error, time in UTC; what a reader can't see, or is deceived by, is '?'.
// Never given secrets or personal values (I10).
#include <string>

namespace keyledger::app {

void start_logging(const std::string& level);
// trace, debug, info, warn, error; false for anything else.
bool set_log_level(const std::string& level);

}  // namespace keyledger::app

#pragma once
#include "commands/services.hpp"
#include "domain/log/log_keeping.hpp"

namespace keyledger::commands {

// What the log says of its own events. All three may be repeated, by any node.
Answer<Receipt> add_mac_key(Services& services, std::string key_id, Caller caller);
Answer<Receipt> close_mac_key(Services& services, std::string key_id, Position last_position, Caller caller);
// Records that the service did not write, in the order of their positions, at most kMaxEventsPerCommand.
Answer<Receipt> disavow_records(Services& services, std::vector<LogDisavowed> records, Caller caller);

}  // namespace keyledger::commands

#pragma once
// Failed log-ins that concern no account, and forms that machines filled in, summed: of each network and minute one
// event, however many there were. Recorded one by one, whoever tries random names would fill the log for ever.
#include "commands/services.hpp"
#include "domain/base/time.hpp"

namespace keyledger::commands {

// A failed log-in with a name that nobody has: counted, after as much work and time as it takes to record one of an
// account. So nobody can tell the two apart, and nothing is stored.
asio::awaitable<void> count_unattributed_failure(Services& services, Caller caller);

// A form in which a field was filled that people do not see (`website_url`; api/routes/honeypot.hpp): counted by its
// network. Nothing else is done, and whoever sent it is answered as if all had been.
void count_filled_honeypot(Services& services, const Caller& caller);

// Records what was counted between the two times, as the system: an event for each network, whose address is sealed
// under the key of the day. What can't be recorded is counted again. How many events.
Answer<int> record_failure_sums(Services& services, Instant from, Instant before, Caller caller);

}  // namespace keyledger::commands

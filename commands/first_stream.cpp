#include "commands/first_stream.hpp"

namespace keyledger::commands {

Answer<Uuid> first_stream(Services& services, Position position, Deadline deadline) {
    KEYLEDGER_CO_TRY(events, co_await services.store.read_log(position, 1, deadline));
    if (events->empty()) co_return Unexpected(refusals::kBroken);
    co_return events->front().stream_id;
}

}  // namespace keyledger::commands

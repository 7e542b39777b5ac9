#include "commands/first_stream.hpp"

namespace keyledger::commands {

Answer<Uuid> first_stream(Services& services, Position position, Deadline deadline) {
    auto events = co_await services.store.read_log(position, 1, deadline);
    if (!events) co_return Unexpected(CommandError(refusal_of(events.error())));
    if (events->empty()) co_return Unexpected(CommandError(Refusal::kBroken));
    co_return events->front().stream_id;
}

}  // namespace keyledger::commands

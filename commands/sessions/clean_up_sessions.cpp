#include "commands/sessions/clean_up_sessions.hpp"

#include "commands/access/authority.hpp"
#include "domain/sessions/session_cleanup.hpp"

namespace keyledger::commands {

Answer<Receipt> clean_up_sessions(Services& services, Bearer bearer, Caller caller) {
    Streams streams;
    const auto cleanup = streams.read<SessionCleanup>(kSessionCleanupStream);
    const Step clean_up = [&](Attempt& attempt) -> StepResult {
        attempt.append(cleanup, decide(attempt.state(cleanup), CleanUpSessions{services.clock.now()}));
        co_return Result<void, CommandError>{};
    };
    CommandSteps steps(require_permission(services, bearer, kWriteUsers), clean_up);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(steps));
    co_return done(executed);
}

}  // namespace keyledger::commands

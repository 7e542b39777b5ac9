#include "commands/authorization/issue_code.hpp"

#include "commands/authorization/sealed.hpp"
#include "commands/runtime/spending.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::commands {
namespace {

// Whoever begins it in its last moment has the time that the pages give.
eventstore::SpentValue use_of(const PushedRequest& pushed) {
    const ValueLife life{pushed.at, pushed.at + kPushedLasts + kFlowLasts + kMaxClockDifference};
    return spent_value("pushed authorization request", {security::view_of(pushed.id)}, life);
}

}  // namespace

Answer<AuthorizationCode> issue_code(Services& services, AuthorizationView view, AuthorizationRequest request,
                                     Caller caller) {
    if (request.pushed) {
        Streams streams;
        streams.read<Application>(request.application_id);
        const Step step = [&](Attempt& attempt) -> StepResult {
            attempt.spend(use_of(*request.pushed), refusals::kRequestUriUsed);
            co_return Result<void, CommandError>{};
        };
        Caller user_caller = caller.acting_as(view.browser_session.user_id);
        user_caller.session_id = view.browser_session_id;
        user_caller.idempotency.reset();
        KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(user_caller), streams, step));
    }
    co_return code_for(services, view, request);
}

}  // namespace keyledger::commands

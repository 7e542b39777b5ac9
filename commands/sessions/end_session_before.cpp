#include "commands/sessions/end_session_before.hpp"

#include "commands/sessions/end_sessions.hpp"

namespace keyledger::commands {

boost::asio::awaitable<void> end_session_before(Services& services, Bearer before, Caller caller) {
    caller = caller.acting_as(before.user_id);
    caller.session_id = before.session_id;
    const SessionId session_id = before.session_id;
    const auto ended = co_await log_out(services, std::move(before), std::move(caller));
    if (ended || ended.error().refusal == refusals::kInvalidToken) co_return;
    services.operator_log.warning("the session that a browser had before another log-in could not be ended",
                                  session_id);
}

}  // namespace keyledger::commands

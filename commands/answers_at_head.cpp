#include "commands/answers_at_head.hpp"

#include "commands/authority.hpp"

namespace keyledger::commands {

Answer<Known> who_holds(Services& services, Bearer bearer, Deadline deadline) {
    Streams streams;
    read_actor(streams, bearer);
    auto folds = co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline);
    if (!folds) co_return Unexpected(CommandError(refusal_of(folds.error())));
    const auto& session = state_of<Session>((*folds)[0]);
    const auto& user = state_of<User>((*folds)[1]);
    if (!token_holds(session, user, bearer, services.settings.lifetimes, services.clock.now_ms()))
        co_return Unexpected(CommandError(Refusal::kInvalidToken));
    co_return Known{user, session};
}

Answer<Known> administrator_holding(Services& services, Bearer bearer, Deadline deadline) {
    auto known = co_await who_holds(services, bearer, deadline);
    if (!known) co_return known;
    if (known->user.standing != Standing::kAdministrator)
        co_return Unexpected(CommandError(Refusal::kForbidden));
    co_return known;
}

Answer<Known> session_at_head(Services& services, Uuid session_id, Deadline deadline) {
    Streams first;
    first.read<Session>(session_id);
    auto found = co_await services.executor.folder().load(first.loads(), Freshness::kCached, deadline);
    if (!found) co_return Unexpected(CommandError(refusal_of(found.error())));
    const Session known = state_of<Session>(found->front());
    if (known.status == Session::Status::kAbsent) co_return Unexpected(CommandError(Refusal::kSessionUnknown));
    Streams streams;
    streams.read<Session>(session_id);
    streams.read<User>(known.user_id);
    auto folds = co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline);
    if (!folds) co_return Unexpected(CommandError(refusal_of(folds.error())));
    co_return Known{state_of<User>((*folds)[1]), state_of<Session>((*folds)[0])};
}

Answer<User> user_at_head(Services& services, Uuid user_id, Deadline deadline) {
    Streams streams;
    streams.read<User>(user_id);
    auto folds = co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline);
    if (!folds) co_return Unexpected(CommandError(refusal_of(folds.error())));
    const auto& user = state_of<User>(folds->front());
    if (!user.exists()) co_return Unexpected(CommandError(Refusal::kUserUnknown));
    co_return user;
}

Answer<User> user_after_command(Services& services, Uuid user_id, Deadline deadline) {
    auto user = co_await user_at_head(services, user_id, deadline);
    if (user || user.error().refusal == Refusal::kUserUnknown) co_return user;
    co_return Unexpected(CommandError(Refusal::kOutcomeUnknown));
}

}  // namespace keyledger::commands

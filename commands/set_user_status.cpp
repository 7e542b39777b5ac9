#include "commands/set_user_status.hpp"

#include "commands/authority.hpp"

namespace keyledger::commands {
namespace {

Answer<Done> administer(Services& services, Bearer bearer, Uuid user_id, UserCommand command, Caller caller) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    auto target = actor.user;
    if (user_id != bearer.user_id) target = streams.read<User>(user_id);
    const Step step = [&](Attempt& attempt) -> Decided {
        auto allowed = authorise_administrator(attempt, actor, bearer, services);
        if (!allowed) co_return allowed;
        auto events = decide(attempt.state(target), command);
        if (!events) co_return Unexpected(CommandError(refusal_of(events.error())));
        attempt.append(target, *events);
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    if (!executed) co_return Unexpected(executed.error());
    co_return Done{executed->position};
}

}  // namespace

Answer<Done> disable_user(Services& services, Bearer bearer, Uuid user_id, std::string reason, Caller caller) {
    DisableUser command{std::move(reason)};
    auto done = co_await administer(services, bearer, user_id, std::move(command), std::move(caller));
    co_return done;
}

Answer<Done> enable_user(Services& services, Bearer bearer, Uuid user_id, Caller caller) {
    EnableUser command;
    auto done = co_await administer(services, bearer, user_id, command, std::move(caller));
    co_return done;
}

}  // namespace keyledger::commands

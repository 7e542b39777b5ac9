#include "commands/authorization/userinfo.hpp"

#include "commands/access/authority.hpp"
#include "commands/sessions/session_grounds.hpp"

namespace keyledger::commands {

Answer<UserOfApplication> user_of_application(Services& services, Bearer bearer, Deadline deadline) {
    Folder& folder = services.executor.folder();
    Streams first;
    first.read<Session>(bearer.session_id);
    KEYLEDGER_CO_TRY(known, co_await folder.load(first.loads(), Freshness::kCached, deadline));
    Streams streams;
    streams.read<Session>(bearer.session_id);
    streams.read<User>(bearer.user_id);
    // What it rests on stands in its first event, and never changes.
    const auto grounds = read_grounds(streams, state_of<Session>(known->front()));
    if (!grounds) co_return Unexpected(refusals::kInvalidToken);
    KEYLEDGER_CO_TRY(folds, co_await folder.load(streams.loads(), Freshness::kAtHead, deadline));
    const auto state = [&]<class Aggregate>(const StreamOf<Aggregate>& stream) -> const Aggregate& {
        return state_of<Aggregate>((*folds)[*streams.place_of(stream.id, Aggregate::kStreamType)]);
    };
    const Session& session = state(StreamOf<Session>{bearer.session_id});
    const User& user = state(StreamOf<User>{bearer.user_id});
    const bool holds = token_holds(session, user, bearer, services.settings.lifetimes, services.clock.now()) &&
                       grounds_hold(session, grounds, state);
    if (!holds) co_return Unexpected(refusals::kInvalidToken);
    co_return UserOfApplication{user, state(grounds->application).definition.userinfo_algorithm};
}

}  // namespace keyledger::commands

#include "commands/authorization/userinfo.hpp"

#include "commands/access/access_reader.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/authority.hpp"
#include "commands/applications/applications.hpp"
#include "commands/sessions/session_grounds.hpp"

namespace keyledger::commands {
namespace {

// User, session and what that rests on are of one moment; how its application wants the answer is of a later one.
// nullopt: the user is remembered as of another.
Answer<std::optional<UserOfApplication>> from_memory(Services& services, Bearer bearer, Deadline deadline) {
    KEYLEDGER_CO_TRY(access, co_await access_of_bearer(services, bearer, deadline));
    const auto application_id = application_of(access->session());
    if (!application_id) co_return Unexpected(refusals::kInvalidToken);
    KEYLEDGER_CO_TRY(user, co_await user_of_answer(services, *access, deadline));
    if (!user->has_value()) co_return std::optional<UserOfApplication>();
    const auto found = co_await find_application(services, *application_id, deadline);
    if (!found && found.error().refusal != refusals::kApplicationUnknown) co_return Unexpected(found.error());
    if (!found) co_return Unexpected(refusals::kInvalidToken);  // since a moment ago
    co_return std::optional(UserOfApplication{std::move(**user), found->application->definition.userinfo_algorithm});
}

Answer<UserOfApplication> from_folds(Services& services, Bearer bearer, Deadline deadline) {
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

}  // namespace

Answer<UserOfApplication> user_of_application(Services& services, Bearer bearer, Deadline deadline) {
    if (services.access.answers_from_memory()) {
        KEYLEDGER_CO_TRY(found, co_await from_memory(services, bearer, deadline));
        if (*found) co_return std::move(**found);
    }
    auto folded = co_await from_folds(services, bearer, deadline);
    co_return folded;
}

}  // namespace keyledger::commands

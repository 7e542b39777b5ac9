#include "commands/answers_at_head.hpp"

#include <algorithm>

#include "commands/authority.hpp"

namespace keyledger::commands {
namespace {

Result<void, CommandError> check_token(const Services& services, const Session& session, const User& user,
                                       const Bearer& bearer) {
    const bool holds =
        token_holds(session, user, bearer, services.settings.lifetimes, services.clock.now_ms());
    if (!holds) return Unexpected(CommandError(Refusal::kInvalidToken));
    return {};
}

// The first three folds of whoever asks about a user.
constexpr std::size_t kUserAt = 0;
constexpr std::size_t kAssignmentsAt = 1;
constexpr std::size_t kSessionAt = 2;

struct WithRoles {
    std::vector<Fold> folds;   // user, assignments, session if asked for, roles
    std::vector<Uuid> roles;   // whose folds stand at the end, in this order
};

// All in one snapshot at the head. Which roles there are to read is known from the assignments alone: they are guessed
// from memory, and read again if the guess was old.
Answer<WithRoles> with_roles(Services& services, Uuid user_id, std::optional<Uuid> session_id, Deadline deadline) {
    Streams first;
    first.read<Assignments>(assignments_of(user_id));
    auto guess = co_await services.executor.folder().load(first.loads(), Freshness::kCached, deadline);
    if (!guess) co_return Unexpected(CommandError(refusal_of(guess.error())));
    WithRoles found;
    found.roles = state_of<Assignments>(guess->front()).roles;
    for (int count = 0; count < kMaxAttempts; ++count) {
        Streams streams;
        streams.read<User>(user_id);
        streams.read<Assignments>(assignments_of(user_id));
        if (session_id) streams.read<Session>(*session_id);
        for (const Uuid& role_id : found.roles) streams.read<Role>(role_id);
        auto folds = co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline);
        if (!folds) co_return Unexpected(CommandError(refusal_of(folds.error())));
        const auto& assigned = state_of<Assignments>((*folds)[kAssignmentsAt]).roles;
        const bool guessed = assigned == found.roles;
        found.folds = std::move(*folds);
        if (guessed) co_return found;
        found.roles = assigned;
    }
    co_return Unexpected(CommandError(Refusal::kOverloaded, 1));
}

Access access_from(const WithRoles& found, bool with_session) {
    Access access;
    access.user = state_of<User>(found.folds[kUserAt]);
    if (with_session) access.session = state_of<Session>(found.folds[kSessionAt]);
    for (std::size_t i = found.folds.size() - found.roles.size(); i < found.folds.size(); ++i) {
        const Role& role = state_of<Role>(found.folds[i]);
        if (role.status != Role::Status::kDefined) continue;
        access.roles.push_back(role);
        access.permissions.add(role.permissions);
    }
    for (const Fold& fold : found.folds) access.position = std::max(access.position, fold.position);
    return access;
}

// The folds include all up to the head that was learned before they were read. What one of them holds beyond it moves
// the position on to the last such event: at that one, too, all of them stood as they were read.
Answer<Access> access_with_position(Services& services, Uuid user_id, std::optional<Uuid> session_id,
                                    Deadline deadline) {
    auto head = co_await services.store.head(deadline);
    if (!head) co_return Unexpected(CommandError(refusal_of(head.error())));
    auto found = co_await with_roles(services, user_id, session_id, deadline);
    if (!found) co_return Unexpected(found.error());
    Access access = access_from(*found, session_id.has_value());
    access.position = std::max(access.position, head->cursor.position);
    access.active = access.user.status == User::Status::kActive;
    if (session_id)
        access.active = standing(access.session, *session_id, access.user, services.settings.lifetimes,
                                 services.clock.now_ms())
                            .has_value();
    co_return access;
}

}  // namespace

Answer<Known> who_holds(Services& services, Bearer bearer, Deadline deadline) {
    Streams streams;
    read_actor(streams, bearer);
    streams.read<Assignments>(assignments_of(bearer.user_id));
    auto folds = co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline);
    if (!folds) co_return Unexpected(CommandError(refusal_of(folds.error())));
    const auto& session = state_of<Session>((*folds)[0]);
    const auto& user = state_of<User>((*folds)[1]);
    auto holds = check_token(services, session, user, bearer);
    if (!holds) co_return Unexpected(holds.error());
    co_return Known{user, session, state_of<Assignments>((*folds)[2])};
}

Answer<Known> holder_of(Services& services, Permission needed, Bearer bearer, Deadline deadline) {
    auto found = co_await with_roles(services, bearer.user_id, bearer.session_id, deadline);
    if (!found) co_return Unexpected(found.error());
    const Access access = access_from(*found, true);
    auto holds = check_token(services, access.session, access.user, bearer);
    if (!holds) co_return Unexpected(holds.error());
    if (!access.permissions.covers(needed)) co_return Unexpected(CommandError(Refusal::kForbidden));
    co_return Known{access.user, access.session, state_of<Assignments>(found->folds[kAssignmentsAt])};
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
    streams.read<Assignments>(assignments_of(known.user_id));
    auto folds = co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline);
    if (!folds) co_return Unexpected(CommandError(refusal_of(folds.error())));
    co_return Known{state_of<User>((*folds)[1]), state_of<Session>((*folds)[0]), state_of<Assignments>((*folds)[2])};
}

Answer<Known> user_at_head(Services& services, Uuid user_id, Deadline deadline) {
    Streams streams;
    streams.read<User>(user_id);
    streams.read<Assignments>(assignments_of(user_id));
    auto folds = co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline);
    if (!folds) co_return Unexpected(CommandError(refusal_of(folds.error())));
    const auto& user = state_of<User>((*folds)[0]);
    if (!user.exists()) co_return Unexpected(CommandError(Refusal::kUserUnknown));
    co_return Known{user, Session{}, state_of<Assignments>((*folds)[1])};
}

Answer<Access> access_of_user(Services& services, Uuid user_id, Deadline deadline) {
    auto access = co_await access_with_position(services, user_id, std::nullopt, deadline);
    co_return access;
}

Answer<Access> access_of_session(Services& services, Uuid session_id, Deadline deadline) {
    Streams first;
    first.read<Session>(session_id);
    auto found = co_await services.executor.folder().load(first.loads(), Freshness::kCached, deadline);
    if (!found) co_return Unexpected(CommandError(refusal_of(found.error())));
    const Uuid user_id = state_of<Session>(found->front()).user_id;  // never changes; nil where there is no session
    auto access = co_await access_with_position(services, user_id, session_id, deadline);
    co_return access;
}

Answer<Access> access_of_holder(Services& services, Bearer bearer, Deadline deadline) {
    auto access = co_await access_with_position(services, bearer.user_id, bearer.session_id, deadline);
    if (!access) co_return access;
    auto holds = check_token(services, access->session, access->user, bearer);
    if (!holds) co_return Unexpected(holds.error());
    co_return access;
}

Answer<Known> user_after_command(Services& services, Uuid user_id, Deadline deadline) {
    auto user = co_await user_at_head(services, user_id, deadline);
    if (user || user.error().refusal == Refusal::kUserUnknown) co_return user;
    co_return Unexpected(CommandError(Refusal::kOutcomeUnknown));
}

}  // namespace keyledger::commands

#include "commands/access/answers_at_head.hpp"

#include <algorithm>

#include "commands/access/access_reader.hpp"
#include "commands/access/authority.hpp"
#include "commands/access/register_permission.hpp"
#include "commands/credentials/unrecorded_failures.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/subject_access.hpp"
#include "domain/sessions/grounds.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {
namespace {

Result<void, CommandError> check_token(const Services& services, const Session& session, const User& user,
                                       const Bearer& bearer) {
    const bool holds = token_holds(session, user, bearer, services.settings.lifetimes, services.clock.now());
    if (!holds) return Unexpected(refusals::kInvalidToken);
    return {};
}

// Of a token for this very API; the folds are of its session and user.
Result<std::shared_ptr<const Session>, CommandError> holding_session(const Fold& session_fold, const Fold& user_fold,
                                                                     const Services& services, const Bearer& bearer) {
    auto session = shared_state_of<Session>(session_fold);
    KEYLEDGER_TRY(holds, check_token(services, *session, state_of<User>(user_fold), bearer));
    if (application_of(*session)) return Unexpected(refusals::kInvalidToken);
    return session;
}

// Groups and service accounts can't have that role, nor is there another that is built in.
bool is_administrator(const SubjectAccess& access) {
    return std::ranges::any_of(access.roles, [](const auto& role) { return role->kind == RoleKind::kBuiltIn; });
}

Answer<UserAtHead> folded_user(Services& services, UserId user_id, Deadline deadline) {
    Streams streams;
    streams.read<User>(user_id);
    streams.read<Assignments>(assignments_of(user_id));
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    const auto& user = state_of<User>((*folds)[0]);
    if (!user.exists()) co_return Unexpected(refusals::kUserUnknown);
    co_return UserAtHead{user, state_of<Assignments>((*folds)[1]).holds(kAdministratorRole)};
}

bool is_active(const Services& services, const AccessSubject& subject, const SubjectAccess& access) {
    if (!subject.session_id) return access.user().status == User::Status::kActive;
    return access.grounds_hold && check_session(access.session(), *subject.session_id, access.user(),
                                                services.settings.lifetimes, services.clock.now())
                                      .has_value();
}

}  // namespace

Answer<SubjectAccess> holder_at_head(Services& services, Bearer bearer, Deadline deadline) {
    KEYLEDGER_CO_TRY(access, co_await access_of_bearer(services, bearer, deadline));
    if (application_of(access->session())) co_return Unexpected(refusals::kInvalidToken);
    co_return access;
}

Answer<std::optional<User>> user_of_answer(Services& services, const SubjectAccess& access, Deadline deadline) {
    Streams streams;
    streams.read<User>(UserId{access.subject_id});
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kCached, deadline));
    // No event of theirs came between that fold and the answer, nor the other way round.
    if (folds->front().position != access.user_position) co_return std::optional<User>();
    co_return std::optional(state_of<User>(folds->front()));
}

Answer<UserAtHead> bearer_at_head(Services& services, Bearer bearer, Deadline deadline) {
    if (services.access.answers_from_memory()) {
        KEYLEDGER_CO_TRY(holder, co_await holder_at_head(services, bearer, deadline));
        KEYLEDGER_CO_TRY(user, co_await user_of_answer(services, *holder, deadline));
        if (*user) co_return UserAtHead{std::move(**user), is_administrator(*holder)};
    }
    Streams streams;
    read_actor(streams, bearer);
    streams.read<Assignments>(assignments_of(bearer.user_id));
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    KEYLEDGER_CO_TRY(session, holding_session((*folds)[0], (*folds)[1], services, bearer));
    co_return UserAtHead{state_of<User>((*folds)[1]), state_of<Assignments>((*folds)[2]).holds(kAdministratorRole)};
}

Answer<SessionAtHead> session_of_bearer(Services& services, Bearer bearer, Deadline deadline) {
    Streams streams;
    read_actor(streams, bearer);
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    KEYLEDGER_CO_TRY(session, holding_session((*folds)[0], (*folds)[1], services, bearer));
    co_return SessionAtHead{state_of<User>((*folds)[1]), std::move(*session)};
}

Answer<SubjectAccess> access_with_permission(Services& services, Permission needed, Bearer bearer, Deadline deadline) {
    KEYLEDGER_CO_TRY(access, co_await holder_at_head(services, bearer, deadline));
    const AccessQuestion question{needed.resource, needed.action};
    if (!access->decide(question)) co_return Unexpected(refusals::kForbidden);
    co_return access;
}

Answer<SessionAtHead> session_at_head(Services& services, SessionId session_id, Deadline deadline) {
    Streams first;
    first.read<Session>(session_id);
    KEYLEDGER_CO_TRY(found, co_await services.executor.folder().load(first.loads(), Freshness::kCached, deadline));
    const Session known = state_of<Session>(found->front());
    if (known.status == Session::Status::kAbsent) co_return Unexpected(refusals::kSessionUnknown);
    Streams streams;
    streams.read<Session>(session_id);
    streams.read<User>(known.user_id);
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    co_return SessionAtHead{state_of<User>((*folds)[1]), shared_state_of<Session>((*folds)[0])};
}

Answer<UserAtHead> user_at_head(Services& services, UserId user_id, Deadline deadline) {
    if (services.access.answers_from_memory()) {
        KEYLEDGER_CO_TRY(access, co_await existing_user(services, user_id, deadline));
        KEYLEDGER_CO_TRY(user, co_await user_of_answer(services, *access, deadline));
        if (*user) co_return UserAtHead{std::move(**user), is_administrator(*access)};
    }
    auto folded = co_await folded_user(services, user_id, deadline);
    co_return folded;
}

Answer<SubjectAccess> existing_user(Services& services, UserId user_id, Deadline deadline) {
    KEYLEDGER_CO_TRY(access, co_await access_of_user(services, user_id, deadline));
    if (!access->user().exists()) co_return Unexpected(refusals::kUserUnknown);
    co_return access;
}

Answer<SubjectAccess> access_of_user(Services& services, UserId user_id, Deadline deadline) {
    const AccessSubject subject{user_id, std::nullopt};
    KEYLEDGER_CO_TRY(access, co_await services.access.read(subject, deadline));
    access->active = is_active(services, subject, *access);
    co_return std::move(*access);
}

Answer<SubjectAccess> access_of_session(Services& services, SessionId session_id, Deadline deadline) {
    const AccessSubject subject{std::nullopt, session_id};
    KEYLEDGER_CO_TRY(access, co_await services.access.read(subject, deadline));
    access->active = is_active(services, subject, *access);
    co_return std::move(*access);
}

Answer<SubjectAccess> access_of_bearer(Services& services, Bearer bearer, Deadline deadline) {
    const AccessSubject subject{bearer.user_id, bearer.session_id};
    KEYLEDGER_CO_TRY(access, co_await services.access.read(subject, deadline));
    KEYLEDGER_CO_TRY(holds, check_token(services, access->session(), access->user(), bearer));
    if (!access->grounds_hold) co_return Unexpected(refusals::kInvalidToken);
    access->active = true;
    co_return std::move(*access);
}

Answer<SubjectPage> subjects_who_may(Services& services, SubjectSearch search, SubjectPlace from, std::size_t limit,
                                     Deadline deadline) {
    KEYLEDGER_CO_TRY(page, co_await services.access.search(std::move(search), from, limit, deadline));
    co_return std::move(*page);
}

Answer<std::set<std::string>> known_actions(Services& services, std::string resource, Deadline deadline) {
    KEYLEDGER_CO_TRY(actions, co_await services.access.actions_of(resource, deadline));
    for (const Permission& own : keyledgers_own_permissions())
        if (own.resource == resource) actions->insert(own.action);
    if (kRegisterClients.resource == resource) actions->insert(kRegisterClients.action);
    co_return std::move(*actions);
}

Answer<UserAtHead> user_after_command(Services& services, UserId user_id, Deadline deadline) {
    auto user = co_await folded_user(services, user_id, deadline);
    if (user || user.error().refusal == refusals::kUserUnknown) co_return user;
    co_return Unexpected(refusals::kOutcomeUnknown);
}

Answer<LockOut> lock_out_of(Services& services, UserId user_id, Bearer bearer, Deadline deadline) {
    KEYLEDGER_CO_TRY(holder, co_await access_with_permission(services, kReadUsers, bearer, deadline));
    const auto tally = services.unrecorded_failures.tally(user_id);
    Streams streams;
    streams.read<User>(user_id);
    streams.read<LoginAttempts>(services.pseudonyms.login_attempts_of(user_id));
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    if (!state_of<User>((*folds)[0]).exists()) co_return Unexpected(refusals::kUserUnknown);
    const LoginAttemptLimits& limits = services.settings.attempts;
    const LoginAttempts attempts = tally.added_to(state_of<LoginAttempts>((*folds)[1]), limits);
    co_return LockOut{attempts.failures_in_a_row >= limits.failures_in_a_row, attempts.failures_in_a_row,
                      attempts.last_failed_at};
}

}  // namespace keyledger::commands

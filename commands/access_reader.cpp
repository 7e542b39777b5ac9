#include "commands/access_reader.hpp"

#include <algorithm>

#include "domain/access/assignments.hpp"

namespace keyledger::commands {
namespace {

using eventstore::StoreError;

struct WithRoles {
    std::vector<Fold> folds;  // what was asked for, then the assignments, then the roles
    std::vector<Uuid> roles;  // whose folds stand at the end, in this order
    std::size_t assignments_at = 0;
};

// All in one snapshot at the head. Which roles there are to read is known from the assignments alone: they are guessed
// from memory, and read again if the guess was old.
asio::awaitable<Result<WithRoles, StoreError>> with_roles(Folder& folder, Streams asked, Uuid subject_id,
                                                          Deadline deadline) {
    Streams first;
    first.read<Assignments>(assignments_of(subject_id));
    auto guess = co_await folder.load(first.loads(), Freshness::kCached, deadline);
    if (!guess) co_return Unexpected(guess.error());
    WithRoles found;
    found.roles = state_of<Assignments>(guess->front()).roles;
    found.assignments_at = asked.loads().size();
    asked.read<Assignments>(assignments_of(subject_id));
    for (int count = 0; count < kMaxAttempts; ++count) {
        Streams streams = asked;
        for (const Uuid& role_id : found.roles) streams.read<Role>(role_id);
        auto folds = co_await folder.load(streams.loads(), Freshness::kAtHead, deadline);
        if (!folds) co_return Unexpected(folds.error());
        const auto& assigned = state_of<Assignments>((*folds)[found.assignments_at]).roles;
        const bool guessed = assigned == found.roles;
        found.folds = std::move(*folds);
        if (guessed) co_return found;
        found.roles = assigned;
    }
    co_return Unexpected(StoreError::kUnavailable);
}

std::vector<std::shared_ptr<const Role>> roles_of(const WithRoles& found) {
    std::vector<std::shared_ptr<const Role>> roles;
    for (std::size_t i = found.assignments_at + 1; i < found.folds.size(); ++i) {
        const auto& state = found.folds[i].state;
        const Role* role = &std::get<Role>(*state);
        if (role->status == Role::Status::kDefined) roles.emplace_back(state, role);
    }
    return roles;
}

// The folds include all up to the head that was learned before they were read. What one of them holds beyond it moves
// the position on to the last such event: at that one, too, all of them stood as they were read.
Position position_of(const WithRoles& found, const eventstore::Head& head) {
    Position position = head.cursor.position;
    for (const Fold& fold : found.folds) position = std::max(position, fold.position);
    return position;
}

}  // namespace

asio::awaitable<Result<AccessStates, StoreError>> FoldedAccess::read(AccessSubject subject, Deadline deadline) {
    Folder& folder = executor_.folder();
    Uuid subject_id = subject.subject_id.value_or(Uuid{});
    if (!subject.subject_id && subject.session_id) {
        Streams first;
        first.read<Session>(*subject.session_id);
        auto known = co_await folder.load(first.loads(), Freshness::kCached, deadline);
        if (!known) co_return Unexpected(known.error());
        subject_id =
            state_of<Session>(known->front()).user_id;  // never changes; nil where there is no session
    }
    auto head = co_await store_.head(deadline);
    if (!head) co_return Unexpected(head.error());
    Streams asked;
    asked.read<User>(subject_id);
    if (subject.session_id) asked.read<Session>(*subject.session_id);
    auto found = co_await with_roles(folder, asked, subject_id, deadline);
    if (!found) co_return Unexpected(found.error());
    AccessStates states;
    states.subject_id = subject_id;
    states.user = state_of<User>(found->folds[0]);
    if (subject.session_id) states.session = state_of<Session>(found->folds[1]);
    states.roles = roles_of(*found);
    states.position = position_of(*found, *head);
    co_return states;
}

asio::awaitable<Result<ServiceStates, StoreError>> FoldedAccess::read_service(ServiceSubject subject,
                                                                              Deadline deadline) {
    auto head = co_await store_.head(deadline);
    if (!head) co_return Unexpected(head.error());
    Streams asked;
    asked.read<ServiceAccount>(subject.account_id);
    if (subject.token_id) asked.read<ServiceToken>(*subject.token_id);
    auto found = co_await with_roles(executor_.folder(), asked, subject.account_id, deadline);
    if (!found) co_return Unexpected(found.error());
    ServiceStates states;
    states.account = state_of<ServiceAccount>(found->folds[0]);
    if (subject.token_id) states.token = state_of<ServiceToken>(found->folds[1]);
    states.roles = roles_of(*found);
    states.position = position_of(*found, *head);
    co_return states;
}

}  // namespace keyledger::commands

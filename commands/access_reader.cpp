#include "commands/access_reader.hpp"

#include <algorithm>

#include "domain/access/assignments.hpp"

namespace keyledger::commands {
namespace {

using eventstore::StoreError;

// The first folds of whoever asks about a user.
constexpr std::size_t kUserAt = 0;
constexpr std::size_t kAssignmentsAt = 1;
constexpr std::size_t kSessionAt = 2;

struct WithRoles {
    std::vector<Fold> folds;  // user, assignments, session if asked for, roles
    std::vector<Uuid> roles;  // whose folds stand at the end, in this order
};

// All in one snapshot at the head. Which roles there are to read is known from the assignments alone: they are guessed
// from memory, and read again if the guess was old.
asio::awaitable<Result<WithRoles, StoreError>> with_roles(Folder& folder, Uuid subject_id,
                                                          std::optional<Uuid> session_id, Deadline deadline) {
    Streams first;
    first.read<Assignments>(assignments_of(subject_id));
    auto guess = co_await folder.load(first.loads(), Freshness::kCached, deadline);
    if (!guess) co_return Unexpected(guess.error());
    WithRoles found;
    found.roles = state_of<Assignments>(guess->front()).roles;
    for (int count = 0; count < kMaxAttempts; ++count) {
        Streams streams;
        streams.read<User>(subject_id);
        streams.read<Assignments>(assignments_of(subject_id));
        if (session_id) streams.read<Session>(*session_id);
        for (const Uuid& role_id : found.roles) streams.read<Role>(role_id);
        auto folds = co_await folder.load(streams.loads(), Freshness::kAtHead, deadline);
        if (!folds) co_return Unexpected(folds.error());
        const auto& assigned = state_of<Assignments>((*folds)[kAssignmentsAt]).roles;
        const bool guessed = assigned == found.roles;
        found.folds = std::move(*folds);
        if (guessed) co_return found;
        found.roles = assigned;
    }
    co_return Unexpected(StoreError::kUnavailable);
}

AccessStates states_of(const WithRoles& found, bool with_session) {
    AccessStates states;
    states.user = state_of<User>(found.folds[kUserAt]);
    if (with_session) states.session = state_of<Session>(found.folds[kSessionAt]);
    for (std::size_t i = found.folds.size() - found.roles.size(); i < found.folds.size(); ++i) {
        const auto& state = found.folds[i].state;
        const Role* role = &std::get<Role>(*state);
        if (role->status == Role::Status::kDefined) states.roles.emplace_back(state, role);
    }
    for (const Fold& fold : found.folds) states.position = std::max(states.position, fold.position);
    return states;
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
    auto found = co_await with_roles(folder, subject_id, subject.session_id, deadline);
    if (!found) co_return Unexpected(found.error());
    AccessStates states = states_of(*found, subject.session_id.has_value());
    states.subject_id = subject_id;
    // The folds include all up to the head that was learned before they were read. What one of them holds beyond it
    // moves the position on to the last such event: at that one, too, all of them stood as they were read.
    states.position = std::max(states.position, head->cursor.position);
    co_return states;
}

}  // namespace keyledger::commands

#include "commands/access/access_reader.hpp"

#include <algorithm>

#include "commands/sessions/session_grounds.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/exchanged_access.hpp"
#include "domain/access/nestings.hpp"
#include "domain/access/subject_access.hpp"
#include "domain/applications/application.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {
namespace {

using eventstore::StoreError;

// Streams, and their folds as far as they were read.
struct Reading {
    Streams streams;
    std::vector<Fold> folds;

    template <class Aggregate>
    std::shared_ptr<const Aggregate> state(const Id<Aggregate>& id) const {
        const auto place = streams.place_of(id, Aggregate::kStreamType);
        const auto& state = place && *place < folds.size() ? folds[*place].state : empty_fold<Aggregate>().state;
        return {state, eventstore::state_in<Aggregate>(*state)};
    }
    bool has(const Streams& wanted) const {
        return std::ranges::all_of(wanted.loads(), [&](const LoadStream& load) {
            return streams.place_of(load.stream_id, load.stream_type).has_value();
        });
    }
};
struct AccessAsked {
    std::vector<Subject> subjects;
    Streams own;  // what is asked for beside roles and groups
    std::optional<SessionId> session_id{};
};

// The subject's groups and all above them.
std::vector<GroupId> groups_by(const Reading& known, const Subject& subject) {
    const auto own = known.state<Assignments>(assignments_of(subject.id));
    const auto nestings = known.state<Nestings>(kNestingsStream);
    std::vector<GroupId> groups;
    for_each_group(subject.type, own->groups, *nestings, [&](const GroupId& group_id) { groups.push_back(group_id); });
    return groups;
}
// Its own roles, then those of its groups, each once.
std::vector<RoleId> roles_by(const Reading& known, const Subject& subject) {
    std::vector<RoleId> roles = known.state<Assignments>(assignments_of(subject.id))->roles;
    for (const GroupId& group_id : groups_by(known, subject))
        for (const RoleId& role_id : known.state<Assignments>(assignments_of(group_id))->roles)
            if (std::ranges::find(roles, role_id) == roles.end()) roles.push_back(role_id);
    return roles;
}

// What there is to read, as far as what is known tells.
Streams streams_by(const Reading& known, const AccessAsked& asked) {
    Streams streams = asked.own;
    if (asked.session_id) read_grounds(streams, *known.state<Session>(*asked.session_id));
    for (const Subject& subject : asked.subjects) {
        const auto assignments = streams.read<Assignments>(assignments_of(subject.id));
        const std::vector<GroupId> groups = groups_by(known, subject);
        if (!known.state<Assignments>(assignments.id)->groups.empty()) streams.read<Nestings>(kNestingsStream);
        for (const GroupId& group_id : groups) {
            streams.read<Group>(group_id);
            streams.read<Assignments>(assignments_of(group_id));
        }
        for (const RoleId& role_id : roles_by(known, subject)) streams.read<Role>(role_id);
    }
    return streams;
}

// Assignments lead to groups, these to those above them, to their assignments, and to roles.
constexpr int kMaxLevels = 4;

// All in one snapshot at the head. Which groups and roles there are to read is known from assignments and
// nestings alone: they are guessed from memory, and read again if the guess was old.
asio::awaitable<Result<Reading, StoreError>> read_at_head(Folder& folder, AccessAsked asked, Deadline deadline) {
    Reading known;
    for (int level = 0; level < kMaxLevels; ++level) {
        Streams wanted = streams_by(known, asked);
        if (known.has(wanted)) break;
        KEYLEDGER_CO_TRY(folds, co_await folder.load(wanted.loads(), Freshness::kCached, deadline));
        known = Reading{std::move(wanted), std::move(*folds)};
    }
    for (int count = 0; count < kMaxAttempts + kMaxLevels; ++count) {
        Streams wanted = streams_by(known, asked);
        KEYLEDGER_CO_TRY(folds, co_await folder.load(wanted.loads(), Freshness::kAtHead, deadline));
        known = Reading{std::move(wanted), std::move(*folds)};
        const Streams further = streams_by(known, asked);
        if (known.has(further)) co_return known;
    }
    co_return Unexpected(StoreError::kUnavailable);
}

bool grounds_hold(const Reading& found, const Session& session) {
    Streams theirs;
    return grounds_hold(session, read_grounds(theirs, session),
                        [&]<class Aggregate>(const StreamOf<Aggregate>& stream) -> const Aggregate& {
                            return *found.state<Aggregate>(stream.id);  // the reading keeps it
                        });
}

void add_access(SubjectAccess& access, const Reading& found, const Subject& subject) {
    for (const GroupId& group_id : groups_by(found, subject))
        if (auto group = found.state<Group>(group_id);
            group_id != kEveryone && group->status == Group::Status::kDefined)
            access.groups.push_back(std::move(group));
    for (const RoleId& role_id : roles_by(found, subject))
        if (auto role = found.state<Role>(role_id); role->status == Role::Status::kDefined)
            access.roles.push_back(std::move(role));
}

SubjectAccess access_of_user(const Reading& found, const UserId& user_id, const std::optional<SessionId>& session_id) {
    SubjectAccess access;
    access.subject_id = user_id;
    access.found_user = found.state<User>(user_id);
    if (session_id) {
        access.found_session = found.state<Session>(*session_id);
        access.grounds_hold = grounds_hold(found, access.session());
    }
    const bool exists = access.user().exists();  // else not of everyone
    add_access(access, found, Subject{exists ? SubjectType::kUser : SubjectType::kServiceAccount, user_id});
    const auto place = found.streams.place_of(user_id, User::kStreamType);
    if (place && *place < found.folds.size()) access.user_position = found.folds[*place].position;
    return access;
}

ServiceAccess access_of_account(const Reading& found, const ServiceSubject& subject) {
    ServiceAccess access;
    access.held.subject_id = subject.account_id;
    access.found_account = found.state<ServiceAccount>(subject.account_id);
    if (subject.token_id) access.token = *found.state<ServiceToken>(*subject.token_id);
    add_access(access.held, found, Subject::service_account(subject.account_id));
    return access;
}

// The folds include all up to the head that was learned before they were read. What one of them holds beyond it moves
// the position on to the last such event: at that one, too, all of them stood as they were read.
Position position_of(const Reading& found, const eventstore::Head& head) {
    Position position = head.cursor.position;
    for (const Fold& fold : found.folds) position = std::max(position, fold.position);
    return position;
}

}  // namespace

asio::awaitable<Result<SubjectAccess, StoreError>> FoldedAccess::read(AccessSubject subject, Deadline deadline) {
    Folder& folder = executor_.folder();
    SubjectId subject_id = subject.subject_id.value_or(SubjectId{});
    if (!subject.subject_id && subject.session_id) {
        Streams first;
        first.read<Session>(*subject.session_id);
        KEYLEDGER_CO_TRY(known, co_await folder.load(first.loads(), Freshness::kCached, deadline));
        subject_id = state_of<Session>(known->front()).user_id;  // never changes; nil where there is no session
    }
    KEYLEDGER_CO_TRY(head, co_await store_.head(deadline));
    const UserId user_id{subject_id};  // of a service account's there is no such user
    AccessAsked asked{{Subject::user(user_id)}, {}};
    asked.own.read<User>(user_id);
    asked.session_id = subject.session_id;
    if (subject.session_id) asked.own.read<Session>(*subject.session_id);
    KEYLEDGER_CO_TRY(found, co_await read_at_head(folder, asked, deadline));
    SubjectAccess access = access_of_user(*found, user_id, subject.session_id);
    access.position = position_of(*found, *head);
    co_return access;
}

asio::awaitable<Result<ServiceAccess, StoreError>> FoldedAccess::read_service(ServiceSubject subject,
                                                                              Deadline deadline) {
    KEYLEDGER_CO_TRY(head, co_await store_.head(deadline));
    AccessAsked asked{{Subject::service_account(subject.account_id)}, {}};
    asked.own.read<ServiceAccount>(subject.account_id);
    const ApplicationId application_id{subject.account_id.uuid};
    if (subject.token_id) asked.own.read<ServiceToken>(*subject.token_id);
    else asked.own.read<Application>(application_id);
    KEYLEDGER_CO_TRY(found, co_await read_at_head(executor_.folder(), asked, deadline));
    ServiceAccess access = access_of_account(*found, subject);
    if (!subject.token_id)
        if (auto application = found->state<Application>(application_id); application->exists())
            access.application = std::move(application);
    access.held.position = position_of(*found, *head);
    co_return access;
}

asio::awaitable<Result<ExchangedAccess, StoreError>> FoldedAccess::read_exchanged(ExchangedSubject subject,
                                                                                  Deadline deadline) {
    KEYLEDGER_CO_TRY(head, co_await store_.head(deadline));
    AccessAsked asked{{Subject::user(subject.user_id)}, {}, subject.session_id};
    asked.own.read<User>(subject.user_id);
    asked.own.read<Session>(subject.session_id);
    for (const ServiceSubject& exchange : subject.exchanges) {
        asked.subjects.push_back(Subject::service_account(exchange.account_id));
        asked.own.read<ServiceAccount>(exchange.account_id);
        if (exchange.token_id) asked.own.read<ServiceToken>(*exchange.token_id);
    }
    KEYLEDGER_CO_TRY(found, co_await read_at_head(executor_.folder(), asked, deadline));
    ExchangedAccess access;
    access.user = access_of_user(*found, subject.user_id, subject.session_id);
    access.user.position = position_of(*found, *head);
    for (const ServiceSubject& exchange : subject.exchanges) {
        access.exchanges.push_back(access_of_account(*found, exchange));
        access.exchanges.back().held.position = access.user.position;
    }
    co_return access;
}

asio::awaitable<Result<SubjectPage, StoreError>> FoldedAccess::search(SubjectSearch, SubjectPlace, std::size_t,
                                                                      Deadline) {
    co_return Unexpected(StoreError::kUnavailable);
}

asio::awaitable<Result<std::set<std::string>, StoreError>> FoldedAccess::actions_of(std::string, Deadline) {
    co_return Unexpected(StoreError::kUnavailable);
}

}  // namespace keyledger::commands

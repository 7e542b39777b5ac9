#include "projections/hot/access_state.hpp"

#include <algorithm>

#include "domain/sessions/grounds.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/subscription.hpp"
#include "projections/hot/snapshot_file.hpp"

namespace keyledger::projections {
// ---- packing ---------------------------------------------------------------------------------------------------
std::uint32_t AccessState::origin_of(Origin origin) {
    const auto [at, is_new] = origin_numbers_.try_emplace(origin, static_cast<std::uint32_t>(origins_.size()));
    if (is_new) origins_.push_back(std::move(origin));
    return at->second;
}

AccessState::PackedSession AccessState::pack(const Session& session, const PackedSession* before) {
    const Origin* const known = before != nullptr ? &origins_[before->origin] : nullptr;
    const bool stays = known && known->client_id == session.client_id && known->audiences == session.audiences;
    return {session.user_id,        stays ? before->origin : origin_of({session.client_id, session.audiences}),
            session.security_stamp, session.generation,
            session.first_position, session.started_at,
            session.refreshed_at,   session.expires_at};
}

Session AccessState::unpack(const PackedSession& packed) const {
    const Origin& origin = origins_[packed.origin];
    Session session;
    session.status = Session::Status::kLive;
    session.user_id = packed.user_id;
    session.client_id = origin.client_id;
    session.audiences = origin.audiences;
    session.security_stamp = packed.security_stamp;
    session.generation = packed.generation;
    session.first_position = packed.first_position;
    session.started_at = packed.started_at;
    session.refreshed_at = packed.refreshed_at;
    session.expires_at = packed.expires_at;
    return session;
}

AccessState::PackedUser AccessState::pack(const User& user) {
    return {user.security_stamp,
            user.sessions_ended_before,
            user.kept_session.value_or(SessionId{}),
            user.registered_at,
            user.erasure_due_at.value_or(Instant()),
            0,
            user.status,
            user.privilege};
}

User AccessState::unpack(const PackedUser& packed) {
    User user;
    user.status = packed.status;
    user.privilege = packed.privilege;
    user.registered_at = packed.registered_at;
    user.security_stamp = packed.security_stamp;
    user.sessions_ended_before = packed.sessions_ended_before;
    if (!packed.kept_session.is_nil()) user.kept_session = packed.kept_session;
    if (packed.erasure_due_at.is_set()) user.erasure_due_at = packed.erasure_due_at;
    return user;
}

// ---- folding ---------------------------------------------------------------------------------------------------
AccessState::Change AccessState::read_change(const eventstore::FollowedEvent& event) {
    if (event.is_inert()) return {event.stream_id, {event.position, {}}, nullptr};
    return {event.stream_id, {event.position, event.envelope().occurred_at}, event.decoded()};
}

void AccessState::apply(const Change& change) {
    if (!change.event) return pass_over(UserId{change.stream_id}, change.recorded);
    // Whether somebody may go on guessing is no part of what their token grants: not LoginAttempts.
    using Concerns = eventstore::Subscription<User, Session, Role, Assignments, ServiceAccount, ServiceToken, Group,
                                              Nestings, Application, Consent, DeviceAuthorization>;
    Concerns::deliver(*change.event, change.stream_id,
                      [&](const auto& id, const auto& of_one) { apply(id, of_one, change.recorded); });
}

void AccessState::apply(const UserId& id, const UserEvent& event, const Recorded& recorded) {
    PackedUser& packed = users_.shard_of(id)[id];
    packed = pack(evolve(unpack(packed), event, recorded));
    packed.last_position = recorded.position;
}

// A record that means nothing may stand in a user's stream.
void AccessState::pass_over(const UserId& id, const Recorded& recorded) {
    auto& shard = users_.shard_of(id);
    if (const auto at = shard.find(id); at != shard.end()) at->second.last_position = recorded.position;
}

void AccessState::apply(const SessionId& id, const SessionEvent& event, const Recorded& recorded) {
    auto& shard = sessions_.shard_of(id);
    const auto at = shard.find(id);
    const bool starts = std::holds_alternative<SessionStarted>(event);
    if (at == shard.end() && !starts) return;  // it ended or expired: nothing brings it back
    Session session = evolve(at == shard.end() ? Session{} : unpack(at->second), event, recorded);
    if (session.status != Session::Status::kEnded) {
        if (session.browser_session_id) grounds_.rest(id, *session.browser_session_id);
        if (at == shard.end()) shard.insert_or_assign(id, pack(session, nullptr));
        else at->second = pack(session, &at->second);
        return;
    }
    grounds_.forget(id);
    if (session.client_id == kBrowserClientId)
        grounds_.end_browser_session(id, recorded.occurred_at + lifetimes_.absolute + kExpiredSessionsStay);
    shard.erase(id);
}

void AccessState::apply(const ApplicationId& id, const ApplicationEvent& event, const Recorded& recorded) {
    grounds_.apply(id, event, recorded);
}

void AccessState::apply(const Id<Consent>&, const ConsentEvent& event, const Recorded& recorded) {
    grounds_.apply(event, recorded);
}

void AccessState::apply(const DeviceAuthorizationId& id, const DeviceAuthorizationEvent& event,
                        const Recorded& recorded) {
    devices_.apply(id, event, recorded);
}

void AccessState::apply(const RoleId& id, const RoleEvent& event, const Recorded& recorded) {
    auto& role = roles_[id];
    role = std::make_shared<const Role>(evolve(role ? *role : Role{}, event, recorded));
}

void AccessState::apply(const AssignmentsId& id, const AssignmentsEvent& event, const Recorded& recorded) {
    auto& shard = assignments_.shard_of(id);
    Assignments& assignments = shard[id];
    assignments = evolve(std::move(assignments), event, recorded);
    if (assignments.roles.empty() && assignments.groups.empty()) shard.erase(id);
}

void AccessState::apply(const GroupId& id, const GroupEvent& event, const Recorded& recorded) {
    const auto known = groups_.find(id);
    put(id, std::make_shared<const Group>(evolve(known == groups_.end() ? Group{} : *known->second, event, recorded)));
}

void AccessState::put(const GroupId& id, std::shared_ptr<const Group> group) {
    groups_[id] = std::move(group);
    everyone_is_there_ = everyone_is_there_ || id == kEveryone;
}

void AccessState::apply(const Id<Nestings>&, const NestingsEvent& event, const Recorded& recorded) {
    nestings_ = evolve(std::move(nestings_), event, recorded);
}

void AccessState::apply(const ServiceAccountId& id, const ServiceAccountEvent& event, const Recorded& recorded) {
    services_.apply(id, event, recorded);
}

void AccessState::apply(const ServiceTokenId& id, const ServiceTokenEvent& event, const Recorded& recorded) {
    services_.apply(id, event, recorded);
}

// ---- asking ----------------------------------------------------------------------------------------------------
void AccessState::add_roles(Roles& roles, const Assignments& assignments) const {
    for (const RoleId& role_id : assignments.roles) {
        const auto role = roles_.find(role_id);
        if (role == roles_.end() || role->second->status != Role::Status::kDefined) continue;
        if (std::ranges::find(roles, role->second) == roles.end()) roles.push_back(role->second);
    }
}

void AccessState::add_access(SubjectAccess& found, const Subject& subject) const {
    const Assignments* assigned = assignments_.find(assignments_of(subject.id));
    if (assigned != nullptr) add_roles(found.roles, *assigned);
    const std::span<const GroupId> own = assigned != nullptr ? std::span(assigned->groups) : std::span<const GroupId>();
    for_each_group(subject.type, own, nestings_, [&](const GroupId& group_id) {
        if (group_id == kEveryone && !everyone_is_there_) return;
        const auto group = groups_.find(group_id);
        const bool is_told = group_id != kEveryone && group != groups_.end();
        if (is_told && group->second->status == Group::Status::kDefined) found.groups.push_back(group->second);
        if (const Assignments* theirs = assignments_.find(assignments_of(group_id))) add_roles(found.roles, *theirs);
    });
}

SubjectAccess AccessState::find(const std::optional<SubjectId>& subject_id,
                                const std::optional<SessionId>& session_id) const {
    SubjectAccess found;
    if (session_id)
        if (const PackedSession* session = sessions_.find(*session_id)) {
            found.found_session = std::make_shared<const Session>(unpack(*session));
            found.grounds_hold = grounds_.hold(*session_id, found.session());
        }
    found.subject_id = subject_id.value_or(found.session().user_id);
    // Of a service account's id there is no user.
    if (const PackedUser* user = users_.find(UserId{found.subject_id})) {
        found.found_user = std::make_shared<const User>(unpack(*user));
        found.user_position = user->last_position;
    }
    // Only existing users are members of everyone.
    const auto type = found.user().exists() ? SubjectType::kUser : SubjectType::kServiceAccount;
    add_access(found, Subject{type, found.subject_id});
    return found;
}

ServiceAccess AccessState::find_service(const ServiceAccountId& account_id,
                                        const std::optional<ServiceTokenId>& token_id) const {
    ServiceAccess found;
    found.held.subject_id = account_id;
    found.found_account = services_.account(account_id);
    found.application = grounds_.application(ApplicationId{account_id.uuid});
    if (token_id) found.token = services_.token(*token_id);
    add_access(found.held, Subject::service_account(account_id));
    return found;
}

// ---- searching -------------------------------------------------------------------------------------------------
bool AccessState::may(const Subject& subject, const SubjectSearch& search) const {
    SubjectAccess found;
    add_access(found, subject);
    return permits(found.roles, subject.id, search.question());
}

SubjectPage AccessState::search(const SubjectSearch& search, const SubjectPlace& from, std::size_t limit) const {
    return search.type == SubjectType::kUser ? search_users(search, from, limit)
                                             : search_services(search, ServiceAccountId{from.after}, limit);
}

// Part by part, in the order of the ids within one.
SubjectPage AccessState::search_users(const SubjectSearch& search, const SubjectPlace& from, std::size_t limit) const {
    SubjectPage found;
    std::size_t looked_at = 0;
    UserId after{from.after};
    for (std::uint32_t part = from.part; part < users_.kShards; ++part, after = {}) {
        if (looked_at >= kSearchedAtOnce) {
            found.next = SubjectPlace{part, {}};
            break;
        }
        const auto begin = std::ssize(found.ids);
        for (const auto& [id, user] : users_.shard(part))
            if (user.status == User::Status::kActive && after < id && may(Subject::user(id), search))
                found.ids.push_back(id);
        std::sort(found.ids.begin() + begin, found.ids.end());
        looked_at += users_.shard(part).size();
        if (found.ids.size() <= limit) continue;
        found.ids.resize(limit);
        // None may be of this part.
        found.next = SubjectPlace{part, std::ssize(found.ids) > begin ? found.ids.back() : SubjectId{after}};
        break;
    }
    return found;
}

SubjectPage AccessState::search_services(const SubjectSearch& search, const ServiceAccountId& after,
                                         std::size_t limit) const {
    SubjectPage found;
    std::size_t looked_at = 0;
    ServiceAccountId last = after;
    for (const auto& [id, account] : services_.accounts_after(after)) {
        if (found.ids.size() == limit || looked_at++ == kSearchedAtOnce) {
            found.next = SubjectPlace{0, last};
            break;
        }
        last = id;
        if (account->status == ServiceAccount::Status::kEnabled && may(Subject::service_account(id), search))
            found.ids.push_back(id);
    }
    return found;
}

std::set<std::string> AccessState::actions_of(std::string_view resource) const {
    std::set<std::string> actions;
    for (const auto& [id, role] : roles_) add_actions(actions, role->rules, resource);
    return actions;
}

std::size_t AccessState::sweep(std::size_t shard, Instant now) {
    const Instant before = now - kExpiredSessionsStay;
    const auto is_over = [&](const SessionId& id, const PackedSession& session) {
        if (session.expires_at <= before || session.refreshed_at + lifetimes_.idle <= before) return true;
        const PackedUser* user = users_.find(session.user_id);
        return user != nullptr && unpack(*user).ended_session(id, session.first_position);
    };
    const std::size_t others = services_.sweep(shard, now) + grounds_.sweep(shard, now) + devices_.sweep(shard, now);
    return others + boost::unordered::erase_if(sessions_.shard(shard), [&](const auto& entry) {
               const bool over = is_over(entry.first, entry.second);
               if (over) grounds_.forget(entry.first);
               return over;
           });
}

std::size_t AccessState::bytes() const {
    constexpr std::size_t kRoleGuess = 4096;  // with its permissions' texts
    constexpr std::size_t kGroupGuess = 256;
    constexpr std::size_t kListGuess = 4 * sizeof(Uuid);
    return sessions_.bytes() + users_.bytes() + assignments_.bytes() + assignments_.size() * kListGuess +
           roles_.size() * kRoleGuess + services_.bytes() + grounds_.bytes() + devices_.bytes() +
           groups_.size() * kGroupGuess + nestings_.count * kListGuess;
}

// ---- snapshots -------------------------------------------------------------------------------------------------
void AccessState::write(SnapshotWriter& out) const {
    out.number(static_cast<std::int64_t>(origins_.size()));
    for (const Origin& origin : origins_) {
        out.text(origin.client_id);
        out.texts(origin.audiences);
    }
    out.number(static_cast<std::int64_t>(roles_.size()));
    for (const auto& [id, role] : roles_) {
        out.id(id);
        out.number(static_cast<std::int64_t>(role->status));
        out.number(static_cast<std::int64_t>(role->kind));
        out.text(role->name);
        out.texts(role->rules.allow.texts());
        out.texts(role->rules.deny.texts());
    }
    for (std::size_t shard = 0; shard < assignments_.kShards; ++shard) {
        out.number(static_cast<std::int64_t>(assignments_.shard(shard).size()));
        for (const auto& [id, assignments] : assignments_.shard(shard)) {
            out.id(id);
            out.number(static_cast<std::int64_t>(assignments.roles.size()));
            for (const RoleId& role_id : assignments.roles) out.id(role_id);
            out.number(static_cast<std::int64_t>(assignments.groups.size()));
            for (const GroupId& group_id : assignments.groups) out.id(group_id);
        }
    }
    write_groups(out);
    for (std::size_t shard = 0; shard < users_.kShards; ++shard) {
        out.number(static_cast<std::int64_t>(users_.shard(shard).size()));
        for (const auto& [id, user] : users_.shard(shard)) {
            out.id(id);
            out.id(user.kept_session);
            out.number(static_cast<std::int64_t>(user.status));
            out.number(static_cast<std::int64_t>(user.privilege));
            out.number(user.security_stamp);
            out.number(user.sessions_ended_before);
            out.time(user.registered_at);
            out.time(user.erasure_due_at);
            out.number(user.last_position);
        }
    }
    for (std::size_t shard = 0; shard < sessions_.kShards; ++shard) {
        out.number(static_cast<std::int64_t>(sessions_.shard(shard).size()));
        for (const auto& [id, session] : sessions_.shard(shard)) {
            out.id(id);
            out.id(session.user_id);
            out.number(session.origin);
            for (const std::int64_t number : {session.security_stamp, session.generation, session.first_position})
                out.number(number);
            for (const Instant at : {session.started_at, session.refreshed_at, session.expires_at}) out.time(at);
        }
    }
    services_.write(out);
    grounds_.write(out);
    devices_.write(out);
}

void AccessState::write_groups(SnapshotWriter& out) const {
    out.number(static_cast<std::int64_t>(groups_.size()));
    for (const auto& [id, group] : groups_) {
        out.id(id);
        out.number(static_cast<std::int64_t>(group->status));
        out.text(group->name);
    }
    out.number(static_cast<std::int64_t>(nestings_.parents.size()));
    for (const auto& [child, parents] : nestings_.parents) {
        out.id(child);
        out.number(static_cast<std::int64_t>(parents.size()));
        for (const GroupId& parent : parents) out.id(parent);
    }
}

void AccessState::read_groups(SnapshotReader& in) {
    for (std::int64_t left = in.count(); left > 0; --left) {
        const auto id = in.id<Group>();
        Group group;
        group.status = in.one_of<Group::Status>(Group::Status::kDeleted);
        group.name = in.text();
        put(id, std::make_shared<const Group>(std::move(group)));
    }
    for (std::int64_t left = in.count(); left > 0; --left) {
        std::vector<GroupId>& parents = nestings_.parents[in.id<Group>()];
        for (std::int64_t count = in.count(); count > 0; --count) parents.push_back(in.id<Group>());
        nestings_.count += parents.size();
    }
}

void AccessState::read(SnapshotReader& in) {
    constexpr std::int64_t kMostReserved = 1'000'000;
    for (std::int64_t left = in.count(); left > 0; --left) {
        std::string client_id = in.text();
        (void)origin_of({std::move(client_id), in.texts()});
    }
    for (std::int64_t left = in.count(); left > 0; --left) {
        const auto id = in.id<Role>();
        Role role;
        role.status = in.one_of<Role::Status>(Role::Status::kDeleted);
        role.kind = in.one_of<RoleKind>(RoleKind::kBuiltIn);
        role.name = in.text();
        auto allow = PermissionSet::of_texts(in.texts());
        role.rules = AccessRules(std::move(allow), PermissionSet::of_texts(in.texts()));
        roles_[id] = std::make_shared<const Role>(std::move(role));
    }
    for (std::size_t shard = 0; shard < assignments_.kShards; ++shard)
        for (std::int64_t left = in.count(); left > 0; --left) {
            const auto id = in.id<Assignments>();
            Assignments& assignments = assignments_.shard_of(id)[id];
            for (std::int64_t roles = in.count(); roles > 0; --roles) assignments.roles.push_back(in.id<Role>());
            for (std::int64_t groups = in.count(); groups > 0; --groups) assignments.groups.push_back(in.id<Group>());
        }
    read_groups(in);
    for (std::size_t shard = 0; shard < users_.kShards; ++shard) {
        const std::int64_t count = in.count();
        users_.shard(shard).reserve(static_cast<std::size_t>(std::min(count, kMostReserved)));
        for (std::int64_t left = count; left > 0; --left) {
            const auto id = in.id<User>();
            PackedUser user;
            user.kept_session = in.id<Session>();
            user.status = in.one_of<User::Status>(User::Status::kErased);
            user.privilege = in.one_of<UserPrivilege>(UserPrivilege::kAdministrator);
            user.security_stamp = in.number();
            user.sessions_ended_before = in.number();
            user.registered_at = in.time();
            user.erasure_due_at = in.time();
            user.last_position = in.number();
            users_.shard_of(id)[id] = user;
        }
    }
    for (std::size_t shard = 0; shard < sessions_.kShards; ++shard) {
        const std::int64_t count = in.count();
        sessions_.shard(shard).reserve(static_cast<std::size_t>(std::min(count, kMostReserved)));
        for (std::int64_t left = count; left > 0; --left) {
            const auto id = in.id<Session>();
            PackedSession session;
            session.user_id = in.id<User>();
            session.origin = static_cast<std::uint32_t>(in.number());
            if (session.origin >= origins_.size()) throw eventstore::CodecError("a session is of no client");
            for (std::int64_t* number : {&session.security_stamp, &session.generation, &session.first_position})
                *number = in.number();
            for (Instant* at : {&session.started_at, &session.refreshed_at, &session.expires_at}) *at = in.time();
            sessions_.shard_of(id)[id] = session;
        }
    }
    services_.read(in);
    grounds_.read(in);
    devices_.read(in);
    in.end();
}

}  // namespace keyledger::projections

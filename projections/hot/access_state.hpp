#pragma once
// What security answers need of every user, session and role, in memory. Folded by the aggregates' own `evolve` (I6),
// and packed. Personal values, devices and credentials are not kept, nor sessions that ended.
//
// Memory: about 140 bytes a session (of an application 50 more) and 110 a user; sessions leave with their end, or an
// hour after they expired (the clocks of nodes differ: what one takes for expired another may refresh).
// Threads: none of its own. There is one writer; readers need a lock.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "domain/access/role.hpp"
#include "domain/access/search.hpp"
#include "domain/access/subject_access.hpp"
#include "domain/base/time.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "eventstore/codec/followed_event.hpp"
#include "projections/hot/device_state.hpp"
#include "projections/hot/grounds_state.hpp"
#include "projections/hot/service_state.hpp"
#include "projections/hot/sharded.hpp"

namespace keyledger::projections {

class SnapshotWriter;
class SnapshotReader;

// Grows whenever the same events make another state, or its bytes change: an older snapshot is not read then.
inline constexpr int kAccessStateFold = 10;
inline constexpr Duration kExpiredSessionsStay = hours(1);
// Under the lock. Measured for 4096: 1 ms where one role is looked at for each, 21 ms where eight full ones are.
inline constexpr std::size_t kSearchedAtOnce = 1024;

class AccessState {
public:
    // Sessions are let go by these.
    explicit AccessState(SessionLifetimes lifetimes) : lifetimes_(lifetimes) {}

    // An event of the log, read.
    struct Change {
        Uuid stream_id;
        Recorded recorded;
        eventstore::AnyEventPtr event;  // nullptr: of a record that means nothing
    };
    // Throws eventstore::CodecError for an event that this build does not know. Any thread.
    static Change read_change(const eventstore::FollowedEvent& event);
    // That of the next event of the log.
    void apply(const Change& change);

    // Without a subject (a user or service account): the session's user. Position and `active` are for others to say:
    // it has no clock, and does not know how far it is.
    SubjectAccess find(const std::optional<SubjectId>& subject_id, const std::optional<SessionId>& session_id) const;
    ServiceAccess find_service(const ServiceAccountId& account_id, const std::optional<ServiceTokenId>& token_id) const;

    // What somebody answered to a device; absent: nobody did.
    DeviceAuthorization find_device(const DeviceAuthorizationId& id) const { return devices_.find(id); }

    // Whether pages of applications are of this origin, and of which (PageOrigins).
    std::optional<ConsentRule> page_origin(std::string_view origin) const { return grounds_.page_origin(origin); }

    // Those who may, at most `limit`; looks at about kSearchedAtOnce subjects, or one part of Sharded::kShards if
    // that holds more.
    SubjectPage search(const SubjectSearch& search, const SubjectPlace& from, std::size_t limit) const;
    // What roles name for a resource, or for all.
    std::set<std::string> actions_of(std::string_view resource) const;

    // Lets go of what has expired, in one part of Sharded::kShards. Returns how many.
    std::size_t sweep(std::size_t shard, Instant now);

    std::size_t sessions() const { return sessions_.size(); }
    std::size_t users() const { return users_.size(); }
    std::size_t service_tokens() const { return services_.tokens(); }
    std::size_t bytes() const;
    const SessionLifetimes& lifetimes() const { return lifetimes_; }

    void write(SnapshotWriter& out) const;
    // Into an empty state. Throws eventstore::CodecError.
    void read(SnapshotReader& in);

private:
    // What sessions of one client have in common. There are as many as configured clients have had audiences.
    struct Origin {
        std::string client_id;
        std::vector<std::string> audiences;
        auto operator<=>(const Origin&) const = default;
    };
    struct PackedSession {
        UserId user_id;
        std::uint32_t origin = 0;
        std::int64_t security_stamp = 0;
        std::int64_t generation = 0;
        Position first_position = 0;
        Instant started_at;
        Instant refreshed_at;
        Instant expires_at;
    };
    struct PackedUser {
        std::int64_t security_stamp = 0;
        Position sessions_ended_before = 0;
        SessionId kept_session;  // nil: none
        Instant registered_at;
        Instant erasure_due_at;  // not set: not requested
        Position last_position = 0;
        User::Status status = User::Status::kAbsent;
        UserPrivilege privilege = UserPrivilege::kUser;
    };

    void pass_over(const UserId& id, const Recorded& recorded);
    void apply(const UserId& id, const UserEvent& event, const Recorded& recorded);
    void apply(const SessionId& id, const SessionEvent& event, const Recorded& recorded);
    void apply(const RoleId& id, const RoleEvent& event, const Recorded& recorded);
    void apply(const AssignmentsId& id, const AssignmentsEvent& event, const Recorded& recorded);
    void apply(const ServiceAccountId& id, const ServiceAccountEvent& event, const Recorded& recorded);
    void apply(const ServiceTokenId& id, const ServiceTokenEvent& event, const Recorded& recorded);
    void apply(const GroupId& id, const GroupEvent& event, const Recorded& recorded);
    void apply(const Id<Nestings>& id, const NestingsEvent& event, const Recorded& recorded);
    void apply(const ApplicationId& id, const ApplicationEvent& event, const Recorded& recorded);
    void apply(const Id<Consent>& id, const ConsentEvent& event, const Recorded& recorded);
    void apply(const DeviceAuthorizationId& id, const DeviceAuthorizationEvent& event, const Recorded& recorded);
    using Roles = std::vector<std::shared_ptr<const Role>>;
    void add_roles(Roles& roles, const Assignments& assignments) const;
    void add_access(SubjectAccess& found, const Subject& subject) const;
    bool may(const Subject& subject, const SubjectSearch& search) const;
    SubjectPage search_users(const SubjectSearch& search, const SubjectPlace& from, std::size_t limit) const;
    SubjectPage search_services(const SubjectSearch& search, const ServiceAccountId& after, std::size_t limit) const;
    void put(const GroupId& id, std::shared_ptr<const Group> group);
    void write_groups(SnapshotWriter& out) const;
    void read_groups(SnapshotReader& in);
    std::uint32_t origin_of(Origin origin);
    Session unpack(const PackedSession& packed) const;
    // `before`: what it was until now; nullptr: there was none.
    PackedSession pack(const Session& session, const PackedSession* before);
    static User unpack(const PackedUser& packed);
    static PackedUser pack(const User& user);

    SessionLifetimes lifetimes_;
    Sharded<SessionId, PackedSession> sessions_;
    Sharded<UserId, PackedUser> users_;
    Sharded<AssignmentsId, Assignments> assignments_;  // by their stream's id; of those who have any
    std::map<RoleId, std::shared_ptr<const Role>> roles_;
    ServiceState services_;
    GroundsState grounds_;
    DeviceState devices_;
    std::map<GroupId, std::shared_ptr<const Group>> groups_;
    bool everyone_is_there_ = false;  // among them
    Nestings nestings_;
    std::vector<Origin> origins_;
    std::map<Origin, std::uint32_t> origin_numbers_;
};

}  // namespace keyledger::projections

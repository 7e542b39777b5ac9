#pragma once
// Questions to the read models, as coroutines: the SQL runs on a few threads of this class, behind a bounded
// queue. Every answer is one snapshot: the current generation, its checkpoint and the rows together, and
// carries the position up to which it is complete. None of them is a security answer (I8): those come from
// the log.
//
//     co_await queries.wait_for(Model::kUsers, position, head, deadline)   // read your own writes
//     co_await queries.find_user(id, deadline)
//
// Threads: any; an answer comes on the executor that awaits it. Errors are values.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/access/subject.hpp"
#include "domain/base/declare.hpp"
#include "domain/base/result.hpp"
#include "domain/base/uuid.hpp"
#include "projections/engine/limits.hpp"

namespace keyledger::projections {

enum class Model { kUsers, kSessions, kAudit, kPermissions, kServiceAccounts };
inline constexpr std::size_t kModelCount = 5;
std::string_view name_of(Model model);

enum class QueryError {
    kUnavailable,         // no database, no room in the queue, stopping, or no table of this build's layout yet
    kDeadline,            // expired before it started or while it ran
    kPositionNotReached,  // the read model did not get there within the deadline: try again later
    kPositionBeyondHead,  // no such event yet: the position is not of this log, refused at once
    kInvalid,             // a limit outside 1 … kMaxPageRows, a search longer than kMaxSearchBytes, U+0000
};

struct UserRow {
    Uuid id;
    std::optional<std::string> email;  // personal fields are empty once erased
    std::optional<std::string> username;
    std::optional<std::string> name;
    bool active = false;
    bool administrator = false;
    bool email_verified = false;
    std::int64_t created_at_ms = 0;
    std::int64_t updated_at_ms = 0;
    std::int32_t version = 0;     // of the user's stream
    Position position = 0;        // of the event that changed the row last
    Position first_position = 0;  // of the registration
};
struct SessionRow {
    Uuid id;
    Uuid user_id;
    std::string client_id;
    std::int64_t started_at_ms = 0;
    std::int64_t refreshed_at_ms = 0;
    std::int64_t expires_at_ms = 0;
    std::optional<std::int64_t> ended_at_ms;
    std::optional<std::string> end_reason;      // a SessionEndReason's name, or what ended it with others
    std::optional<std::string> client_address;  // as of the latest refresh
    std::optional<std::string> user_agent;
    std::int64_t generation = 0;  // of its refresh token
    Position first_position = 0;
    Position position = 0;
};
struct RoleRow {
    Uuid id;
    std::string name;
    std::vector<std::string> permissions;  // sorted
    std::vector<std::string> deny;
    bool built_in = false;
    std::int64_t created_at_ms = 0;
    std::int64_t updated_at_ms = 0;
    std::int32_t version = 0;
    Position position = 0;
    Position first_position = 0;
};
struct UserRoleRow {
    RoleRow role;
    std::int64_t assigned_at_ms = 0;
};
struct ServiceAccountRow {
    Uuid id;
    std::string name;
    std::vector<std::string> audiences;  // sorted
    bool enabled = false;
    std::int64_t created_at_ms = 0;
    std::int64_t updated_at_ms = 0;
    Position first_position = 0;
};
struct GroupRow {
    Uuid id;
    std::string name;
    std::int64_t created_at_ms = 0;
    std::int64_t since_ms = 0;  // in a list of somebody's groups: when they were added; else when it was named last
    Position first_position = 0;
};
struct MemberRow {
    Uuid id;
    std::string type;  // "user", "service_account"; "group": one that stands under it
    std::int64_t since_ms = 0;
};
// Why somebody is allowed or denied something: a role, and how it comes to him.
struct ReasonRow {
    struct Granted {
        std::int64_t at_ms = 0;
        Position position = 0;
        std::string actor_type;
        std::string actor_id;  // empty: `system`
    };
    struct Step {
        Uuid group_id;
        std::string group_name;
        Granted granted;  // that he, or the group before, is in it
    };
    Uuid role_id;
    std::string role_name;
    std::vector<std::string> permissions;
    std::vector<std::string> deny;
    Granted granted;           // the role, to the last of the groups, or without one to himself
    std::vector<Step> groups;  // from the one that he is in himself upwards
};
struct AuditEntry {
    Position position = 0;
    std::int64_t occurred_at_ms = 0;
    std::string type;        // stored event type: "user.registered"
    std::string actor_type;  // "user", "client", "system", "anonymous"
    std::optional<std::string> actor_id;
    std::optional<Uuid> subject;  // the user whom it concerns, if one is known
    std::string stream_type;
    Uuid stream_id;
    bool succeeded = true;
    std::optional<std::string> reason;
    std::optional<std::string> client_address;
    std::optional<std::string> user_agent;
    std::optional<std::string> request_id;
    std::optional<Uuid> session_id;
};

template <class T>
struct AtPosition {
    T value;
    Position position = 0;
};
// Pages hold at most `limit` rows; `next` is there if more follow. Rows that come or go between two pages
// shift nothing.
template <class Row, class Cursor>
struct Page {
    std::vector<Row> items;
    std::optional<Cursor> next;
    Position position = 0;
};
// In the order in which they came into being, which is that of the log: ids are given before a password is hashed.
struct UserCursor {
    Position after = 0;
};
struct RoleCursor {
    Position after = 0;
};
struct GroupCursor {
    Position after = 0;
};
struct ServiceAccountCursor {
    Position after = 0;
};
struct MemberCursor {  // by id
    Uuid after;
};
struct SessionCursor {  // newest first
    Position before = 0;
};
struct AuditCursor {  // newest first
    Position before = 0;
};

struct SessionFilter {
    Uuid user;
    // Live: not ended, and neither too old nor too long idle at that time.
    struct LiveAt {
        std::int64_t now_ms = 0;
        std::int64_t idle_ms = 0;
    };
    std::optional<LiveAt> live;
};
struct AuditFilter {           // all that are given must hold
    std::optional<Uuid> user;  // as actor or as subject
    std::optional<std::string> actor_id;
    std::optional<std::string> type;
    std::optional<std::int64_t> from_ms;   // occurred at, inclusive
    std::optional<std::int64_t> until_ms;  // exclusive
};

// How the read models stand, for readiness and metrics of any node.
struct ModelState {
    std::string model;
    int generation = 0;
    Position position = 0;
    struct Stopped {
        std::string kind;  // name_of(StopKind)
        Position position = 0;
        std::string event_type;
        std::string reason;
    };
    std::optional<Stopped> stopped;
};

struct QuerySettings {
    std::string database_url;  // of the service's role
    int threads = 2;           // and connections; one more connection for those who wait for a position
    std::string application_name = "keyledger queries";
};

class Queries {
public:
    using Deadline = std::chrono::steady_clock::time_point;
    template <class T>
    using Answer = boost::asio::awaitable<Result<T, QueryError>>;

    // Connects when first asked.
    explicit Queries(QuerySettings settings);
    ~Queries();
    Queries(const Queries&) = delete;
    Queries& operator=(const Queries&) = delete;

    Answer<AtPosition<std::optional<UserRow>>> find_user(Uuid id, Deadline deadline);
    // `search`: a prefix of e-mail address, user name or name, without regard to case and to how it was
    // typed (NFC, NFD, full-width); empty: everybody.
    Answer<Page<UserRow, UserCursor>> list_users(std::string search, std::optional<UserCursor> cursor,
                                                 std::int32_t limit, Deadline deadline);
    Answer<Page<SessionRow, SessionCursor>> list_sessions(SessionFilter filter, std::optional<SessionCursor> cursor,
                                                          std::int32_t limit, Deadline deadline);
    Answer<Page<AuditEntry, AuditCursor>> list_audit(AuditFilter filter, std::optional<AuditCursor> cursor,
                                                     std::int32_t limit, Deadline deadline);

    Answer<AtPosition<std::optional<RoleRow>>> find_role(Uuid id, Deadline deadline);
    Answer<Page<RoleRow, RoleCursor>> list_roles(std::optional<RoleCursor> cursor, std::int32_t limit,
                                                 Deadline deadline);
    // All of one user: there are at most kMaxRolesPerUser, deleted ones aside.
    Answer<AtPosition<std::vector<UserRoleRow>>> list_user_roles(Uuid user, Deadline deadline);

    Answer<Page<ServiceAccountRow, ServiceAccountCursor>> list_service_accounts(
        std::optional<ServiceAccountCursor> cursor, std::int32_t limit, Deadline deadline);
    Answer<AtPosition<std::optional<GroupRow>>> find_group(Uuid id, Deadline deadline);
    Answer<Page<GroupRow, GroupCursor>> list_groups(std::optional<GroupCursor> cursor, std::int32_t limit,
                                                    Deadline deadline);
    // By their ids.
    Answer<Page<MemberRow, MemberCursor>> list_members(Uuid group, std::optional<MemberCursor> cursor,
                                                       std::int32_t limit, Deadline deadline);
    // Those that the subject is in itself, at most kMaxGroupsPerSubject.
    Answer<AtPosition<std::vector<GroupRow>>> list_groups_of(Uuid subject, Deadline deadline);
    // Every way in which a role comes to a user or a service account, to a user also as one of kEveryone, in
    // the order in which the roles were given; at most `limit`. That there is one is known to the caller.
    Answer<AtPosition<std::vector<ReasonRow>>> explain(Subject subject, std::int32_t limit, Deadline deadline);

    // Returns once the model's checkpoint has the position; a query sent afterwards includes it. `head` is
    // the log's, learned after the request came.
    Answer<Position> wait_for(Model model, Position position, Position head, Deadline deadline);

    Answer<std::vector<ModelState>> states(Deadline deadline);

    // A hint, from the projector of this process: somebody's position may have come. Any thread, does not
    // block.
    void applied();

    // Whoever waits is answered kUnavailable, what runs is finished. May be called twice.
    void stop();

private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

}  // namespace keyledger::projections

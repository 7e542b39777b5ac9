#include <map>
#include <optional>

#include "domain/sessions/session.hpp"
#include "domain/sessions/session_cleanup.hpp"
#include "domain/users/user.hpp"
#include "eventstore/subscription.hpp"
#include "projections/engine/table.hpp"
#include "projections/models/read_models.hpp"
#include "projections/models/sessions.hpp"

namespace keyledger::projections {
namespace {

// No index holds what a refresh changes, so refreshes are heap-only updates.
constexpr const char* kStorage =
    "with (fillfactor = 75, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100000, "
    "autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000)";
constexpr const char* kEndedOrNot =
    ", check ((ended_at_ms is null) = (end_reason is null) and (ended_at_ms is null) = (ended_position is null))";

// The first end counts, whichever batch it came in.
constexpr const char* kChange = R"( as s set
    refreshed_at_ms = coalesce(c.refreshed_at_ms, s.refreshed_at_ms),
    generation = coalesce(c.generation, s.generation),
    client_address = case when c.refreshed_at_ms is null then s.client_address else c.client_address end,
    user_agent = case when c.refreshed_at_ms is null then s.user_agent else c.user_agent end,
    ended_at_ms = case when s.ended_position <= c.ended_position then s.ended_at_ms
                       else coalesce(c.ended_at_ms, s.ended_at_ms) end,
    end_reason = case when s.ended_position <= c.ended_position then s.end_reason
                      else coalesce(c.end_reason, s.end_reason) end,
    ended_position = least(s.ended_position, c.ended_position),
    position = c.position
from (select unnest($1::uuid[]) as id, unnest($2::bigint[]) as refreshed_at_ms, unnest($3::bigint[]) as generation,
             unnest($4::text[]) as client_address, unnest($5::text[]) as user_agent,
             unnest($6::bigint[]) as ended_at_ms, unnest($7::text[]) as end_reason,
             unnest($8::bigint[]) as ended_position, unnest($9::bigint[]) as position) as c
where s.id = c.id)";

// Every session of the user that began before the event, except the one it keeps, unless it had ended before.
constexpr const char* kEndTogether = R"( as s set ended_at_ms = e.at_ms, end_reason = e.reason,
    ended_position = e.position, position = greatest(s.position, e.position)
from (select distinct on (t.id) t.id, e.at_ms, e.reason, e.position
        from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[])
                 as e (user_id, kept, position, at_ms, reason)
        join TABLE as t on t.user_id = e.user_id
       where t.first_position < e.position and t.id is distinct from e.kept
         and (t.ended_position is null or t.ended_position > e.position)
       order by t.id, e.position) as e
where s.id = e.id)";

struct Begin {
    UserId user_id;
    std::string client_id;
    Instant started_at;
    Instant expires_at;
    Position first_position = 0;
    std::optional<DeviceId> device_id{};
    std::optional<std::string> country{};
    std::optional<std::string> city{};
};
struct Refresh {
    Instant at;
    std::int64_t generation = 0;
    std::optional<std::string> client_address;
    std::optional<std::string> user_agent;
};
struct End {
    Instant at;
    std::string reason;
    Position position = 0;
};
// What a batch does to one session.
struct SessionChange {
    std::optional<Begin> begin;
    std::optional<Refresh> refresh;  // the start counts as the first
    std::optional<End> end;
    Position position = 0;
};
// Ends that an event on the user brought to many sessions together.
struct EndsTogether {
    SqlArray user_id, kept, position, at, reason;
    SqlArray erased;  // users
};

struct OnSession {
    SessionChange& change;
    const DecodedEvent& decoded;

    void refreshed(std::int64_t generation) const {
        const auto& from = decoded.metadata;
        change.refresh = Refresh{from.occurred_at, generation, from.client_address.value, from.user_agent.value};
    }
    void operator()(const SessionStarted& event) const {
        change.begin = Begin{event.user_id,
                             event.client_id,
                             decoded.metadata.occurred_at,
                             event.expires_at,
                             decoded.recorded->position,
                             event.device_id,
                             event.country.value,
                             event.city.value};
        refreshed(1);
    }
    void operator()(const SessionRefreshed& event) const { refreshed(event.generation); }
    void operator()(const SessionRefreshRefused&) const {}
    void operator()(const SessionReauthenticated&) const {}
    void operator()(const SessionEnded& event) const {
        if (change.end) return;
        End& end = change.end.emplace();
        end.at = decoded.metadata.occurred_at;
        end.position = decoded.recorded->position;
        end.reason = stored_name(event.reason);
    }
};

using Changes = std::map<SessionId, SessionChange>;

using Concerns = eventstore::Subscription<User, Session, SessionCleanup>;

struct CleanUp {
    Instant over_before;
    Position position = 0;
};

struct Collect {
    Changes& changes;
    EndsTogether& ends;
    std::optional<CleanUp>& clean_up;
    const DecodedEvent& decoded;

    void operator()(const UserId& user, const UserEvent& event) const {
        if (eventstore::erases(*decoded.event)) ends.erased.add(user);
        const auto end = end_of_sessions(event);
        if (!end) return;
        ends.user_id.add(user);
        ends.kept.add(end->kept_session);
        ends.position.add(decoded.recorded->position);
        ends.at.add(decoded.metadata.occurred_at);
        ends.reason.add(end->reason);
    }
    void operator()(const SessionId& id, const SessionEvent& event) const {
        SessionChange& change = changes[id];
        change.position = decoded.recorded->position;
        std::visit(OnSession{change, decoded}, event);
    }
    // A later one frees all that an earlier one does.
    void operator()(const Id<SessionCleanup>&, const SessionCleanupEvent& event) const {
        clean_up = CleanUp{std::get<SessionsCleanedUp>(event).over_before, decoded.recorded->position};
    }
};

template <class T, class Member>
auto member_of(const std::optional<T>& whole, Member T::*member) {
    return whole ? std::optional<Member>((*whole).*member) : std::nullopt;
}
template <class T, class Member>
auto member_of(const std::optional<T>& whole, std::optional<Member> T::*member) {
    return whole ? (*whole).*member : std::nullopt;
}

void insert_begun(pqxx::transaction_base& transaction, const std::string& table, const Changes& changes) {
    std::vector<SessionRow> rows;
    for (const auto& [session, change] : changes) {
        if (!change.begin) continue;
        SessionRow& row = rows.emplace_back();
        row.id = session;
        row.user_id = change.begin->user_id;
        row.client_id = change.begin->client_id;
        row.started_at = change.begin->started_at;
        row.refreshed_at = change.refresh->at;
        row.expires_at = change.begin->expires_at;
        row.generation = change.refresh->generation;
        row.client_address = change.refresh->client_address;
        row.user_agent = change.refresh->user_agent;
        row.device_id = change.begin->device_id;
        row.country = change.begin->country;
        row.city = change.begin->city;
        row.ended_at = member_of(change.end, &End::at);
        row.end_reason = member_of(change.end, &End::reason);
        row.ended_position = member_of(change.end, &End::position);
        row.first_position = change.begin->first_position;
        row.position = change.position;
    }
    insert_rows(transaction, table, rows);
}

// Whatever is cleaned up can't be refreshed any more; but it may be ended, by whoever revokes an old token.
void look_for_missing(pqxx::transaction_base& transaction, const std::string& table, const Changes& changes) {
    SqlArray lives(ElementType::kUuid);
    for (const auto& [session, change] : changes)
        if (!change.begin && !change.end) lives.add(session);
    const auto counted = transaction.exec_params1("select count(*) from unnest($1::uuid[]) as l (id) where not exists "
                                                  "(select from " +
                                                      table + " as s where s.id = l.id)",
                                                  lives.parameter());
    const auto missing = counted[0].as<std::int64_t>();
    if (missing != 0) throw InconsistentLog(std::to_string(missing) + " session(s) have no row");
}

void update_known(pqxx::transaction_base& transaction, const std::string& table, const Changes& changes) {
    SqlArray id, refreshed, generation, address, agent, ended, reason, ended_at, position;
    for (const auto& [session, change] : changes) {
        if (change.begin) continue;
        id.add(session);
        refreshed.add(member_of(change.refresh, &Refresh::at));
        generation.add(member_of(change.refresh, &Refresh::generation));
        address.add(member_of(change.refresh, &Refresh::client_address));
        agent.add(member_of(change.refresh, &Refresh::user_agent));
        ended.add(member_of(change.end, &End::at));
        reason.add(member_of(change.end, &End::reason));
        ended_at.add(member_of(change.end, &End::position));
        position.add(change.position);
    }
    if (id.empty()) return;
    const std::size_t there = execute(transaction, "update " + table + kChange,
                                      {id, refreshed, generation, address, agent, ended, reason, ended_at, position});
    if (there != id.size()) look_for_missing(transaction, table, changes);
}

void end_together(pqxx::transaction_base& transaction, const std::string& table, const EndsTogether& ends) {
    if (ends.user_id.empty()) return;
    std::string sql = "update " + table + kEndTogether;
    sql.replace(sql.find("TABLE"), 5, table);
    execute(transaction, sql, {ends.user_id, ends.kept, ends.position, ends.at, ends.reason});
}

// As the log stood at that event, however it is cut into batches.
void clean_up(pqxx::transaction_base& transaction, const std::string& table, const CleanUp& clean_up) {
    transaction.exec_params("delete from " + table + " where (ended_at_ms < $1 and ended_position < $2)" +
                                " or (expires_at_ms <= $1 and first_position < $2)",
                            clean_up.over_before.ms(), clean_up.position);
}

void erase(pqxx::transaction_base& transaction, const std::string& table, const EndsTogether& ends) {
    if (ends.erased.empty()) return;
    transaction.exec_params("update " + table +
                                " set client_address = null, user_agent = null, country = null, city = null where "
                                "user_id = any($1::uuid[])",
                            ends.erased.parameter());
}

}  // namespace

Model SessionsModel::model() const { return kSessionsModel; }

void SessionsModel::create(pqxx::transaction_base& transaction, int generation) const {
    create_table<SessionRow>(transaction, table(generation), kStorage, kEndedOrNot);
    transaction.exec0("create index " + table_name(name(), generation) + "_user on " + table(generation) +
                      " (user_id, first_position)");
}

void SessionsModel::apply(pqxx::transaction_base& transaction, int generation,
                          std::span<const DecodedEvent> events) const {
    const std::string table = this->table(generation);
    Changes changes;
    EndsTogether ends;
    std::optional<CleanUp> cleaned_up;
    for (const DecodedEvent& decoded : events)
        Concerns::deliver(*decoded.event, decoded.recorded->stream_id, Collect{changes, ends, cleaned_up, decoded});
    insert_begun(transaction, table, changes);
    update_known(transaction, table, changes);
    // Last: it must meet the sessions that began in this batch. Those that began after the event have a
    // higher first position, and one that ended before it keeps its end.
    end_together(transaction, table, ends);
    erase(transaction, table, ends);
    if (cleaned_up) clean_up(transaction, table, *cleaned_up);
}

}  // namespace keyledger::projections

#include "projections/models/audit_model.hpp"

#include <map>
#include <optional>
#include <unordered_map>

#include "projections/engine/database.hpp"
#include "projections/engine/sql_array.hpp"

namespace keyledger::projections {
namespace {

constexpr const char* kColumns = R"( (
    position       bigint primary key,
    occurred_at_ms bigint not null,
    type           text collate "C" not null,
    actor_type     text collate "C" not null,
    actor_id       text collate "C",
    subject        uuid,
    stream_type    text collate "C" not null,
    stream_id      uuid not null,
    outcome        text collate "C" not null check (outcome in ('success', 'failure')),
    reason         text,
    client_address text,
    user_agent     text,
    request_id     text,
    session_id     uuid,
    by_subject     boolean not null  -- the actor is the subject himself, as in most entries
) with (fillfactor = 100, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 200000))";

constexpr const char* kSessionColumns = R"( (
    session_id uuid primary key,
    user_id    uuid not null
) with (fillfactor = 100, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 200000))";

// Which positions the entries of an hour lie between: so a time is found by position, on the primary key.
constexpr const char* kHourColumns = R"( (
    hour           bigint primary key,
    first_position bigint not null,
    last_position  bigint not null
) with (fillfactor = 50))";

constexpr const char* kWriteHours = R"( as h
select * from unnest($1::bigint[], $2::bigint[], $3::bigint[])
on conflict (hour) do update set first_position = least(h.first_position, excluded.first_position),
                                 last_position = greatest(h.last_position, excluded.last_position))";

constexpr const char* kWrite =
    R"( (position, occurred_at_ms, type, actor_type, actor_id, subject, stream_type,
    stream_id, outcome, reason, client_address, user_agent, request_id, session_id, by_subject)
select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[],
                     $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::uuid[],
                     $15::boolean[]))";

// Beside users, all who call are anonymous as far as sealing goes: clients and the system too.
constexpr const char* kEraseCallers = R"( as a set client_address = null, user_agent = null
from HOURS as h
where h.hour between $1 and $2 and a.position between h.first_position and h.last_position
  and a.occurred_at_ms >= $3 and a.occurred_at_ms < $4 and a.actor_type <> 'user'
  and (a.client_address is not null or a.user_agent is not null))";

// What he did himself is found by subject, what he did to others by actor.
constexpr const char* kEraseUser = R"( set client_address = null, user_agent = null
where ((subject = $1::uuid and by_subject) or (actor_id = $2 and not by_subject and actor_type = 'user'))
  and (client_address is not null or user_agent is not null))";

// What an event adds to what its envelope says.
struct Facts {
    std::optional<Uuid> subject;  // the user or service account that it concerns; empty: nobody is known
    bool succeeded = true;
    std::optional<std::string> reason;
};

template <class Enum>
std::string name_of(Enum wanted) {
    for (const auto& [value, name] : enum_names(wanted))
        if (value == wanted) return std::string(name);
    throw InconsistentLog("an enumerator without a name");
}

using Owners = std::unordered_map<Uuid, Uuid>;  // session to user

struct OnUser {
    const Uuid& user;

    Facts operator()(const UserRegistered&) const { return {user, true, {}}; }
    Facts operator()(const UserPasswordSet&) const { return {user, true, {}}; }
    Facts operator()(const UserPasswordChanged&) const { return {user, true, {}}; }
    Facts operator()(const UserPasswordHashRenewed&) const { return {user, true, {}}; }
    Facts operator()(const UserProfileUpdated&) const { return {user, true, {}}; }
    Facts operator()(const UserDisabled& event) const { return {user, true, event.reason}; }
    Facts operator()(const UserEnabled&) const { return {user, true, {}}; }
    Facts operator()(const UserSessionsRevoked&) const { return {user, true, {}}; }
    Facts operator()(const UserMadeAdministrator&) const { return {user, true, {}}; }
    Facts operator()(const UserErasureRequested&) const { return {user, true, {}}; }
    Facts operator()(const UserErasureWithdrawn&) const { return {user, true, {}}; }
    Facts operator()(const UserErased&) const { return {user, true, {}}; }
};

struct OnSession {
    const Uuid& session;
    const Owners& owners;

    Uuid owner() const {
        const auto at = owners.find(session);
        if (at == owners.end()) throw InconsistentLog("session " + session.to_string() + " was never started");
        return at->second;
    }
    Facts operator()(const SessionStarted& event) const { return {event.user_id, true, {}}; }
    Facts operator()(const SessionRefreshed&) const { return {owner(), true, {}}; }
    Facts operator()(const SessionRefreshRefused&) const { return {owner(), false, "unknown_generation"}; }
    Facts operator()(const SessionEnded& event) const {
        // A reused refresh token is a refused refresh, which happens to end the session.
        return {owner(), event.reason != SessionEndReason::kRefreshTokenReused, name_of(event.reason)};
    }
};

struct OnLoginAttempt {
    Facts operator()(const LoginFailed& event) const { return {event.user_id, false, name_of(event.reason)}; }
    Facts operator()(const LoginFailuresCleared& event) const { return {event.user_id, true, {}}; }
    Facts operator()(const LoginNetworkSeen& event) const { return {event.user_id, true, {}}; }
    Facts operator()(const LoginUnlocked& event) const { return {event.user_id, true, {}}; }
    Facts operator()(const LoginFailuresSummed& event) const {
        return {{}, false, name_of(event.reason) + ", " + std::to_string(event.count) + " times"};
    }
};

struct OnAnonymousCallers {
    Facts operator()(const AnonymousCallersErased&) const { return {{}, true, {}}; }
};

// Which role or group it is stands in the reason: of the subject's own stream it can't be told.
struct OnAssignments {
    template <class Event>
    static Facts of(const Event& event, const Uuid& what) {
        const bool of_user = event.subject_type == SubjectType::kUser;
        return {of_user ? std::optional(event.subject_id) : std::nullopt, true, what.to_string()};
    }
    Facts operator()(const RoleAssigned& event) const { return of(event, event.role_id); }
    Facts operator()(const RoleWithdrawn& event) const { return of(event, event.role_id); }
    Facts operator()(const GroupMemberAdded& event) const { return of(event, event.group_id); }
    Facts operator()(const GroupMemberRemoved& event) const { return of(event, event.group_id); }
};

struct OnGroup {
    Facts operator()(const GroupDefined& event) const { return {{}, true, event.name}; }
    Facts operator()(const GroupRenamed& event) const { return {{}, true, event.name}; }
    Facts operator()(const GroupDeleted&) const { return {{}, true, {}}; }
};

// Child and parent: the stream is that of all groups.
struct OnNestings {
    template <class Event>
    static Facts of(const Event& event) {
        return {{}, true, event.child_id.to_string() + " " + event.parent_id.to_string()};
    }
    Facts operator()(const GroupNested& event) const { return of(event); }
    Facts operator()(const GroupUnnested& event) const { return of(event); }
};

struct OnAdministrators {
    Facts operator()(const AdministratorsJoined& event) const { return {event.user_id, true, {}}; }
    Facts operator()(const AdministratorsLeft& event) const { return {event.user_id, true, {}}; }
};

struct OnLog {
    Facts operator()(const LogMacKeyAdded& event) const { return {{}, true, event.key_id}; }
    Facts operator()(const LogMacKeyClosed& event) const { return {{}, true, event.key_id}; }
    Facts operator()(const LogDisavowed& event) const { return {{}, true, std::to_string(event.position)}; }
};

struct OnRole {
    Facts operator()(const RoleDefined& event) const { return {{}, true, event.name}; }
    Facts operator()(const RoleChanged& event) const { return {{}, true, event.name}; }
    Facts operator()(const RoleDeleted&) const { return {{}, true, {}}; }
};

// Which credential it was stands in the reason, as a role's id does.
struct OnServiceAccount {
    const Uuid& account;

    Facts operator()(const ServiceAccountRegistered& event) const { return {account, true, event.name}; }
    Facts operator()(const ServiceAccountChanged& event) const { return {account, true, event.name}; }
    Facts operator()(const ServiceAccountSecretAdded& event) const {
        return {account, true, event.secret_id.to_string()};
    }
    Facts operator()(const ServiceAccountSecretRemoved& event) const {
        return {account, true, event.secret_id.to_string()};
    }
    Facts operator()(const ServiceAccountKeyAdded& event) const { return {account, true, event.key_id}; }
    Facts operator()(const ServiceAccountKeyRemoved& event) const { return {account, true, event.key_id}; }
    Facts operator()(const ServiceAccountDisabled&) const { return {account, true, {}}; }
    Facts operator()(const ServiceAccountEnabled&) const { return {account, true, {}}; }
    Facts operator()(const ServiceAccountDeleted&) const { return {account, true, {}}; }
};

struct OnServiceToken {
    Facts operator()(const ServiceTokenIssued& event) const {
        return {event.service_account_id, true, event.credential};
    }
    Facts operator()(const ServiceTokenRevoked& event) const { return {event.service_account_id, true, {}}; }
    Facts operator()(const AssertionUsed& event) const { return {event.service_account_id, true, event.credential}; }
};

struct Describe {
    const Uuid& stream;
    const Owners& owners;

    Facts operator()(const UserEvent& event) const { return std::visit(OnUser{stream}, event); }
    Facts operator()(const SessionEvent& event) const { return std::visit(OnSession{stream, owners}, event); }
    Facts operator()(const LoginAttemptsEvent& event) const { return std::visit(OnLoginAttempt{}, event); }
    Facts operator()(const AnonymousCallersEvent& event) const { return std::visit(OnAnonymousCallers{}, event); }
    Facts operator()(const RoleEvent& event) const { return std::visit(OnRole{}, event); }
    Facts operator()(const AssignmentsEvent& event) const { return std::visit(OnAssignments{}, event); }
    Facts operator()(const AdministratorsEvent& event) const { return std::visit(OnAdministrators{}, event); }
    Facts operator()(const ServiceAccountEvent& event) const { return std::visit(OnServiceAccount{stream}, event); }
    Facts operator()(const ServiceTokenEvent& event) const { return std::visit(OnServiceToken{}, event); }
    Facts operator()(const GroupEvent& event) const { return std::visit(OnGroup{}, event); }
    Facts operator()(const NestingsEvent& event) const { return std::visit(OnNestings{}, event); }
    Facts operator()(const LogEvent& event) const { return std::visit(OnLog{}, event); }
};

std::optional<std::string> unless_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

// Remembers the sessions that begin in the batch, and looks up those that began before it.
Owners learn_owners(pqxx::transaction_base& transaction, const std::string& table,
                    std::span<const DecodedEvent> events) {
    Owners owners;
    SqlArray begun, users;
    for (const DecodedEvent& decoded : events) {
        const auto* event = std::get_if<SessionEvent>(&decoded.event);
        const auto* started = event ? std::get_if<SessionStarted>(event) : nullptr;
        if (started == nullptr) continue;
        owners.emplace(decoded.recorded->stream_id, started->user_id);
        begun.add(decoded.recorded->stream_id);
        users.add(started->user_id);
    }
    if (!begun.empty())
        transaction.exec_params("insert into " + table + " select * from unnest($1::uuid[], $2::uuid[])",
                                begun.literal(), users.literal());
    SqlArray earlier;
    for (const DecodedEvent& decoded : events)
        if (std::holds_alternative<SessionEvent>(decoded.event) && !owners.contains(decoded.recorded->stream_id))
            earlier.add(decoded.recorded->stream_id);
    if (earlier.empty()) return owners;
    const std::string sql = "select session_id, user_id from " + table + " where session_id = any($1::uuid[])";
    for (const auto& row : transaction.exec_params(sql, earlier.literal()))
        owners.emplace(uuid_from(row[0]), uuid_from(row[1]));
    return owners;
}

void write_hours(pqxx::transaction_base& transaction, const std::string& table, std::span<const DecodedEvent> events) {
    struct Range {
        Position first;
        Position last;
    };
    std::map<std::int64_t, Range> hours;
    for (const DecodedEvent& decoded : events) {
        const Position position = decoded.recorded->position;
        const auto [at, is_new] = hours.try_emplace(audit_hour(decoded.metadata.occurred_at_ms), position, position);
        at->second.last = position;
    }
    SqlArray hour, first, last;
    for (const auto& [number, range] : hours) {
        hour.add(number);
        first.add(range.first);
        last.add(range.last);
    }
    transaction.exec_params("insert into " + table + kWriteHours, hour.literal(), first.literal(), last.literal());
}

// What was written of people before they were erased: what happened stays, from where goes.
void erase(pqxx::transaction_base& transaction, int generation, std::span<const DecodedEvent> events) {
    const std::string table = "read_models." + table_name(AuditModel::kName, generation);
    for (const DecodedEvent& decoded : events) {
        const auto* of_user = std::get_if<UserEvent>(&decoded.event);
        if (of_user && std::holds_alternative<UserErased>(*of_user)) {
            const std::string user = decoded.recorded->stream_id.to_string();
            transaction.exec_params("update " + table + kEraseUser, user, user);
        }
        const auto* callers = std::get_if<AnonymousCallersEvent>(&decoded.event);
        if (callers == nullptr) continue;
        const auto& erased = std::get<AnonymousCallersErased>(*callers);
        std::string sql = "update " + table + kEraseCallers;
        sql.replace(sql.find("HOURS"), 5, "read_models." + table_name(AuditModel::kName, generation, "hours"));
        transaction.exec_params(sql, audit_hour(erased.from_ms), audit_hour(erased.before_ms), erased.from_ms,
                                erased.before_ms);
    }
}

}  // namespace

std::int64_t audit_hour(std::int64_t at_ms) {
    constexpr std::int64_t kHourMs = 3'600'000;
    return at_ms >= 0 ? at_ms / kHourMs : -((kHourMs - 1 - at_ms) / kHourMs);
}

std::vector<std::string> AuditModel::tables(int generation) const {
    return {table_name(kName, generation), table_name(kName, generation, "sessions"),
            table_name(kName, generation, "hours")};
}

void AuditModel::create(pqxx::transaction_base& transaction, int generation) const {
    const std::string plain = table_name(kName, generation);
    const std::string table = "read_models." + plain;
    transaction.exec0("create table " + table + kColumns);
    transaction.exec0("create table read_models." + table_name(kName, generation, "sessions") + kSessionColumns);
    transaction.exec0("create table read_models." + table_name(kName, generation, "hours") + kHourColumns);
    // Each filter pages by position, newest first. What a user did himself is found by subject.
    auto index = [&](const std::string& name, const std::string& definition) {
        transaction.exec0("create index " + plain + name + " on " + table + definition);
    };
    index("_subject", " (subject, position)");
    index("_type", " (type, position)");
    index("_actor", " (actor_id, position) where not by_subject");
}

void AuditModel::apply(pqxx::transaction_base& transaction, int generation,
                       std::span<const DecodedEvent> events) const {
    const Owners owners = learn_owners(transaction, "read_models." + table_name(kName, generation, "sessions"), events);
    SqlArray position, occurred, type, actor_type, actor, subject, stream_type, stream, outcome, reason, address, agent,
        request, session, by_subject;
    for (const DecodedEvent& decoded : events) {
        const auto& recorded = *decoded.recorded;
        const auto& envelope = decoded.metadata;
        const Facts facts = std::visit(Describe{recorded.stream_id, owners}, decoded.event);
        position.add(recorded.position);
        occurred.add(envelope.occurred_at_ms);
        type.add(recorded.type);
        actor_type.add(name_of(envelope.actor_type));
        actor.add(unless_empty(envelope.actor_id));
        subject.add(facts.subject);
        stream_type.add(recorded.stream_type);
        stream.add(recorded.stream_id);
        outcome.add(facts.succeeded ? "success" : "failure");
        reason.add(facts.reason);
        address.add(envelope.client_address.value);
        agent.add(envelope.user_agent.value);
        request.add(unless_empty(envelope.request_id));
        session.add(envelope.session_id);
        by_subject.add(envelope.actor_type == eventstore::ActorType::kUser && facts.subject &&
                       facts.subject->to_string() == envelope.actor_id);
    }
    transaction.exec_params("insert into read_models." + table_name(kName, generation) + kWrite, position.literal(),
                            occurred.literal(), type.literal(), actor_type.literal(), actor.literal(),
                            subject.literal(), stream_type.literal(), stream.literal(), outcome.literal(),
                            reason.literal(), address.literal(), agent.literal(), request.literal(), session.literal(),
                            by_subject.literal());
    write_hours(transaction, "read_models." + table_name(kName, generation, "hours"), events);
    erase(transaction, generation, events);
}

}  // namespace keyledger::projections

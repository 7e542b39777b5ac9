#include "projections/models/audit_model.hpp"

#include <map>
#include <optional>
#include <unordered_map>

#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "domain/access/role.hpp"
#include "domain/anonymous_callers/anonymous_callers.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/clients/service_token.hpp"
#include "domain/credentials/login_attempts.hpp"
#include "domain/log/log_keeping.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "eventstore/subscription.hpp"
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

// What an event adds to what its envelope and its declaration say.
struct Outcome {
    bool succeeded = true;
    std::optional<std::string> reason;
};
Outcome success() { return {}; }
Outcome success(std::string reason) { return {true, std::move(reason)}; }
Outcome failure(std::string reason) { return {false, std::move(reason)}; }

template <class Enum>
std::string name_of(Enum wanted) {
    for (const auto& [value, name] : enum_names(wanted))
        if (value == wanted) return std::string(name);
    throw InconsistentLog("an enumerator without a name");
}

// ---- users and sessions ----------------------------------------------------------------------------------------
Outcome outcome_of(const UserRegistered&) { return success(); }
Outcome outcome_of(const UserPasswordSet&) { return success(); }
Outcome outcome_of(const UserPasswordChanged&) { return success(); }
Outcome outcome_of(const UserPasswordHashRenewed&) { return success(); }
Outcome outcome_of(const UserProfileUpdated&) { return success(); }
Outcome outcome_of(const UserDisabled& event) { return success(event.reason); }
Outcome outcome_of(const UserEnabled&) { return success(); }
Outcome outcome_of(const UserSessionsRevoked&) { return success(); }
Outcome outcome_of(const UserMadeAdministrator&) { return success(); }
Outcome outcome_of(const UserErasureRequested&) { return success(); }
Outcome outcome_of(const UserErasureWithdrawn&) { return success(); }
Outcome outcome_of(const UserErased&) { return success(); }

Outcome outcome_of(const SessionStarted&) { return success(); }
Outcome outcome_of(const SessionRefreshed&) { return success(); }
Outcome outcome_of(const SessionRefreshRefused&) { return failure("unknown_generation"); }
Outcome outcome_of(const SessionEnded& event) {
    // A reused refresh token is a refused refresh, which happens to end the session.
    return {event.reason != SessionEndReason::kRefreshTokenReused, name_of(event.reason)};
}

Outcome outcome_of(const LoginFailed& event) { return failure(name_of(event.reason)); }
Outcome outcome_of(const LoginFailuresCleared&) { return success(); }
Outcome outcome_of(const LoginNetworkSeen&) { return success(); }
Outcome outcome_of(const LoginUnlocked&) { return success(); }
Outcome outcome_of(const LoginFailuresSummed& event) {
    return failure(name_of(event.reason) + ", " + std::to_string(event.count) + " times");
}

// ---- access ----------------------------------------------------------------------------------------------------
// Which role or group it is stands in the reason: of the subject's own stream it can't be told.
Outcome outcome_of(const RoleAssigned& event) { return success(event.role_id.to_string()); }
Outcome outcome_of(const RoleWithdrawn& event) { return success(event.role_id.to_string()); }
Outcome outcome_of(const GroupMemberAdded& event) { return success(event.group_id.to_string()); }
Outcome outcome_of(const GroupMemberRemoved& event) { return success(event.group_id.to_string()); }

Outcome outcome_of(const RoleDefined& event) { return success(event.name); }
Outcome outcome_of(const RoleChanged& event) { return success(event.name); }
Outcome outcome_of(const RoleDeleted&) { return success(); }

Outcome outcome_of(const GroupDefined& event) { return success(event.name); }
Outcome outcome_of(const GroupRenamed& event) { return success(event.name); }
Outcome outcome_of(const GroupDeleted&) { return success(); }

// Child and parent: the stream is that of all groups.
Outcome outcome_of(const GroupNested& event) {
    return success(event.child_id.to_string() + " " + event.parent_id.to_string());
}
Outcome outcome_of(const GroupUnnested& event) {
    return success(event.child_id.to_string() + " " + event.parent_id.to_string());
}

// ---- clients ---------------------------------------------------------------------------------------------------
// Which credential it was stands in the reason, as a role's id does.
Outcome outcome_of(const ServiceAccountRegistered& event) { return success(event.name); }
Outcome outcome_of(const ServiceAccountChanged& event) { return success(event.name); }
Outcome outcome_of(const ServiceAccountSecretAdded& event) { return success(event.secret_id.to_string()); }
Outcome outcome_of(const ServiceAccountSecretRemoved& event) { return success(event.secret_id.to_string()); }
Outcome outcome_of(const ServiceAccountKeyAdded& event) { return success(event.key_id); }
Outcome outcome_of(const ServiceAccountKeyRemoved& event) { return success(event.key_id); }
Outcome outcome_of(const ServiceAccountDisabled&) { return success(); }
Outcome outcome_of(const ServiceAccountEnabled&) { return success(); }
Outcome outcome_of(const ServiceAccountDeleted&) { return success(); }

Outcome outcome_of(const ServiceTokenIssued& event) { return success(event.credential); }
Outcome outcome_of(const ServiceTokenRevoked&) { return success(); }
Outcome outcome_of(const AssertionUsed& event) { return success(event.credential); }

// ---- the log ---------------------------------------------------------------------------------------------------
Outcome outcome_of(const LogMacKeyAdded& event) { return success(event.key_id); }
Outcome outcome_of(const LogMacKeyClosed& event) { return success(event.key_id); }
Outcome outcome_of(const LogDisavowed& event) { return success(std::to_string(event.position)); }

// Every event has its entry. Those of other aggregates than these are successes of which the type says all.
using Explained = eventstore::Subscription<User, Session, LoginAttempts, Role, Assignments, Group, Nestings,
                                           ServiceAccount, ServiceToken, LogKeeping>;

Outcome outcome_of(const eventstore::AnyEvent& event) {
    Outcome outcome;
    Explained::deliver(event, [&](const auto& of_one) {
        outcome = std::visit([](const auto& one) { return outcome_of(one); }, of_one);
    });
    return outcome;
}

using Owners = std::unordered_map<Uuid, Uuid>;  // session to user

// The user or service account whose entry it is; empty: nobody's.
std::optional<Uuid> subject_of(const DecodedEvent& decoded, const Owners& owners) {
    const Uuid& stream = decoded.recorded->stream_id;
    const About subject = about(*decoded.event);
    switch (subject.what) {
        case About::What::kAccount: return subject.id.value_or(stream);
        case About::What::kThing: return std::nullopt;
        case About::What::kAsBegun: break;
    }
    const auto owner = owners.find(stream);
    if (owner == owners.end()) throw InconsistentLog("session " + stream.to_string() + " was never started");
    return owner->second;
}

std::optional<std::string> unless_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

// Remembers the sessions that begin in the batch, and looks up those that began before it.
Owners learn_owners(pqxx::transaction_base& transaction, const std::string& table,
                    std::span<const DecodedEvent> events) {
    Owners owners;
    SqlArray begun, users;
    for (const DecodedEvent& decoded : events) {
        const auto* event = eventstore::event_in<Session>(*decoded.event);
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
        if (eventstore::event_in<Session>(*decoded.event) && !owners.contains(decoded.recorded->stream_id))
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
        const auto* of_user = eventstore::event_in<User>(*decoded.event);
        if (of_user && std::holds_alternative<UserErased>(*of_user)) {
            const std::string user = decoded.recorded->stream_id.to_string();
            transaction.exec_params("update " + table + kEraseUser, user, user);
        }
        const auto* callers = eventstore::event_in<AnonymousCallers>(*decoded.event);
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
        const Outcome told = outcome_of(*decoded.event);
        const std::optional<Uuid> about_whom = subject_of(decoded, owners);
        position.add(recorded.position);
        occurred.add(envelope.occurred_at_ms);
        type.add(recorded.type);
        actor_type.add(name_of(envelope.actor_type));
        actor.add(unless_empty(envelope.actor_id));
        subject.add(about_whom);
        stream_type.add(recorded.stream_type);
        stream.add(recorded.stream_id);
        outcome.add(told.succeeded ? "success" : "failure");
        reason.add(told.reason);
        address.add(envelope.client_address.value);
        agent.add(envelope.user_agent.value);
        request.add(unless_empty(envelope.request_id));
        session.add(envelope.session_id);
        by_subject.add(envelope.actor_type == eventstore::ActorType::kUser && about_whom &&
                       about_whom->to_string() == envelope.actor_id);
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

#include "projections/audit_model.hpp"

#include <optional>
#include <unordered_map>

#include "projections/database.hpp"
#include "projections/sql_array.hpp"

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
    session_id     uuid
) with (fillfactor = 100, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 200000))";

constexpr const char* kSessionColumns = R"( (
    session_id uuid primary key,
    user_id    uuid not null
) with (fillfactor = 100, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 200000))";

constexpr const char* kWrite = R"( (position, occurred_at_ms, type, actor_type, actor_id, subject, stream_type,
    stream_id, outcome, reason, client_address, user_agent, request_id, session_id)
select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[],
                     $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::uuid[]))";

// What an event adds to what its envelope says.
struct Facts {
    std::optional<Uuid> subject;  // the user whom it concerns; empty: nobody is known
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
};

struct Describe {
    const Uuid& stream;
    const Owners& owners;

    Facts operator()(const UserEvent& event) const { return std::visit(OnUser{stream}, event); }
    Facts operator()(const SessionEvent& event) const { return std::visit(OnSession{stream, owners}, event); }
    Facts operator()(const LoginAttemptsEvent& event) const { return std::visit(OnLoginAttempt{}, event); }
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

}  // namespace

std::vector<std::string> AuditModel::tables(int generation) const {
    return {table_name(kName, generation), table_name(kName, generation, "sessions")};
}

void AuditModel::create(pqxx::transaction_base& transaction, int generation) const {
    const std::string plain = table_name(kName, generation);
    const std::string table = "read_models." + plain;
    transaction.exec0("create table " + table + kColumns);
    transaction.exec0("create table read_models." + table_name(kName, generation, "sessions") + kSessionColumns);
    // Each filter pages by position, newest first. Times follow positions closely, so a block range is enough.
    for (const char* column : {"subject", "actor_id", "type"})
        transaction.exec0("create index " + plain + "_" + column + " on " + table + " (" + column + ", position)");
    transaction.exec0("create index " + plain + "_time on " + table +
                      " using brin (occurred_at_ms) with (pages_per_range = 32)");
}

void AuditModel::apply(pqxx::transaction_base& transaction, int generation,
                       std::span<const DecodedEvent> events) const {
    const Owners owners =
        learn_owners(transaction, "read_models." + table_name(kName, generation, "sessions"), events);
    SqlArray position, occurred, type, actor_type, actor, subject, stream_type, stream, outcome, reason, address,
        agent, request, session;
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
    }
    transaction.exec_params("insert into read_models." + table_name(kName, generation) + kWrite,
                            position.literal(), occurred.literal(), type.literal(), actor_type.literal(),
                            actor.literal(), subject.literal(), stream_type.literal(), stream.literal(),
                            outcome.literal(), reason.literal(), address.literal(), agent.literal(),
                            request.literal(), session.literal());
}

}  // namespace keyledger::projections

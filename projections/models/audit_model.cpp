#include <map>
#include <optional>
#include <unordered_map>

#include "domain/anonymous_callers/anonymous_callers.hpp"
#include "domain/base/lru_map.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "projections/engine/table.hpp"
#include "projections/models/audit.hpp"
#include "projections/models/read_models.hpp"

namespace keyledger::projections {
namespace {

// Whose a session is.
struct OwnerRow {
    SessionId session_id;
    UserId user_id;

    static constexpr auto columns() {
        return std::tuple{Column{"session_id", &OwnerRow::session_id, ColumnUse::kKey},
                          Column{"user_id", &OwnerRow::user_id}};
    }
};

// Which positions the entries of an hour lie between: so a time is found by position, on the primary key.
struct HourRow {
    std::int64_t hour = 0;
    Position first_position = 0;
    Position last_position = 0;

    static constexpr auto columns() {
        return std::tuple{Column{"hour", &HourRow::hour, ColumnUse::kKey},
                          Column{"first_position", &HourRow::first_position},
                          Column{"last_position", &HourRow::last_position}};
    }
};

// Of entries and of whose sessions are: rows come, and hardly ever change.
constexpr const char* kStorage =
    "with (fillfactor = 100, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000, "
    "autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 200000)";
constexpr const char* kHourStorage = "with (fillfactor = 50)";

constexpr const char* kWiden =
    " on conflict (hour) do update set first_position = least(there.first_position, excluded.first_position), "
    "last_position = greatest(there.last_position, excluded.last_position)";

// Beside users, all who call are anonymous as far as sealing goes: clients and the system too.
constexpr const char* kEraseCallers = R"( as a set client_address = null, user_agent = null, agent_words = null
from HOURS as h
where h.hour between $1 and $2 and a.position between h.first_position and h.last_position
  and a.occurred_at_ms >= $3 and a.occurred_at_ms < $4 and a.actor_type <> 'user'
  and (a.client_address is not null or a.user_agent is not null or a.agent_words is not null))";

// What users did to themselves is found by subject, what they did to others by actor.
constexpr const char* kEraseUser = R"( set client_address = null, user_agent = null, agent_words = null
where ((subject = $1::uuid and by_subject) or (actor_id = $2 and not by_subject and actor_type = 'user'))
  and (client_address is not null or user_agent is not null or agent_words is not null))";

// About 150 bytes each.
constexpr std::size_t kMaxKnownOwners = 50'000;

using Owners = std::unordered_map<SessionId, UserId>;

// The user or service account whose entry it is; empty: nobody's.
std::optional<SubjectId> subject_of(const DecodedEvent& decoded, const Owners& owners) {
    const Uuid& stream = decoded.recorded->stream_id;
    const About subject = about(*decoded.event);
    switch (subject.what) {
        case About::What::kAccount: return SubjectId{subject.id.value_or(stream)};
        case About::What::kThing: return std::nullopt;
        case About::What::kAsBegun: break;
    }
    const auto owner = owners.find(SessionId{stream});
    if (owner == owners.end()) throw InconsistentLog("session " + stream.to_string() + " was never started");
    return owner->second;
}

std::optional<std::string> unless_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

AuditEntry entry_of(const DecodedEvent& decoded, const Owners& owners) {
    const auto& recorded = *decoded.recorded;
    const auto& envelope = decoded.metadata;
    const AuditOutcome told = eventstore::audit_outcome(*decoded.event);
    AuditEntry entry;
    entry.position = recorded.position;
    entry.occurred_at = envelope.occurred_at;
    entry.type = recorded.type;
    entry.actor_type = stored_name(envelope.actor_type);
    entry.actor_id = unless_empty(envelope.actor_id);
    entry.subject = subject_of(decoded, owners);
    entry.stream_type = recorded.stream_type;
    entry.stream_id = recorded.stream_id;
    entry.outcome = told.succeeded ? "success" : "failure";
    entry.reason = told.reason;
    entry.client_address = envelope.client_address.value;
    entry.user_agent = envelope.user_agent.value;
    entry.request_id = unless_empty(envelope.request_id);
    entry.session_id = envelope.session_id;
    return entry;
}

// Of the sessions that begin in the batch.
std::vector<OwnerRow> owners_begun(std::span<const DecodedEvent> events) {
    std::vector<OwnerRow> begun;
    for (const DecodedEvent& decoded : events) {
        const auto* event = eventstore::event_in<Session>(*decoded.event);
        const auto* started = event ? std::get_if<SessionStarted>(event) : nullptr;
        if (started != nullptr) begun.push_back({SessionId{decoded.recorded->stream_id}, started->user_id});
    }
    return begun;
}

std::vector<HourRow> hours_of(std::span<const DecodedEvent> events) {
    std::map<std::int64_t, HourRow> hours;
    for (const DecodedEvent& decoded : events) {
        const Position position = decoded.recorded->position;
        const std::int64_t hour = audit_hour(decoded.metadata.occurred_at);
        hours.try_emplace(hour, HourRow{hour, position, position}).first->second.last_position = position;
    }
    std::vector<HourRow> rows;
    for (const auto& [hour, row] : hours) rows.push_back(row);
    return rows;
}

// What was written of people before they were erased: what happened stays, from where goes.
void erase(pqxx::transaction_base& transaction, const std::string& table, const std::string& hours,
           std::span<const DecodedEvent> events) {
    for (const DecodedEvent& decoded : events) {
        if (!eventstore::erases(*decoded.event)) continue;
        if (eventstore::event_in<User>(*decoded.event)) {
            const std::string user = decoded.recorded->stream_id.to_string();
            transaction.exec_params("update " + table + kEraseUser, user, user);
        }
        const auto* callers = eventstore::event_in<AnonymousCallers>(*decoded.event);
        if (callers == nullptr) continue;
        const auto& erased = std::get<AnonymousCallersErased>(*callers);
        std::string sql = "update " + table + kEraseCallers;
        sql.replace(sql.find("HOURS"), 5, hours);
        transaction.exec_params(sql, audit_hour(erased.from), audit_hour(erased.before), erased.from.ms(),
                                erased.before.ms());
    }
}

}  // namespace

// Of the sessions met last, as a generation's table has them: what was read from it or written to it by batches that
// are committed.
class AuditModel::KnownOwners {
public:
    void forget() {
        known_.emplace(kMaxKnownOwners);
        learned_.clear();
        is_in_doubt_ = false;
    }
    // Until it is committed, a batch is in doubt, and what it taught holds for it alone.
    void begin_batch(int generation) {
        if (is_in_doubt_ || generation != generation_) forget();
        generation_ = generation;
        is_in_doubt_ = true;
    }
    // Of all sessions in the batch: of those that begin in it, and of those that began before it.
    Owners learn(pqxx::transaction_base& transaction, const std::string& table, std::span<const DecodedEvent> events,
                 const std::vector<OwnerRow>& begun) {
        Owners owners;
        for (const OwnerRow& row : begun) owners.emplace(row.session_id, row.user_id);
        SqlArray earlier;
        for (const DecodedEvent& decoded : events) {
            const SessionId session_id{decoded.recorded->stream_id};
            if (!eventstore::event_in<Session>(*decoded.event) || owners.contains(session_id)) continue;
            const UserId* known = known_->use(session_id);
            known ? void(owners.emplace(session_id, *known)) : earlier.add(session_id.uuid);
        }
        learned_ = read_rows<OwnerRow>(transaction, table, earlier, "session_id");
        for (const OwnerRow& row : learned_) owners.emplace(row.session_id, row.user_id);
        learned_.insert(learned_.end(), begun.begin(), begun.end());
        return owners;
    }
    void committed() {
        for (const OwnerRow& row : learned_) known_->put(row.session_id, row.user_id);
        learned_.clear();
        is_in_doubt_ = false;
    }

private:
    std::optional<LruMap<SessionId, UserId>> known_{std::in_place, kMaxKnownOwners};
    std::vector<OwnerRow> learned_;  // by the batch in hand
    int generation_ = 0;
    bool is_in_doubt_ = false;
};

AuditModel::AuditModel() : known_(std::make_unique<KnownOwners>()) {}
AuditModel::~AuditModel() = default;
void AuditModel::forget() const { known_->forget(); }
void AuditModel::committed() const { known_->committed(); }

Model AuditModel::model() const { return kAuditModel; }

std::vector<std::string_view> AuditModel::parts() const { return {"", "sessions", "hours"}; }

void AuditModel::create(pqxx::transaction_base& transaction, int generation) const {
    create_table<AuditRow>(transaction, table(generation), kStorage);
    create_table<OwnerRow>(transaction, table(generation, "sessions"), kStorage);
    create_table<HourRow>(transaction, table(generation, "hours"), kHourStorage);
    // Each filter pages by position, newest first. What users did themselves is found by subject. Refreshes are so many
    // that an index of types would hold little else; they alone are looked for among all others.
    auto index = [&](const std::string& name, const std::string& definition) {
        transaction.exec0("create index " + table_name(this->name(), generation) + name + " on " + table(generation) +
                          definition);
    };
    index("_subject", " (subject, position)");
    index("_type", " (type, position) where type <> 'session.refreshed'");
    index("_actor", " (actor_id, position) where not by_subject");
}

void AuditModel::apply(pqxx::transaction_base& transaction, int generation,
                       std::span<const DecodedEvent> events) const {
    const std::string sessions = table(generation, "sessions");
    const std::string hours = table(generation, "hours");
    known_->begin_batch(generation);
    const std::vector<OwnerRow> begun = owners_begun(events);
    const Owners owners = known_->learn(transaction, sessions, events, begun);
    std::vector<AuditRow> entries;
    for (const DecodedEvent& decoded : events) entries.push_back(audit_row(entry_of(decoded, owners)));
    Inserts inserts;
    inserts.add(hours, hours_of(events), kWiden);
    inserts.add(sessions, begun);
    inserts.add(table(generation), entries);
    inserts.execute(transaction);
    erase(transaction, table(generation), hours, events);
}

}  // namespace keyledger::projections

#pragma once
// `audit`: one entry an event: who did what to whom, when, from where, and what came of it. Beside the
// entries it keeps which user a session belongs to, for most events on a session do not name them, and between
// which positions the entries of an hour lie.
#include "domain/base/time.hpp"
#include "projections/engine/columns.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::projections {

inline constexpr Model kAuditModel{"audit", 2};

struct AuditEntry {
    Position position = 0;
    Instant occurred_at;
    std::string type;        // stored event type: "user.registered"
    std::string actor_type;  // "user", "client", "system", "anonymous"
    std::optional<std::string> actor_id;
    std::optional<SubjectId> subject;  // the user or service account whom it concerns, if one is known
    std::string stream_type;
    Uuid stream_id;
    std::string outcome = "success";  // or "failure"
    std::optional<std::string> reason;
    std::optional<std::string> client_address;
    std::optional<std::string> user_agent;
    std::optional<std::string> request_id;
    std::optional<SessionId> session_id;

    bool operator==(const AuditEntry&) const = default;
};

// An entry as it is kept: there is one of every event, so that what follows from the rest is left out.
struct AuditRow {
    Position position = 0;
    Instant occurred_at;
    Uuid stream_id;
    std::optional<SubjectId> subject;
    std::optional<Uuid> request;          // a request's id of 32 hexadecimal digits, as nearly all are
    std::optional<SessionId> session_id;  // another than the stream
    bool by_subject = false;              // the actor is the subject, a user, as in most entries
    bool in_session = false;              // the session is the stream
    std::string type;
    std::string actor_type;
    std::optional<std::string> actor_id;  // of another than the subject
    std::string stream_type;
    std::string outcome;
    std::optional<std::string> reason;
    std::optional<std::string> client_address;
    std::optional<std::string> user_agent;
    std::optional<std::string> agent_words;  // in place of a user agent that they make shorter (agent_words.hpp)
    std::optional<std::string> request_id;   // any other

    static constexpr auto columns() {
        return std::tuple{
            Column{"position", &AuditRow::position, ColumnUse::kKey},
            Column{"occurred_at_ms", &AuditRow::occurred_at},
            Column{"stream_id", &AuditRow::stream_id},
            Column{"subject", &AuditRow::subject},
            Column{"request", &AuditRow::request},
            Column{"session_id", &AuditRow::session_id},
            Column{"by_subject", &AuditRow::by_subject},
            Column{"in_session", &AuditRow::in_session},
            Column{"type", &AuditRow::type, R"(collate "C")"},
            Column{"actor_type", &AuditRow::actor_type, R"(collate "C")"},
            Column{"actor_id", &AuditRow::actor_id, R"(collate "C")"},
            Column{"stream_type", &AuditRow::stream_type, R"(collate "C")"},
            Column{"outcome", &AuditRow::outcome, R"(collate "C" check (outcome in ('success', 'failure')))"},
            Column{"reason", &AuditRow::reason},
            Column{"client_address", &AuditRow::client_address},
            Column{"user_agent", &AuditRow::user_agent},
            Column{"agent_words", &AuditRow::agent_words},
            Column{"request_id", &AuditRow::request_id},
        };
    }
};

// The two follow from one another.
AuditRow audit_row(AuditEntry entry);
AuditEntry audit_entry(AuditRow row);

struct AuditCursor {  // newest first
    Position before = 0;
};
struct AuditFilter {                // all that are given must hold
    std::optional<SubjectId> user;  // as actor or as subject
    std::optional<std::string> actor_id;
    std::optional<std::string> type;
    std::optional<Instant> from;   // occurred at, inclusive
    std::optional<Instant> until;  // exclusive
};

Answer<Page<AuditEntry, AuditCursor>> list_audit(Queries& queries, AuditFilter filter,
                                                 std::optional<AuditCursor> cursor, std::int32_t limit,
                                                 Queries::Deadline deadline);

// The hour of a time, as the model's table of hours counts them.
std::int64_t audit_hour(Instant at);

}  // namespace keyledger::projections

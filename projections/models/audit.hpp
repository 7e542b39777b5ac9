#pragma once
// `audit`: one entry an event: who did what to whom, when, from where, and what came of it. Beside the
// entries it keeps which user a session belongs to, for most events on a session do not name them, and between
// which positions the entries of an hour lie.
#include "domain/base/time.hpp"
#include "projections/engine/columns.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::projections {

inline constexpr Model kAuditModel{"audit", 1};

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
    bool by_subject = false;  // the actor is the subject, as in most entries

    static constexpr auto columns() {
        return std::tuple{
            Column{"position", &AuditEntry::position, ColumnUse::kKey},
            Column{"occurred_at_ms", &AuditEntry::occurred_at},
            Column{"type", &AuditEntry::type, R"(collate "C")"},
            Column{"actor_type", &AuditEntry::actor_type, R"(collate "C")"},
            Column{"actor_id", &AuditEntry::actor_id, R"(collate "C")"},
            Column{"subject", &AuditEntry::subject},
            Column{"stream_type", &AuditEntry::stream_type, R"(collate "C")"},
            Column{"stream_id", &AuditEntry::stream_id},
            Column{"outcome", &AuditEntry::outcome, R"(collate "C" check (outcome in ('success', 'failure')))"},
            Column{"reason", &AuditEntry::reason},
            Column{"client_address", &AuditEntry::client_address},
            Column{"user_agent", &AuditEntry::user_agent},
            Column{"request_id", &AuditEntry::request_id},
            Column{"session_id", &AuditEntry::session_id},
            Column{"by_subject", &AuditEntry::by_subject},
        };
    }
};

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

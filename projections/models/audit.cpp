#include "projections/models/audit.hpp"

#include <algorithm>

#include "eventstore/codec/agent_words.hpp"
#include "projections/engine/question.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::projections {
namespace {

// $1 rows, $2 before position, $3 actor, $4 type, $5 from and $6 until with their hours $7 and $8, $9 user, whichever
// is asked for, or the actor if they are one. Times are bounds of positions first, then compared.
constexpr const char* kConditions = R"(
       ($2::bigint is null or position < $2)
   and ($3::text is null or case when by_subject then subject::text else actor_id end = $3)
   and ($4::text is null or type = $4)
   and ($5::bigint is null or (occurred_at_ms >= $5 and
        position >= (select coalesce(min(first_position), 9223372036854775807) from HOURS where hour >= $7::bigint)))
   and ($6::bigint is null or (occurred_at_ms < $6 and
        position <= (select coalesce(max(last_position), 0) from HOURS where hour <= $8::bigint)))
   and ($9::uuid is null or true) )";
constexpr const char* kNewestFirst = "position desc";
constexpr std::string_view kUserAsActor = "user";

enum class Way {
    kByPosition,  // $3 and $9 are null
    kOfUser,      // $9 as actor or as subject
    kOfActor,     // $3; $9 is the same as a user's id, or null if it is none
};

// Of a user or an actor: two index scans that each stop after a page, instead of one "or" over all that
// concerns them.
RowsSql entries_sql(Way way, const std::string& table) {
    std::string conditions = kConditions;
    for (auto at = conditions.find("HOURS"); at != std::string::npos; at = conditions.find("HOURS"))
        conditions.replace(at, 5, table + "_hours");
    const std::string from = "select " + column_names<AuditRow>() + " from " + table + " where ";
    std::string first;
    std::string second;
    switch (way) {
        case Way::kByPosition: return limited(from + conditions, kNewestFirst);
        case Way::kOfUser:
            first = "subject = $9 and ";
            second = "actor_type = 'user' and actor_id = $9::text and not by_subject and ";
            break;
        case Way::kOfActor:
            first = "subject = $9 and by_subject and ";
            second = "actor_id = $3 and not by_subject and ";
            break;
    }
    return limited("select * from ((" + limited(from + first + conditions, kNewestFirst).select + ") union all (" +
                       limited(from + second + conditions, kNewestFirst).select + ")) as both_ways",
                   kNewestFirst);
}

std::optional<std::string> text_of(const std::optional<Instant>& at) {
    return at ? std::optional(std::to_string(at->ms())) : std::nullopt;
}
std::optional<std::string> hour_of(const std::optional<Instant>& at) {
    return at ? std::optional(std::to_string(audit_hour(*at))) : std::nullopt;
}
bool is_valid(const std::optional<std::string>& text) { return !text || projections::is_valid(*text); }

// Of what hex_encode() makes of them.
std::optional<Uuid> bytes_of(const std::string& text) {
    Uuid id;
    const auto bytes = security::hex_decode(text);
    if (!bytes || bytes->size() != id.bytes.size() || security::hex_encode(*bytes) != text) return std::nullopt;
    std::ranges::copy(*bytes, id.bytes.begin());
    return id;
}

}  // namespace

AuditRow audit_row(AuditEntry entry) {
    AuditRow row;
    row.position = entry.position;
    row.occurred_at = entry.occurred_at;
    row.stream_id = entry.stream_id;
    row.subject = entry.subject;
    row.in_session = entry.session_id && entry.session_id->uuid == entry.stream_id;
    if (!row.in_session) row.session_id = entry.session_id;
    row.by_subject = entry.actor_type == kUserAsActor && entry.subject && entry.actor_id == entry.subject->to_string();
    if (!row.by_subject) row.actor_id = std::move(entry.actor_id);
    row.type = std::move(entry.type);
    row.actor_type = std::move(entry.actor_type);
    row.stream_type = std::move(entry.stream_type);
    row.outcome = std::move(entry.outcome);
    row.reason = std::move(entry.reason);
    row.client_address = std::move(entry.client_address);
    if (entry.user_agent) row.agent_words = eventstore::abbreviated_agent(*entry.user_agent);
    if (!row.agent_words) row.user_agent = std::move(entry.user_agent);
    if (entry.request_id) row.request = bytes_of(*entry.request_id);
    if (!row.request) row.request_id = std::move(entry.request_id);
    return row;
}

AuditEntry audit_entry(AuditRow row) {
    AuditEntry entry;
    entry.position = row.position;
    entry.occurred_at = row.occurred_at;
    entry.type = std::move(row.type);
    entry.actor_type = std::move(row.actor_type);
    entry.actor_id = std::move(row.actor_id);
    if (row.by_subject && row.subject) entry.actor_id = row.subject->to_string();
    entry.subject = row.subject;
    entry.stream_type = std::move(row.stream_type);
    entry.stream_id = row.stream_id;
    entry.outcome = std::move(row.outcome);
    entry.reason = std::move(row.reason);
    entry.client_address = std::move(row.client_address);
    entry.user_agent = std::move(row.user_agent);
    if (row.agent_words) entry.user_agent = eventstore::full_agent(*row.agent_words);
    entry.request_id = std::move(row.request_id);
    if (row.request) entry.request_id = security::hex_encode(security::view_of(*row.request));
    entry.session_id = row.session_id;
    if (row.in_session) entry.session_id = SessionId{row.stream_id};
    return entry;
}

std::int64_t audit_hour(Instant at) { return at.since_epoch() / hours(1); }

Answer<Page<AuditEntry, AuditCursor>> list_audit(Queries& queries, AuditFilter filter,
                                                 std::optional<AuditCursor> cursor, std::int32_t limit,
                                                 Queries::Deadline deadline) {
    if (!is_valid(filter.actor_id) || !is_valid(filter.type)) co_return Unexpected(QueryError::kInvalid);
    const Way way = filter.user ? Way::kOfUser : filter.actor_id ? Way::kOfActor : Way::kByPosition;
    if (way == Way::kOfActor) filter.user = SubjectId::parse(*filter.actor_id);
    Question question{kAuditModel, [way](const std::string& table) { return entries_sql(way, table); }, {}};
    question.parameters = {cursor ? std::optional(std::to_string(cursor->before)) : std::nullopt,
                           filter.actor_id,
                           filter.type,
                           text_of(filter.from),
                           text_of(filter.until),
                           hour_of(filter.from),
                           hour_of(filter.until),
                           filter.user ? std::optional(filter.user->to_string()) : std::nullopt};
    const auto cursor_of = [](const AuditRow& row) { return AuditCursor{row.position}; };
    auto rows = co_await list_page<AuditRow, AuditCursor>(queries, std::move(question), limit, deadline, cursor_of);
    if (!rows) co_return Unexpected(rows.error());
    Page<AuditEntry, AuditCursor> page;
    page.next = rows->next;
    page.position = rows->position;
    for (AuditRow& row : rows->items) page.items.push_back(audit_entry(std::move(row)));
    co_return page;
}

}  // namespace keyledger::projections

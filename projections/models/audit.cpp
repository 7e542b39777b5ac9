#include "projections/models/audit.hpp"

#include "projections/engine/question.hpp"

namespace keyledger::projections {
namespace {

// $1 rows, $2 before position, $3 actor, $4 type, $5 from and $6 until with their hours $7 and $8, $9 user, whichever
// is asked for, or the actor if they are one. Times are bounds of positions first, then compared.
constexpr const char* kConditions = R"(
       ($2::bigint is null or position < $2)
   and ($3::text is null or actor_id = $3)
   and ($4::text is null or type = $4)
   and ($5::bigint is null or (occurred_at_ms >= $5 and
        position >= (select coalesce(min(first_position), 9223372036854775807) from HOURS where hour >= $7::bigint)))
   and ($6::bigint is null or (occurred_at_ms < $6 and
        position <= (select coalesce(max(last_position), 0) from HOURS where hour <= $8::bigint)))
   and ($9::uuid is null or true) )";
constexpr const char* kNewestFirst = "position desc";

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
    const std::string from = "select " + column_names<AuditEntry>() + " from " + table + " where ";
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
            second = "not by_subject and ";
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

}  // namespace

std::int64_t audit_hour(Instant at) { return at.since_epoch() / hours(1); }

Answer<Page<AuditEntry, AuditCursor>> list_audit(Queries& queries, AuditFilter filter,
                                                 std::optional<AuditCursor> cursor, std::int32_t limit,
                                                 Queries::Deadline deadline) {
    if (!is_valid(filter.actor_id) || !is_valid(filter.type))
        return refused<Page<AuditEntry, AuditCursor>>(QueryError::kInvalid);
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
    return list_page<AuditEntry, AuditCursor>(queries, std::move(question), limit, deadline,
                                              [](const AuditEntry& row) { return AuditCursor{row.position}; });
}

}  // namespace keyledger::projections

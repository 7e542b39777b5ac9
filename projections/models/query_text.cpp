#include "projections/models/query_text.hpp"

#include "domain/access/group.hpp"
#include "domain/base/precis.hpp"
#include "domain/base/unicode.hpp"

namespace keyledger::projections {
namespace {

constexpr const char* kUserColumns =
    "select id, email, username, name, status, administrator, email_verified, created_at_ms, updated_at_ms, "
    "version, "
    "position, first_position from ";
constexpr const char* kSessionColumns =
    "select id, user_id, client_id, started_at_ms, refreshed_at_ms, expires_at_ms, ended_at_ms, end_reason, "
    "client_address, user_agent, generation, first_position, position from ";
constexpr const char* kRoleColumns =
    "select id, name, permissions, denied, built_in, created_at_ms, updated_at_ms, version, position, "
    "first_position from ";
constexpr const char* kAuditColumns =
    "select position, occurred_at_ms, type, actor_type, actor_id, subject, stream_type, stream_id, outcome, "
    "reason, "
    "client_address, user_agent, request_id, session_id from ";

// Times are bounds of positions first, then compared.
constexpr const char* kAuditConditions = R"(
       ($2::bigint is null or position < $2)
   and ($3::text is null or actor_id = $3)
   and ($4::text is null or type = $4)
   and ($5::bigint is null or (occurred_at_ms >= $5 and
        position >= (select coalesce(min(first_position), 9223372036854775807) from HOURS where hour >= $7::bigint)))
   and ($6::bigint is null or (occurred_at_ms < $6 and
        position <= (select coalesce(max(last_position), 0) from HOURS where hour <= $8::bigint)))
   and ($9::uuid is null or true) )";
constexpr const char* kNewestFirst = "position desc";
constexpr const char* kAsTheyCame = "first_position";

// `select` with its order twice: inside for the limit, outside for whoever joins the rows.
RowsSql page(const std::string& select, const std::string& order) {
    return {select + " order by " + order + " limit $1::integer", order};
}

}  // namespace

std::string composed(const std::string& search) {
    auto kept = nickname(search);
    return kept ? std::move(*kept) : search;
}

std::string apart(const std::string& search) {
    const auto points = unicode::decode(composed(search));
    return points ? unicode::encode(unicode::normalise(*points, unicode::Form::kNfd)) : search;
}

std::string like_prefix(const std::string& search) {
    std::string pattern;
    for (char c : search) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern + '%';
}

RowsSql find_user_sql(const std::string& table) { return {kUserColumns + table + " where id = $1::uuid", "id"}; }

RowsSql list_users_sql(const std::string& table) {
    return page(kUserColumns + table + R"(
 where ($2::bigint is null or first_position > $2)
   and ($3::text is null or lower(email) like lower($3) or lower(username) like lower($3)
        or lower(name) like lower($3) or lower(name) like lower($4))
)",
                kAsTheyCame);
}

RowsSql find_role_sql(const std::string& table) { return {kRoleColumns + table + " where id = $1::uuid", "id"}; }

RowsSql list_roles_sql(const std::string& table) {
    return page(kRoleColumns + table + " where ($2::bigint is null or first_position > $2)", kAsTheyCame);
}

RowsSql list_service_accounts_sql(const std::string& table) {
    return page("select id, name, audiences, enabled, created_at_ms, updated_at_ms, first_position from " + table +
                    " where ($2::bigint is null or first_position > $2)",
                kAsTheyCame);
}

RowsSql list_user_roles_sql(const std::string& table, const std::string& assignments) {
    return {"select r.id, r.name, r.permissions, r.denied, r.built_in, r.created_at_ms, r.updated_at_ms, "
            "r.version, r.position, r.first_position, "
            "a.assigned_at_ms from " +
                assignments + " a join " + table + " r on r.id = a.role_id where a.subject_id = $1::uuid",
            "id"};
}

RowsSql find_group_sql(const std::string& table) {
    return {
        "select id, name, created_at_ms, updated_at_ms, first_position from " + table + "_groups where id = $1::uuid",
        "id"};
}

RowsSql list_groups_sql(const std::string& table) {
    return page("select id, name, created_at_ms, updated_at_ms, first_position from " + table +
                    "_groups where ($2::bigint is null or first_position > $2)",
                kAsTheyCame);
}

RowsSql list_members_sql(const std::string& table) {
    return page("select member_id as id, member_type, since_ms from " + table +
                    "_members where group_id = $3::uuid and ($2::uuid is null or member_id > $2)",
                "id");
}

RowsSql list_groups_of_sql(const std::string& table) {
    return {"select g.id, g.name, g.created_at_ms, m.since_ms, g.first_position from " + table + "_members m join " +
                table + "_groups g on g.id = m.group_id where m.member_id = $1::uuid",
            "id"};
}

RowsSql explain_sql(const std::string& table) {
    const std::string step = "concat_ws(chr(31), g.id::text, g.name, m.since_ms::text, m.position::text, m.actor_type, "
                             "m.actor_id)";
    const std::string way = "join " + table + "_groups g on g.id = m.group_id";
    const std::string reason =
        "select r.id, r.name, r.permissions, r.denied, a.assigned_at_ms, a.position as given_at, "
        "a.actor_type, "
        "a.actor_id, ";
    // Of the membership that no event tells: since the group is there, by nobody.
    const std::string everyone =
        "select g.id, concat_ws(chr(31), g.id::text, g.name, g.created_at_ms::text, g.position::text, "
        "'system', '') from " +
        table + "_groups g where $3::boolean and g.id = '" + kEveryone.to_string() + "'";
    const std::string given =
        " join " + table + "_assignments a on a.subject_id = w.holder join " + table + " r on r.id = a.role_id";
    return {"with recursive ways as ((select $1::uuid as holder, '' as path union all " + everyone +
                ") union all select m.group_id, w.path || "
                "case w.path when '' then '' else chr(30) end || " +
                step + " from ways w join " + table + "_members m on m.member_id = w.holder " + way + ") " + reason +
                "w.path from ways w" + given + " order by given_at, path limit $2::integer",
            "given_at, path"};
}

RowsSql list_sessions_sql(const std::string& table) {
    return page(kSessionColumns + table + R"(
 where user_id = $3::uuid
   and ($2::bigint is null or first_position < $2)
   and ($4::bigint is null or (ended_at_ms is null and expires_at_ms > $4 and refreshed_at_ms > $5::bigint))
)",
                "first_position desc");
}

// Of a user or an actor: two index scans that each stop after a page, instead of one "or" over all that
// concerns him.
RowsSql list_audit_sql(AuditWay way, const std::string& table, const std::string& hours) {
    std::string conditions = kAuditConditions;
    for (auto at = conditions.find("HOURS"); at != std::string::npos; at = conditions.find("HOURS"))
        conditions.replace(at, 5, hours);
    const std::string from = kAuditColumns + table + " where ";
    std::string first;
    std::string second;
    switch (way) {
        case AuditWay::kByPosition: return page(from + conditions, kNewestFirst);
        case AuditWay::kOfUser:
            first = "subject = $9 and ";
            second = "actor_type = 'user' and actor_id = $9::text and not by_subject and ";
            break;
        case AuditWay::kOfActor:
            first = "subject = $9 and by_subject and ";
            second = "not by_subject and ";
            break;
    }
    return page("select * from ((" + page(from + first + conditions, kNewestFirst).select + ") union all (" +
                    page(from + second + conditions, kNewestFirst).select + ")) as both_ways",
                kNewestFirst);
}

}  // namespace keyledger::projections

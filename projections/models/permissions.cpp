#include "projections/models/permissions.hpp"

#include <algorithm>

#include "domain/access/group.hpp"
#include "projections/engine/question.hpp"

namespace keyledger::projections {
namespace {

// $1 subject, $2 rows, $3 whether it is one of kEveryone. The groups of a way in one text, apart by RS; their id, name,
// time, position and actor by US.
RowsSql reasons_sql(const std::string& table) {
    const std::string step = "concat_ws(chr(31), g.id::text, g.name, m.since_ms::text, m.position::text, m.actor_type, "
                             "m.actor_id)";
    const std::string way = "join " + table + "_groups g on g.id = m.group_id";
    const std::string reason =
        "select r.id, r.name, r.permissions, r.denied, a.assigned_at_ms, a.position as given_at, "
        "a.actor_type, "
        "a.actor_id, ";
    // The membership without an event: since the group exists, added by nobody.
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

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

ReasonRow::Step step_from(std::string_view text) {
    auto parts = parts_of(text, '\x1f');
    parts.resize(6);  // no actor: the last is empty
    ReasonRow::Step step;
    step.group_id = GroupId::parse(parts[0]).value_or(GroupId{});
    step.group_name = parts[1];
    step.granted.at = Instant::at_ms(std::stoll(std::string(parts[2])));
    step.granted.position = std::stoll(std::string(parts[3]));
    step.granted.actor_type = parts[4];
    step.granted.actor_id = parts[5];
    return step;
}

ReasonRow reason_from(const pqxx::row& row, pqxx::row::size_type first) {
    ReasonRow reason;
    reason.role_id = RoleId{uuid_from(row[first])};
    reason.role_name = row[first + 1].c_str();
    reason.permissions = words_of(row[first + 2].c_str());
    reason.deny = words_of(row[first + 3].c_str());
    reason.granted.at = Instant::at_ms(row[first + 4].as<std::int64_t>());
    reason.granted.position = row[first + 5].as<std::int64_t>();
    reason.granted.actor_type = row[first + 6].c_str();
    reason.granted.actor_id = row[first + 7].c_str();
    for (const std::string_view step : parts_of(row[first + 8].c_str(), '\x1e'))
        reason.groups.push_back(step_from(step));
    return reason;
}

}  // namespace

Answer<AllRows<ReasonRow>> explain(Queries& queries, Subject subject, std::int32_t limit, Queries::Deadline deadline) {
    const bool is_of_everyone = subject.type == SubjectType::kUser;
    Question question{kPermissionsModel, reasons_sql, {}};
    question.parameters = {subject.id.to_string(), std::to_string(limit), is_of_everyone ? "true" : "false"};
    return all_rows<ReasonRow>(queries, std::move(question), deadline, reason_from);
}

}  // namespace keyledger::projections

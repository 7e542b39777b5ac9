#include "projections/models/access_rows.hpp"

#include "projections/engine/database.hpp"

namespace keyledger::projections {
namespace {

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

// As explain_sql() writes it: the steps apart by RS, their parts by US.
ReasonRow::Step step_from(std::string_view text) {
    auto parts = parts_of(text, '\x1f');
    parts.resize(6);  // no actor: the last is empty
    ReasonRow::Step step;
    step.group_id = Uuid::parse(parts[0]).value_or(Uuid{});
    step.group_name = parts[1];
    step.granted.at_ms = std::stoll(std::string(parts[2]));
    step.granted.position = std::stoll(std::string(parts[3]));
    step.granted.actor_type = parts[4];
    step.granted.actor_id = parts[5];
    return step;
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
    const auto parts = parts_of(text, ' ');
    return {parts.begin(), parts.end()};
}

RoleRow role_from(const pqxx::row& row, pqxx::row::size_type first) {
    auto at = first;
    RoleRow role;
    role.id = uuid_from(row[at++]);
    role.name = row[at++].c_str();
    role.permissions = words_of(row[at++].c_str());
    role.deny = words_of(row[at++].c_str());
    role.built_in = row[at++].as<bool>();
    role.created_at_ms = row[at++].as<std::int64_t>();
    role.updated_at_ms = row[at++].as<std::int64_t>();
    role.version = row[at++].as<std::int32_t>();
    role.position = row[at++].as<std::int64_t>();
    role.first_position = row[at++].as<std::int64_t>();
    return role;
}

UserRoleRow user_role_from(const pqxx::row& row, pqxx::row::size_type first) {
    constexpr pqxx::row::size_type kBehindRole = 10;
    return {role_from(row, first), row[first + kBehindRole].as<std::int64_t>()};
}

GroupRow group_from(const pqxx::row& row, pqxx::row::size_type first) {
    return {uuid_from(row[first]), row[first + 1].c_str(), row[first + 2].as<std::int64_t>(),
            row[first + 3].as<std::int64_t>(), row[first + 4].as<std::int64_t>()};
}

MemberRow member_from(const pqxx::row& row, pqxx::row::size_type first) {
    return {uuid_from(row[first]), row[first + 1].c_str(), row[first + 2].as<std::int64_t>()};
}

ReasonRow reason_from(const pqxx::row& row, pqxx::row::size_type first) {
    ReasonRow reason;
    reason.role_id = uuid_from(row[first]);
    reason.role_name = row[first + 1].c_str();
    reason.permissions = words_of(row[first + 2].c_str());
    reason.deny = words_of(row[first + 3].c_str());
    reason.granted.at_ms = row[first + 4].as<std::int64_t>();
    reason.granted.position = row[first + 5].as<std::int64_t>();
    reason.granted.actor_type = row[first + 6].c_str();
    reason.granted.actor_id = row[first + 7].c_str();
    for (const std::string_view step : parts_of(row[first + 8].c_str(), '\x1e'))
        reason.groups.push_back(step_from(step));
    return reason;
}

}  // namespace keyledger::projections

#include "projections/models/roles.hpp"

#include "projections/engine/question.hpp"

namespace keyledger::projections {
namespace {

// $1 subject
RowsSql assigned_roles_sql(const std::string& table) {
    return {"select " + column_names<RoleRow>("r.") + ", a.assigned_at_ms from " + table + "_assignments a join " +
                table + " r on r.id = a.role_id where a.subject_id = $1::uuid",
            "id"};
}

AssignedRoleRow assigned_role_from(const pqxx::row& row, pqxx::row::size_type first) {
    const auto behind_role = first + static_cast<pqxx::row::size_type>(columns_of<RoleRow>().size());
    return {row_from<RoleRow>(row, first), Instant::at_ms(row[behind_role].as<std::int64_t>())};
}

}  // namespace

Answer<FoundRow<RoleRow>> find_role(Queries& queries, RoleId id, Queries::Deadline deadline) {
    return find_by_id<RoleRow>(queries, kPermissionsModel, id, deadline);
}

Answer<Page<RoleRow, RoleCursor>> list_roles(Queries& queries, std::optional<RoleCursor> cursor, std::int32_t limit,
                                             Queries::Deadline deadline) {
    return list_as_they_came<RoleRow, RoleCursor>(queries, kPermissionsModel, cursor, limit, deadline);
}

Answer<AllRows<AssignedRoleRow>> list_assigned_roles(Queries& queries, SubjectId subject, Queries::Deadline deadline) {
    Question question{kPermissionsModel, assigned_roles_sql, {subject.to_string()}};
    return all_rows<AssignedRoleRow>(queries, std::move(question), deadline, assigned_role_from);
}

}  // namespace keyledger::projections

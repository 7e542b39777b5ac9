#include "projections/models/groups.hpp"

#include "projections/engine/question.hpp"

namespace keyledger::projections {
namespace {

// $1 rows, $2 after id, $3 group
RowsSql members_sql(const std::string& table) {
    return limited("select " + column_names<MemberRow>() + " from " + table +
                       "_members where group_id = $3::uuid and ($2::uuid is null or member_id > $2)",
                   "member_id");
}

// $1 subject
RowsSql memberships_sql(const std::string& table) {
    return {"select " + column_names<GroupRow>("g.") + ", m.since_ms from " + table + "_members m join " + table +
                "_groups g on g.id = m.group_id where m.member_id = $1::uuid",
            "id"};
}

MembershipRow membership_from(const pqxx::row& row, pqxx::row::size_type first) {
    const auto behind_group = first + static_cast<pqxx::row::size_type>(columns_of<GroupRow>().size());
    return {row_from<GroupRow>(row, first), Instant::at_ms(row[behind_group].as<std::int64_t>())};
}

}  // namespace

Answer<FoundRow<GroupRow>> find_group(Queries& queries, GroupId id, Queries::Deadline deadline) {
    return find_by_id<GroupRow>(queries, kPermissionsModel, id, deadline, "_groups");
}

Answer<Page<GroupRow, GroupCursor>> list_groups(Queries& queries, std::optional<GroupCursor> cursor, std::int32_t limit,
                                                Queries::Deadline deadline) {
    return list_as_they_came<GroupRow, GroupCursor>(queries, kPermissionsModel, cursor, limit, deadline, "_groups");
}

Answer<Page<MemberRow, MemberCursor>> list_members(Queries& queries, GroupId group, std::optional<MemberCursor> cursor,
                                                   std::int32_t limit, Queries::Deadline deadline) {
    Question question{kPermissionsModel, members_sql, {std::nullopt, group.to_string()}};
    if (cursor) question.parameters[0] = cursor->after.to_string();
    return list_page<MemberRow, MemberCursor>(queries, std::move(question), limit, deadline,
                                              [](const MemberRow& row) { return MemberCursor{row.id}; });
}

Answer<AllRows<MembershipRow>> list_groups_of(Queries& queries, SubjectId subject, Queries::Deadline deadline) {
    Question question{kPermissionsModel, memberships_sql, {subject.to_string()}};
    return all_rows<MembershipRow>(queries, std::move(question), deadline, membership_from);
}

}  // namespace keyledger::projections

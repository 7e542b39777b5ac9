#pragma once
// Rows of `permissions` out of a result, from the column `first` on.
#include <pqxx/pqxx>

#include "projections/models/queries.hpp"

namespace keyledger::projections {

// What spaces separate.
std::vector<std::string> words_of(std::string_view text);
RoleRow role_from(const pqxx::row& row, pqxx::row::size_type first);
UserRoleRow user_role_from(const pqxx::row& row, pqxx::row::size_type first);
GroupRow group_from(const pqxx::row& row, pqxx::row::size_type first);
MemberRow member_from(const pqxx::row& row, pqxx::row::size_type first);
ReasonRow reason_from(const pqxx::row& row, pqxx::row::size_type first);

}  // namespace keyledger::projections

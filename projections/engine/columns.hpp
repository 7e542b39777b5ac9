#pragma once
// How a row of a read model is declared: a struct and one list of its columns, as an event is by its fields(). The
// table, what is written, updated and read all follow from that list (engine/table.hpp).
//
//     struct UserRow {
//         UserId id;
//         std::optional<std::string> email;  // optional: may be null
//         Instant created_at;
//         static constexpr auto columns() {
//             return std::tuple{Column{"id", &UserRow::id, ColumnUse::kKey}, Column{"email", &UserRow::email},
//                               Column{"created_at_ms", &UserRow::created_at, ColumnUse::kSetOnce}};
//         }
//     };
//
// The member's type says the column's: Uuid or an Id, std::string, std::int64_t, std::int32_t, bool; an Instant is a
// bigint of milliseconds; a list of strings is a text of words, apart by spaces as in a scope (RFC 6749 section 3.3).
// Columns stand in the table in this order.
#include <string_view>
#include <tuple>

namespace keyledger::projections {

enum class ColumnUse {
    kUpdated,  // follows the log
    kSetOnce,  // as it was when the row came into being
    kKey,      // of the primary key, in the order of the list
};

template <class Row, class Value>
struct Column {
    constexpr Column(std::string_view column_name, Value Row::*row_member, ColumnUse column_use = ColumnUse::kUpdated,
                     std::string_view column_constraint = {})
        : name(column_name), member(row_member), use(column_use), constraint(column_constraint) {}
    constexpr Column(std::string_view column_name, Value Row::*row_member, std::string_view column_constraint)
        : Column(column_name, row_member, ColumnUse::kUpdated, column_constraint) {}

    std::string_view name;
    Value Row::*member;
    ColumnUse use;
    std::string_view constraint;  // beside type and `not null`: a collation, `unique`, a check
};

}  // namespace keyledger::projections

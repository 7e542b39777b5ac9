#pragma once
// What follows from a row's columns(): its table, the statements that write and read it, and the row out of a result.
// Whole batches go to the server as one array a column. Functions throw libpqxx's exceptions, and
// std::invalid_argument for a value that no column holds. Heavy: includes libpqxx.
//
//     create_table<UserRow>(transaction, "read_models.users_1", kStorage);
//     write_rows(transaction, "read_models.users_1", rows);  // adds and updates
//     for (UserRow& row : read_rows<UserRow>(transaction, "read_models.users_1", ids)) …
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/time.hpp"
#include "projections/engine/columns.hpp"
#include "projections/engine/database.hpp"
#include "projections/engine/sql_array.hpp"
#include "projections/engine/statements/prepared.hpp"

namespace keyledger::projections {

// ---- columns, as SQL sees them ---------------------------------------------------------------------------------
struct SqlColumn {
    std::string_view name;
    std::string_view type;
    bool nullable = false;
    ColumnUse use = ColumnUse::kUpdated;
    std::string_view constraint;
};
using SqlColumns = std::vector<SqlColumn>;

template <class Value>
constexpr std::string_view sql_type() {
    return name_of(element_type<Value>());
}

template <class Row>
const SqlColumns& columns_of() {
    static const SqlColumns columns = std::apply(
        []<class... Value>(const Column<Row, Value>&... column) {
            return SqlColumns{{column.name, sql_type<Value>(), kIsOptional<Value>, column.use, column.constraint}...};
        },
        Row::columns());
    return columns;
}

// "id, email, …", each behind the prefix.
std::string column_names(const SqlColumns& columns, std::string_view prefix = "");
template <class Row>
std::string column_names(std::string_view prefix = "") {
    return column_names(columns_of<Row>(), prefix);
}

// ---- statements ------------------------------------------------------------------------------------------------
// `table` is qualified. `constraints`: of several columns together, beginning with a comma; `storage`: `with (…)`.
std::string create_table_sql(const SqlColumns& columns, const std::string& table, std::string_view storage,
                             std::string_view constraints);
// One parameter a column, an array each, all of one length.
std::string insert_sql(const SqlColumns& columns, const std::string& table, std::string_view on_conflict,
                       int first_parameter = 1);
// Of rows that are there already.
std::string on_conflict_update(const SqlColumns& columns);
// One parameter a column of those that are not set once.
std::string update_sql(const SqlColumns& columns, const std::string& table);

// The number of rows that it reached. Prepared (engine/statements/prepared.hpp), as all below.
std::size_t execute(pqxx::transaction_base& transaction, const std::string& sql, const std::vector<SqlArray>& arrays);

// ---- rows ------------------------------------------------------------------------------------------------------
std::string words(const std::vector<std::string>& words);  // joined by spaces
std::vector<std::string> words_of(std::string_view text);  // and apart again

template <class Value>
void add_value(SqlArray& array, const Value& value) {
    array.add(value);
}
inline void add_value(SqlArray& array, const std::vector<std::string>& value) { array.add(words(value)); }

inline void read_value(const pqxx::field& field, Uuid& value) { value = uuid_from(field); }
template <class Of>
void read_value(const pqxx::field& field, Id<Of>& value) {
    value.uuid = uuid_from(field);
}
inline void read_value(const pqxx::field& field, std::string& value) { value.assign(field.c_str(), field.size()); }
inline void read_value(const pqxx::field& field, std::vector<std::string>& value) { value = words_of(field.c_str()); }
inline void read_value(const pqxx::field& field, bool& value) { value = field.as<bool>(); }
inline void read_value(const pqxx::field& field, std::int32_t& value) { value = field.as<std::int32_t>(); }
inline void read_value(const pqxx::field& field, std::int64_t& value) { value = field.as<std::int64_t>(); }
inline void read_value(const pqxx::field& field, Instant& value) { value = Instant::at_ms(field.as<std::int64_t>()); }
template <class Value>
void read_value(const pqxx::field& field, std::optional<Value>& value) {
    if (!field.is_null()) read_value(field, value.emplace());
}

// All columns, from `first` on.
template <class Row>
Row row_from(const pqxx::row& found, pqxx::row::size_type first = 0) {
    Row row;
    std::apply([&](const auto&... column) { (read_value(found[first++], row.*column.member), ...); }, Row::columns());
    return row;
}

enum class Columns { kAll, kNotSetOnce };
// Each of its column's type, however few rows there are and whatever is null.
template <class Row>
std::vector<SqlArray> arrays_of(const std::vector<Row>& rows, Columns which) {
    std::vector<SqlArray> arrays;
    const auto add = [&]<class Value>(const Column<Row, Value>& column) {
        if (which == Columns::kNotSetOnce && column.use == ColumnUse::kSetOnce) return;
        SqlArray& array = arrays.emplace_back(element_type<Value>());
        for (const Row& row : rows) add_value(array, row.*column.member);
    };
    std::apply([&](const auto&... column) { (add(column), ...); }, Row::columns());
    return arrays;
}

template <class Row>
void create_table(pqxx::transaction_base& transaction, const std::string& table, std::string_view storage = "",
                  std::string_view constraints = "") {
    transaction.exec0(create_table_sql(columns_of<Row>(), table, storage, constraints));
}
// Rows that are not there yet; `on_conflict` says what becomes of those that are.
template <class Row>
void insert_rows(pqxx::transaction_base& transaction, const std::string& table, const std::vector<Row>& rows,
                 std::string_view on_conflict = "") {
    if (rows.empty()) return;
    execute(transaction, insert_sql(columns_of<Row>(), table, on_conflict), arrays_of(rows, Columns::kAll));
}
// Adds the new ones, and updates those that are there.
template <class Row>
void write_rows(pqxx::transaction_base& transaction, const std::string& table, const std::vector<Row>& rows) {
    insert_rows(transaction, table, rows, on_conflict_update(columns_of<Row>()));
}
// Updates rows that are there; what is set once is left alone. Returns how many were there.
template <class Row>
std::size_t update_rows(pqxx::transaction_base& transaction, const std::string& table, const std::vector<Row>& rows) {
    if (rows.empty()) return 0;
    return execute(transaction, update_sql(columns_of<Row>(), table), arrays_of(rows, Columns::kNotSetOnce));
}

// Those of the ids that there are. `column` holds the ids; so below.
template <class Row>
std::vector<Row> read_rows(pqxx::transaction_base& transaction, const std::string& table, const SqlArray& ids,
                           const std::string& column = "id") {
    std::vector<Row> rows;
    if (ids.empty()) return rows;
    const std::string sql =
        "select " + column_names<Row>() + " from " + table + " where " + column + " = any($1::uuid[])";
    for (const auto& found : execute_prepared(transaction, sql, ids.parameter())) rows.push_back(row_from<Row>(found));
    return rows;
}
void delete_rows(pqxx::transaction_base& transaction, const std::string& table, const SqlArray& ids,
                 const std::string& column = "id");

// Rows for several tables in one statement. None of what is inserted sees what another inserts.
class Inserts {
public:
    // As insert_rows(); each table once.
    template <class Row>
    void add(const std::string& table, const std::vector<Row>& rows, std::string_view on_conflict = "") {
        if (rows.empty()) return;
        add(insert_sql(columns_of<Row>(), table, on_conflict, static_cast<int>(arrays_.size()) + 1),
            arrays_of(rows, Columns::kAll));
    }
    void execute(pqxx::transaction_base& transaction) const;

private:
    void add(const std::string& statement, std::vector<SqlArray> arrays);

    std::string others_;
    std::string statement_;  // the last, which the others stand before
    std::vector<SqlArray> arrays_;
};

}  // namespace keyledger::projections

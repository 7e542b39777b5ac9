#include "projections/engine/table.hpp"

#include <algorithm>
#include <iterator>

namespace keyledger::projections {
namespace {

// Joined by ", ": what `text_of` says of each column that is wanted.
template <class Wanted, class TextOf>
std::string list(const SqlColumns& columns, Wanted wanted, TextOf text_of) {
    std::string text;
    for (const SqlColumn& column : columns)
        if (wanted(column)) text.append(text.empty() ? "" : ", ").append(text_of(column));
    return text;
}

bool every(const SqlColumn&) { return true; }
bool is_key(const SqlColumn& column) { return column.use == ColumnUse::kKey; }
bool is_updated(const SqlColumn& column) { return column.use == ColumnUse::kUpdated; }
bool is_not_set_once(const SqlColumn& column) { return column.use != ColumnUse::kSetOnce; }
std::string name(const SqlColumn& column) { return std::string(column.name); }

// "select unnest($1::uuid[]) as id, unnest($2::text[]) as …": arrays of equal length go side by side, and need no
// buffer, which unnest() of several in `from` fills for each.
template <class Wanted>
std::string select_unnested(const SqlColumns& columns, Wanted wanted, int first_parameter) {
    return "select " + list(columns, wanted, [number = first_parameter](const SqlColumn& column) mutable {
               return "unnest($" + std::to_string(number++) + "::" + std::string(column.type) + "[]) as " +
                      name(column);
           });
}

// "name = other.name, …"
template <class Wanted>
std::string taken_from(std::string_view other, const SqlColumns& columns, Wanted wanted) {
    return list(columns, wanted, [&](const SqlColumn& column) {
        return name(column) + " = " + std::string(other) + '.' + name(column);
    });
}

}  // namespace

std::string column_names(const SqlColumns& columns, std::string_view prefix) {
    return list(columns, every, [&](const SqlColumn& column) { return std::string(prefix) + name(column); });
}

std::string create_table_sql(const SqlColumns& columns, const std::string& table, std::string_view storage,
                             std::string_view constraints) {
    const auto declared = [](const SqlColumn& column) {
        std::string text = name(column) + ' ' + std::string(column.type);
        if (!column.constraint.empty()) text.append(" ").append(column.constraint);
        return column.nullable ? text : text + " not null";
    };
    return "create table " + table + " (" + list(columns, every, declared) + ", primary key (" +
           list(columns, is_key, name) + ')' + std::string(constraints) + ") " + std::string(storage);
}

std::string insert_sql(const SqlColumns& columns, const std::string& table, std::string_view on_conflict,
                       int first_parameter) {
    return "insert into " + table + " as there (" + column_names(columns) + ") " +
           select_unnested(columns, every, first_parameter) + std::string(on_conflict);
}

std::string on_conflict_update(const SqlColumns& columns) {
    return " on conflict (" + list(columns, is_key, name) + ") do update set " +
           taken_from("excluded", columns, is_updated);
}

std::string update_sql(const SqlColumns& columns, const std::string& table) {
    std::string key = list(
        columns, is_key, [](const SqlColumn& column) { return "there." + name(column) + " = given." + name(column); });
    for (auto at = key.find(", "); at != std::string::npos; at = key.find(", ")) key.replace(at, 2, " and ");
    return "update " + table + " as there set " + taken_from("given", columns, is_updated) + " from (" +
           select_unnested(columns, is_not_set_once, 1) + ") as given where " + key;
}

std::size_t execute(pqxx::transaction_base& transaction, const std::string& sql, const std::vector<SqlArray>& arrays) {
    std::vector<pqxx::binarystring> parameters;
    parameters.reserve(arrays.size());
    for (const SqlArray& array : arrays) parameters.push_back(array.parameter());
    return execute_prepared(transaction, sql, pqxx::prepare::make_dynamic_params(parameters)).affected_rows();
}

void delete_rows(pqxx::transaction_base& transaction, const std::string& table, const SqlArray& ids,
                 const std::string& column) {
    if (ids.empty()) return;
    execute_prepared(transaction, "delete from " + table + " where " + column + " = any($1::uuid[])", ids.parameter());
}

void Inserts::add(const std::string& statement, std::vector<SqlArray> arrays) {
    if (!statement_.empty())
        others_ += (others_.empty() ? "with " : ", ") + ("other_" + std::to_string(arrays_.size())) + " as (" +
                   statement_ + ')';
    statement_ = statement;
    std::ranges::move(arrays, std::back_inserter(arrays_));
}

void Inserts::execute(pqxx::transaction_base& transaction) const {
    if (!statement_.empty()) projections::execute(transaction, others_ + ' ' + statement_, arrays_);
}

std::string words(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(word);
    return text;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

}  // namespace keyledger::projections

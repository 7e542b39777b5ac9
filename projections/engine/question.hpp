#pragma once
// How the models' sources put their questions: the SQL of some rows in the table of a generation, and its parameters.
// What the rows come with (generation, layout, position) is read by the same statement. Heavy: includes libpqxx.
#include <functional>
#include <map>

#include "projections/engine/limits.hpp"
#include "projections/engine/position_watch.hpp"
#include "projections/engine/query_pool.hpp"
#include "projections/engine/table.hpp"

namespace keyledger::projections {

struct RowsSql {
    std::string select;  // of the rows, limited
    std::string order;   // by their columns
};
// The first rows in an order. It stands there twice: inside for the limit, outside for whoever joins the rows.
RowsSql limited(const std::string& select, const std::string& order, const std::string& limit = "$1");

struct Question {
    Model model;
    // Of the qualified table of a generation; the model's further tables begin with its name.
    std::function<RowsSql(const std::string& table)> rows;
    // $1 …; each may be null. A condition whose parameter is null falls away when the statement is planned, for each is
    // planned with its values.
    std::vector<std::optional<std::string>> parameters;
};

struct Snapshot {
    Position position = 0;
    pqxx::result rows;  // what they come with, then the row's own columns; one row of nulls if there is none
    bool has_rows() const { return !rows[0][kFirst].is_null(); }
    static constexpr pqxx::row::size_type kFirst = 3;
};

// A parameter of a number that may not be given.
template <class Number>
std::optional<std::string> parameter(const std::optional<Number>& number) {
    return number ? std::optional(std::to_string(*number)) : std::nullopt;
}

bool is_valid_limit(std::int32_t limit);
bool is_valid(const std::string& text);

class Queries::Worker {
public:
    explicit Worker(const QuerySettings& settings);

    // One statement, hence one snapshot. Throws what makes a question unanswerable.
    Snapshot read(pqxx::connection& connection, const Question& question);
    QueryPool& pool() { return pool_; }
    PositionWatch& watch() { return watch_; }

    // `from_snapshot` makes the answer of what was read.
    template <class FromSnapshot>
    auto ask(Deadline deadline, Question question, FromSnapshot from_snapshot) {
        using T = decltype(from_snapshot(std::declval<const Snapshot&>()));
        std::function<T(pqxx::connection&)> run = [this, question = std::move(question),
                                                   from_snapshot](pqxx::connection& connection) {
            return from_snapshot(read(connection, question));
        };
        return pool_.ask(deadline, std::move(run));
    }

private:
    int generation_of(pqxx::transaction_base& read, const std::string& model, bool again);

    std::mutex mutex_;                                     // guards:
    std::map<std::string, int, std::less<>> generations_;  // that were current when last seen
    QueryPool pool_;
    PositionWatch watch_;
};

template <class T>
Answer<T> refused(QueryError error) {
    co_return Unexpected(error);
}

// The one row that there may be.
template <class Row>
Answer<FoundRow<Row>> find_row(Queries& queries, Question question, Queries::Deadline deadline) {
    return queries.worker().ask(deadline, std::move(question), [](const Snapshot& snapshot) {
        FoundRow<Row> found{std::nullopt, snapshot.position};
        if (snapshot.has_rows()) found.value = row_from<Row>(snapshot.rows[0], Snapshot::kFirst);
        return found;
    });
}

// All rows of a statement that has no pages.
template <class Row>
Answer<AllRows<Row>> all_rows(Queries& queries, Question question, Queries::Deadline deadline,
                              Row (*from_row)(const pqxx::row&, pqxx::row::size_type) = row_from<Row>) {
    return queries.worker().ask(deadline, std::move(question), [from_row](const Snapshot& snapshot) {
        AllRows<Row> all{{}, snapshot.position};
        if (!snapshot.has_rows()) return all;
        for (const auto& row : snapshot.rows) all.value.push_back(from_row(row, Snapshot::kFirst));
        return all;
    });
}

// A page. Its first parameter, how many rows are read, is put before the question's own.
template <class Row, class Cursor, class CursorOf>
Answer<Page<Row, Cursor>> list_page(Queries& queries, Question question, std::int32_t limit, Queries::Deadline deadline,
                                    CursorOf cursor_of) {
    if (!is_valid_limit(limit)) return refused<Page<Row, Cursor>>(QueryError::kInvalid);
    question.parameters.insert(question.parameters.begin(), std::to_string(limit + 1));
    return queries.worker().ask(deadline, std::move(question), [limit, cursor_of](const Snapshot& snapshot) {
        Page<Row, Cursor> page;
        page.position = snapshot.position;
        if (!snapshot.has_rows()) return page;
        for (const auto& row : snapshot.rows) {
            if (std::ssize(page.items) == limit) {
                page.next = cursor_of(page.items.back());
                break;
            }
            page.items.push_back(row_from<Row>(row, Snapshot::kFirst));
        }
        return page;
    });
}

// ---- what is asked of many models ------------------------------------------------------------------------------
// `part`: of which of the model's tables, "" or "_groups".
template <class Row>
Answer<FoundRow<Row>> find_by_id(Queries& queries, Model model, const Uuid& id, Queries::Deadline deadline,
                                 const std::string& part = "") {
    auto rows = [part](const std::string& table) {
        return RowsSql{"select " + column_names<Row>() + " from " + table + part + " where id = $1::uuid", "id"};
    };
    Question question{model, std::move(rows), {id.to_string()}};
    return find_row<Row>(queries, std::move(question), deadline);
}

// In the order in which they came into being, which is that of the log.
template <class Row, class Cursor>
Answer<Page<Row, Cursor>> list_as_they_came(Queries& queries, Model model, const std::optional<Cursor>& cursor,
                                            std::int32_t limit, Queries::Deadline deadline,
                                            const std::string& part = "") {
    auto rows = [part](const std::string& table) {
        return limited("select " + column_names<Row>() + " from " + table + part +
                           " where ($2::bigint is null or first_position > $2)",
                       "first_position");
    };
    Question question{model, std::move(rows), {cursor ? std::optional(std::to_string(cursor->after)) : std::nullopt}};
    return list_page<Row, Cursor>(queries, std::move(question), limit, deadline,
                                  [](const Row& row) { return Cursor{row.first_position}; });
}

}  // namespace keyledger::projections

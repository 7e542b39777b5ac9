#include "projections/engine/table.hpp"

#include <gtest/gtest.h>

#include <array>

#include "projections/engine/question.hpp"

using namespace keyledger;
using namespace keyledger::projections;

namespace {

struct BookRow {
    Uuid shelf;
    std::int32_t place = 0;
    std::string title;
    std::optional<std::string> owner;
    std::vector<std::string> tags;
    bool lent = false;
    Position first_position = 0;

    static constexpr auto columns() {
        return std::tuple{
            Column{"shelf", &BookRow::shelf, ColumnUse::kKey},
            Column{"place", &BookRow::place, ColumnUse::kKey},
            Column{"title", &BookRow::title, R"(collate "C")"},
            Column{"owner", &BookRow::owner},
            Column{"tags", &BookRow::tags},
            Column{"lent", &BookRow::lent},
            Column{"first_position", &BookRow::first_position, ColumnUse::kSetOnce, "unique"},
        };
    }
};

// In which all of it has to be right: there is no other place where a column is named.
TEST(Table, FollowsFromTheColumns) {
    const SqlColumns& columns = columns_of<BookRow>();
    EXPECT_EQ(create_table_sql(columns, "t", "with (fillfactor = 85)", ", check (place > 0)"),
              "create table t (shelf uuid not null, place integer not null, title text collate \"C\" not null, "
              "owner text, tags text not null, lent boolean not null, first_position bigint unique not null, "
              "primary key (shelf, place), check (place > 0)) with (fillfactor = 85)");
    EXPECT_EQ(column_names<BookRow>("b."), "b.shelf, b.place, b.title, b.owner, b.tags, b.lent, b.first_position");
    EXPECT_EQ(insert_sql(columns, "t", " on conflict do nothing"),
              "insert into t as there (shelf, place, title, owner, tags, lent, first_position) select "
              "unnest($1::uuid[]) as shelf, unnest($2::integer[]) as place, unnest($3::text[]) as title, "
              "unnest($4::text[]) as owner, unnest($5::text[]) as tags, unnest($6::boolean[]) as lent, "
              "unnest($7::bigint[]) as first_position on conflict do nothing");
    EXPECT_EQ(on_conflict_update(columns),
              " on conflict (shelf, place) do update set title = excluded.title, owner = excluded.owner, "
              "tags = excluded.tags, lent = excluded.lent");
    EXPECT_EQ(update_sql(columns, "t"),
              "update t as there set title = given.title, owner = given.owner, tags = given.tags, lent = given.lent "
              "from (select unnest($1::uuid[]) as shelf, unnest($2::integer[]) as place, unnest($3::text[]) as title, "
              "unnest($4::text[]) as owner, unnest($5::text[]) as tags, unnest($6::boolean[]) as lent) as given "
              "where there.shelf = given.shelf and there.place = given.place");
}

template <class... Value>
SqlArray array_of(const Value&... values) {
    SqlArray array;
    (array.add(values), ...);
    return array;
}

TEST(Table, SendsEachColumnAsAnArray) {
    std::vector<BookRow> rows(2);
    rows[0].title = "one, \"two\"";
    rows[0].tags = {"a", "b"};
    rows[1].owner = "ann";
    rows[1].lent = true;
    const auto bytes_of = [](const std::vector<SqlArray>& arrays) {
        std::vector<std::string> bytes;
        for (const SqlArray& array : arrays) bytes.push_back(array.parameter().str());
        return bytes;
    };
    std::vector<SqlArray> expected{
        array_of(Uuid{}, Uuid{}),     array_of(std::int32_t{0}, std::int32_t{0}),
        array_of("one, \"two\"", ""), array_of(std::optional<std::string>(), std::optional<std::string>("ann")),
        array_of("a b", ""),          array_of(false, true)};
    EXPECT_EQ(bytes_of(arrays_of(rows, Columns::kNotSetOnce)), bytes_of(expected));
    expected.push_back(array_of(Position{0}, Position{0}));
    EXPECT_EQ(bytes_of(arrays_of(rows, Columns::kAll)), bytes_of(expected));
}

TEST(Table, KnowsTheTypesOfColumnsWithoutValues) {
    const auto arrays = arrays_of(std::vector<BookRow>(), Columns::kAll);
    const SqlColumns& columns = columns_of<BookRow>();
    ASSERT_EQ(arrays.size(), columns.size());
    constexpr std::array kTypes{ElementType::kUuid, ElementType::kInteger, ElementType::kText,  ElementType::kText,
                                ElementType::kText, ElementType::kBoolean, ElementType::kBigint};
    for (std::size_t i = 0; i < columns.size(); ++i) {
        EXPECT_EQ(columns[i].type, name_of(kTypes[i]));
        EXPECT_EQ(arrays[i].parameter().str(), SqlArray(kTypes[i]).parameter().str()) << columns[i].name;
    }
}

TEST(Table, KeepsWordsInOneText) {
    const std::vector<std::string> two{"a:read", "b:*"};
    EXPECT_EQ(words(two), "a:read b:*");
    EXPECT_EQ(words_of("a:read b:*"), two);
    EXPECT_EQ(words({}), "");
    EXPECT_TRUE(words_of("").empty());
}

}  // namespace

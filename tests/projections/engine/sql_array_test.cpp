// Arrays in binary format: what the server has of them is what it had of literals, which it parsed.
#include "projections/engine/sql_array.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "projections/engine/table.hpp"
#include "security/primitives/hex.hpp"
#include "tests/support/postgres/postgres.hpp"

using namespace keyledger;
using namespace keyledger::projections;

namespace {

std::string hex_of(const SqlArray& array) { return security::hex_encode(array.parameter().str()); }

// The same as the literal of an array: all that is text is quoted.
class TextArray {
public:
    void add(const std::string& value) {
        separate() += '"';
        for (char c : value) {
            if (c == '"' || c == '\\') text_ += '\\';
            text_ += c;
        }
        text_ += '"';
    }
    void add(std::int64_t value) { separate() += std::to_string(value); }
    void add(std::int32_t value) { separate() += std::to_string(value); }
    void add(Instant value) { add(value.ms()); }
    void add(bool value) { separate() += value ? "t" : "f"; }
    void add(const Uuid& value) { separate() += value.to_string(); }
    template <class T>
    void add(const std::optional<T>& value) {
        if (value) add(*value);
        else separate() += "NULL";
    }
    std::string literal() const { return text_.empty() ? "{}" : text_ + '}'; }

private:
    std::string& separate() { return text_ += text_.empty() ? '{' : ','; }
    std::string text_;
};

template <class Value>
using Values = std::vector<std::optional<Value>>;

const std::vector<std::string>& awkward_texts() {
    static const std::vector<std::string> kTexts{"",
                                                 " ",
                                                 "NULL",
                                                 "null",
                                                 "\"",
                                                 "\\",
                                                 "\\\"",
                                                 "'",
                                                 "{",
                                                 "}",
                                                 "{}",
                                                 "{\"a\",NULL}",
                                                 ",",
                                                 "a,b",
                                                 " a ",
                                                 "\t\r\n\v\f\b",
                                                 "\x01\x1f\x7f",
                                                 "\\x41\\n",
                                                 "$1",
                                                 "\u00e4\u20ac",
                                                 "\U0001F600",
                                                 "\xe2\x80\xae\xef\xbb\xbf",
                                                 std::string(100'000, 'x')};
    return kTexts;
}
Values<std::string> some_texts() {
    Values<std::string> texts{std::nullopt};
    texts.insert(texts.end(), awkward_texts().begin(), awkward_texts().end());
    std::mt19937 random(5);
    for (int i = 0; i < 500; ++i) {
        std::string text;
        const std::size_t short_ones = awkward_texts().size() - 1;
        for (auto parts = random() % 6; parts > 0; --parts) text += awkward_texts()[random() % short_ones];
        texts.emplace_back(std::move(text));
    }
    texts.emplace_back();
    return texts;
}

template <class Integer>
Values<Integer> some_integers() {
    using Limits = std::numeric_limits<Integer>;
    return {Integer{0},   std::nullopt, Integer{1},    Integer{-1},
            Integer{255}, Integer{256}, Limits::min(), Limits::max()};
}
Values<Instant> some_instants() {
    Values<Instant> instants;
    for (const auto& ms : some_integers<std::int64_t>())
        instants.push_back(ms ? std::optional(Instant::at_ms(*ms)) : std::nullopt);
    return instants;
}
Values<Uuid> some_uuids() {
    return {Uuid{}, std::nullopt, Uuid::parse("00010203-0405-0607-0809-0a0b0c0d0e0f"),
            Uuid::parse("ffffffff-ffff-ffff-ffff-ffffffffffff"), Uuid::parse("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")};
}
Values<UserId> some_ids() {
    Values<UserId> ids;
    for (const auto& uuid : some_uuids()) ids.push_back(uuid ? std::optional(UserId(*uuid)) : std::nullopt);
    return ids;
}

class SqlArrays : public testing::Test {
protected:
    Connection connection = connect(keyledger::test::database().service_url(), "keyledger array test");
    pqxx::work work{*connection};
    // For statements that fail, each a transaction of its own.
    Connection refusing = connect(keyledger::test::database().service_url(), "keyledger refusing test");

    // All of them, each alone, only nulls, and none.
    template <class Value>
    void expect_same_of(const Values<Value>& values) {
        expect_same(values);
        expect_same(Values<Value>{});
        expect_same(Values<Value>(3));
        for (const auto& value : values) expect_same(Values<Value>{value});
    }
    // array_send() shows all that an array is: dimensions, bounds, type, nulls and elements.
    template <class Value>
    void expect_same(const Values<Value>& values) {
        SqlArray binary(element_type<Value>());
        TextArray text;
        for (const auto& value : values) {
            binary.add(value);
            text.add(value);
        }
        const std::string type = std::string(sql_type<Value>()) + "[]";
        const std::string sql = "select array_send($1::" + type + ") = array_send($2::" + type + "), $1::" + type +
                                "::text, $2::" + type + "::text, encode(array_send($1::" + type +
                                "), 'hex'), coalesce(cardinality($1::" + type + "), 0)";
        for (const pqxx::result& found : {work.exec_params(sql, binary.parameter(), text.literal()),
                                          execute_prepared(work, sql, binary.parameter(), text.literal())}) {
            ASSERT_EQ(found.size(), 1U);
            EXPECT_TRUE(found[0][0].as<bool>()) << type << ' ' << text.literal();
            EXPECT_STREQ(found[0][1].c_str(), found[0][2].c_str());
            EXPECT_EQ(found[0][3].c_str(), hex_of(binary)) << "not as the server would send it";
            EXPECT_EQ(found[0][4].as<std::size_t>(), values.size());
        }
    }
    // The server's SQLSTATE, or "" where it takes the parameter.
    template <class Parameter>
    std::string refusal(const std::string& sql, const Parameter& parameter) {
        try {
            pqxx::nontransaction(*refusing).exec_params(sql, parameter);
            return "";
        } catch (const pqxx::sql_error& error) {
            return error.sqlstate();
        }
    }
};

struct AnyRow {
    std::int32_t id = 0;
    std::string text;
    std::optional<std::string> other_text;
    std::vector<std::string> tags;
    std::optional<std::int32_t> small;
    std::optional<std::int64_t> big;
    std::optional<bool> flag;
    std::optional<Instant> at;
    std::optional<Uuid> uuid;
    std::optional<UserId> user;

    static constexpr auto columns() {
        return std::tuple{Column{"id", &AnyRow::id, ColumnUse::kKey},
                          Column{"text", &AnyRow::text},
                          Column{"other_text", &AnyRow::other_text},
                          Column{"tags", &AnyRow::tags},
                          Column{"small", &AnyRow::small},
                          Column{"big", &AnyRow::big},
                          Column{"flag", &AnyRow::flag},
                          Column{"at_ms", &AnyRow::at},
                          Column{"uuid", &AnyRow::uuid},
                          Column{"user_id", &AnyRow::user}};
    }
    bool operator==(const AnyRow&) const = default;
};

}  // namespace

TEST(SqlArray, IsWhatPostgresqlSends) {
    SqlArray numbers;
    numbers.add(std::int32_t{1});
    numbers.add(std::optional<std::int32_t>());
    numbers.add(std::int32_t{-2});
    EXPECT_EQ(hex_of(numbers), "000000010000000100000017"
                               "0000000300000001"
                               "0000000400000001"
                               "ffffffff"
                               "00000004fffffffe");
    EXPECT_EQ(numbers.size(), 3U);
    EXPECT_EQ(hex_of(SqlArray(ElementType::kUuid)), "000000000000000000000b86");
    SqlArray text;
    text.add("a\"");
    EXPECT_EQ(hex_of(text), "000000010000000000000019"
                            "0000000100000001"
                            "000000026122");
}

TEST(SqlArray, IsOfOneType) {
    EXPECT_THROW(SqlArray().parameter(), std::logic_error);
    SqlArray ids;
    ids.add(std::optional<UserId>());
    const std::string before = hex_of(ids);
    EXPECT_THROW(ids.add("text"), std::logic_error);
    EXPECT_THROW(ids.add(std::optional<std::string>()), std::logic_error);
    EXPECT_THROW(SqlArray(ElementType::kBigint).add(std::int32_t{1}), std::logic_error);
    EXPECT_EQ(hex_of(ids), before);
    EXPECT_EQ(ids.size(), 1U);
    ids.add(Uuid{});
    EXPECT_EQ(ids.size(), 2U);
}

TEST(SqlArray, HoldsNoZeroByte) {
    SqlArray texts(ElementType::kText);
    using namespace std::string_literals;
    for (const std::string& text : {"\0"s, "a\0"s, "\0b"s, "a\0b"s}) {
        EXPECT_THROW(texts.add(text), std::invalid_argument);
        EXPECT_THROW(texts.add(std::optional(text)), std::invalid_argument);
    }
    EXPECT_TRUE(texts.empty());
    EXPECT_EQ(hex_of(texts), hex_of(SqlArray(ElementType::kText)));
}

TEST_F(SqlArrays, AreWhatLiteralsWere) {
    expect_same_of<std::string>(some_texts());
    expect_same_of<std::int32_t>(some_integers<std::int32_t>());
    expect_same_of<std::int64_t>(some_integers<std::int64_t>());
    expect_same_of<bool>({true, false, std::nullopt});
    expect_same_of<Instant>(some_instants());
    expect_same_of<Uuid>(some_uuids());
    expect_same_of<UserId>(some_ids());
}

TEST_F(SqlArrays, FillTables) {
    create_table<AnyRow>(work, "pg_temp.t");
    std::vector<AnyRow> rows;
    for (const auto& text : some_texts()) {
        const std::size_t i = rows.size();
        const auto nth = [i](const auto& values) { return values[i % values.size()]; };
        AnyRow& row = rows.emplace_back();
        row.id = static_cast<std::int32_t>(i);
        row.text = text.value_or("none");
        row.other_text = text;
        if (i % 3 != 0) row.tags = {"a:read", "\"b\\:{*}"};
        row.small = nth(some_integers<std::int32_t>());
        row.big = nth(some_integers<std::int64_t>());
        row.flag = nth(Values<bool>{true, false, std::nullopt});
        row.at = nth(some_instants());
        row.uuid = nth(some_uuids());
        row.user = nth(some_ids());
    }
    const auto kept = [&] {
        std::vector<AnyRow> all;
        for (const auto& found : work.exec("select " + column_names<AnyRow>() + " from pg_temp.t order by id"))
            all.push_back(row_from<AnyRow>(found));
        return all;
    };
    write_rows(work, "pg_temp.t", rows);
    EXPECT_TRUE(kept() == rows);
    for (AnyRow& row : rows) {
        row.text += '!';
        row.other_text.reset();
        std::swap(row.tags, rows.front().tags);
    }
    EXPECT_EQ(update_rows(work, "pg_temp.t", rows), rows.size());
    EXPECT_TRUE(kept() == rows);

    SqlArray users;
    for (const auto& user : some_ids()) users.add(user);
    std::erase_if(rows, [](const AnyRow& row) { return row.user.has_value(); });
    EXPECT_FALSE(read_rows<AnyRow>(work, "pg_temp.t", users, "user_id").empty());
    delete_rows(work, "pg_temp.t", users, "user_id");
    EXPECT_TRUE(read_rows<AnyRow>(work, "pg_temp.t", users, "user_id").empty());
    EXPECT_TRUE(kept() == rows);
}

TEST_F(SqlArrays, AreRefusedAsLiteralsWere) {
    for (const std::string bad : {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80"}) {
        SqlArray binary;
        TextArray text;
        for (const std::string& one : {std::string("good"), bad}) {
            binary.add(one);
            text.add(one);
        }
        EXPECT_EQ(refusal("select $1::text[]", binary.parameter()), "22021");
        EXPECT_EQ(refusal("select $1::text[]", text.literal()), "22021");
    }
}

TEST_F(SqlArrays, AreTakenAsTheirOwnTypeOnly) {
    SqlArray numbers;
    numbers.add(std::int32_t{1});
    EXPECT_EQ(refusal("select $1::integer[]", numbers.parameter()), "");
    EXPECT_EQ(refusal("select $1::bigint[]", numbers.parameter()), "42804");
    EXPECT_EQ(refusal("select $1::text[]", SqlArray(ElementType::kUuid).parameter()), "42804");
}

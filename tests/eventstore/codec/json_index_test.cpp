// An index says of a text what RapidJSON's tree says of it, whether it read the text itself or had it read.
#include "eventstore/codec/json_index.hpp"

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <optional>

#include "eventstore/codec/jcs.hpp"
#include "tests/eventstore/codec/golden_texts.hpp"
#include "tests/eventstore/codec/mutations.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using keyledger::eventstore::test::golden_texts;

namespace {

std::string_view text_of(const rapidjson::Value& string) { return {string.GetString(), string.GetStringLength()}; }

bool is_alike(const JsonValue& value, const rapidjson::Value& tree);

bool has_alike_items(const JsonValue& array, const rapidjson::Value& tree) {
    const JsonValue* item = array.first();
    for (const auto& one : tree.GetArray()) {
        if (item == array.next() || !is_alike(*item, one)) return false;
        item = item->next();
    }
    return item == array.next() && array.size() == tree.Size();
}

bool has_alike_members(const JsonValue& object, const rapidjson::Value& tree) {
    const JsonValue* name = object.first();
    for (const auto& [key, one] : tree.GetObject()) {
        if (name == object.next() || name->string() != text_of(key) || !is_alike(*name->next(), one)) return false;
        const JsonValue* found = object.find(text_of(key));
        const bool is_first = &tree.FindMember(key)->value == &one;  // of those of this name
        if (!found || is_first != (found == name->next())) return false;
        name = name->next()->next();
    }
    return name == object.next() && object.size() == tree.MemberCount() && !object.find("a name that none has");
}

bool is_alike(const JsonValue& value, const rapidjson::Value& tree) {
    if (value.is_null() != tree.IsNull() || value.is_string() != tree.IsString() ||
        value.is_int64() != tree.IsInt64() || value.is_array() != tree.IsArray() ||
        value.is_object() != tree.IsObject())
        return false;
    if (value.is_string()) return value.string() == text_of(tree);
    if (value.is_int64()) return value.int64() == tree.GetInt64();
    if (value.is_array()) return has_alike_items(value, tree);
    return !value.is_object() || has_alike_members(value, tree);
}

struct Read {
    std::optional<rapidjson::Document> tree;
    std::string refused;
};
Read as_tree(std::string_view text) {
    try {
        return {parse_json(text), {}};
    } catch (const CodecError& error) {
        return {std::nullopt, error.what()};
    }
}

// Returns whether it is JSON.
bool expect_alike(std::string_view text) {
    const Read read = as_tree(text);
    try {
        const JsonIndex index(text);
        if (!read.tree) {
            ADD_FAILURE() << "is refused as a tree: " << text;
            return true;
        }
        EXPECT_TRUE(is_alike(index.root(), *read.tree)) << text;
        EXPECT_TRUE(is_alike(JsonIndex(*read.tree).root(), *read.tree)) << "made from the tree: " << text;
        if (index.root().is_canonical() && !index.root().text().empty()) {
            EXPECT_EQ(index.root().text(), jcs(*read.tree)) << text;
        }
        return true;
    } catch (const CodecError& error) {
        EXPECT_FALSE(read.tree) << "is good as a tree: " << text;
        EXPECT_EQ(error.what(), read.refused) << text;
        return false;
    }
}

std::string nested(std::size_t depth, std::string_view open, std::string_view inmost, std::string_view close) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += open;
    text += inmost;
    for (std::size_t i = 0; i < depth; ++i) text += close;
    return text;
}

bool is_canonical(std::string_view text) { return JsonIndex(text).root().is_canonical(); }

}  // namespace

TEST(JsonIndex, SaysOfWhatStandsInTheLogWhatATreeSays) {
    const auto texts = golden_texts();
    ASSERT_GT(texts.size(), 100U);
    for (const std::string& text : texts) EXPECT_TRUE(expect_alike(text)) << text;
}

TEST(JsonIndex, AcceptsAndRefusesWhatATreeDoes) {
    test::Mutations mutations(16);
    int good = 0, refused = 0;
    for (const std::string& text : golden_texts())
        for (int i = 0; i < 60; ++i) ++(expect_alike(mutations.of(text)) ? good : refused);
    EXPECT_GT(good, 1500);
    EXPECT_GT(refused, 1500);
}

TEST(JsonIndex, TakesValuesAlone) {
    for (const std::string_view text :
         {"null", "true", "false", "\"\"", "\"text\"", "0", "7", "-7", "[]", "{}", " [ ] ", " { } ", "[1, 2 ,3]",
          "{\"a\" : 1 , \"b\": [ ]}", "[[],[[]],{}]", "\t[\n]\r", "{\"a\":{\"b\":{\"c\":[true,false,null]}}}",
          "{\"\":1,\"a\":2,\"a\":3}"})
        EXPECT_TRUE(expect_alike(text)) << text;
    for (const std::string_view text :
         {"",        " ",        "nul",       "nulll",      "tru",  "truE",  "f",     "\"",        "\"a",
          "[",       "]",        "[1",        "[1,",        "[1,]", "[,1]",  "[1 2]", "{",         "{\"a\"",
          "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}",  "{a:1}", "{1:1}", "{\"a\" 1}", "{} {}",
          "{}x",     "[]]",      "'a'",       "[1;2]",      "+1",   "/**/1", "NaN",   "Infinity"})
        EXPECT_FALSE(expect_alike(text)) << text;
}

TEST(JsonIndex, TakesNumbersToTheLastDigit) {
    for (const std::string_view text : {"-0",
                                        "0",
                                        "-1",
                                        "10",
                                        "999999999999999",
                                        "-999999999999999",
                                        "1000000000000000",
                                        "9007199254740991",
                                        "9007199254740993",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "-9223372036854775808",
                                        "-9223372036854775809",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "1.0",
                                        "1.5",
                                        "-1.5e-3",
                                        "1e2",
                                        "1E+2",
                                        "0e60",
                                        "0.1",
                                        "[1,22,333]",
                                        "[1.5,2]"})
        EXPECT_TRUE(expect_alike(text)) << text;
    for (const std::string_view text :
         {"-", "--1", "00", "01", "-01", "1.", ".5", "1e", "1e+", "1e400", "0x1", "1_0", "1 0", "1,0"})
        EXPECT_FALSE(expect_alike(text)) << text;
}

// The end of a string is looked for eight bytes at a time: at each place of each length.
TEST(JsonIndex, SeesAtEachPlaceWhatIsNotPlain) {
    using namespace std::string_view_literals;
    for (const std::string_view odd : {"\\n"sv, "\\\""sv, "\\u00e9"sv, "\\u0000"sv, "\xC3\xA9"sv, "\xF0\x9F\x98\x80"sv,
                                       "\x7F"sv, " "sv, "!"sv, "#"sv, "["sv, "]"sv, "\\ud83d\\ude00"sv})
        for (std::size_t length = 0; length < 20; ++length)
            for (std::size_t at = 0; at <= length; ++at) {
                const std::string text = std::string(at, 'a') + std::string(odd) + std::string(length - at, 'b');
                EXPECT_TRUE(expect_alike('"' + text + '"'));
                EXPECT_TRUE(expect_alike("{\"" + text + "\":[\"" + text + "\",12345678]}"));
            }
    for (const std::string_view wrong : {"\x1F"sv, "\n"sv, "\t"sv, "\0"sv, "\""sv, "\\"sv, "\\x"sv, "\\u12"sv,
                                         "\\ud800"sv, "\\udc00"sv, "\x80"sv, "\xC3"sv, "\xED\xA0\x80"sv, "\xFF"sv})
        for (std::size_t length = 0; length < 20; ++length)
            for (std::size_t at = 0; at <= length; ++at)
                EXPECT_FALSE(expect_alike("[\"" + std::string(at, 'a') + std::string(wrong) + "z" +
                                          std::string(length - at, 'b') + "\"]"));
}

// Such as RapidJSON takes for the end of a text, or for nothing at its beginning.
TEST(JsonIndex, LeavesWhatIsStrangeToRapidJson) {
    using namespace std::string_view_literals;
    for (const std::string_view text :
         {"{}\0x"sv, "\0"sv, "\xEF\xBB\xBF{}"sv, "\xEF{}"sv, "{}\xEF\xBB\xBF"sv, "[1\0]"sv})
        expect_alike(text);
}

TEST(JsonIndex, NestsAsDeepAsATree) {
    for (const std::size_t depth : {1U, 63U, 64U}) {
        EXPECT_TRUE(expect_alike(nested(depth, "[", "", "]")));
        EXPECT_TRUE(expect_alike(nested(depth, "{\"a\":", "1", "}")));
    }
    for (const std::size_t depth : {65U, 66U, 100'000U}) {
        EXPECT_FALSE(expect_alike(nested(depth, "[", "", "]")));
        EXPECT_FALSE(expect_alike(nested(depth, "{\"a\":", "1", "}")));
    }
}

TEST(JsonIndex, KnowsWhatStandsAsJcsWritesIt) {
    for (const std::string_view text :
         {"{}", "[]", R"({"a":1,"b":{"c":[],"d":"x"}})", R"({"":0,"A":-1,"a":null})", R"([{"a":true},{"a":false}])"})
        EXPECT_TRUE(is_canonical(text)) << text;
    for (const std::string_view text :
         {"{ }", "[ ]", "[1, 2]", R"({"b":1,"a":2})", R"({"a":1,"a":1})", R"({"x":{"b":1,"a":2}})",
          R"([{"b":1,"a":2}])", R"({"a": 1})", R"({"a":-0})", R"({"a":1.0})", R"({"a":"\u0061"})", R"({"ab":1,"a":1})"})
        EXPECT_FALSE(is_canonical(text)) << text;
    const std::string_view text = R"({"z":1,"a":{"b":[2]}})";
    const JsonIndex index(text);
    EXPECT_EQ(index.root().text(), text);
    EXPECT_EQ(index.root().find("a")->text(), R"({"b":[2]})");
    EXPECT_TRUE(index.root().find("a")->is_canonical());
    EXPECT_FALSE(index.root().is_canonical());
}

#include "api/wire/read_json.hpp"

#include <gtest/gtest.h>

using namespace keyledger::api;
using namespace std::string_literals;

namespace {

Request request_with(std::string body, std::string_view content_type = "application/json") {
    Request request;
    request.method = Method::kPost;
    request.request_id = "r1";
    request.body = std::move(body);
    if (!content_type.empty()) request.headers.add("Content-Type", content_type);
    return request;
}

// The body of the refusal, or "accepted".
std::string verdict(const Request& request) {
    JsonFields body(request);
    body.optional_string("a", 100);
    auto read = body.finish();
    return read ? "accepted" : read.error().body;
}
std::string verdict(std::string body) {
    Request request = request_with(std::move(body));
    return verdict(request);
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST(JsonFields, ReadsEveryKindOfField) {
    Request request =
        request_with(R"({"email":"a\u00e4@b","password":"s\n","n":-5,"on":true,"list":["x","y"],"gone":null})");
    JsonFields body(request);
    EXPECT_EQ(body.required_string("email", 10), "a\xC3\xA4@b");
    EXPECT_EQ(body.required_secret("password", 10).reveal(), "s\n");
    EXPECT_EQ(body.required_integer("n", -10, 10), -5);
    EXPECT_EQ(body.optional_bool("on"), true);
    EXPECT_EQ(body.string_list("list", 2, 1), (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(body.optional_string("gone", 10), std::nullopt);
    EXPECT_EQ(body.optional_string("absent", 10), std::nullopt);
    EXPECT_TRUE(body.has("gone"));
    EXPECT_FALSE(body.has("absent"));
    EXPECT_TRUE(body.finish());
}

TEST(JsonFields, ReportsEveryBadFieldAtOnce) {
    Request request = request_with(R"({"name":7,"n":11,"on":"yes","list":["x",1],"empty":"","long":"abcd"})");
    JsonFields body(request);
    body.required_string("email", 10);
    body.optional_string("name", 10);
    body.required_integer("n", 0, 10);
    body.optional_bool("on");
    body.string_list("list", 5, 5);
    body.required_string("empty", 5);
    body.required_secret("long", 3);
    auto read = body.finish();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().status, 400);
    EXPECT_EQ(read.error().content_type, "application/problem+json");
    const std::string& text = read.error().body;
    EXPECT_TRUE(has(text, R"("type":"urn:keyledger:problem:invalid-fields")")) << text;
    EXPECT_TRUE(has(text, R"("request_id":"r1")")) << text;
    for (const char* name : {"email", "name", "n", "on", "list", "empty", "long"})
        EXPECT_TRUE(has(text, R"({"field":")"s + name + '"')) << name << text;
    EXPECT_FALSE(has(text, "abcd")) << "a refused secret must not come back";
}

TEST(JsonFields, TakesNoRequiredListForAnEmptyOneUnlessItIs) {
    for (const char* text : {"{}", R"({"list":null})", R"({"list":{}})"}) {
        Request request = request_with(text);
        JsonFields body(request);
        EXPECT_TRUE(body.required_string_list("list", 2, 1).empty());
        EXPECT_FALSE(body.finish()) << text;
    }
    Request request = request_with(R"({"list":[]})");
    JsonFields body(request);
    EXPECT_TRUE(body.required_string_list("list", 2, 1).empty());
    EXPECT_TRUE(body.finish());
}

TEST(JsonFields, RefusesFieldsThatNobodyAskedFor) {
    std::string text = verdict(R"({"a":"1","admin":true})");
    EXPECT_TRUE(has(text, "problem:unknown-field")) << text;
    EXPECT_TRUE(has(text, R"("field":"admin")")) << text;
}

// What nobody asked for is refused at any depth, and a name with a dot is no path.
TEST(JsonFields, ReadsPathsIntoObjectsAndLists) {
    const auto verdict_on = [](std::string text) {
        Request request = request_with(std::move(text));
        JsonFields body(request);
        std::string found;
        for (std::size_t i = 0; i < body.object_list("list", 2); ++i)
            found += body.required_string("list." + std::to_string(i) + ".id", 10) + " ";
        if (body.object("who")) found += body.required_string("who.name.first", 10);
        body.ignore("who.properties");
        auto read = body.finish();
        return read ? found : read.error().body;
    };
    EXPECT_EQ(verdict_on(R"({"list":[{"id":"a"},{"id":"b"}],)"
                         R"("who":{"name":{"first":"ann"},"properties":{"x":[1,{"y":null}]}}})"),
              "a b ann");
    EXPECT_EQ(verdict_on(R"({"list":null,"who":null})"), "");
    for (const char* unknown : {R"({"list":[{"id":"a","more":1}]})", R"({"who":{"name":{"first":"a","last":"b"}}})",
                                R"({"who.name.first":"a"})", R"({"who":{"name":{"first":"a"},"name.first":"b"}})"})
        EXPECT_TRUE(has(verdict_on(unknown), "problem:unknown-field")) << unknown;
    for (const char* invalid : {R"({"list":{}})", R"({"list":[1]})", R"({"list":[{},{},{}]})", R"({"list":[{}]})",
                                R"({"who":[]})", R"({"who":{}})", R"({"who":{"name":"ann"}})"})
        EXPECT_TRUE(has(verdict_on(invalid), "problem:invalid-fields")) << invalid;
}

// Of a body that another standard defines, what nobody asks for is let be; what is asked for is read as ever,
// and an integer however it is spelt.
TEST(JsonFields, OfOthersIsReadWhereItIsAskedFor) {
    const auto read = [](std::string text) {
        Request request = request_with(std::move(text));
        JsonFields body(request, {.allow_unknown_members = true});
        const auto name = body.optional_string("who.name", 10);
        const auto limit = body.optional_integer("limit", 0, 1000);
        auto good = body.finish();
        return good ? name.value_or("-") + " " + std::to_string(limit.value_or(-1)) : good.error().body;
    };
    for (const char* more :
         {R"("x":1)", R"("who.name":"no path")", R"("x":{"y":[{"z":null}]})", R"("n":1234567890123456789)",
          R"("n":123456789012345678901234567890)", R"("n":-1e400)", R"("n":1e-400)", R"("n":0.1)",
          R"("n":18446744073709551616)", R"("s":"a\u0000b")", R"("a\u0000b":1)"})
        EXPECT_EQ(read(R"({"who":{"name":"ann","more":[1.5]},"limit":7,)" + std::string(more) + "}"), "ann 7") << more;
    for (const auto& [number, limit] : std::initializer_list<std::pair<const char*, const char*>>{
             {"0", "0"}, {"-0", "0"}, {"1000", "1000"}, {"1e3", "1000"}, {"7.0", "7"}, {"70e-1", "7"}})
        EXPECT_EQ(read(R"({"limit":)" + std::string(number) + "}"), "- " + std::string(limit)) << number;
    for (const char* number : {"7.5", "1e4", "-1", "1e400", "123456789012345678901234567890", "true", "\"7\""})
        EXPECT_TRUE(has(read(R"({"limit":)" + std::string(number) + "}"), "problem:invalid-fields")) << number;
    for (const char* name : {"7", "[]", "{}", R"("a\u0000b")", R"("longer than ten")"})
        EXPECT_TRUE(has(read(R"({"who":{"name":)" + std::string(name) + "}}"), "problem:invalid-fields")) << name;
    for (const char* bad : {R"({"a":1,"a":2})", R"({"x":{"a":1,"\u0061":2}})", R"({"x":"\uD800"})", R"({"x":01})",
                            R"({"x":NaN})", R"({"x":1.})", R"({"x":.5})", R"({"x":+1})", "[]"})
        EXPECT_TRUE(has(read(bad), "problem:malformed-json")) << bad;
}

// Not one number for another: what a double would round is no integer that was meant.
TEST(JsonFields, OfOthersReadsNoIntegerAsItsNeighbour) {
    const auto read = [](const std::string& number) {
        Request request = request_with(R"({"n":)" + number + "}");
        JsonFields body(request, {.allow_unknown_members = true});
        const auto value = body.optional_integer("n", -kMaxJsonInteger, kMaxJsonInteger);
        return body.finish() && value ? std::to_string(*value) : "refused";
    };
    for (const auto& [number, value] :
         std::initializer_list<std::pair<const char*, const char*>>{{"9007199254740991", "9007199254740991"},
                                                                    {"9007199254740992", "9007199254740992"},
                                                                    {"-9007199254740992", "-9007199254740992"},
                                                                    {"9007199254740991.0", "9007199254740991"},
                                                                    {"9007199254740993", "refused"},
                                                                    {"-9007199254740993", "refused"},
                                                                    {"9007199254740993.0", "refused"},
                                                                    {"9007199254740993e0", "refused"},
                                                                    {"9223372036854775808", "refused"}})
        EXPECT_EQ(read(number), value) << number;
}

TEST(JsonFields, RefusesDuplicateKeysHoweverTheyAreSpelt) {
    for (const char* body : {R"({"a":"1","a":"2"})", R"({"a":"1","\u0061":"2"})", R"({"b":{"c":1,"c":1}})"})
        EXPECT_TRUE(has(verdict(body), "a key twice")) << body;
    EXPECT_FALSE(has(verdict(R"({"b":[{"c":1},{"c":1}]})"), "a key twice"));
}

TEST(JsonFields, RefusesLoneSurrogatesAndNulInKeysAndValues) {
    for (const char* body : {R"({"a":"\ud800"})", R"({"a":"\udc00"})", R"({"a":"\ud800\ud800"})", R"({"\ud800":"x"})",
                             R"({"a":"\u0000"})", R"({"\u0000":"x"})"})
        EXPECT_TRUE(has(verdict(body), "problem:malformed-json")) << body;
    EXPECT_EQ(verdict(R"({"a":"\ud83d\ude00"})"), "accepted");
}

TEST(JsonFields, RefusesByteOrderMarksNulBytesAndBadUtf8) {
    for (const std::string& body : {"\xEF\xBB\xBF{}"s, "{}\0"s, "{\"a\":\"\0\"}"s, "{\"a\":\"\xFF\"}"s,
                                    "{\"a\":\"\xED\xA0\x80\"}"s, "\xFF\xFE{\0}\0"s})
        EXPECT_TRUE(has(verdict(body), "problem:malformed-json")) << body;
}

TEST(JsonFields, RefusesNumbersThatAreNotExactIntegers) {
    for (const char* number :
         {"1.5", "1e3", "9007199254740993", "-9007199254740993", "18446744073709551616", "1e400"}) {
        std::string text = verdict(R"({"n":)"s + number + "}");
        EXPECT_TRUE(has(text, "problem:malformed-json")) << number << text;
    }
    EXPECT_TRUE(has(verdict(R"({"n":9007199254740992})"), "problem:unknown-field"));
}

TEST(JsonFields, RefusesWhatIsNotOneJsonObject) {
    for (const char* body : {"", " ", "[]", "\"a\"", "null", "7", "{", "{}{}", "{} x", "{'a':1}", "{\"a\":\"1\",}",
                             "{\"a\":\"\n\"}", "{\"a\":NaN}", "/**/{}", "{\"a\" \"b\"}"})
        EXPECT_TRUE(has(verdict(body), "problem:malformed-json")) << body;
}

TEST(JsonFields, StopsAtTheLimitsForDepthMembersAndValues) {
    EXPECT_TRUE(has(verdict(R"({"a":)" + std::string(60'000, '[')), "nested too deeply"));
    std::string members = "{";
    for (int i = 0; i < 65; ++i) members += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
    EXPECT_TRUE(has(verdict(members + "}"), "too many members"));
    std::string values = R"({"a":[0)";
    for (int i = 0; i < 1024; ++i) values += ",0";
    EXPECT_TRUE(has(verdict(values + "]}"), "too many values"));
}

TEST(JsonFields, TakesJsonInUtf8Only) {
    for (const char* type : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                             "application/json;charset=\"UTF-8\"", "application/json;",
                             "application/json; v=1; charset=utf-8", "application/json; charset=iso-8859-1"})
        EXPECT_EQ(verdict(request_with("{}", type)), "accepted") << type;
    for (const char* type :
         {"", "text/plain", "application/jsonx", "application/json; charset", "application/json; charset=\"utf-8",
          "application/x-www-form-urlencoded", "application/json, text/plain"}) {
        std::string text = verdict(request_with("{}", type));
        EXPECT_TRUE(has(text, "problem:unsupported-media-type")) << type << text;
    }
}

TEST(JsonFields, SendsBackOnlyTheStartOfALongUnknownName) {
    std::string text = verdict("{\"" + std::string(30'000, 'x') + "\":1}");
    EXPECT_LT(text.size(), 500U);
}

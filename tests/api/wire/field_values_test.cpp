// Tables of what comes in header fields: as the standard says it may, and as it must not.
#include "api/wire/field_values.hpp"

#include <gtest/gtest.h>

#include "api/wire/body.hpp"

using namespace keyledger::api;
using namespace std::string_literals;

namespace {

using Texts = std::vector<std::string_view>;

Request with(std::string_view name, const Texts& values) {
    Request request;
    for (const std::string_view value : values) request.headers.add(name, value);
    return request;
}

}  // namespace

TEST(ListHeader, HasTheElementsThatAreNotEmpty) {
    struct Case {
        std::string_view value;
        Texts elements;
    };
    const Case cases[] = {
        {"", {}},
        {",", {}},
        {" ,\t, ,", {}},
        {"a", {"a"}},
        {" a\t", {"a"}},
        {"a,b", {"a", "b"}},
        {"a , b", {"a", "b"}},
        {",a", {"a"}},
        {"a,", {"a"}},
        {"a, , ,b,", {"a", "b"}},
        {"\"a,b\", c", {"\"a,b\"", "c"}},
        {R"("a\",b", c)", {R"("a\",b")", "c"}},
        {R"(a;x="1,2";q=0.5, b)", {R"(a;x="1,2";q=0.5)", "b"}},
        {R"(W/"1", "2")", {R"(W/"1")", R"("2")"}},
        {"\"open, b", {"\"open, b"}},
        {"a, \"open\\", {"a", "\"open\\"}},
    };
    for (const Case& one : cases) EXPECT_EQ(list_elements(one.value), one.elements) << one.value;
}

TEST(ListHeader, IsOneListOfAllItsFieldsAndBounded) {
    Request request = with("aCCept", {"a", "", "b, c"});
    request.headers.add("Other", "d");
    EXPECT_EQ(list_elements(request.headers, "Accept"), (Texts{"a", "b", "c"}));
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "a,";
    EXPECT_EQ(list_elements(many).size(), kMaxListElements);
    request.headers.add("Accept", many);
    EXPECT_EQ(list_elements(request.headers, "Accept").size(), kMaxListElements);
}

TEST(Weight, IsANumberOfAtMostThreeDecimals) {
    const std::pair<std::string_view, int> good[] = {
        {"0", 0},      {"0.", 0},    {"0.0", 0},     {"0.00", 0}, {"0.000", 0}, {"0.001", 1},  {"0.5", 500},
        {"0.50", 500}, {"0.05", 50}, {"0.999", 999}, {"1", 1000}, {"1.", 1000}, {"1.0", 1000}, {"1.000", 1000}};
    for (const auto& [text, weight] : good) EXPECT_EQ(parse_weight(text), weight) << text;
    for (const std::string_view text : {"",   ".5",     "0,5", "-0",  "+1",  "1.001", "1.1", "2", "10",   "00",
                                        "01", "0.0000", "0.x", "0x1", "1e0", " 1",    "1 ",  "q", "0.5.", "NaN"})
        EXPECT_EQ(parse_weight(text), std::nullopt) << text;
}

TEST(MediaType, IsReadByItsGrammar) {
    struct Case {
        std::string_view text;
        std::string_view name;
        std::vector<FieldParameter> parameters;
    };
    const Case cases[] = {
        {"application/json", "application/json", {}},
        {"Application/JSON", "application/json", {}},
        {" application/json\t", "application/json", {}},
        {"application/json;", "application/json", {}},
        {"application/json ; ", "application/json", {}},
        {"application/json;; ;", "application/json", {}},
        {"application/json;charset=utf-8", "application/json", {{"charset", "utf-8"}}},
        {"application/json; Charset=UTF-8", "application/json", {{"charset", "UTF-8"}}},
        {"application/json ;\tcharset=\"utf-8\" ;", "application/json", {{"charset", "utf-8"}}},
        {"application/json; v=1; charset=utf-8", "application/json", {{"v", "1"}, {"charset", "utf-8"}}},
        {"application/json; charset=utf-8; v=1", "application/json", {{"charset", "utf-8"}, {"v", "1"}}},
        {R"(a/b; x="a;b=c, \"d\\\""; y=2)", "a/b", {{"x", R"(a;b=c, "d\")"}, {"y", "2"}}},
        {R"(a/b; x="")", "a/b", {{"x", ""}}},
        {"a/b; x=\"\t\xC3\xA4\"", "a/b", {{"x", "\t\xC3\xA4"}}},
        {"a/b; x=1; x=2", "a/b", {{"x", "1"}, {"x", "2"}}},
        {"multipart/form-data; boundary=----x", "multipart/form-data", {{"boundary", "----x"}}},
        {"application/vnd.api+json", "application/vnd.api+json", {}},
        {"*/*;q=0.1", "*/*", {{"q", "0.1"}}},
        {"text/*", "text/*", {}},
    };
    for (const Case& one : cases) {
        const auto read = parse_media_type(one.text);
        ASSERT_TRUE(read) << one.text;
        EXPECT_EQ(read->name, one.name) << one.text;
        EXPECT_EQ(read->parameters, one.parameters) << one.text;
    }
}

TEST(MediaType, IsNoneWhereTheGrammarIsBroken) {
    for (const std::string& text : {""s,
                                    " "s,
                                    ";"s,
                                    "/"s,
                                    "json"s,
                                    "application"s,
                                    "application/"s,
                                    "/json"s,
                                    "application/json/x"s,
                                    "application /json"s,
                                    "application/ json"s,
                                    "application/json charset=utf-8"s,
                                    "application/json, text/plain"s,
                                    "application/json; charset"s,
                                    "application/json; charset="s,
                                    "application/json; =utf-8"s,
                                    "application/json; charset =utf-8"s,
                                    "application/json; charset= utf-8"s,
                                    "application/json; charset=\"utf-8"s,
                                    "application/json; charset=utf-8\""s,
                                    "application/json; charset=\"utf-8\"x"s,
                                    "application/json; charset=u t f"s,
                                    "application/json; x=\"\\\""s,
                                    "application/json; x=\"a\x01\""s,
                                    "application/json; x=\"\\\x7F\""s,
                                    "application/json; x=a,b"s,
                                    "\"application/json\""s,
                                    "application/json\x01"s,
                                    "application/js\xC3\xB6n"s})
        EXPECT_FALSE(parse_media_type(text)) << text;
}

// RFC 8259 section 11 and the URL standard: neither JSON nor a form has a parameter that means something.
TEST(ContentType, CountsWithoutItsParameters) {
    for (const std::string_view type : {"application/json", "application/json;", "APPLICATION/json; charset=iso-8859-1",
                                        "application/json; v=\"1;2\"", "application/json;charset=UTF-8;version=1"})
        EXPECT_TRUE(has_media_type(with("Content-Type", {type}), "application/json")) << type;
    for (const std::string_view type :
         {"", "text/json", "application/jsonx", "application/problem+json", "*/*", "application/*",
          "application/json; charset", "application/json, application/json"})
        EXPECT_FALSE(has_media_type(with("Content-Type", {type}), "application/json")) << type;
    EXPECT_FALSE(has_media_type(Request{}, "application/json"));
}

TEST(ContentEncoding, OtherThanIdentityIsRefusedWithWhatIsTaken) {
    for (const std::string_view coding : {"", ",", "identity", "Identity", "identity, identity", ", identity ,"})
        EXPECT_FALSE(refuse_coding(with("Content-Encoding", {coding}))) << coding;
    EXPECT_FALSE(refuse_coding(Request{}));
    for (const std::string_view coding : {"gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "compress",
                                          "identity, gzip", "gzip, identity", "identity;q=1", "*", "utf-8"}) {
        const auto refusal = refuse_coding(with("Content-Encoding", {coding}));
        ASSERT_TRUE(refusal) << coding;
        EXPECT_EQ(refusal->status, 415) << coding;
        EXPECT_EQ(refusal->headers.find("Accept-Encoding"), "identity") << coding;
    }
    EXPECT_TRUE(refuse_coding(with("Content-Encoding", {"identity", "gzip"}))) << "in a second field";
}

TEST(Preference, IsThatOfTheMostSpecificRange) {
    struct Case {
        std::initializer_list<std::string_view> accept;
        std::optional<int> by_any_range;
        std::optional<int> in_full;
    };
    const Case cases[] = {
        {{}, std::nullopt, std::nullopt},
        {{""}, std::nullopt, std::nullopt},
        {{"a/b"}, 1000, 1000},
        {{"A/B ; Q=0.25"}, 250, 250},
        {{"a/b;q=0"}, 0, 0},
        {{"a/b;q=0.000"}, 0, 0},
        {{"a/b;q=0.001"}, 1, 1},
        {{"a/*"}, 1000, std::nullopt},
        {{"*/*;q=0.1"}, 100, std::nullopt},
        {{"*/*, a/*;q=0.5, a/b;q=0.2"}, 200, 200},
        {{"a/b;q=0.2, a/*;q=0.5, */*"}, 200, 200},
        {{"a/*;q=0.5, */*"}, 500, std::nullopt},
        {{"c/d, a/c"}, std::nullopt, std::nullopt},
        {{"c/d", ",,", "a/b;q=0.3"}, 300, 300},
        {{"a/b;q=0.3, a/b;q=0.7, a/b;q=0.5"}, 700, 700},
        {{"a/b;v=1;q=0.4"}, 400, 400},
        {{"a/b;v=\"a,b;q=0\";q=0.4"}, 400, 400},
        {{"a/b;q=0.4;ext=1"}, 400, 400},
        {{"a/b;q=\"0.4\""}, 400, 400},
        {{"a/b;q=2, */*;q=0.1"}, 100, std::nullopt},
        {{"a/b;q=, */*;q=0.1"}, 100, std::nullopt},
        {{"a/b;q=-1"}, std::nullopt, std::nullopt},
        {{"a/b;q=0.5;q=0.9"}, 500, 500},
        {{"ab"}, std::nullopt, std::nullopt},
        {{"*/b"}, std::nullopt, std::nullopt},
    };
    for (const Case& one : cases) {
        const Request request = with("Accept", one.accept);
        const std::string_view shown = one.accept.size() > 0 ? *one.accept.begin() : "nothing";
        EXPECT_EQ(preference_for(request.headers, "a/b", MediaRangeMatch::kByAnyRange), one.by_any_range) << shown;
        EXPECT_EQ(preference_for(request.headers, "a/b", MediaRangeMatch::kInFull), one.in_full) << shown;
    }
}

TEST(PreferredLanguage, IsTheTagOfMostWeight) {
    const std::pair<Texts, std::optional<std::string>> cases[] = {
        {{}, std::nullopt},
        {{""}, std::nullopt},
        {{"*"}, std::nullopt},
        {{"DE-at"}, "de-AT"},
        {{"de-AT,de;q=0.9,en;q=0.8"}, "de-AT"},
        {{"en;q=0.5, de ; Q=0.7"}, "de"},
        {{"en;q=0.5", "de"}, "de"},
        {{"de, en"}, "de"},
        {{"*, de;q=0.1"}, "de"},
        {{"de;q=0"}, std::nullopt},
        {{"de;q=2, en;q=0.1"}, "en"},
        {{"de;q, en;q=0.1"}, "en"},
        {{"--, d, de_AT, x-klingon, en"}, "en"},
        {{"<script>, en;q=0.001"}, "en"},
    };
    for (const auto& [fields, language] : cases) {
        const std::string_view shown = fields.empty() ? "nothing" : fields.front();
        EXPECT_EQ(preferred_language(with("Accept-Language", fields).headers), language) << shown;
    }
}

// RFC 9110 section 12.5.3.
TEST(PrefersGzip, WhereItIsAcceptedAndAtLeastAsWelcomeAsNoCoding) {
    const std::pair<Texts, bool> cases[] = {
        {{}, false},
        {{""}, false},
        {{"gzip"}, true},
        {{"GZip"}, true},
        {{"x-gzip"}, true},
        {{"gzip, deflate, br, zstd"}, true},
        {{"br", "gzip;q=0.1"}, true},
        {{"br, deflate"}, false},
        {{"*"}, true},
        {{"*;q=0"}, false},
        {{"*;q=0.5, gzip;q=0"}, false},
        {{"gzip;q=0"}, false},
        {{"gzip;q=0.000, *"}, false},
        {{"gzip;q=0.001"}, true},
        {{"identity"}, false},
        {{"identity;q=0"}, false},
        {{"identity;q=0, gzip"}, true},
        {{"identity;q=0, *"}, true},
        {{"gzip;q=0.5, identity"}, false},
        {{"gzip;q=0.5, identity;q=0.5"}, true},
        {{"identity;q=0.2, *;q=0.3"}, true},
        {{" gzip ; Q=1.0 ,identity;q=0.9"}, true},
        // Malformed ones count for nothing.
        {{"gzip;q=2"}, false},
        {{"gzip;q"}, false},
        {{"gzip;level=9;q=0.5"}, true},
        {{"gzipped, g zip"}, false},
    };
    for (const auto& [fields, gzip] : cases) {
        const std::string_view shown = fields.empty() ? "nothing" : fields.front();
        EXPECT_EQ(prefers_gzip(with("Accept-Encoding", fields).headers), gzip) << shown;
    }
}

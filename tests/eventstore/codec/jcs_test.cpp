// RFC 8785: its own examples, and the borders of its rules.
#include "eventstore/codec/jcs.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

using namespace keyledger::eventstore;

namespace {

std::string canonical(std::string_view text) { return jcs(parse_json(text)); }

std::string number(std::uint64_t bits) {
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return jcs(rapidjson::Value(value));
}

}  // namespace

// Section 3.2.2 to 3.2.4.
TEST(Jcs, WritesTheExampleOfTheStandard) {
    const std::string input = R"({
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]})";
    EXPECT_EQ(canonical(input), "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
                                "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

// Section 3.2.3: the order is of UTF-16 code units, so that a character beyond the first plane comes before U+FB33.
TEST(Jcs, SortsMembersByUtf16CodeUnits) {
    const std::string input = R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter",)"
                              R"("1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin"})";
    const std::string output = canonical(input);
    std::size_t last = 0;
    for (const char* value : {"Carriage Return", "One", "Control", "Latin", "Euro Sign", "Emoji", "Hebrew"}) {
        const std::size_t at = output.find(value);
        ASSERT_NE(at, std::string::npos) << value;
        EXPECT_GT(at, last) << value << " comes too early in " << output;
        last = at;
    }
}

// Appendix B.
TEST(Jcs, WritesNumbersAsEcmaScriptDoes) {
    const std::vector<std::pair<std::uint64_t, const char*>> samples{{0x0000000000000000, "0"},
                                                                     {0x8000000000000000, "0"},
                                                                     {0x0000000000000001, "5e-324"},
                                                                     {0x8000000000000001, "-5e-324"},
                                                                     {0x7fefffffffffffff, "1.7976931348623157e+308"},
                                                                     {0xffefffffffffffff, "-1.7976931348623157e+308"},
                                                                     {0x4340000000000000, "9007199254740992"},
                                                                     {0xc340000000000000, "-9007199254740992"},
                                                                     {0x4430000000000000, "295147905179352830000"},
                                                                     {0x44b52d02c7e14af5, "9.999999999999997e+22"},
                                                                     {0x44b52d02c7e14af6, "1e+23"},
                                                                     {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
                                                                     {0x444b1ae4d6e2ef4e, "999999999999999700000"},
                                                                     {0x444b1ae4d6e2ef4f, "999999999999999900000"},
                                                                     {0x444b1ae4d6e2ef50, "1e+21"},
                                                                     {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
                                                                     {0x3eb0c6f7a0b5ed8d, "0.000001"},
                                                                     {0x41b3de4355555553, "333333333.3333332"},
                                                                     {0x41b3de4355555554, "333333333.33333325"},
                                                                     {0x41b3de4355555555, "333333333.3333333"},
                                                                     {0x41b3de4355555556, "333333333.3333334"},
                                                                     {0x41b3de4355555557, "333333333.33333343"},
                                                                     {0xbecbf647612f3696, "-0.0000033333333333333333"},
                                                                     {0x43143ff3c1cb0959, "1424953923781206.2"}};
    for (const auto& [bits, text] : samples) EXPECT_EQ(number(bits), text);
}

TEST(Jcs, RefusesWhatJsonDoesNotHave) {
    EXPECT_THROW(number(0x7ff0000000000000), CodecError);
    EXPECT_THROW(number(0x7fffffffffffffff), CodecError);
    EXPECT_THROW(parse_json("{\"a\":\"\xff\"}"), CodecError);
    EXPECT_THROW(parse_json("{} x"), CodecError);
    for (const char* lone : {R"(["\udcea"])", R"({"s\udcealed":1})", R"(["\ud83d"])", R"(["\ud83dx"])"})
        EXPECT_THROW(parse_json(lone), CodecError) << lone;
    EXPECT_EQ(canonical(R"(["\ud7ff\ue000\ud83d\ude42"])"), "[\"\xED\x9F\xBF\xEE\x80\x80\xF0\x9F\x99\x82\"]");
    EXPECT_THROW(canonical(std::string(100, '[') + std::string(100, ']')), CodecError);
    EXPECT_THROW(canonical(R"({"a":1,"b":2,"\u0061":1})"), CodecError);
    for (const char* text : {"1e400", "-1e400", "1e-400", "01", "+1", ".5", "1.", "0x1", "1e", "NaN", "-"})
        EXPECT_THROW(parse_json(text), CodecError) << text;
}

// ASCII takes another way through the parser: one other byte anywhere must be found.
TEST(Jcs, ValidatesUtf8WhereverTheOneByteStandsThatIsNotAscii) {
    for (std::size_t length = 0; length < 20; ++length) {
        for (std::size_t at = 0; at <= length; ++at) {
            const std::string before(at, 'a');
            const std::string after(length - at, 'b');
            EXPECT_THROW(parse_json('"' + before + "\xA9" + after + '"'), CodecError) << length << ", " << at;
            const std::string good = '"' + before + "\xC3\xA9" + after + '"';
            EXPECT_EQ(canonical(good), good);
        }
    }
}

TEST(Jcs, EscapesWhereverItStands) {
    for (std::size_t at = 0; at < 10; ++at) {
        const std::string text = std::string(at, 'a') + "\\\"\n" + std::string(10 - at, 'b');
        const std::string written = '"' + std::string(at, 'a') + R"(\\\"\n)" + std::string(10 - at, 'b') + '"';
        EXPECT_EQ(jcs(rapidjson::Value(text.data(), static_cast<rapidjson::SizeType>(text.size()))), written);
        EXPECT_EQ(canonical(written), written);
    }
}

TEST(Jcs, ReadsNumbersToTheLastBit) {
    EXPECT_EQ(canonical("[0e60, -0, -0.0, 0E+0, 1E+2, 0.1e-6, 5e-324, 1.7976931348623157e308]"),
              "[0,0,0,0,100,1e-7,5e-324,1.7976931348623157e+308]");
    EXPECT_EQ(canonical("[9007199254740993, 18446744073709551615, -9223372036854775808, 123456789012345678901]"),
              "[9007199254740992,18446744073709552000,-9223372036854776000,123456789012345680000]");
    EXPECT_EQ(parse_json("9223372036854775807").GetInt64(), INT64_MAX) << "not by way of a double";
}

// RapidJSON writes and copies values by recursion: what is too deep must not even be parsed.
TEST(ParseJson, RefusesWhatWouldExhaustTheStack) {
    for (const char* level : {"[", "{\"a\":", "[{\"a\":"}) {
        std::string text = R"({"payload":)";
        for (int i = 0; i < 400'000; ++i) text += level;
        EXPECT_THROW(parse_json(text), CodecError);
    }
    EXPECT_NO_THROW(parse_json(std::string(64, '[') + std::string(64, ']')));
    EXPECT_THROW(parse_json(std::string(65, '[') + std::string(65, ']')), CodecError);
    std::string wide = "[";
    for (int i = 0; i < 100; ++i) wide += "[],{},";
    EXPECT_NO_THROW(parse_json(wide + "0]")) << "as many as you like beside each other";
    EXPECT_NO_THROW(parse_json("[\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"]"))
        << "in strings they nest nothing";
}

TEST(Jcs, IsItsOwnFixedPoint) {
    const std::string once = canonical(R"({"b":[1,{"z":null,"a":"\u0001"}],"a":-0.0,"":{}})");
    EXPECT_EQ(canonical(once), once);
}

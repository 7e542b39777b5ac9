#include "eventstore/append_rules.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <random>
#include <string>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/codec/json_index.hpp"
#include "tests/eventstore/codec/golden_texts.hpp"
#include "tests/eventstore/codec/mutations.hpp"

using namespace std::string_view_literals;
using namespace keyledger;
using namespace keyledger::eventstore;

namespace {

// The texts of an event as they were judged before: byte by byte, then by RapidJSON.
namespace by_bytes {

std::size_t utf8_sequence(std::string_view text) {
    auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned lead = byte(0);
    if (lead < 0x80) return lead == 0 ? 0 : 1;
    if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (!follows(1) || !follows(2)) return 0;
        if (lead == 0xE0 && byte(1) < 0xA0) return 0;
        if (lead == 0xED && byte(1) > 0x9F) return 0;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (!follows(1) || !follows(2) || !follows(3)) return 0;
        if (lead == 0xF0 && byte(1) < 0x90) return 0;
        if (lead == 0xF4 && byte(1) > 0x8F) return 0;
        return 4;
    }
    return 0;
}

bool is_unstorable_escape(std::string_view text) {
    if (text.size() < 6 || text[1] != 'u') return false;
    const std::string_view digits = text.substr(2, 4);
    if (digits == "0000") return true;
    const bool d = digits[0] == 'd' || digits[0] == 'D';
    const char second = digits[1];
    return d &&
           ((second >= '8' && second <= '9') || (second >= 'a' && second <= 'f') || (second >= 'A' && second <= 'F'));
}

bool is_storable_json_text(std::string_view text) {
    while (!text.empty()) {
        if (text.front() == '\\') {
            if (text.size() < 2 || is_unstorable_escape(text)) return false;
            text.remove_prefix(1);
        }
        const std::size_t length = utf8_sequence(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

// Empty: none.
std::string problem_of(std::string_view payload, std::string_view metadata) {
    if (!is_storable_json_text(payload)) return "a payload that jsonb can't hold";
    if (!is_storable_json_text(metadata)) return "metadata that jsonb can't hold";
    if (!is_json_object(payload) || !is_json_object(metadata)) return "not a JSON object";
    return {};
}

}  // namespace by_bytes

Append append_with(std::string_view payload, std::string_view metadata) {
    Append append;
    NewEvent event;
    event.stream_id = *Uuid::parse("0192e4a0-0000-7abc-8def-000000000002");
    event.version = 1;
    event.stream_type = "user";
    event.type = "user.registered";
    event.payload = payload;
    event.metadata = metadata;
    append.writes.push_back({event.stream_id, 0});
    append.events.push_back(std::move(event));
    return append;
}

// Compares what is said of the texts, and returns it.
std::string judged(std::string_view payload, std::string_view metadata) {
    const std::string said = problem_of(append_with(payload, metadata)).value_or("");
    EXPECT_EQ(said, by_bytes::problem_of(payload, metadata)) << payload << '\n' << metadata;
    return said;
}

constexpr std::string_view kPlain = R"({"actor":"system","at":1700000000000})";

}  // namespace

TEST(StorableJsonText, IsWellFormedUtf8) {
    for (const char* good : {"", "{}", "ü", "€", "😀", "\x7F", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"})
        EXPECT_TRUE(is_storable_json_text(good)) << good;
    for (const char* bad :
         {"\x80", "\xC0\xAF", "\xC1\x81", "\xC3", "\xC3(", "\xE0\x80\x80", "\xE2\x82", "\xED\xA0\x80", "\xED\xBF\xBF",
          "\xF0\x80\x80\x80", "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF", "a\xE2\x82"})
        EXPECT_FALSE(is_storable_json_text(bad)) << bad;
    EXPECT_FALSE(is_storable_json_text(std::string_view("a\0b", 3)));
}

TEST(StorableJsonText, HasNoEscapeThatJsonbRefuses) {
    for (const char* bad : {R"("\u0000")", R"("\ud800")", R"("\uDBFF\uDC00")", R"("\uDfff")", R"("\\\u0000")", R"(\)"})
        EXPECT_FALSE(is_storable_json_text(bad)) << bad;
    for (const char* good : {R"("\\u0000")", R"("\\\\u0000")", R"("\u0001")", R"("\ud7ff")", R"("\uE000")", R"("\"")"})
        EXPECT_TRUE(is_storable_json_text(good)) << good;
}

// Eight bytes are looked at in one: at each place of each length.
TEST(StorableJsonText, IsJudgedAsByteByByteWhereverItIsOdd) {
    for (std::size_t length = 0; length < 20; ++length)
        for (std::size_t at = 0; at <= length; ++at) {
            const std::string before(at, 'a'), after(length - at, 'b');
            const auto compare = [&](std::string_view odd) {
                std::string text = before;
                text.append(odd).append(after);
                EXPECT_EQ(is_storable_json_text(text), by_bytes::is_storable_json_text(text)) << text;
            };
            for (int byte = 0; byte < 256; ++byte) {
                const std::string one(1, static_cast<char>(byte));
                compare(one);
                compare("\\" + one);
            }
            for (const std::string_view odd :
                 {R"(\u0000)"sv, R"(\\u0000)"sv, R"(\ud800)"sv, R"(\\\uDFFF)"sv, R"(\ud7ff)"sv, R"(\u)"sv, "\xC3\xA9"sv,
                  "\xE2\x82\xAC"sv, "\xED\xA0\x80"sv, "\xF0\x9F\x98\x80"sv, "\xF4\x90\x80\x80"sv})
                compare(odd);
        }
}

TEST(StorableJsonText, IsJudgedAsByteByByteHoweverItIsMixed) {
    constexpr std::string_view kPieces[] = {"a",     "abcdefg", "\\",   "\\\\",   "\\u0000",      "\\ud8",
                                            "u0000", "00",      "\0"sv, "\"",     "\x7F",         "\xC3\xA9",
                                            "\xED",  "\xA0",    "\x80", "\\uD7F", "\xED\x9F\xBF", "F"};
    std::mt19937 random(24);
    int good = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (auto pieces = random() % 12; pieces > 0; --pieces) text += kPieces[random() % std::size(kPieces)];
        const bool is_good = by_bytes::is_storable_json_text(text);
        EXPECT_EQ(is_storable_json_text(text), is_good) << text;
        if (is_good) ++good;
    }
    EXPECT_GT(good, 2000);
    EXPECT_LT(good, 18'000);
}

// The log's texts, most of them wrong a little, as payload and as metadata: the same are taken, and the others refused
// in the same words.
TEST(TextsOfAnEvent, AreJudgedAsByteByByteAndByRapidJson) {
    eventstore::test::Mutations mutations(24);
    std::map<std::string, int> said;
    int plain = 0;
    for (const std::string& golden : eventstore::test::golden_texts()) {
        EXPECT_EQ(judged(golden, kPlain), "") << golden;
        EXPECT_EQ(judged(kPlain, golden), "") << golden;
        for (int i = 0; i < 40; ++i) {
            const std::string one = mutations.of(golden), other = mutations.of(golden);
            if (is_plain_json_object(one)) ++plain;
            ++said[judged(one, kPlain)];
            ++said[judged(kPlain, other)];
            ++said[judged(one, other)];
        }
    }
    EXPECT_EQ(said.size(), 4U);
    for (const auto& [words, times] : said) EXPECT_GT(times, 100) << words;
    EXPECT_GT(plain, 500);
}

TEST(TextsOfAnEvent, MayHaveEachByteInEachPlace) {
    for (int byte = 0; byte < 256; ++byte)
        for (std::size_t at = 0; at <= kPlain.size(); ++at) {
            std::string text(kPlain);
            judged(text.insert(at, 1, static_cast<char>(byte)), kPlain);
            if (at == kPlain.size()) continue;
            text = kPlain;
            text[at] = static_cast<char>(byte);
            judged(text, kPlain);
        }
}

TEST(TextsOfAnEvent, MayNestAndCountAsBefore) {
    const auto nested = [](std::size_t depth) {
        return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
    };
    EXPECT_EQ(judged(nested(64), kPlain), "");
    EXPECT_EQ(judged(nested(65), kPlain), "not a JSON object");
    EXPECT_EQ(judged(nested(10'000), kPlain), "not a JSON object");
    // Object, name and array count, too.
    const auto counting = [](std::size_t values) {
        std::string text = R"({"a":[0)";
        for (std::size_t more = values - 4; more > 0; --more) text += ",0";
        return text + "]}";
    };
    EXPECT_TRUE(is_plain_json_object(counting(kMaxPlainValues)));
    EXPECT_FALSE(is_plain_json_object(counting(kMaxPlainValues + 1)));
    for (const std::size_t values : {kMaxPlainValues - 1, kMaxPlainValues, kMaxPlainValues + 1, 10 * kMaxPlainValues})
        EXPECT_EQ(judged(counting(values), kPlain), "");
    EXPECT_EQ(judged(counting(kMaxPlainValues) + "x", kPlain), "not a JSON object");
}

TEST(TextsOfAnEvent, AreObjects) {
    for (const std::string_view good : {"{}"sv, "{ }"sv, R"({"a":1,"a":1})"sv, R"({"b":-7,"a":[null,true,false]})"sv,
                                        R"({"a":1e3})"sv, R"({"a":-0})"sv, "{}\n"sv, R"({"a":1000000000000000})"sv})
        EXPECT_EQ(judged(good, good), "") << good;
    for (const std::string_view bad : {""sv, " {}"sv, "[]"sv, "1"sv, "null"sv, "{"sv, "{}{}"sv, "{},"sv, R"({"a"})"sv,
                                       R"({"a":})"sv, R"({"a":1,})"sv, R"({"a":[1,]})"sv, R"({"a":01})"sv,
                                       R"({"a":-})"sv, R"({"a":1e400})"sv, R"({"a":nul})"sv, R"({a:1})"sv}) {
        EXPECT_EQ(judged(bad, kPlain), "not a JSON object") << bad;
        EXPECT_EQ(judged(kPlain, bad), "not a JSON object") << bad;
    }
}

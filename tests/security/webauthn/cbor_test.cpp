#include "security/webauthn/cbor.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "security/primitives/hex.hpp"
#include "tests/support/authenticator/software_authenticator.hpp"

namespace keyledger::security {
namespace {

using enum CborError;
using Kind = CborValue::Kind;
using test::cbor_bytes;
using test::cbor_head;
using test::cbor_integer;
using test::cbor_map;
using test::cbor_text;

std::string bytes(std::string_view hex) { return hex_decode(hex).value(); }
CborError refused(std::string_view hex) {
    const std::string text = bytes(hex);
    const auto read = read_cbor(text);
    EXPECT_FALSE(read) << hex;
    return read ? kUnsupported : read.error();
}
std::int64_t integer(std::string_view hex) {
    const std::string text = bytes(hex);
    const auto read = read_cbor(text);
    EXPECT_TRUE(read && read->kind == Kind::kInteger) << hex;
    return read ? read->number : 0;
}

}  // namespace

// RFC 8949 appendix A, as far as it is read here.
TEST(ReadCbor, ReadsTheStandardsExamples) {
    const std::pair<std::string_view, std::int64_t> kIntegers[] = {{"00", 0},
                                                                   {"0a", 10},
                                                                   {"17", 23},
                                                                   {"1818", 24},
                                                                   {"1864", 100},
                                                                   {"1903e8", 1000},
                                                                   {"1a000f4240", 1000000},
                                                                   {"1b000000e8d4a51000", 1000000000000},
                                                                   {"20", -1},
                                                                   {"3863", -100},
                                                                   {"3903e7", -1000}};
    for (const auto& [hex, number] : kIntegers) EXPECT_EQ(integer(hex), number) << hex;
    EXPECT_EQ(integer("1b7fffffffffffffff"), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(integer("3b7fffffffffffffff"), std::numeric_limits<std::int64_t>::min());
    const std::string text = bytes("a26161016162820203");  // {"a": 1, "b": [2, 3]}
    const auto map = read_cbor(text);
    ASSERT_TRUE(map);
    EXPECT_EQ(map->members(), 2U);
    ASSERT_TRUE(map->find("b", Kind::kList));
    EXPECT_EQ(map->find("b")->items[1].number, 3);
    EXPECT_EQ(map->find("a", Kind::kText), nullptr);
    EXPECT_EQ(map->find("c"), nullptr);
    EXPECT_EQ(map->find(1), nullptr) << "a number is no text";
    const std::string flags = bytes("83f4f5f6");
    const auto list = read_cbor(flags);
    ASSERT_TRUE(list);
    EXPECT_EQ(list->items[0].kind, Kind::kBoolean);
    EXPECT_EQ(list->items[0].number, 0);
    EXPECT_EQ(list->items[1].number, 1);
    EXPECT_EQ(list->items[2].kind, Kind::kNull);
}

TEST(ReadCbor, RefusesWhatHasAnotherForm) {
    EXPECT_EQ(refused(""), kTruncated);
    EXPECT_EQ(refused("0000"), kTrailingBytes);
    EXPECT_EQ(refused("1800"), kNotShortest);
    EXPECT_EQ(refused("1817"), kNotShortest);
    EXPECT_EQ(refused("1900ff"), kNotShortest);
    EXPECT_EQ(refused("1a0000ffff"), kNotShortest);
    EXPECT_EQ(refused("1b00000000ffffffff"), kNotShortest);
    EXPECT_EQ(refused("3800"), kNotShortest);
    EXPECT_EQ(refused("580161"), kNotShortest) << "a length";
    EXPECT_EQ(refused("1b8000000000000000"), kOutOfRange);
    EXPECT_EQ(refused("3bffffffffffffffff"), kOutOfRange);
    for (const char* open : {"5f4161ff", "7f6161ff", "9f01ff", "bf6161f5ff", "1f"})
        EXPECT_EQ(refused(open), kIndefiniteLength) << open;
    for (const char* other : {"1c", "c11a514b67b0", "f97e00", "fb3ff199999999999a", "f7", "f0", "f8ff", "ff"})
        EXPECT_EQ(refused(other), kUnsupported) << other;
    EXPECT_EQ(refused("61ff"), kNotUtf8);
    EXPECT_EQ(refused("62c080"), kNotUtf8);
    EXPECT_EQ(refused("a201000100"), kKeyTwice);
    EXPECT_EQ(refused("a2616101616102"), kKeyTwice);
    EXPECT_EQ(refused("a1410100"), kKeyOfOtherType);
    EXPECT_EQ(refused("a1f500"), kKeyOfOtherType);
    EXPECT_EQ(refused("a1"), kTruncated);
    EXPECT_EQ(refused("a101"), kTruncated);
}

TEST(ReadCbor, RefusesEveryBeginningOfAGoodText) {
    const std::string good =
        cbor_map(3, cbor_text("fmt") + cbor_text("none") + cbor_integer(-257) + cbor_bytes(std::string(300, 'x')) +
                        cbor_integer(1000) + cbor_map(1, cbor_integer(1) + cbor_integer(70000)));
    ASSERT_TRUE(read_cbor(good));
    for (std::size_t size = 0; size < good.size(); ++size) {
        const auto read = read_cbor(std::string_view(good).substr(0, size));
        ASSERT_FALSE(read) << size;
        EXPECT_EQ(read.error(), kTruncated) << size;
    }
}

TEST(ReadCbor, IsBounded) {
    std::string deep = "00";
    for (int i = 0; i < kMaxCborDepth; ++i) deep = "81" + deep;
    EXPECT_TRUE(read_cbor(bytes(deep)));
    EXPECT_EQ(refused("81" + deep), kTooDeep);
    EXPECT_EQ(refused("a100" + deep), kTooDeep);
    EXPECT_EQ(refused("9b0000000100000000"), kTruncated) << "a length asks for no memory";
    EXPECT_EQ(refused("5bffffffffffffffff"), kTruncated);
    const std::string many = cbor_head(4, kMaxCborValues - 1) + std::string(kMaxCborValues - 1, '\0');
    EXPECT_TRUE(read_cbor(many));
    const auto more = read_cbor(cbor_head(4, kMaxCborValues) + std::string(kMaxCborValues, '\0'));
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error(), kTooManyValues);
    const auto longest = read_cbor(cbor_bytes(std::string(kMaxCborBytes, 'x')));
    ASSERT_FALSE(longest);
    EXPECT_EQ(longest.error(), kTooLong);
}

TEST(TakeCbor, LeavesWhatFollows) {
    const std::string text = cbor_integer(7) + "rest";
    std::string_view left = text;
    const auto read = take_cbor(left);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->number, 7);
    EXPECT_EQ(left, "rest");
}

TEST(CborErrors, HaveASentenceEach) {
    std::string before;
    for (int i = 0; i <= static_cast<int>(kTooManyValues); ++i) {
        const std::string_view sentence = sentence_of(static_cast<CborError>(i));
        EXPECT_FALSE(sentence.empty());
        EXPECT_NE(sentence, before);
        EXPECT_NE(sentence, "it can't be read");
        before = sentence;
    }
}

}  // namespace keyledger::security

#include "eventstore/kafka/topics/position_record.hpp"

#include <gtest/gtest.h>

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;

PositionRecord sample() {
    PositionRecord record;
    record.log_id = *Uuid::parse("0190163d-8694-739b-aea5-966c26f8ad91");
    record.cursor.position = 1234;
    record.cursor.leaf_hash.fill(0xab);
    record.offsets = {0, 17, 4'000'000'000};
    return record;
}

TEST(PositionRecord, IsCanonicalJson) {
    EXPECT_EQ(encode(sample()), "{\"format\":1,\"leaf_hash\":\"" +
                                    std::string("abababababababababababababababababababababababababababababababab") +
                                    "\",\"log_id\":\"0190163d-8694-739b-aea5-966c26f8ad91\","
                                    "\"offsets\":[0,17,4000000000],\"position\":1234}");
}

TEST(PositionRecord, ReadsWhatItWrote) {
    const auto read = decode_position_record(encode(sample()));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->log_id, sample().log_id);
    EXPECT_EQ(read->cursor, sample().cursor);
    EXPECT_EQ(read->offsets, sample().offsets);
}

TEST(PositionRecord, RefusesWhatIsNotOne) {
    const std::string good = encode(sample());
    auto with = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        return text.replace(text.find(from), from.size(), to);
    };
    for (const std::string& bad :
         {std::string(), std::string("[]"), good.substr(1), with("\"format\":1", "\"format\":2"),
          with("1234", "\"1234\""), with("17", "-17"), with("17", "null"), with("ab", "xy"), with("abab", ""),
          with("0190163d-", ""), with("\"offsets\"", "\"offset\"")})
        EXPECT_FALSE(decode_position_record(bad)) << bad;
}

}  // namespace
}  // namespace keyledger::test

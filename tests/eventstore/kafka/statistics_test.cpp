// What librdkafka says of itself: its own texts, and texts that are none of its.
#include "eventstore/kafka/client/statistics.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "eventstore/kafka/client/producer.hpp"

using namespace keyledger::eventstore::kafka;
using namespace std::chrono_literals;

namespace {

std::string broker(int id, const std::string& more) {
    return "\"host" + std::to_string(id) + ":9092/" + std::to_string(id) + "\":{\"nodeid\":" + std::to_string(id) +
           more + "}";
}

}  // namespace

TEST(KafkaStatistics, TellOfQueueAndEachBroker) {
    const auto read = read_statistics(
        R"({"name":"keyledger#producer-1","msg_cnt":3,"msg_size":450,"txmsgs":70,"txmsg_bytes":9000,"brokers":{)" +
        broker(2, R"(,"state":"UP","outbuf_cnt":1,"waitresp_cnt":2,"tx":40,"txerrs":5,"txretries":6,"req_timeouts":7,)"
                  R"("rxerrs":8,"rtt":{"avg":1500,"p99":250000})") +
        "," + broker(-1, R"(,"state":"UP","tx":9)") + "," + broker(1, R"(,"state":"DOWN")") + "}}");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->queued_records, 3);
    EXPECT_EQ(read->queued_bytes, 450);
    EXPECT_EQ(read->sent_records, 70);
    EXPECT_EQ(read->sent_bytes, 9000);
    ASSERT_EQ(read->brokers.size(), 2u) << "the address that the client was given is no broker of its own";
    EXPECT_EQ(read->brokers[0].id, 1);
    EXPECT_FALSE(read->brokers[0].is_up);
    const auto& second = read->brokers[1];
    EXPECT_EQ(second.id, 2);
    EXPECT_TRUE(second.is_up);
    EXPECT_EQ(second.waiting_requests, 1);
    EXPECT_EQ(second.unanswered_requests, 2);
    EXPECT_EQ(second.sent_requests, 40);
    EXPECT_EQ(second.send_errors, 5);
    EXPECT_EQ(second.retries, 6);
    EXPECT_EQ(second.timeouts, 7);
    EXPECT_EQ(second.receive_errors, 8);
    EXPECT_DOUBLE_EQ(second.round_trip_mean_s, 0.0015);
    EXPECT_DOUBLE_EQ(second.round_trip_p99_s, 0.25);
}

TEST(KafkaStatistics, NeverShowMoreBrokersThanTheirBound) {
    std::string text = R"({"brokers":{)";
    for (int id = 500; id > 0; --id) text += broker(id, "") + (id > 1 ? "," : "");
    const auto read = read_statistics(text + "}}");
    ASSERT_TRUE(read);
    ASSERT_EQ(read->brokers.size(), kMostBrokers);
    EXPECT_EQ(read->brokers.front().id, 1);
    EXPECT_EQ(read->brokers.back().id, static_cast<std::int32_t>(kMostBrokers));
}

TEST(KafkaStatistics, AreLeftAloneByWhatCannotBeRead) {
    StatisticsBoard board;
    EXPECT_FALSE(board.newest());
    for (const char* text : {"", "{", "[]", "null", "{\"msg_cnt\":"}) board.take(text);
    EXPECT_FALSE(board.newest());
    board.take(R"({"msg_cnt":4})");
    board.take("nonsense");
    board.take(std::string(kMostStatisticsBytes + 1, ' '));
    ASSERT_TRUE(board.newest());
    EXPECT_EQ(board.newest()->queued_records, 4);
    board.take(R"({"msg_cnt":"many","brokers":{"a":1,"b":{"nodeid":"x"}}})");
    EXPECT_EQ(board.newest()->queued_records, 0) << "members of another kind count for nothing";
}

// No broker answers there: what it says of itself comes all the same.
TEST(KafkaStatistics, ComeFromTheProducerThatIsAskedForThem) {
    StatisticsBoard board;
    ClientOptions options;
    options.brokers = "127.0.0.1:1";
    options.statistics = [&board](std::string_view json) { board.take(json); };
    options.statistics_every = 50ms;
    options.properties = {{"statistics.interval.ms", "3600000"}};  // not the operator's to choose
    const auto producer = TransactionalProducer::open(options, "statistics", {{"events"}, "positions"});
    ASSERT_TRUE(producer);
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!board.newest() && std::chrono::steady_clock::now() < until) (void)(*producer)->broker_answers();
    EXPECT_TRUE(board.newest());
}

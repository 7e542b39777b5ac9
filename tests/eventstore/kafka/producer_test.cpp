// Errors that a real broker can't be asked to give, from librdkafka's mock cluster. It has no commit markers
// and ignores isolation levels, so nothing about exactly once is shown here: only what the producer makes of
// an error.
#include "eventstore/kafka/client/producer.hpp"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <vector>

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;
using namespace std::chrono_literals;

constexpr auto kPatience = 60s;  // never reached by a test that passes

// Numbers of Kafka's protocol.
constexpr std::int16_t kProduce = 0;
constexpr std::int16_t kInitProducerId = 22;
constexpr std::int16_t kAddPartitionsToTxn = 24;
constexpr std::int16_t kEndTxn = 26;

class MockCluster {
public:
    MockCluster() {
        rd_kafka_conf_t* conf = rd_kafka_conf_new();
        char text[256];
        rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text);
        owner_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text));
        cluster_ = rd_kafka_mock_cluster_new(owner_.get(), 1);
        rd_kafka_mock_topic_create(cluster_, "events", 3, 1);
        rd_kafka_mock_topic_create(cluster_, "positions", 1, 1);
    }
    ~MockCluster() { rd_kafka_mock_cluster_destroy(cluster_); }
    MockCluster(const MockCluster&) = delete;
    MockCluster& operator=(const MockCluster&) = delete;

    void answer(std::int16_t request, rd_kafka_resp_err_t error, int times = 1) {
        const std::vector<rd_kafka_resp_err_t> errors(static_cast<std::size_t>(times), error);
        rd_kafka_mock_push_request_errors_array(cluster_, request, errors.size(), errors.data());
    }
    void broker(bool up) { up ? rd_kafka_mock_broker_set_up(cluster_, 1) : rd_kafka_mock_broker_set_down(cluster_, 1); }
    std::unique_ptr<TransactionalProducer> producer() {
        ClientOptions options;
        options.brokers = rd_kafka_mock_cluster_bootstraps(cluster_);
        auto opened = TransactionalProducer::open(options, "keyledger.test.publisher", {{"events"}, "positions"});
        EXPECT_TRUE(opened);
        return std::move(*opened);
    }

private:
    struct Destroy {
        void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    };
    std::unique_ptr<rd_kafka_t, Destroy> owner_;
    rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

bool go_on() { return true; }

// One transaction with three events; the first error of any step.
Result<void, KafkaError> transact(TransactionalProducer& producer, const std::string& value = "{}") {
    auto begun = producer.begin();
    if (!begun) return begun;
    for (Position position = 1; position <= 3; ++position) {
        auto sent = producer.send_event(0, position, {"subject", value, {{"ce_id", "1"}}});
        if (!sent) return sent;
    }
    auto sent = producer.send_position({"events", "{}", {}});
    if (!sent) return sent;
    auto flushed = producer.flush(go_on);
    if (!flushed) return flushed;
    return producer.commit();
}

TEST(TransactionalProducer, CommitsAndKnowsWhereItsEventsEnded) {
    MockCluster cluster;
    const auto producer = cluster.producer();
    ASSERT_TRUE(producer->init(kPatience));
    ASSERT_TRUE(transact(*producer));
    ASSERT_EQ(producer->delivered_ends().size(), 1U) << "one key, one partition";
    EXPECT_EQ(producer->delivered_ends().front().offset, 3);
    ASSERT_TRUE(transact(*producer));
    EXPECT_EQ(producer->delivered_ends().front().offset, 6);
}

TEST(TransactionalProducer, SaysThatItWasFencedByWhicheverNameTheBrokerGivesIt) {
    for (const std::int16_t request : {kProduce, kAddPartitionsToTxn, kEndTxn}) {
        for (const auto error : {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_PRODUCER_FENCED}) {
            if (request == kProduce && error == RD_KAFKA_RESP_ERR_PRODUCER_FENCED) continue;  // not an answer to it
            MockCluster cluster;
            const auto producer = cluster.producer();
            ASSERT_TRUE(producer->init(kPatience));
            cluster.answer(request, error);
            const auto done = transact(*producer);
            ASSERT_FALSE(done) << request;
            EXPECT_EQ(done.error().next, NextStep::kFenced) << request << ": " << done.error().sentence;
        }
    }
}

TEST(TransactionalProducer, BeginsAnewAfterAFatalSequenceError) {
    MockCluster cluster;
    const auto producer = cluster.producer();
    ASSERT_TRUE(producer->init(kPatience));
    cluster.answer(kProduce, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 20);
    const auto done = transact(*producer);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().next, NextStep::kRestart) << done.error().sentence;
}

TEST(TransactionalProducer, OutlastsErrorsThatPass) {
    MockCluster cluster;
    const auto producer = cluster.producer();
    cluster.answer(kInitProducerId, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 2);
    ASSERT_TRUE(producer->init(kPatience));
    cluster.answer(kAddPartitionsToTxn, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, 2);
    cluster.answer(kProduce, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 2);
    cluster.answer(kEndTxn, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, 2);
    const auto done = transact(*producer);
    EXPECT_TRUE(done) << done.error().sentence;
}

TEST(TransactionalProducer, SaysThatARecordIsRefused) {
    MockCluster cluster;
    const auto producer = cluster.producer();
    ASSERT_TRUE(producer->init(kPatience));
    cluster.answer(kProduce, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 5);
    const auto by_broker = transact(*producer);
    ASSERT_FALSE(by_broker);
    EXPECT_EQ(by_broker.error().next, NextStep::kRefused) << by_broker.error().sentence;
    const auto second = cluster.producer();
    ASSERT_TRUE(second->init(kPatience));
    const auto by_client = transact(*second, std::string(1'100'000, 'x'));
    ASSERT_FALSE(by_client);
    EXPECT_EQ(by_client.error().next, NextStep::kRefused) << by_client.error().sentence;
    EXPECT_NE(by_client.error().sentence.find("event 1"), std::string::npos) << by_client.error().sentence;
}

TEST(TransactionalProducer, SeesTheBrokerGoAndComeBack) {
    MockCluster cluster;
    const auto producer = cluster.producer();
    ASSERT_TRUE(producer->init(kPatience));
    EXPECT_TRUE(producer->broker_answers());
    cluster.broker(false);
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (producer->broker_answers() && std::chrono::steady_clock::now() < deadline) continue;
    EXPECT_TRUE(producer->all_brokers_down());
    cluster.broker(true);
    while (!producer->broker_answers() && std::chrono::steady_clock::now() < deadline + kPatience) continue;
    EXPECT_FALSE(producer->all_brokers_down());
}

TEST(TransactionalProducer, CannotTakeOverWhileNoBrokerAnswers) {
    MockCluster cluster;
    cluster.broker(false);
    const auto producer = cluster.producer();
    const auto done = producer->init(500ms);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().next, NextStep::kRetry) << done.error().sentence;
}

TEST(TransactionalProducer, RefusesASettingThatKafkaDoesNotKnowWithoutRepeatingItsValue) {
    ClientOptions options;
    options.brokers = "127.0.0.1:1";
    options.properties = {{"no.such.setting", "secret-value"}};
    const auto opened = TransactionalProducer::open(options, "id", {{"events"}, "positions"});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().next, NextStep::kRefused);
    EXPECT_EQ(opened.error().sentence.find("secret-value"), std::string::npos);
}

}  // namespace
}  // namespace keyledger::test

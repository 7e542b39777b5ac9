#include "tests/support/kafka/kafka.hpp"

#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

namespace keyledger::test {
namespace {

constexpr int kRequestMs = 10'000;
constexpr int kPollMs = 50;
constexpr auto kReadTimeout = std::chrono::seconds(60);

using Handle = std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;
using Queue = std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)>;
using Event = std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)>;

[[noreturn]] void fail(const std::string& doing, const char* why) { throw std::runtime_error(doing + ": " + why); }
void check(const std::string& doing, rd_kafka_resp_err_t error) {
    if (error) fail(doing, rd_kafka_err2str(error));
}

Handle open(rd_kafka_type_t type, const std::string& brokers, const Settings& settings,
            rd_kafka_conf_t* conf = rd_kafka_conf_new()) {
    char text[512];
    Settings all = settings;
    all.emplace_back("bootstrap.servers", brokers);
    all.emplace_back("log_level", "3");
    for (const auto& [name, value] : all)
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text, sizeof text)) fail(name, text);
    rd_kafka_t* handle = rd_kafka_new(type, conf, text, sizeof text);
    if (!handle) fail("a Kafka client for tests", text);
    return Handle(handle, rd_kafka_destroy);
}

Handle consumer(const std::string& brokers, Isolation isolation, const Settings& as) {
    const bool committed = isolation == Isolation::kReadCommitted;
    Settings settings{{"group.id", "keyledger.tests"},
                      {"isolation.level", committed ? "read_committed" : "read_uncommitted"},
                      {"enable.auto.commit", "false"},
                      {"enable.partition.eof", "true"},
                      {"fetch.wait.max.ms", "10"}};
    settings.insert(settings.end(), as.begin(), as.end());
    return open(RD_KAFKA_CONSUMER, brokers, settings);
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* outcome) {
    *static_cast<rd_kafka_resp_err_t*>(outcome) = message->err;
}

// nullopt: there is no such topic.
std::optional<int> partition_count(rd_kafka_t* handle, const std::string& topic) {
    const rd_kafka_metadata_t* metadata = nullptr;
    check("listing topics", rd_kafka_metadata(handle, 1, nullptr, &metadata, kRequestMs));
    std::optional<int> count;
    for (int i = 0; i < metadata->topic_cnt; ++i)
        if (topic == metadata->topics[i].topic && !metadata->topics[i].err) count = metadata->topics[i].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    return count;
}

void await(const std::string& what, const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kReadTimeout;
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= deadline) fail(what, "took too long");
        std::this_thread::sleep_for(std::chrono::milliseconds(kPollMs));  // the cluster tells nobody
    }
}

ConsumedRecord copy_of(const rd_kafka_message_t& message) {
    ConsumedRecord record;
    record.partition = message.partition;
    record.offset = message.offset;
    record.key.assign(static_cast<const char*>(message.key), message.key_len);
    record.value.assign(static_cast<const char*>(message.payload), message.len);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers)) return record;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &size); ++i)
        record.headers_in_order.emplace_back(name, std::string(static_cast<const char*>(value), size));
    record.headers.insert(record.headers_in_order.begin(), record.headers_in_order.end());
    return record;
}

}  // namespace

std::string kafka_brokers() {
    const char* brokers = std::getenv("KEYLEDGER_TEST_KAFKA_BROKERS");
    if (brokers && *brokers) return brokers;
    throw std::runtime_error(
        "KEYLEDGER_TEST_KAFKA_BROKERS is not set: run the tests with scripts/test, which starts a broker");
}

std::int64_t ConsumedRecord::position() const {
    const auto sequence = headers.find("ce_sequence");
    return sequence == headers.end() ? 0 : std::stoll(sequence->second);
}

std::vector<ConsumedRecord> read_topic(const std::string& brokers, const std::string& topic, Isolation isolation,
                                       const Settings& as) {
    // Only an uncommitted reader is told the true end; a committed one is told where the first open
    // transaction began.
    const Handle bounds = consumer(brokers, Isolation::kReadUncommitted, as);
    const Handle reader = consumer(brokers, isolation, as);
    const auto partitions = partition_count(bounds.get(), topic);
    if (!partitions) fail(topic, "there is no such topic");
    const Partitions wanted(rd_kafka_topic_partition_list_new(*partitions), rd_kafka_topic_partition_list_destroy);
    std::map<std::int32_t, std::int64_t> ends;
    for (std::int32_t partition = 0; partition < *partitions; ++partition) {
        std::int64_t first = 0;
        std::int64_t end = 0;
        check(topic,
              rd_kafka_query_watermark_offsets(bounds.get(), topic.c_str(), partition, &first, &end, kRequestMs));
        if (first == end) continue;
        ends[partition] = end;
        rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), partition)->offset = first;
    }
    check(topic, rd_kafka_assign(reader.get(), wanted.get()));
    std::vector<ConsumedRecord> records;
    const auto deadline = std::chrono::steady_clock::now() + kReadTimeout;
    while (!ends.empty()) {
        if (std::chrono::steady_clock::now() >= deadline) fail(topic, "its end was not reached");
        const std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)> message(
            rd_kafka_consumer_poll(reader.get(), kPollMs), rd_kafka_message_destroy);
        if (!message) continue;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            const auto end = ends.find(message->partition);
            if (end != ends.end() && message->offset >= end->second) ends.erase(end);
            continue;
        }
        if (!message->err) records.push_back(copy_of(*message));
    }
    return records;
}

void create_topic(const std::string& brokers, const std::string& topic, std::int32_t partitions,
                  const Settings& settings) {
    const Handle handle = open(RD_KAFKA_PRODUCER, brokers, {});
    char text[512];
    const std::unique_ptr<rd_kafka_NewTopic_t, decltype(&rd_kafka_NewTopic_destroy)> wanted(
        rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, text, sizeof text), rd_kafka_NewTopic_destroy);
    for (const auto& [name, value] : settings) rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str());
    const Queue queue(rd_kafka_queue_new(handle.get()), rd_kafka_queue_destroy);
    rd_kafka_NewTopic_t* one = wanted.get();
    rd_kafka_CreateTopics(handle.get(), &one, 1, nullptr, queue.get());
    const Event event(rd_kafka_queue_poll(queue.get(), kRequestMs), rd_kafka_event_destroy);
    if (!event) fail(topic, "the broker did not answer");
    check(topic, rd_kafka_event_error(event.get()));
    std::size_t count = 0;
    const auto* result = rd_kafka_event_CreateTopics_result(event.get());
    check(topic, rd_kafka_topic_result_error(rd_kafka_CreateTopics_result_topics(result, &count)[0]));
    await("making " + topic, [&] { return partition_count(handle.get(), topic).has_value(); });
}

void alter_topic(const std::string& brokers, const std::string& topic, const Settings& settings) {
    const Handle handle = open(RD_KAFKA_PRODUCER, brokers, {});
    const std::unique_ptr<rd_kafka_ConfigResource_t, decltype(&rd_kafka_ConfigResource_destroy)> resource(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()), rd_kafka_ConfigResource_destroy);
    for (const auto& [name, value] : settings)
        rd_kafka_ConfigResource_set_config(resource.get(), name.c_str(), value.c_str());
    const Queue queue(rd_kafka_queue_new(handle.get()), rd_kafka_queue_destroy);
    rd_kafka_ConfigResource_t* one = resource.get();
    rd_kafka_AlterConfigs(handle.get(), &one, 1, nullptr, queue.get());
    const Event event(rd_kafka_queue_poll(queue.get(), kRequestMs), rd_kafka_event_destroy);
    if (!event) fail(topic, "the broker did not answer");
    check(topic, rd_kafka_event_error(event.get()));
    std::size_t count = 0;
    const auto* result = rd_kafka_event_AlterConfigs_result(event.get());
    check(topic, rd_kafka_ConfigResource_error(rd_kafka_AlterConfigs_result_resources(result, &count)[0]));
}

void delete_topic(const std::string& brokers, const std::string& topic) {
    const Handle handle = open(RD_KAFKA_PRODUCER, brokers, {});
    const std::unique_ptr<rd_kafka_DeleteTopic_t, decltype(&rd_kafka_DeleteTopic_destroy)> unwanted(
        rd_kafka_DeleteTopic_new(topic.c_str()), rd_kafka_DeleteTopic_destroy);
    const Queue queue(rd_kafka_queue_new(handle.get()), rd_kafka_queue_destroy);
    rd_kafka_DeleteTopic_t* one = unwanted.get();
    rd_kafka_DeleteTopics(handle.get(), &one, 1, nullptr, queue.get());
    const Event event(rd_kafka_queue_poll(queue.get(), kRequestMs), rd_kafka_event_destroy);
    if (!event) fail(topic, "the broker did not answer");
    await("deleting " + topic, [&] { return !partition_count(handle.get(), topic); });
}

void produce(const std::string& brokers, const std::string& topic, const std::string& key, const std::string& value,
             const Settings& headers, const Settings& as) {
    rd_kafka_resp_err_t outcome = RD_KAFKA_RESP_ERR__TIMED_OUT;
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, &outcome);
    Settings settings{{"linger.ms", "0"}};
    settings.insert(settings.end(), as.begin(), as.end());
    const Handle handle = open(RD_KAFKA_PRODUCER, brokers, settings, conf);
    rd_kafka_headers_t* all = rd_kafka_headers_new(headers.size());
    for (const auto& [name, text] : headers) rd_kafka_header_add(all, name.c_str(), -1, text.data(), std::ssize(text));
    check(topic,
          rd_kafka_producev(handle.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
                            RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(all), RD_KAFKA_V_END));
    check(topic, rd_kafka_flush(handle.get(), kRequestMs));
    check(topic, outcome);
}

TopicPrefix::TopicPrefix() {
    std::random_device random;
    text_ = "test-" + std::to_string(getpid()) + "-" + std::to_string(random());
}

TopicPrefix::~TopicPrefix() {
    try {
        const std::string brokers = kafka_brokers();
        for (const char* topic : {".events.v1", ".users.v1", ".sessions.v1", ".publisher.v1"})
            delete_topic(brokers, text_ + topic);
    } catch (const std::exception&) {
        // The broker is thrown away after the tests, with whatever is left on it.
    }
}

}  // namespace keyledger::test

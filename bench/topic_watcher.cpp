#include "bench/topic_watcher.hpp"

#include <librdkafka/rdkafka.h>

#include <cstdlib>
#include <stdexcept>

namespace keyledger::bench {

TopicWatcher::TopicWatcher(std::string brokers, std::string topic, std::int32_t partitions)
    : thread_([=, this] { watch(brokers, topic, partitions); }) {}

TopicWatcher::~TopicWatcher() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    thread_.join();
}

bool TopicWatcher::await(Position last, std::chrono::seconds patience) {
    std::unique_lock lock(mutex_);
    return moved_.wait_for(lock, patience, [&] { return complete_ >= last; });
}

std::optional<TopicWatcher::Clock::time_point> TopicWatcher::seen(Position position) const {
    const std::lock_guard lock(mutex_);
    const auto at = static_cast<std::size_t>(position);
    if (at >= seen_.size() || seen_[at] == Clock::time_point{}) return std::nullopt;
    return seen_[at];
}

void TopicWatcher::note(Position position, Clock::time_point at) {
    const std::lock_guard lock(mutex_);
    const auto index = static_cast<std::size_t>(position);
    if (index >= seen_.size()) seen_.resize(2 * index + 1);
    if (seen_[index] == Clock::time_point{}) seen_[index] = at;
    const auto next = [&] { return static_cast<std::size_t>(complete_) + 1; };
    while (next() < seen_.size() && seen_[next()] != Clock::time_point{}) ++complete_;
    moved_.notify_all();
}

void TopicWatcher::watch(const std::string& brokers, const std::string& topic, std::int32_t partitions) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    char text[256];
    const auto set = [&](const char* name, const char* value) {
        rd_kafka_conf_set(conf, name, value, text, sizeof text);
    };
    set("bootstrap.servers", brokers.c_str());
    set("group.id", "keyledger.bench");
    set("enable.auto.commit", "false");
    set("isolation.level", "read_committed");
    set("fetch.wait.max.ms", "10");
    rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    rd_kafka_topic_partition_list_t* all = rd_kafka_topic_partition_list_new(partitions);
    for (std::int32_t partition = 0; partition < partitions; ++partition)
        rd_kafka_topic_partition_list_add(all, topic.c_str(), partition)->offset = 0;
    rd_kafka_assign(consumer, all);
    const auto goes_on = [&] {
        const std::lock_guard lock(mutex_);
        return !stopping_;
    };
    while (goes_on()) {
        rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 100);
        if (!message) continue;
        const auto at = Clock::now();
        rd_kafka_headers_t* headers = nullptr;
        const void* value = nullptr;
        std::size_t size = 0;
        if (!message->err && !rd_kafka_message_headers(message, &headers) &&
            !rd_kafka_header_get_last(headers, "ce_sequence", &value, &size))
            note(std::strtoll(static_cast<const char*>(value), nullptr, 10), at);
        rd_kafka_message_destroy(message);
    }
    rd_kafka_topic_partition_list_destroy(all);
    rd_kafka_destroy(consumer);
}

}  // namespace keyledger::bench

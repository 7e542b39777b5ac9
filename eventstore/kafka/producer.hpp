#pragma once
// librdkafka's transactional producer, reduced to what the publisher does with it. One thread. After any
// error of any function the object is only good for being destroyed: its state is no longer known, Kafka's
// is.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/declare.hpp"
#include "eventstore/kafka/client.hpp"

struct rd_kafka_topic_s;

namespace keyledger::eventstore::kafka {

struct Record {
    std::string key;
    std::string value;
    std::vector<std::pair<std::string_view, std::string>> headers;  // names are literals

    std::size_t bytes() const {
        std::size_t sum = key.size() + value.size() + 64;
        for (const auto& [name, text] : headers) sum += name.size() + text.size() + 4;
        return sum;
    }
};

class TransactionalProducer {
public:
    struct Topics {
        std::string events;
        std::string positions;
    };
    static Result<std::unique_ptr<TransactionalProducer>, KafkaError> open(
        const ClientOptions& options, const std::string& transactional_id, const Topics& topics);

    // Fences every earlier producer with this transactional id, ends what it left open, and waits for that.
    Result<void, KafkaError> init(std::chrono::milliseconds timeout);
    Result<void, KafkaError> begin();
    // Copies the record; the partition follows from the key (murmur2_random, as Java's clients choose).
    Result<void, KafkaError> send_event(Position position, const Record& record);
    Result<void, KafkaError> send_position(const Record& record);
    // Waits until the broker has every record, or refuses one. Asks now and then whether to go on waiting.
    Result<void, KafkaError> flush(const std::function<bool()>& keep_waiting);
    // An error does not say that nothing was committed.
    Result<void, KafkaError> commit();

    // Offset after the last event delivered in this transaction, for each partition written.
    struct End {
        std::int32_t partition;
        std::int64_t offset;
    };
    const std::vector<End>& delivered_ends() const { return ends_; }

    // Serves callbacks; says whether a broker can be reached. Takes up to a second when none can.
    bool broker_answers();
    bool all_brokers_down() { return client_.context().all_brokers_down; }

private:
    struct DestroyTopic {
        void operator()(rd_kafka_topic_s* topic) const;
    };
    using TopicHandle = std::unique_ptr<rd_kafka_topic_s, DestroyTopic>;

    explicit TransactionalProducer(Client client);
    Result<void, KafkaError> send(rd_kafka_topic_s* topic, Position position, const Record& record);
    void delivered(Position position, std::int32_t partition, std::int64_t offset, int code);
    KafkaError worst(KafkaError error);

    std::vector<End> ends_;
    std::optional<KafkaError> failed_;                // the first record that was not taken
    std::chrono::steady_clock::time_point deadline_;  // of the transaction
    Client client_;                                   // after what its callbacks write
    TopicHandle events_;                              // after the client: destroyed before it
    TopicHandle positions_;
};

}  // namespace keyledger::eventstore::kafka

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

#include "domain/base/declare.hpp"
#include "eventstore/kafka/client/client.hpp"

struct rd_kafka_topic_s;

namespace keyledger::eventstore::kafka {

struct Record {
    std::string key;
    std::optional<std::string> value;  // nullopt: a tombstone, after which compaction forgets the key
    std::vector<std::pair<std::string_view, std::string>> headers;  // names are literals

    std::size_t bytes() const {
        std::size_t sum = key.size() + (value ? value->size() : 0) + 64;
        for (const auto& [name, text] : headers) sum += name.size() + text.size() + 4;
        return sum;
    }
};

class TransactionalProducer {
public:
    struct Topics {
        std::vector<std::string> outputs;
        std::string positions;
    };
    static Result<std::unique_ptr<TransactionalProducer>, KafkaError> open(const ClientOptions& options,
                                                                           const std::string& transactional_id,
                                                                           const Topics& topics);

    // Fences every earlier producer with this transactional id, ends what it left open, and waits for that.
    Result<void, KafkaError> init(std::chrono::milliseconds timeout);
    Result<void, KafkaError> begin();
    // To the output topic of that index, because of the event at `position`. Copies the record; the partition
    // follows from the key (murmur2_random, as Java's clients choose).
    Result<void, KafkaError> send_event(std::size_t topic, Position position, const Record& record);
    Result<void, KafkaError> send_position(const Record& record);
    // Waits until the broker has every record, or refuses one. Asks now and then whether to go on waiting.
    Result<void, KafkaError> flush(const std::function<bool()>& keep_waiting);
    // An error does not say that nothing was committed.
    Result<void, KafkaError> commit();

    // Offset after the last record delivered in this transaction, for each partition written.
    struct End {
        std::size_t topic;
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

    TransactionalProducer(Client client, const Topics& topics);
    Result<void, KafkaError> send(rd_kafka_topic_s* topic, Position position, const Record& record);
    void delivered(const ClientContext::Delivery& delivery);
    KafkaError worst(KafkaError error);

    const Topics topics_;
    std::vector<End> ends_;
    std::optional<KafkaError> failed_;                // the first record that was not taken
    std::chrono::steady_clock::time_point deadline_;  // of the transaction
    Client client_;                                   // after what its callbacks write
    std::vector<TopicHandle> outputs_;                // after the client: destroyed before it
    TopicHandle positions_;
};

}  // namespace keyledger::eventstore::kafka

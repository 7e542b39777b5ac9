#pragma once
// Kafka as a consumer sees it, for tests; independent of the code that publishes. The broker is the
// throw-away one that KEYLEDGER_TEST_KAFKA_BROKERS names.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keyledger::test {

// Throws std::runtime_error that says what to do when there is none.
std::string kafka_brokers();

struct ConsumedRecord {
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::string key;
    std::string value;
    std::map<std::string, std::string> headers;
    std::vector<std::pair<std::string, std::string>> headers_in_order;

    // Of `ce_sequence`; 0 without one.
    std::int64_t position() const;
};

enum class Isolation { kReadCommitted, kReadUncommitted };

using Settings = std::vector<std::pair<std::string, std::string>>;

// Every record of the topic from its beginning to the end that it had when this was called: each partition in
// order, partitions mixed. Waits for transactions that are still open. Throws std::runtime_error if that
// takes a minute.
std::vector<ConsumedRecord> read_topic(const std::string& brokers, const std::string& topic,
                                       Isolation isolation = Isolation::kReadCommitted,
                                       const Settings& as = {});  // how to connect

void create_topic(const std::string& brokers, const std::string& topic, std::int32_t partitions,
                  const Settings& settings);
void alter_topic(const std::string& brokers, const std::string& topic, const Settings& settings);
// Returns when the broker no longer shows it. A topic that is not there is fine.
void delete_topic(const std::string& brokers, const std::string& topic);
// Outside of any transaction. Throws std::runtime_error when the broker refuses it.
void produce(const std::string& brokers, const std::string& topic, const std::string& key, const std::string& value,
             const Settings& headers = {}, const Settings& as = {});

// A topic prefix that nobody else has; its topics are deleted with this object.
class TopicPrefix {
public:
    TopicPrefix();
    ~TopicPrefix();
    TopicPrefix(const TopicPrefix&) = delete;
    TopicPrefix& operator=(const TopicPrefix&) = delete;
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

}  // namespace keyledger::test

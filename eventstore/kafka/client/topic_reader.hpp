#pragma once
// Reads partitions of a topic once, from given offsets to their end, as a `read_committed` consumer sees
// them.
//
// The end is the high watermark that a `read_uncommitted` client is told: a last stable offset may still hide
// records. It is reached when the consumer's *position* reaches it, not when a record with the offset before
// it arrives, for that offset may belong to a commit marker or to an aborted record, which are never handed
// out.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "eventstore/kafka/client/client.hpp"

struct rd_kafka_message_s;

namespace keyledger::eventstore::kafka {

// Valid during the callback that gets it.
class ReadRecord {
public:
    explicit ReadRecord(const rd_kafka_message_s& message) : message_(message) {}
    std::int32_t partition() const;
    std::int64_t offset() const;
    std::string_view key() const;
    std::string_view value() const;
    bool has_value() const;  // a tombstone has none
    std::optional<std::string_view> header(const char* name) const;
    // All, in their order.
    void each_header(const std::function<void(std::string_view name, std::string_view value)>& take) const;

private:
    const rd_kafka_message_s& message_;
};

struct PartitionBounds {
    std::int64_t first = 0;  // the oldest offset that is still kept
    std::int64_t end = 0;    // the offset that the next record of anybody gets
};

class TopicReader {
public:
    static Result<TopicReader, KafkaError> open(const ClientOptions& options);

    Result<std::vector<PartitionBounds>, KafkaError> bounds(const std::string& topic, std::int32_t partitions,
                                                            std::chrono::steady_clock::time_point deadline);

    // `from[p]` and `bounds[p].end` frame what is read of partition p. Records of one partition come in
    // order. Returns when all ends are reached or `on_record` returns kStop; the deadline passing is an error
    // (kRetry).
    enum class Then { kGoOn, kStop };
    Result<void, KafkaError> read(const std::string& topic, const std::vector<std::int64_t>& from,
                                  const std::vector<PartitionBounds>& bounds,
                                  std::chrono::steady_clock::time_point deadline,
                                  const std::function<Then(const ReadRecord&)>& on_record);

    // All partitions from their beginnings to their ends, merged: by `place`, which grows along each partition and is
    // 1, 2, 3 … without holes over all of them. Records without a place are passed over, and those whose place was
    // there before. The ends of partitions are not of one moment: where a place is not there they are asked for once
    // more, and then it is missing. With memory for what the client fetches ahead.
    struct MergeResult {
        std::int64_t repeated = 0;
        std::optional<std::int64_t> missing;
    };
    Result<MergeResult, KafkaError> read_merged(
        const std::string& topic, std::int32_t partitions, std::chrono::steady_clock::time_point deadline,
        const std::function<std::optional<std::int64_t>(const ReadRecord&)>& place,
        const std::function<Then(const ReadRecord&)>& on_record);

private:
    TopicReader(Client committed, Client uncommitted)
        : committed_(std::move(committed)), uncommitted_(std::move(uncommitted)) {}

    Client committed_;
    Client uncommitted_;
};

}  // namespace keyledger::eventstore::kafka

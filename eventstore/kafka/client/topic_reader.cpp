#include "eventstore/kafka/client/topic_reader.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <thread>

#include "eventstore/kafka/publishing/limits.hpp"

namespace keyledger::eventstore::kafka {
namespace {

constexpr auto kLeaderPoll = std::chrono::milliseconds(20);

using Message = std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)>;
using Queue = std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)>;
using Topic = std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)>;

// Partitions that are being fetched into one queue; stopped when this ends. The simple consumer is used
// because it joins no group: nothing is stored on the broker, and no right on a group is needed.
class PartitionFetcher {
public:
    PartitionFetcher(rd_kafka_t* handle, const std::string& topic)
        : topic_(rd_kafka_topic_new(handle, topic.c_str(), nullptr), rd_kafka_topic_destroy),
          queue_(rd_kafka_queue_new(handle), rd_kafka_queue_destroy) {}
    ~PartitionFetcher() {
        for (const std::int32_t partition : started_) rd_kafka_consume_stop(topic_.get(), partition);
    }
    PartitionFetcher(const PartitionFetcher&) = delete;
    PartitionFetcher& operator=(const PartitionFetcher&) = delete;

    Result<void, KafkaError> start(std::int32_t partition, std::int64_t offset) {
        if (!topic_ || rd_kafka_consume_start_queue(topic_.get(), partition, offset, queue_.get()) != 0)
            return Unexpected(error_of(static_cast<int>(rd_kafka_last_error()), "starting to read"));
        started_.push_back(partition);
        return {};
    }
    Message next() {
        const int wait_ms = static_cast<int>(kPollSlice.count());
        return Message(rd_kafka_consume_queue(queue_.get(), wait_ms), rd_kafka_message_destroy);
    }

private:
    Topic topic_;
    Queue queue_;
    std::vector<std::int32_t> started_;
};

// As a partition of a topic that was just made.
bool has_no_leader_yet(rd_kafka_resp_err_t error) {
    return error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

std::string_view view(const void* bytes, std::size_t size) {
    return bytes ? std::string_view(static_cast<const char*>(bytes), size) : std::string_view();
}

}  // namespace

std::int32_t ReadRecord::partition() const { return message_.partition; }
std::int64_t ReadRecord::offset() const { return message_.offset; }
std::string_view ReadRecord::key() const { return view(message_.key, message_.key_len); }
std::string_view ReadRecord::value() const { return view(message_.payload, message_.len); }

bool ReadRecord::has_value() const { return message_.payload != nullptr; }

void ReadRecord::each_header(const std::function<void(std::string_view, std::string_view)>& take) const {
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message_, &headers)) return;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &size); ++i)
        take(name, view(value, size));
}

std::optional<std::string_view> ReadRecord::header(const char* name) const {
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message_, &headers)) return std::nullopt;
    const void* value = nullptr;
    std::size_t size = 0;
    if (rd_kafka_header_get_last(headers, name, &value, &size)) return std::nullopt;
    return view(value, size);
}

Result<TopicReader, KafkaError> TopicReader::open(const ClientOptions& options) {
    const Client::Properties base{{"enable.partition.eof", "true"},
                                  {"enable.auto.commit", "false"},
                                  {"auto.offset.reset", "error"},
                                  {"check.crcs", "true"},
                                  {"fetch.wait.max.ms", "10"},
                                  // Of a partition, fetched ahead of who reads others first.
                                  {"queued.max.messages.kbytes", std::to_string(kMaxFetchedAheadKilobytes)}};
    Client::Properties committed = base;
    committed.emplace_back("isolation.level", "read_committed");
    Client::Properties uncommitted = base;
    uncommitted.emplace_back("isolation.level", "read_uncommitted");
    auto first = Client::open(Client::Role::kConsumer, options, committed);
    if (!first) return Unexpected(first.error());
    auto second = Client::open(Client::Role::kConsumer, options, uncommitted);
    if (!second) return Unexpected(second.error());
    return TopicReader(std::move(*first), std::move(*second));
}

Result<std::vector<PartitionBounds>, KafkaError> TopicReader::bounds(const std::string& topic, std::int32_t partitions,
                                                                     std::chrono::steady_clock::time_point deadline) {
    std::vector<PartitionBounds> all(static_cast<std::size_t>(partitions));
    const auto leaders_by = std::chrono::steady_clock::now() + kFirstContactTimeout;
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
        PartitionBounds& one = all[static_cast<std::size_t>(partition)];
        const auto ask = [&] {
            return rd_kafka_query_watermark_offsets(uncommitted_.handle(), topic.c_str(), partition, &one.first,
                                                    &one.end, timeout_ms(deadline));
        };
        auto error = ask();
        while (has_no_leader_yet(error) && std::chrono::steady_clock::now() < leaders_by) {
            std::this_thread::sleep_for(kLeaderPoll);  // a broker tells nobody when it has become the leader
            error = ask();
        }
        if (error) return Unexpected(error_of(static_cast<int>(error), "asking for the end of " + topic));
    }
    return all;
}

Result<void, KafkaError> TopicReader::read(const std::string& topic, const std::vector<std::int64_t>& from,
                                           const std::vector<PartitionBounds>& bounds,
                                           std::chrono::steady_clock::time_point deadline,
                                           const std::function<Then(const ReadRecord&)>& on_record) {
    PartitionFetcher fetching(committed_.handle(), topic);
    std::vector<bool> done(bounds.size());
    for (std::size_t partition = 0; partition < bounds.size(); ++partition) {
        done[partition] = from[partition] >= bounds[partition].end;
        if (done[partition]) continue;
        auto started = fetching.start(static_cast<std::int32_t>(partition), from[partition]);
        if (!started) return started;
    }
    while (!std::all_of(done.begin(), done.end(), [](bool one) { return one; })) {
        if (std::chrono::steady_clock::now() >= deadline)
            return Unexpected(error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, "reading " + topic + " to its end"));
        const Message message = fetching.next();
        if (!message) continue;
        const auto partition = static_cast<std::size_t>(message->partition);
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            // Its offset is the consumer's position, past markers and aborted records.
            if (message->offset >= bounds[partition].end) done[partition] = true;
            continue;
        }
        if (message->err) {
            KafkaError error = error_of(static_cast<int>(message->err), "reading " + topic);
            if (error.next == NextStep::kRetry) continue;  // the client reconnects by itself, up to the deadline
            return Unexpected(std::move(error));
        }
        if (on_record(ReadRecord(*message)) == Then::kStop) return {};
        if (message->offset + 1 >= bounds[partition].end) done[partition] = true;
    }
    return {};
}

namespace {

// One partition, record by record.
class PartitionFeed {
public:
    PartitionFeed(rd_kafka_topic_t* topic, std::int32_t partition) : topic_(topic), partition_(partition) {}
    ~PartitionFeed() {
        if (started_) rd_kafka_consume_stop(topic_, partition_);
    }
    PartitionFeed(const PartitionFeed&) = delete;
    PartitionFeed& operator=(const PartitionFeed&) = delete;

    Result<void, KafkaError> read_up_to(const PartitionBounds& bounds) {
        end_ = std::max(end_, bounds.end);
        if (started_ || bounds.first >= end_) {
            next_ = std::max(next_, bounds.first);
            return {};
        }
        next_ = bounds.first;
        if (rd_kafka_consume_start(topic_, partition_, bounds.first) != 0)
            return Unexpected(error_of(static_cast<int>(rd_kafka_last_error()), "starting to read"));
        started_ = true;
        return {};
    }
    bool is_at_end() const { return next_ >= end_; }
    // The next record, or nothing: it may be at the end now, or there is nothing yet.
    Result<Message, KafkaError> next(const std::string& topic) {
        Message message(rd_kafka_consume(topic_, partition_, static_cast<int>(kPollSlice.count())),
                        rd_kafka_message_destroy);
        Message none(nullptr, rd_kafka_message_destroy);
        if (!message) return none;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            next_ = std::max(next_, message->offset);  // past markers and aborted records
            return none;
        }
        if (message->err) {
            KafkaError error = error_of(static_cast<int>(message->err), "reading " + topic);
            if (error.next == NextStep::kRetry) return none;  // the client reconnects by itself, up to the deadline
            return Unexpected(std::move(error));
        }
        next_ = message->offset + 1;
        return message;
    }

private:
    rd_kafka_topic_t* const topic_;
    const std::int32_t partition_;
    std::int64_t next_ = 0;
    std::int64_t end_ = 0;
    bool started_ = false;
};

struct PlacedMessage {
    std::int64_t place = 0;
    Message message{nullptr, rd_kafka_message_destroy};
};

// The partitions with their next records.
struct PartitionMerger {
    std::string topic;
    std::vector<std::unique_ptr<PartitionFeed>> feeds;
    std::vector<std::optional<PlacedMessage>> heads;

    Result<void, KafkaError> read_up_to(const std::vector<PartitionBounds>& bounds) {
        for (std::size_t i = 0; i < feeds.size(); ++i)
            if (auto ready = feeds[i]->read_up_to(bounds[i]); !ready) return ready;
        return {};
    }
    Result<void, KafkaError> fill(std::chrono::steady_clock::time_point deadline,
                                  const std::function<std::optional<std::int64_t>(const ReadRecord&)>& place) {
        for (std::size_t i = 0; i < feeds.size(); ++i)
            while (!heads[i] && !feeds[i]->is_at_end()) {
                if (std::chrono::steady_clock::now() >= deadline)
                    return Unexpected(error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, "reading " + topic + " to its end"));
                auto message = feeds[i]->next(topic);
                if (!message) return Unexpected(std::move(message.error()));
                if (!*message) continue;
                if (const auto at = place(ReadRecord(**message))) heads[i] = PlacedMessage{*at, std::move(*message)};
            }
        return {};
    }
    std::optional<PlacedMessage>* lowest() {
        std::optional<PlacedMessage>* found = nullptr;
        for (auto& head : heads)
            if (head && (found == nullptr || head->place < (*found)->place)) found = &head;
        return found;
    }
};

}  // namespace

Result<TopicReader::MergeResult, KafkaError> TopicReader::read_merged(
    const std::string& topic, std::int32_t partitions, std::chrono::steady_clock::time_point deadline,
    const std::function<std::optional<std::int64_t>(const ReadRecord&)>& place,
    const std::function<Then(const ReadRecord&)>& on_record) {
    const Topic handle(rd_kafka_topic_new(committed_.handle(), topic.c_str(), nullptr), rd_kafka_topic_destroy);
    if (!handle) return Unexpected(error_of(static_cast<int>(rd_kafka_last_error()), "starting to read"));
    PartitionMerger merging{topic, {}, {}};
    for (std::int32_t partition = 0; partition < partitions; ++partition)
        merging.feeds.push_back(std::make_unique<PartitionFeed>(handle.get(), partition));
    merging.heads.resize(merging.feeds.size());
    MergeResult merged;
    std::int64_t last = 0;
    std::int64_t asked_for = 0;  // the place that the ends were asked for last
    const auto read_on = [&]() -> Result<void, KafkaError> {
        asked_for = last + 1;
        const auto ends = bounds(topic, partitions, std::chrono::steady_clock::now() + kReadTimeout);
        if (!ends) return Unexpected(ends.error());
        return merging.read_up_to(*ends);
    };
    if (auto ready = read_on(); !ready) return Unexpected(std::move(ready.error()));
    asked_for = 0;
    for (;;) {
        if (auto filled = merging.fill(deadline, place); !filled) return Unexpected(std::move(filled.error()));
        std::optional<PlacedMessage>* const lowest = merging.lowest();
        if (lowest == nullptr) return merged;
        if ((*lowest)->place > last + 1) {
            if (asked_for == last + 1) {
                merged.missing = last + 1;
                return merged;
            }
            if (auto ready = read_on(); !ready) return Unexpected(std::move(ready.error()));
            continue;
        }
        const PlacedMessage next = std::move(**lowest);
        lowest->reset();
        if (next.place <= last) {
            ++merged.repeated;
            continue;
        }
        last = next.place;
        if (on_record(ReadRecord(*next.message)) == Then::kStop) return merged;
    }
}

}  // namespace keyledger::eventstore::kafka

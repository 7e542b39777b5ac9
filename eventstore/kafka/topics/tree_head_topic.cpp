#include "eventstore/kafka/topics/tree_head_topic.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "eventstore/kafka/client/topic_reader.hpp"

namespace keyledger::eventstore::kafka {
namespace {

using Queue = std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)>;
using Event = std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, decltype(&rd_kafka_NewTopic_destroy)>;

constexpr int kTimeoutMs = static_cast<int>(std::chrono::milliseconds(kTreeHeadTimeout).count());

std::string sentence(rd_kafka_resp_err_t code, const std::string& topic) {
    return "Kafka topic " + topic + ": " + rd_kafka_err2str(code);
}

}  // namespace

std::string tree_head_topic(const std::string& prefix) { return prefix + ".tree-heads.v1"; }

Result<void, std::string> TreeHeadTopic::open_producer() {
    if (producer_) return {};
    auto opened = Client::open(
        Client::Role::kProducer, options_,
        {{"acks", "all"}, {"enable.idempotence", "true"}, {"message.timeout.ms", std::to_string(kTimeoutMs)}});
    if (!opened) return Unexpected(opened.error().sentence);
    producer_.emplace(std::move(*opened));
    return {};
}

// By the list of all topics: asked for one that is not there, librdkafka waits until it is.
Result<bool, std::string> TreeHeadTopic::is_there() {
    const rd_kafka_metadata_t* raw = nullptr;
    if (const auto code = rd_kafka_metadata(producer_->handle(), 1, nullptr, &raw, kTimeoutMs))
        return Unexpected(sentence(code, topic_));
    const std::unique_ptr<const rd_kafka_metadata_t, decltype(&rd_kafka_metadata_destroy)> metadata(
        raw, rd_kafka_metadata_destroy);
    const auto* topics = metadata->topics;
    return std::any_of(topics, topics + metadata->topic_cnt,
                       [&](const rd_kafka_metadata_topic_t& one) { return topic_ == one.topic && !one.err; });
}

Result<void, std::string> TreeHeadTopic::make_topic() {
    char text[512] = {};
    const NewTopic wanted(rd_kafka_NewTopic_new(topic_.c_str(), 1, factor_to_ask_for(replication_), text, sizeof text),
                          rd_kafka_NewTopic_destroy);
    if (!wanted) return Unexpected("Kafka topic " + topic_ + ": " + text);
    rd_kafka_NewTopic_set_config(wanted.get(), "cleanup.policy", "delete");
    rd_kafka_NewTopic_set_config(wanted.get(), "retention.ms", "-1");
    rd_kafka_NewTopic_set_config(wanted.get(), "retention.bytes", "-1");
    if (replication_.min_in_sync > 0)
        rd_kafka_NewTopic_set_config(wanted.get(), kMinInSync, std::to_string(replication_.min_in_sync).c_str());
    const Queue queue(rd_kafka_queue_new(producer_->handle()), rd_kafka_queue_destroy);
    rd_kafka_NewTopic_t* one = wanted.get();
    rd_kafka_CreateTopics(producer_->handle(), &one, 1, nullptr, queue.get());
    const Event event(rd_kafka_queue_poll(queue.get(), kTimeoutMs), rd_kafka_event_destroy);
    if (!event) return Unexpected(sentence(RD_KAFKA_RESP_ERR__TIMED_OUT, topic_));
    if (const auto code = rd_kafka_event_error(event.get())) return Unexpected(sentence(code, topic_));
    std::size_t count = 0;
    const auto** made = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto code = rd_kafka_topic_result_error(made[i]);
        if (code && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return Unexpected(sentence(code, topic_));
    }
    made_ = true;
    return {};
}

Result<void, std::string> TreeHeadTopic::send(const std::string& key, const std::string& note) {
    if (auto opened = open_producer(); !opened) return opened;
    if (!made_)
        if (auto made = make_topic(); !made) return made;
    int outcome = RD_KAFKA_RESP_ERR__TIMED_OUT;
    producer_->context().delivered = [&outcome](const ClientContext::Delivery& made) { outcome = made.code; };
    auto code =
        rd_kafka_producev(producer_->handle(), RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
                          RD_KAFKA_V_VALUE(const_cast<char*>(note.data()), note.size()),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (!code) {
        rd_kafka_flush(producer_->handle(), 2 * kTimeoutMs);  // its own time-out ends it sooner
        code = static_cast<rd_kafka_resp_err_t>(outcome);
    }
    producer_->context().delivered = nullptr;
    if (!code) return {};
    producer_.reset();  // purges what is under way; the next head begins anew
    made_ = false;
    return Unexpected(sentence(code, topic_));
}

Result<std::vector<std::string>, std::string> TreeHeadTopic::read(const IsOurs& is_ours) {
    if (auto opened = open_producer(); !opened) return Unexpected(opened.error());
    const auto there = is_there();
    if (!there) return Unexpected(there.error());
    if (!*there) return std::vector<std::string>();
    auto reader = TopicReader::open(options_);
    if (!reader) return Unexpected(reader.error().sentence);
    const auto bounds = reader->bounds(topic_, 1, std::chrono::steady_clock::now() + kTreeHeadTimeout);
    if (!bounds) return Unexpected(bounds.error().sentence);
    PartitionBounds page = bounds->front();
    for (int pages = 0; pages < kTreeHeadPages && page.end > bounds->front().first; ++pages) {
        page.first = std::max(bounds->front().first, page.end - kTreeHeadsReadAtOnce);
        auto notes = read_page(*reader, page, is_ours);
        if (!notes || !notes->empty()) return notes;
        page.end = page.first;
    }
    return std::vector<std::string>();
}

Result<std::vector<std::string>, std::string> TreeHeadTopic::read_page(TopicReader& reader, const PartitionBounds& page,
                                                                       const IsOurs& is_ours) {
    std::vector<std::string> notes;
    const auto take = [&](const ReadRecord& record) {
        std::string note(record.value());
        if (record.offset() < page.end && is_ours(note)) notes.push_back(std::move(note));
        return TopicReader::Then::kGoOn;
    };
    const auto deadline = std::chrono::steady_clock::now() + kTreeHeadTimeout;
    const auto read = reader.read(topic_, {page.first}, {page}, deadline, take);
    if (!read) return Unexpected(read.error().sentence);
    return notes;
}

}  // namespace keyledger::eventstore::kafka

#include "eventstore/kafka/client/producer.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "eventstore/kafka/publishing/limits.hpp"

namespace keyledger::eventstore::kafka {
namespace {

constexpr int kProbeTimeoutMs = 1000;

std::string milliseconds(std::chrono::milliseconds duration) { return std::to_string(duration.count()); }

rd_kafka_vu_t bytes_of(rd_kafka_vtype_t type, const std::string& text) {
    rd_kafka_vu_t argument{};
    argument.vtype = type;
    argument.u.mem.ptr = const_cast<char*>(text.data());  // copied by librdkafka (MSG_F_COPY)
    argument.u.mem.size = text.size();
    return argument;
}

// Once one record has failed the others are purged, and may be reported first: that is no reason.
bool is_purge(const KafkaError& error) {
    return error.code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || error.code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

}  // namespace

void TransactionalProducer::DestroyTopic::operator()(rd_kafka_topic_s* topic) const { rd_kafka_topic_destroy(topic); }

Result<std::unique_ptr<TransactionalProducer>, KafkaError> TransactionalProducer::open(
    const ClientOptions& options, const std::string& transactional_id, const Topics& topics) {
    const Client::Properties properties{
        {"transactional.id", transactional_id},
        {"transaction.timeout.ms", milliseconds(kTransactionTimeout)},
        {"message.timeout.ms", milliseconds(kTransactionTimeout)},
        {"partitioner", "murmur2_random"},
        {"acks", "all"},
        {"enable.idempotence", "true"},
        {"max.in.flight.requests.per.connection", "5"},
        {"linger.ms", "0"},
        {"message.max.bytes", std::to_string(kMaxRecordBytes)},
        {"batch.size", std::to_string(kMaxBatchBytes)},
        {"queue.buffering.max.kbytes", std::to_string(kMaxQueuedKilobytes)},
        {"queue.buffering.max.messages", std::to_string(2 * kMaxTransactionEvents)},
    };
    auto client = Client::open(Client::Role::kProducer, options, properties);
    if (!client) return Unexpected(client.error());
    std::unique_ptr<TransactionalProducer> producer(new TransactionalProducer(std::move(*client), topics));
    rd_kafka_t* handle = producer->client_.handle();
    producer->positions_.reset(rd_kafka_topic_new(handle, topics.positions.c_str(), nullptr));
    bool named = producer->positions_ != nullptr;
    for (const std::string& topic : topics.outputs) {
        producer->outputs_.emplace_back(rd_kafka_topic_new(handle, topic.c_str(), nullptr));
        named = named && producer->outputs_.back();
    }
    if (!named) return Unexpected(error_of(static_cast<int>(rd_kafka_last_error()), "naming the topics"));
    return producer;
}

TransactionalProducer::TransactionalProducer(Client client, const Topics& topics)
    : topics_(topics), client_(std::move(client)) {
    client_.context().delivered = [this](const ClientContext::Delivery& delivery) { delivered(delivery); };
}

void TransactionalProducer::delivered(const ClientContext::Delivery& delivery) {
    const auto& [position, name, partition, offset, code] = delivery;
    if (code != 0) {
        const std::string what = position > 0 ? "event " + std::to_string(position) : "the position record";
        if (!failed_ || is_purge(*failed_)) failed_ = error_of(code, "delivering " + what);
        return;
    }
    // A record that was a repetition is taken without its offset: the older end stays, which is early, not
    // wrong.
    if (position == 0 || offset < 0) return;
    const auto found = std::find(topics_.outputs.begin(), topics_.outputs.end(), name);
    const auto topic = static_cast<std::size_t>(found - topics_.outputs.begin());
    auto known = ends_.begin();
    while (known != ends_.end() && (known->topic != topic || known->partition != partition)) ++known;
    if (known == ends_.end()) known = ends_.insert(ends_.end(), End{topic, partition, 0});
    known->offset = std::max(known->offset, offset + 1);
}

// A transaction fails for one reason and reports another ("must be aborted", "purged"): the reason decides.
KafkaError TransactionalProducer::worst(KafkaError error) {
    char text[512];
    const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(client_.handle(), text, sizeof text);
    if (fatal) {
        KafkaError cause = error_of(static_cast<int>(fatal), "the producer failed");
        cause.sentence.append(" (").append(text).append(")");
        if (cause.next == NextStep::kRetry) cause.next = NextStep::kRestart;
        return cause;
    }
    if (failed_ && !is_purge(*failed_) && error.next != NextStep::kFenced) return *failed_;
    return error;
}

Result<void, KafkaError> TransactionalProducer::init(std::chrono::milliseconds timeout) {
    rd_kafka_error_t* error = rd_kafka_init_transactions(client_.handle(), static_cast<int>(timeout.count()));
    if (error) return Unexpected(worst(error_of(error, "taking over the transactional id")));
    return {};
}

Result<void, KafkaError> TransactionalProducer::begin() {
    ends_.clear();
    failed_.reset();
    deadline_ = std::chrono::steady_clock::now() + kTransactionTimeout;
    rd_kafka_error_t* error = rd_kafka_begin_transaction(client_.handle());
    if (error) return Unexpected(worst(error_of(error, "beginning a transaction")));
    return {};
}

Result<void, KafkaError> TransactionalProducer::send_event(std::size_t topic, Position position, const Record& record) {
    return send(outputs_.at(topic).get(), position, record);
}

Result<void, KafkaError> TransactionalProducer::send_position(const Record& record) {
    return send(positions_.get(), 0, record);
}

Result<void, KafkaError> TransactionalProducer::send(rd_kafka_topic_s* topic, Position position, const Record& record) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers)
        rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                            static_cast<ssize_t>(value.size()));
    rd_kafka_vu_t arguments[6]{};
    arguments[0].vtype = RD_KAFKA_VTYPE_RKT;
    arguments[0].u.rkt = topic;
    arguments[1] = bytes_of(RD_KAFKA_VTYPE_KEY, record.key);
    if (record.value) arguments[2] = bytes_of(RD_KAFKA_VTYPE_VALUE, *record.value);
    else arguments[2].vtype = RD_KAFKA_VTYPE_VALUE;  // null, not empty
    arguments[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    arguments[3].u.i = RD_KAFKA_MSG_F_COPY;
    arguments[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
    arguments[4].u.ptr = reinterpret_cast<void*>(static_cast<std::intptr_t>(position));
    arguments[5].vtype = RD_KAFKA_VTYPE_HEADERS;
    arguments[5].u.headers = headers;
    while (true) {
        rd_kafka_error_t* error = rd_kafka_produceva(client_.handle(), arguments, std::size(arguments));
        if (!error) return {};
        const bool full = rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL;
        KafkaError value = error_of(error, position > 0 ? "sending event " + std::to_string(position)
                                                        : std::string("sending the position record"));
        if (full && !failed_ && std::chrono::steady_clock::now() < deadline_) {
            rd_kafka_poll(client_.handle(), static_cast<int>(kPollSlice.count()));
            continue;
        }
        rd_kafka_headers_destroy(headers);
        // If the transaction failed because a record before this one was refused, its report says so.
        rd_kafka_flush(client_.handle(), static_cast<int>(kPollSlice.count()));
        return Unexpected(worst(std::move(value)));
    }
}

Result<void, KafkaError> TransactionalProducer::flush(const std::function<bool()>& keep_waiting) {
    while (true) {
        const auto flushed = rd_kafka_flush(client_.handle(), static_cast<int>(kPollSlice.count()));
        if (failed_ && (!flushed || !is_purge(*failed_))) return Unexpected(worst(*failed_));
        if (!flushed) return {};
        if (!keep_waiting() || std::chrono::steady_clock::now() >= deadline_)
            return Unexpected(worst(error_of(static_cast<int>(flushed), "waiting for the broker to take the records")));
    }
}

Result<void, KafkaError> TransactionalProducer::commit() {
    // -1: what is left of transaction.timeout.ms. Anything shorter may desynchronise librdkafka's own state.
    rd_kafka_error_t* error = rd_kafka_commit_transaction(client_.handle(), -1);
    if (error) return Unexpected(worst(error_of(error, "committing")));
    if (failed_) return Unexpected(worst(*failed_));
    return {};
}

bool TransactionalProducer::broker_answers() {
    rd_kafka_poll(client_.handle(), 0);
    if (!all_brokers_down()) return true;
    const rd_kafka_metadata_t* metadata = nullptr;
    if (rd_kafka_metadata(client_.handle(), 0, positions_.get(), &metadata, kProbeTimeoutMs)) return false;
    rd_kafka_metadata_destroy(metadata);
    client_.context().all_brokers_down = false;
    return true;
}

}  // namespace keyledger::eventstore::kafka

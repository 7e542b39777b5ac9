#include "eventstore/kafka/client/client.hpp"

#include <librdkafka/rdkafka.h>

#include "eventstore/kafka/client/oauth_token.hpp"
#include "eventstore/kafka/publishing/limits.hpp"

namespace keyledger::eventstore::kafka {
namespace {

NextStep next_step(rd_kafka_resp_err_t code) {
    // Not a switch over the enumeration: it has 150 names, and all that are not here mean the same.
    switch (static_cast<int>(code)) {
        case RD_KAFKA_RESP_ERR__FENCED:
        case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
        case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH: return NextStep::kFenced;
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        case RD_KAFKA_RESP_ERR_INVALID_MSG: return NextStep::kRefused;
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        case RD_KAFKA_RESP_ERR__RESOLVE:
        case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        case RD_KAFKA_RESP_ERR__SSL:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
        case RD_KAFKA_RESP_ERR__WAIT_COORD:
        case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
        case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
        case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
        case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
        case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED: return NextStep::kRetry;
        default: return NextStep::kRestart;
    }
}

std::string sentence(std::string_view during, std::string_view what) {
    std::string text(during);
    return text.append(": ").append(what);
}

void on_log(const rd_kafka_t* handle, int level, const char*, const char* text) {
    const auto* context = static_cast<const ClientContext*>(rd_kafka_opaque(handle));
    if (context && context->log) context->log(level, text);
}

void on_error(rd_kafka_t*, int code, const char*, void* opaque) {
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) static_cast<ClientContext*>(opaque)->all_brokers_down = true;
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto* context = static_cast<ClientContext*>(opaque);
    if (!message->err) context->all_brokers_down = false;
    if (!context->delivered) return;
    const auto position = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(message->_private));
    context->delivered({position, rd_kafka_topic_name(message->rkt), message->partition, message->offset,
                        static_cast<int>(message->err)});
}

int on_statistics(rd_kafka_t*, char* json, std::size_t size, void* opaque) {
    static_cast<const ClientContext*>(opaque)->statistics({json, size});
    return 0;  // librdkafka frees the text
}

void on_token_wanted(rd_kafka_t* handle, const char*, void* opaque) {
    provide_token(handle, static_cast<const ClientContext*>(opaque)->oauth_token_file);
}

struct DestroyConf {
    void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};

}  // namespace

KafkaError error_of(int code, std::string_view during) {
    const auto known = static_cast<rd_kafka_resp_err_t>(code);
    return {next_step(known), code, sentence(during, rd_kafka_err2str(known))};
}

KafkaError error_of(rd_kafka_error_s* error, std::string_view during) {
    const std::unique_ptr<rd_kafka_error_t, decltype(&rd_kafka_error_destroy)> owner(error, rd_kafka_error_destroy);
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    KafkaError value{next_step(code), code, sentence(during, rd_kafka_error_string(error))};
    const bool lost = rd_kafka_error_is_fatal(error) || rd_kafka_error_txn_requires_abort(error);
    if (lost && value.next == NextStep::kRetry) value.next = NextStep::kRestart;
    return value;
}

void Client::Destroy::operator()(rd_kafka_s* handle) const {
    // Else destroying waits for records that nobody wants any more.
    if (rd_kafka_type(handle) == RD_KAFKA_PRODUCER)
        rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

Result<Client, KafkaError> Client::open(Role role, const ClientOptions& options, const Properties& properties) {
    std::unique_ptr<rd_kafka_conf_t, DestroyConf> conf(rd_kafka_conf_new());
    char text[512];
    auto set = [&](const std::string& name, const std::string& value) {
        return rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), text, sizeof text) == RD_KAFKA_CONF_OK;
    };
    const Properties common{{"bootstrap.servers", options.brokers}, {"client.id", "keyledger"},
                            {"socket.nagle.disable", "true"},       {"reconnect.backoff.ms", "50"},
                            {"reconnect.backoff.max.ms", "1000"},   {"allow.auto.create.topics", "false"}};
    for (const auto* list : {&options.properties, &common, &properties}) {
        for (const auto& [name, value] : *list) {
            if (role == Role::kProducer && name == "allow.auto.create.topics") continue;
            // The value may be a password: it is not repeated.
            if (!set(name, value))
                return Unexpected(KafkaError{NextStep::kRefused, RD_KAFKA_RESP_ERR__INVALID_ARG,
                                             "Kafka setting '" + name + "' is not accepted"});
        }
    }
    Client client;
    client.context_ = std::make_unique<ClientContext>();
    client.context_->log = options.log;
    client.context_->oauth_token_file = options.oauth_token_file;
    rd_kafka_conf_set_opaque(conf.get(), client.context_.get());
    rd_kafka_conf_set_log_cb(conf.get(), on_log);
    rd_kafka_conf_set_error_cb(conf.get(), on_error);
    if (role == Role::kProducer) rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
    if (role == Role::kProducer && options.statistics) {
        client.context_->statistics = options.statistics;
        rd_kafka_conf_set_stats_cb(conf.get(), on_statistics);
        if (!set("statistics.interval.ms", std::to_string(options.statistics_every.count())))
            return Unexpected(KafkaError{NextStep::kRefused, RD_KAFKA_RESP_ERR__INVALID_ARG, text});
    }
    const bool by_token = !options.oauth_token_file.empty();
    if (by_token) {
        rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf.get(), on_token_wanted);
        rd_kafka_conf_enable_sasl_queue(conf.get(), 1);  // served by a thread of librdkafka: not everybody here polls
    }
    const auto type = role == Role::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
    client.handle_.reset(rd_kafka_new(type, conf.get(), text, sizeof text));
    if (!client.handle_) {
        const int code = rd_kafka_last_error();
        return Unexpected(KafkaError{NextStep::kRefused, code, sentence("making a Kafka client", text)});
    }
    conf.release();  // the handle owns it now
    if (rd_kafka_error_t* error = by_token ? rd_kafka_sasl_background_callbacks_enable(client.handle_.get()) : nullptr)
        return Unexpected(error_of(error, "making a Kafka client"));
    return client;
}

std::optional<std::string> fault_of_options(ClientOptions options) {
    options.brokers.clear();
    options.log = {};
    const auto client = Client::open(Client::Role::kProducer, options, {});
    if (client) return std::nullopt;
    return client.error().sentence;
}

}  // namespace keyledger::eventstore::kafka

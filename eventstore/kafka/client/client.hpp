#pragma once
// Thin ownership over librdkafka's C handles, and its errors as values that say what to do next. No header of
// librdkafka is included here.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/base/result.hpp"

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_error_s;

namespace keyledger::eventstore::kafka {

enum class NextStep {
    kRetry,    // the cluster can't be reached, is not ready or does not let us in: try again with back-off
    kRestart,  // this transaction or this client is lost: destroy it and begin anew from what Kafka holds
    kFenced,   // another client has taken the transactional id: stand back
    kRefused,  // Kafka will never take this record: stop
};

struct KafkaError {
    NextStep next = NextStep::kRetry;
    int code = 0;  // of librdkafka, for logs
    std::string sentence;
};

// From a bare error code (rd_kafka_resp_err_t).
KafkaError error_of(int code, std::string_view during);
// Takes the error object.
KafkaError error_of(rd_kafka_error_s* error, std::string_view during);

struct ClientOptions {
    std::string brokers;  // host:port[,host:port …]
    // Anything else that librdkafka should know, such as security.protocol. What the publisher's guarantees
    // rest on is set after these and can't be overridden.
    std::vector<std::pair<std::string, std::string>> properties;
    // For SASL OAUTHBEARER: a file that holds a JWT. It is read whenever librdkafka wants another: somebody renews it.
    std::string oauth_token_file;
    // Syslog level (3 error … 7 debug) and text. Called from librdkafka's threads, several at once.
    std::function<void(int, std::string_view)> log;
    // Takes librdkafka's statistics of a producer (its STATISTICS.md), a JSON text, in the thread that polls. Must not
    // throw. Empty: nobody asks for them, and none are made.
    std::function<void(std::string_view)> statistics;
    std::chrono::milliseconds statistics_every{10'000};
};

// Whether librdkafka takes the options and can load the files that they name; a sentence if not. Connects to
// nobody.
std::optional<std::string> fault_of_options(ClientOptions options);

// What a client's callbacks need; lives as long as its handle. Callbacks of deliveries and errors run in the
// thread that polls.
struct ClientContext {
    std::function<void(int, std::string_view)> log;
    std::function<void(std::string_view)> statistics;
    std::string oauth_token_file;
    std::atomic<bool> all_brokers_down{false};
    struct Delivery {
        std::int64_t position = 0;  // 0: the position record
        std::string_view topic;
        std::int32_t partition = 0;
        std::int64_t offset = 0;
        int code = 0;
    };
    std::function<void(const Delivery&)> delivered;
};

class Client {
public:
    enum class Role { kProducer, kConsumer };
    using Properties = std::vector<std::pair<std::string, std::string>>;

    static Result<Client, KafkaError> open(Role role, const ClientOptions& options, const Properties& properties);

    rd_kafka_s* handle() const { return handle_.get(); }
    ClientContext& context() { return *context_; }

private:
    struct Destroy {
        void operator()(rd_kafka_s* handle) const;
    };
    Client() = default;

    std::unique_ptr<ClientContext> context_;  // before the handle: outlives it
    std::unique_ptr<rd_kafka_s, Destroy> handle_;
};

inline int timeout_ms(std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

}  // namespace keyledger::eventstore::kafka

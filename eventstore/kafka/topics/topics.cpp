#include "eventstore/kafka/topics/topics.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <thread>

#include "eventstore/kafka/publishing/limits.hpp"

namespace keyledger::eventstore::kafka {
namespace {

using Time = std::chrono::steady_clock::time_point;
using Event = std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)>;
using Queue = std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)>;
using Options = std::unique_ptr<rd_kafka_AdminOptions_t, decltype(&rd_kafka_AdminOptions_destroy)>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, decltype(&rd_kafka_NewTopic_destroy)>;
using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, decltype(&rd_kafka_ConfigResource_destroy)>;

constexpr std::int32_t kBrokersDefault = -1;  // KIP-464
constexpr auto kPropagationPoll = std::chrono::milliseconds(50);

struct Setting {
    enum class Rule { kEquals, kAtLeast };
    const char* name;
    std::string value;
    Rule rule = Rule::kEquals;
};
struct WantedTopic {
    std::string name;
    std::int32_t partitions;
    Replication replication;
    std::vector<Setting> create;  // given when it is made
    std::vector<Setting> verify;  // must hold whoever made it
};

std::vector<WantedTopic> wanted_topics(const TopicSettings& settings, const std::vector<OutputTopic>& outputs) {
    const Setting room{"max.message.bytes", std::to_string(kMinTopicMessageBytes), Setting::Rule::kAtLeast};
    // Facts are kept for ever, and never compacted away.
    const std::vector<Setting> events{{"cleanup.policy", "delete"}, {"retention.ms", "-1"}, {"retention.bytes", "-1"}};
    // Small segments, so that it is compacted and short to read at start.
    const std::vector<Setting> positions{{"cleanup.policy", "compact"}, {"segment.bytes", "1048576"}};
    const std::vector<Setting> state{{"cleanup.policy", "compact"}};
    std::vector<WantedTopic> topics{{settings.positions(), 1, settings.replication, positions, positions}};
    for (const OutputTopic& output : outputs) {
        const bool facts = output.retention == OutputTopic::Retention::kEverything;
        const auto& kept = facts ? events : state;
        topics.push_back({output.name, settings.partitions, settings.replication, kept, kept});
    }
    for (WantedTopic& topic : topics) {
        topic.verify.push_back(room);
        if (topic.replication.min_in_sync == 0) continue;
        const Setting copies{kMinInSync, std::to_string(topic.replication.min_in_sync), Setting::Rule::kAtLeast};
        topic.create.push_back(copies);
        topic.verify.push_back(copies);
    }
    return topics;
}

TopicProblem kafka_problem(KafkaError error) { return {TopicProblem::Kind::kKafka, error.sentence, error}; }

class Admin {
public:
    Admin(Client client, Time deadline)
        : client_(std::move(client)),
          queue_(rd_kafka_queue_new(client_.handle()), rd_kafka_queue_destroy),
          deadline_(deadline) {}

    Result<void, TopicProblem> create(const std::vector<WantedTopic>& topics);
    // nullopt: one of them is not (yet) known to the cluster.
    Result<std::optional<std::string>, TopicProblem> unknown(const std::vector<WantedTopic>& topics);
    Result<void, TopicProblem> verify(const std::vector<WantedTopic>& topics);
    bool expired() const { return std::chrono::steady_clock::now() >= deadline_; }

private:
    Options options(rd_kafka_admin_op_t operation) {
        Options made(rd_kafka_AdminOptions_new(client_.handle(), operation), rd_kafka_AdminOptions_destroy);
        char text[256];
        rd_kafka_AdminOptions_set_request_timeout(made.get(), std::max(1, timeout_ms(deadline_)), text, sizeof text);
        return made;
    }
    Result<Event, TopicProblem> answer(const char* during) {
        Event event(rd_kafka_queue_poll(queue_.get(), timeout_ms(deadline_) + 1000), rd_kafka_event_destroy);
        const int code = event ? static_cast<int>(rd_kafka_event_error(event.get()))
                               : static_cast<int>(RD_KAFKA_RESP_ERR__TIMED_OUT);
        if (code != 0) return Unexpected(kafka_problem(error_of(code, during)));
        return event;
    }
    Result<void, TopicProblem> verify_partitions(const WantedTopic& topic);

    Client client_;
    Queue queue_;
    Time deadline_;
};

Result<void, TopicProblem> Admin::create(const std::vector<WantedTopic>& topics) {
    std::vector<NewTopic> owners;
    std::vector<rd_kafka_NewTopic_t*> pointers;
    char text[512];
    for (const WantedTopic& topic : topics) {
        NewTopic made(rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, factor_to_ask_for(topic.replication),
                                            text, sizeof text),
                      rd_kafka_NewTopic_destroy);
        if (!made)
            return Unexpected(
                TopicProblem{TopicProblem::Kind::kMismatch, "topic " + topic.name + " can't be made: " + text, {}});
        for (const Setting& setting : topic.create)
            rd_kafka_NewTopic_set_config(made.get(), setting.name, setting.value.c_str());
        pointers.push_back(made.get());
        owners.push_back(std::move(made));
    }
    const Options how = options(RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(client_.handle(), pointers.data(), pointers.size(), how.get(), queue_.get());
    auto event = answer("making the topics");
    if (!event) return Unexpected(event.error());
    std::size_t count = 0;
    const auto* result = rd_kafka_event_CreateTopics_result(event->get());
    const auto** created = rd_kafka_CreateTopics_result_topics(result, &count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto code = rd_kafka_topic_result_error(created[i]);
        if (!code || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
        KafkaError error =
            error_of(static_cast<int>(code), std::string("making topic ") + rd_kafka_topic_result_name(created[i]));
        if (const char* why = rd_kafka_topic_result_error_string(created[i])) error.sentence.append("; ").append(why);
        return Unexpected(kafka_problem(std::move(error)));
    }
    return {};
}

Result<std::optional<std::string>, TopicProblem> Admin::unknown(const std::vector<WantedTopic>& topics) {
    const rd_kafka_metadata_t* raw = nullptr;
    const int wait_ms = static_cast<int>(std::chrono::milliseconds(kFirstContactTimeout).count());
    const auto error = rd_kafka_metadata(client_.handle(), 1, nullptr, &raw, wait_ms);
    if (error) return Unexpected(kafka_problem(error_of(static_cast<int>(error), "asking for the topics")));
    const std::unique_ptr<const rd_kafka_metadata_t, decltype(&rd_kafka_metadata_destroy)> metadata(
        raw, rd_kafka_metadata_destroy);
    for (const WantedTopic& topic : topics) {
        bool found = false;
        for (int i = 0; i < metadata->topic_cnt; ++i)
            found = found || (topic.name == metadata->topics[i].topic && !metadata->topics[i].err);
        if (!found) return std::optional(topic.name);
    }
    return std::optional<std::string>();
}

// Each partition's, for one may have been moved by itself.
Result<void, TopicProblem> verify_replicas(const WantedTopic& topic, const rd_kafka_metadata_topic_t& described) {
    int fewest = topic.replication.factor;
    for (int i = 0; i < described.partition_cnt; ++i) fewest = std::min(fewest, described.partitions[i].replica_cnt);
    if (fewest == topic.replication.factor) return {};
    return Unexpected(TopicProblem{TopicProblem::Kind::kMismatch,
                                   "topic " + topic.name + " has a partition with a replication factor of " +
                                       std::to_string(fewest) + ", but must have " +
                                       std::to_string(topic.replication.factor) +
                                       " or more; change it with kafka-reassign-partitions, or configure another "
                                       "topic prefix",
                                   {}});
}

Result<void, TopicProblem> Admin::verify_partitions(const WantedTopic& topic) {
    const std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)> handle(
        rd_kafka_topic_new(client_.handle(), topic.name.c_str(), nullptr), rd_kafka_topic_destroy);
    const rd_kafka_metadata_t* raw = nullptr;
    const auto error = rd_kafka_metadata(client_.handle(), 0, handle.get(), &raw, std::max(1, timeout_ms(deadline_)));
    if (error) return Unexpected(kafka_problem(error_of(static_cast<int>(error), "asking for topic " + topic.name)));
    const std::unique_ptr<const rd_kafka_metadata_t, decltype(&rd_kafka_metadata_destroy)> metadata(
        raw, rd_kafka_metadata_destroy);
    const int partitions = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
    if (partitions == topic.partitions) return verify_replicas(topic, metadata->topics[0]);
    return Unexpected(TopicProblem{TopicProblem::Kind::kMismatch,
                                   "topic " + topic.name + " has " + std::to_string(partitions) +
                                       " partitions, but must have " + std::to_string(topic.partitions) +
                                       "; configure the number it has, or another topic prefix",
                                   {}});
}

bool holds(const Setting& setting, const std::string& actual) {
    if (setting.rule == Setting::Rule::kEquals) return actual == setting.value;
    std::int64_t number = 0;
    std::from_chars(actual.data(), actual.data() + actual.size(), number);
    return number >= std::stoll(setting.value);
}

Result<void, TopicProblem> verify_settings(const WantedTopic& topic, const rd_kafka_ConfigResource_t* described) {
    std::size_t count = 0;
    const auto** entries = rd_kafka_ConfigResource_configs(described, &count);
    std::map<std::string, std::string> actual;
    for (std::size_t i = 0; i < count; ++i) {
        const char* value = rd_kafka_ConfigEntry_value(entries[i]);
        actual[rd_kafka_ConfigEntry_name(entries[i])] = value ? value : "";
    }
    for (const Setting& setting : topic.verify) {
        if (holds(setting, actual[setting.name])) continue;
        const char* rule = setting.rule == Setting::Rule::kAtLeast ? " or more" : "";
        return Unexpected(TopicProblem{TopicProblem::Kind::kMismatch,
                                       "topic " + topic.name + " has " + setting.name + "=" + actual[setting.name] +
                                           ", but must have " + setting.value + rule +
                                           "; change it with kafka-configs, or configure another topic prefix",
                                       {}});
    }
    return {};
}

Result<void, TopicProblem> Admin::verify(const std::vector<WantedTopic>& topics) {
    std::vector<Resource> owners;
    std::vector<rd_kafka_ConfigResource_t*> pointers;
    for (const WantedTopic& topic : topics) {
        auto partitions = verify_partitions(topic);
        if (!partitions) return partitions;
        owners.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str()),
                            rd_kafka_ConfigResource_destroy);
        pointers.push_back(owners.back().get());
    }
    const Options how = options(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_DescribeConfigs(client_.handle(), pointers.data(), pointers.size(), how.get(), queue_.get());
    auto event = answer("asking for the topics' settings");
    if (!event) return Unexpected(event.error());
    std::size_t count = 0;
    const auto** described =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event->get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::string name = rd_kafka_ConfigResource_name(described[i]);
        if (const auto code = rd_kafka_ConfigResource_error(described[i]))
            return Unexpected(kafka_problem(error_of(static_cast<int>(code), "asking for the settings of " + name)));
        for (const WantedTopic& topic : topics) {
            if (topic.name != name) continue;
            auto settings = verify_settings(topic, described[i]);
            if (!settings) return settings;
        }
    }
    return {};
}

}  // namespace

std::int32_t factor_to_ask_for(const Replication& replication) {
    return replication.factor == 0 ? kBrokersDefault : replication.factor;
}

Result<void, TopicProblem> ensure_topics(const ClientOptions& options, const TopicSettings& settings,
                                         const std::vector<OutputTopic>& outputs, IfMissing if_missing) {
    auto client = Client::open(Client::Role::kProducer, options, {});
    if (!client) return Unexpected(kafka_problem(client.error()));
    Admin admin(std::move(*client), std::chrono::steady_clock::now() + kAdminTimeout);
    const std::vector<WantedTopic> topics = wanted_topics(settings, outputs);
    auto missing = admin.unknown(topics);
    if (!missing) return Unexpected(missing.error());
    if (*missing && if_missing == IfMissing::kRefuse)
        return Unexpected(TopicProblem{TopicProblem::Kind::kMissing, "topic " + **missing + " is not there", {}});
    if (*missing) {
        auto created = admin.create(topics);
        if (!created) return created;
    }
    // A topic that was just made reaches the brokers' metadata a little later.
    while (*missing) {
        missing = admin.unknown(topics);
        if (!missing) return Unexpected(missing.error());
        if (!*missing) break;
        if (admin.expired())
            return Unexpected(TopicProblem{TopicProblem::Kind::kMissing,
                                           "topic " + **missing + " was made, but the cluster does not show it",
                                           {}});
        std::this_thread::sleep_for(kPropagationPoll);  // a broker tells nobody when it has heard of a topic
    }
    return admin.verify(topics);
}

}  // namespace keyledger::eventstore::kafka

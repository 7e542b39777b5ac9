#include "app/core/kafka_client.hpp"

#include <spdlog/spdlog.h>

namespace keyledger::app {

eventstore::kafka::ClientOptions kafka_client(const Config& config, int warn_up_to) {
    eventstore::kafka::ClientOptions options;
    options.brokers = config.kafka_brokers;
    options.properties = config.kafka_security.properties;
    options.oauth_token_file = config.kafka_security.oauth_token_file;
    options.log = [warn_up_to](int level, std::string_view text) {
        if (level <= warn_up_to) spdlog::warn("kafka: {}", text);
        else spdlog::debug("kafka: {}", text);
    };
    return options;
}

eventstore::kafka::Replication kafka_replication(const Config& config) {
    return {config.kafka_replication_factor, config.kafka_min_insync_replicas};
}

}  // namespace keyledger::app

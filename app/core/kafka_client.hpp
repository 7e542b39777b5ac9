#pragma once
// How every client of Kafka in this process connects.
#include "app/config/config.hpp"
#include "eventstore/kafka/client/client.hpp"
#include "eventstore/kafka/topics/topics.hpp"

namespace keyledger::app {

// What librdkafka logs at `warn_up_to` (syslog: 3 is an error, smaller is worse) is a warning, the rest for
// debugging.
eventstore::kafka::ClientOptions kafka_client(const Config& config, int warn_up_to);

// Of every topic that this process makes.
eventstore::kafka::Replication kafka_replication(const Config& config);

}  // namespace keyledger::app

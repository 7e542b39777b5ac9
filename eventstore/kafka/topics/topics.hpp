#pragma once
// The topics that the publisher writes: made if they are not there, and refused if they are not as they must
// be.
#include <cstdint>
#include <string>
#include <vector>

#include "eventstore/kafka/client/client.hpp"

namespace keyledger::eventstore::kafka {

// How many brokers keep each topic, and how many of them must have a record before it counts as written (producers ask
// for acks=all). Given when a topic is made, and the least that is taken of one that is there.
struct Replication {
    std::int32_t factor = 0;       // 0: the brokers' default, and any
    std::int32_t min_in_sync = 0;  // 0: the same
};

inline constexpr const char* kMinInSync = "min.insync.replicas";
std::int32_t factor_to_ask_for(const Replication& replication);  // as librdkafka wants it

struct TopicSettings {
    std::string prefix = "keyledger";
    // Of every topic but the positions'. It can't be changed later: a subject's key would move to another partition,
    // and its events would no longer be in order.
    std::int32_t partitions = 12;
    Replication replication;

    std::string events() const { return prefix + ".events.v1"; }
    std::string users() const { return prefix + ".users.v1"; }
    std::string sessions() const { return prefix + ".sessions.v1"; }
    std::string positions() const { return prefix + ".publisher.v1"; }
};

// One that an output writes; all have the same number of partitions.
struct OutputTopic {
    enum class Retention {
        kEverything,  // facts: for ever, never compacted
        kLatest,      // state: compacted, a key's last value
    };
    std::string name;
    Retention retention = Retention::kEverything;
};

struct TopicProblem {
    enum class Kind {
        kMissing,   // and it was not to be made
        kMismatch,  // it is there with other settings
        kKafka,     // see `error`
    };
    Kind kind = Kind::kKafka;
    std::string sentence;
    KafkaError error;
};

enum class IfMissing { kCreate, kRefuse };

// Those of an output, and the positions'. Blocks, at most about kAdminTimeout.
Result<void, TopicProblem> ensure_topics(const ClientOptions& options, const TopicSettings& settings,
                                         const std::vector<OutputTopic>& outputs, IfMissing if_missing);

}  // namespace keyledger::eventstore::kafka

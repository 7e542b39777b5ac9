#pragma once
// Who follows the log in this process: the projector and the publisher, each on a thread and connections of its own.
#include <memory>
#include <optional>

#include "app/config/config.hpp"
#include "app/core/core.hpp"
#include "eventstore/kafka/client/statistics.hpp"
#include "eventstore/kafka/publishing/publisher_status.hpp"
#include "projections/engine/queries.hpp"
#include "projections/engine/runner.hpp"

namespace keyledger::app {

class Traces;

class Followers {
public:
    // They hear of what is appended here, as does `hot`. Core, queries, hot and traces, which may be null, outlive it.
    Followers(const Config& config, Core& core, projections::Queries& queries, projections::HotAccess& hot,
              Traces* traces);
    ~Followers();

    void start();
    void stop();

    // nullopt: this process does not do it.
    std::optional<projections::ProjectorStatus> projector() const;
    // One an output; empty: this process does not publish, or has no brokers to publish to.
    struct Output {
        std::string_view name;
        eventstore::kafka::PublisherStatus status;
        std::optional<eventstore::kafka::ProducerStatistics> producer;  // while this process publishes
    };
    std::vector<Output> outputs() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace keyledger::app

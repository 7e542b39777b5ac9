#include "app/serve/followers.hpp"

#include "app/core/kafka_client.hpp"
#include "app/observing/traces.hpp"
#include "eventstore/kafka/publishing/publisher.hpp"
#include "eventstore/postgres/nodes/leadership.hpp"
#include "projections/hot/hot_access.hpp"
#include "projections/models/read_models.hpp"
#include "security/adapters/keyring_macs.hpp"

namespace keyledger::app {
namespace {

namespace kafka = eventstore::kafka;
namespace postgres = eventstore::postgres;

constexpr int kKafkaError = 3;  // of syslog
// An event after a quiet time is in the read models at once; while events keep coming, they come together.
constexpr std::chrono::milliseconds kProjectorRest{5};
constexpr std::chrono::milliseconds kProjectorRestOfMany{15};

kafka::PublisherOptions publisher_options(const Config& config, const Core& core, kafka::OutputKind output,
                                          kafka::StatisticsBoard& statistics) {
    kafka::PublisherOptions options;
    options.output = output;
    const bool is_state = output == kafka::OutputKind::kState;
    options.visible_within = is_state ? kafka::kStateVisibleWithin : kafka::kEventsVisibleWithin;
    options.client = kafka_client(config, kKafkaError);
    options.client.statistics = [&statistics](std::string_view json) { statistics.take(json); };
    options.macs = std::make_shared<security::KeyringMacs>([&core] { return core.keyring->snapshot(); },
                                                           [&core] { return core.clock.now(); });
    options.topics.prefix = config.kafka_topic_prefix;
    options.topics.partitions = config.kafka_partitions;
    options.topics.replication = kafka_replication(config);
    options.issuer = config.issuer;
    return options;
}

// The name of an output's lock and checkpoint in the database.
const char* follower_of(kafka::OutputKind output) {
    switch (output) {
        case kafka::OutputKind::kEvents: return "publisher";
        case kafka::OutputKind::kState: return "state_publisher";
    }
    return "publisher";
}

// A publisher with the ports that it alone uses.
struct OutputPublisher {
    OutputPublisher(const Config& config, const Core& core, kafka::OutputKind output,
                    const std::shared_ptr<FollowedSpans>& spans)
        : kind(output),
          source(follow_log(config, core)),
          session(config.database_url, follower_of(output), core.authenticity),
          traced_source(*source, spans),
          traced_cursors(session, spans),
          publisher(publisher_options(config, core, output, statistics),
                    {traced_source, traced_cursors, session, session}) {}
    const kafka::OutputKind kind;
    const std::unique_ptr<eventstore::LogSource> source;
    postgres::LeaderSession session;
    kafka::StatisticsBoard statistics;
    TracedLogSource traced_source;
    TracedCursors traced_cursors;
    kafka::Publisher publisher;

    // Those of a producer that is gone say nothing any more.
    std::optional<kafka::ProducerStatistics> producing() const {
        const auto state = publisher.status().state;
        if (state != kafka::PublisherState::kPublishing && state != kafka::PublisherState::kWaitingForBroker)
            return std::nullopt;
        return statistics.newest();
    }
};

}  // namespace

struct Followers::Parts {
    explicit Parts(eventstore::postgres::PostgresStore& hinting) : store(hinting) {}
    // Where a start fails they go while the store is still at work: it must not hint them any more.
    ~Parts() { store.stop(); }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    eventstore::postgres::PostgresStore& store;
    std::unique_ptr<projections::Projector> projector;
    std::vector<std::unique_ptr<OutputPublisher>> publishing;
};

Followers::Followers(const Config& config, Core& core, projections::Queries& queries, projections::HotAccess& hot,
                     Traces* traces)
    : parts_(std::make_unique<Parts>(core.store)) {
    if (config.serves_projector) {
        projections::ProjectorSettings settings;
        settings.database_url = config.database_url;
        settings.rest = kProjectorRest;
        settings.rest_of_many = kProjectorRestOfMany;
        auto models = projections::all_read_models();
        const auto spans = traces ? traces->projecting(models.size()) : nullptr;
        parts_->projector = std::make_unique<projections::Projector>(
            settings, std::make_unique<TracedLogSource>(follow_log(config, core), spans), core.cipher,
            std::move(models), [&queries, spans](std::string_view model, Position position) {
                queries.applied();
                if (spans) spans->done(model, position);
            });
    }
    if (config.serves_publisher && !config.kafka_brokers.empty()) {
        kafka::TopicSettings topics;
        topics.prefix = config.kafka_topic_prefix;
        parts_->publishing.push_back(std::make_unique<OutputPublisher>(
            config, core, kafka::OutputKind::kEvents, traces ? traces->publishing(topics.events()) : nullptr));
        if (config.kafka_state_topics)
            parts_->publishing.push_back(
                std::make_unique<OutputPublisher>(config, core, kafka::OutputKind::kState, nullptr));
    }
    core.store.on_appended([parts = parts_.get(), &hot](Position) {
        hot.hint();
        if (parts->projector) parts->projector->hint();
        for (const auto& publishing : parts->publishing) publishing->source->interrupt();
    });
}

Followers::~Followers() { stop(); }

void Followers::start() {
    if (parts_->projector) parts_->projector->start();
    for (const auto& publishing : parts_->publishing) publishing->publisher.start();
}

void Followers::stop() {
    if (parts_->projector) parts_->projector->stop();
    for (const auto& publishing : parts_->publishing) publishing->publisher.stop();
}

std::optional<projections::ProjectorStatus> Followers::projector() const {
    if (!parts_->projector) return std::nullopt;
    return parts_->projector->status();
}

std::vector<Followers::Output> Followers::outputs() const {
    std::vector<Output> all;
    for (const auto& publishing : parts_->publishing)
        all.push_back({kafka::name_of(publishing->kind), publishing->publisher.status(), publishing->producing()});
    return all;
}

}  // namespace keyledger::app

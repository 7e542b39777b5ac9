#include "app/followers.hpp"

#include <spdlog/spdlog.h>

#include "eventstore/kafka/publisher.hpp"
#include "eventstore/postgres/leadership.hpp"
#include "eventstore/postgres/postgres_log_source.hpp"

namespace keyledger::app {
namespace {

namespace kafka = eventstore::kafka;
namespace postgres = eventstore::postgres;

kafka::PublisherOptions publisher_options(const Config& config) {
    kafka::PublisherOptions options;
    options.client.brokers = config.kafka_brokers;
    options.client.log = [](int level, std::string_view text) {
        if (level <= 3)
            spdlog::warn("kafka: {}", text);
        else
            spdlog::debug("kafka: {}", text);
    };
    options.topics.prefix = config.kafka_topic_prefix;
    options.topics.partitions = config.kafka_partitions;
    options.issuer = config.issuer;
    return options;
}

// The publisher with the ports that it alone uses.
struct Publishing {
    explicit Publishing(const Config& config)
        : source(config.database_url),
          session(config.database_url, "publisher"),
          publisher(publisher_options(config), {source, session, session, session}) {}
    postgres::PostgresLogSource source;
    postgres::LeaderSession session;
    kafka::Publisher publisher;
};

}  // namespace

struct Followers::Parts {
    postgres::PostgresLogSource* projector_source = nullptr;  // owned by the projector
    std::unique_ptr<projections::Projector> projector;
    std::unique_ptr<Publishing> publishing;
};

Followers::Followers(const Config& config, Core& core, projections::Queries& queries)
    : parts_(std::make_unique<Parts>()) {
    if (config.serves_projector) {
        auto source = std::make_unique<postgres::PostgresLogSource>(config.database_url);
        parts_->projector_source = source.get();
        projections::ProjectorSettings settings;
        settings.database_url = config.database_url;
        parts_->projector = std::make_unique<projections::Projector>(
            settings, std::move(source), core.cipher, projections::all_read_models(),
            [&queries](std::string_view, Position) { queries.applied(); });
    }
    if (config.serves_publisher && !config.kafka_brokers.empty())
        parts_->publishing = std::make_unique<Publishing>(config);
    core.store.on_appended([parts = parts_.get()](Position) {
        if (parts->projector_source) parts->projector_source->hint();
        if (parts->publishing) parts->publishing->source.hint();
    });
}

Followers::~Followers() { stop(); }

void Followers::start() {
    if (parts_->projector) parts_->projector->start();
    if (parts_->publishing) parts_->publishing->publisher.start();
}

void Followers::stop() {
    if (parts_->projector) parts_->projector->stop();
    if (parts_->publishing) parts_->publishing->publisher.stop();
}

std::optional<projections::ProjectorStatus> Followers::projector() const {
    if (!parts_->projector) return std::nullopt;
    return parts_->projector->status();
}

std::optional<kafka::PublisherStatus> Followers::publisher() const {
    if (!parts_->publishing) return std::nullopt;
    return parts_->publishing->publisher.status();
}

}  // namespace keyledger::app

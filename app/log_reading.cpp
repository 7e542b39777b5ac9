#include "app/log_reading.hpp"

#include "app/system_ports.hpp"
#include "eventstore/postgres/migrator.hpp"

namespace keyledger::app {
namespace {

eventstore::Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }

eventstore::postgres::PostgresStoreSettings settings_of(
    const Config& config, std::shared_ptr<eventstore::postgres::Authenticity> authenticity) {
    eventstore::postgres::PostgresStoreSettings settings;
    settings.url = config.database_url;
    settings.reads.threads = 1;
    settings.authenticity = std::move(authenticity);
    settings.reads.statement_timeout = std::chrono::seconds(60);
    return settings;
}

std::shared_ptr<const eventstore::EventMacs> macs_with(security::KeyringMacs::Snapshot snapshot) {
    const auto now_ms = [] { return SystemClock().now_ms(); };
    return std::make_shared<const security::KeyringMacs>(std::move(snapshot), now_ms);
}

}  // namespace

std::shared_ptr<eventstore::postgres::Authenticity> authenticity_with(
    security::KeyringMacs::Snapshot snapshot, eventstore::postgres::Authenticity::OnLackingKey on_lacking_key) {
    return std::make_shared<eventstore::postgres::Authenticity>(macs_with(std::move(snapshot)),
                                                                std::move(on_lacking_key));
}

std::shared_ptr<const eventstore::EventMacs> configured_macs(const Config& config) {
    if (config.keyring_file.empty()) return nullptr;
    auto loaded = security::Keyring::load(config.keyring_file);
    if (!loaded) throw std::runtime_error(loaded.error().message);
    return macs_with([keyring = std::move(*loaded)] { return keyring; });
}

std::shared_ptr<eventstore::postgres::Authenticity> configured_authenticity(const Config& config) {
    auto macs = configured_macs(config);
    if (!macs) return nullptr;
    return std::make_shared<eventstore::postgres::Authenticity>(std::move(macs));
}

Log::Log(const Config& config)
    : authenticity_(configured_authenticity(config)),
      store_(settings_of(config, authenticity_), [] { return SystemClock().now_ms(); }) {
    if (auto problem = eventstore::postgres::schema_problem(config.database_url))
        throw std::runtime_error(*problem);
}

Log::~Log() {
    store_.stop();
    thread_.join();
}

std::vector<eventstore::RecordedEvent> Log::read(Position first, std::int32_t count) {
    return run(store_.read_log(first, count, soon()));
}

eventstore::Head Log::head() { return run(store_.head(soon())); }

}  // namespace keyledger::app

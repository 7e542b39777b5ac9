#include "app/log_reading.hpp"

#include "app/system_ports.hpp"
#include "eventstore/postgres/migrator.hpp"

namespace keyledger::app {
namespace {

eventstore::Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }

eventstore::postgres::PostgresStoreSettings settings_of(const Config& config) {
    eventstore::postgres::PostgresStoreSettings settings;
    settings.url = config.database_url;
    settings.reads.threads = 1;
    settings.reads.statement_timeout = std::chrono::seconds(60);
    return settings;
}

}  // namespace

Log::Log(const Config& config) : store_(settings_of(config), [] { return SystemClock().now_ms(); }) {
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

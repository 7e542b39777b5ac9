#include "app/core/log_reading.hpp"

#include <iostream>

#include "app/core/system_ports.hpp"
#include "eventstore/postgres/migrations/migrator.hpp"

namespace keyledger::app {
namespace {

constexpr auto kTreeHeadsWord = std::chrono::seconds(3);

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
    const auto now = [] { return SystemClock().now(); };
    return std::make_shared<const security::KeyringMacs>(std::move(snapshot), now);
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

std::shared_ptr<eventstore::postgres::Authenticity> demanding_authenticity(const Config& config) {
    return std::make_shared<eventstore::postgres::Authenticity>(configured_macs(config),
                                                                [](const std::string&) { return false; });
}

bool look_at_tree_heads(eventstore::postgres::Authenticity& authenticity, const std::string& url,
                        const std::function<void(const std::string&)>& tell, const std::function<bool()>& go_on) {
    using Clock = std::chrono::steady_clock;
    auto next_word = Clock::now() + kTreeHeadsWord;
    const auto looked = authenticity.look_at_heads(url, [&](std::int64_t heads) {
        if (Clock::now() >= next_word) {
            tell("looked at " + std::to_string(heads) +
                 " tree heads in the database, from the newest back, and no key of "
                 "the keyring signed any; going on");
            next_word = Clock::now() + kTreeHeadsWord;
        }
        return go_on();
    });
    if (!looked) throw std::runtime_error("the tree heads in the database can't be looked at: " + looked.error());
    return *looked;
}

void look_at_tree_heads(eventstore::postgres::Authenticity& authenticity, const std::string& url) {
    look_at_tree_heads(authenticity, url, [](const std::string& word) { std::cerr << "keyledger: " << word << '\n'; });
}

Log::Log(const Config& config) : Log(config, configured_authenticity(config)) {}

Log::Log(const Config& config, std::shared_ptr<eventstore::postgres::Authenticity> authenticity)
    : authenticity_(std::move(authenticity)),
      store_(settings_of(config, authenticity_), [] { return SystemClock().now(); }) {
    if (auto problem = eventstore::postgres::schema_problem(config.database_url)) throw std::runtime_error(*problem);
    if (authenticity_) look_at_tree_heads(*authenticity_, config.database_url);
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

#include "app/core/core.hpp"

#include <spdlog/spdlog.h>

#include <csignal>

#include "api/requests/network.hpp"
#include "app/core/log_reading.hpp"
#include "app/serve/service.hpp"
#include "eventstore/postgres/connection/reaching.hpp"
#include "eventstore/postgres/migrations/migrator.hpp"
#include "eventstore/postgres/migrations/service_role.hpp"
#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "integrations/places/mmdb_places.hpp"

namespace keyledger::app {
namespace {

std::unique_ptr<security::LiveKeyring> open_keyring(const Config& config, const SystemClock& clock) {
    auto keyring = security::LiveKeyring::open(config.keyring_file, clock.now());
    if (!keyring) throw StartFailure(keyring.error().message);
    return std::move(*keyring);
}

}  // namespace

std::vector<std::string> revoked_claims_keys(const security::Keyring& keyring, Instant now) {
    std::vector<std::string> ids;
    for (const auto& key : keyring.list(now))
        if (key.purpose == security::KeyPurpose::kClaims && key.state == security::KeyState::kRevoked)
            ids.push_back(key.id);
    return ids;
}

namespace {

const Config& with_fitting_schema(const Config& config) {
    if (auto problem = eventstore::postgres::pooling_problem(config.database_url))
        throw StartFailure("KEYLEDGER_DATABASE_URL: " + *problem);
    try {
        if (auto problem = eventstore::postgres::schema_problem(config.database_url)) throw StartFailure(*problem);
        if (auto problem = eventstore::postgres::service_role_problem(config.database_url))
            throw StartFailure(*problem);
    } catch (const eventstore::postgres::MigrationFailure& failure) {
        throw StartFailure(failure.what());
    }
    return config;
}

security::HashingPool::Options hashing_options(const Config& config) {
    security::HashingPool::Options options{
        config.hash_threads,
        config.hash_queue,
        {config.argon2_memory_kib, config.argon2_iterations, config.argon2_parallelism}};
    if (config.imported_hash.empty()) return options;
    const auto imported = security::read_imported_hash(config.imported_hash);
    if (!imported) throw StartFailure("KEYLEDGER_IMPORTED_HASH: give a hash in one of the forms of docs/import.md");
    options.imported_decoy = *imported;
    return options;
}

std::unique_ptr<const security::KnownPasswords> known_passwords(const Config& config) {
    if (config.known_passwords_file.empty()) return nullptr;
    auto list = security::KnownPasswords::open(config.known_passwords_file);
    if (!list) throw StartFailure("KEYLEDGER_KNOWN_PASSWORDS_FILE: " + list.error());
    return std::move(*list);
}

eventstore::postgres::PostgresStoreSettings store_settings(
    const Config& config, std::shared_ptr<eventstore::postgres::Authenticity> authenticity, KeyringWatch& watch,
    std::shared_ptr<eventstore::LogTail> tail) {
    eventstore::postgres::PostgresStoreSettings settings;
    settings.tail = std::move(tail);
    settings.committer.on_ended_key = [&watch](const std::string& id) { return watch.has_ended(id); };
    settings.url = config.database_url;
    settings.authenticity = std::move(authenticity);
    settings.committer.max_batch_commands = config.append_batch;
    settings.reads.threads = config.database_connections;
    // Nobody waits for a read any longer than for the request that asked for it.
    const std::chrono::milliseconds request_timeout(config.request_timeout.ms());
    settings.reads.statement_timeout = std::min(settings.reads.statement_timeout, request_timeout);
    return settings;
}

eventstore::postgres::PostgresLimits::Settings limits_settings(const Config& config) {
    eventstore::postgres::PostgresLimits::Settings settings;
    settings.url = config.database_url;
    return settings;
}

eventstore::postgres::PostgresLookups::Settings lookups_settings(const Config& config) {
    eventstore::postgres::PostgresLookups::Settings settings;
    settings.url = config.database_url;
    return settings;
}

std::string network_of(std::string_view client_address) {
    const auto address = api::IpAddress::parse(client_address);
    return address ? address->caller_network().to_string() : std::string(client_address);
}

commands::Settings command_settings(const Config& config) {
    return {config.issuer, config.lifetimes, config.attempts, config.erasure_grace, config.access_token_lifetime,
            config.limits};
}

// As authenticator apps show it: the host of the issuer.
std::string shown_issuer(std::string_view issuer) {
    const std::size_t scheme = issuer.find("://");
    if (scheme != std::string_view::npos) issuer.remove_prefix(scheme + 3);
    return std::string(issuer.substr(0, issuer.find_first_of("/?#")));
}

security::PasswordPolicy password_policy(const Config& config) {
    security::PasswordPolicy policy;
    policy.min_code_points = config.password_min_length;
    return policy;
}

// A signal that is blocked waits until somebody takes it.
bool is_told_to_stop() {
    sigset_t waiting;
    sigemptyset(&waiting);
    sigpending(&waiting);
    return sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1;
}

void look_at_heads(eventstore::postgres::Authenticity& authenticity, const std::string& url) try {
    const auto tell = [](const std::string& word) { spdlog::warn("{}", word); };
    if (!look_at_tree_heads(authenticity, url, tell, [] { return !is_told_to_stop(); })) throw StartStopped();
} catch (const std::runtime_error& failure) {
    throw StartFailure(failure.what());
}

std::unique_ptr<const commands::Places> open_places(const Config& config) {
    if (config.places_file.empty()) return nullptr;
    auto places = integrations::MmdbPlaces::open(config.places_file);
    if (!places) throw StartFailure("KEYLEDGER_PLACES_FILE: '" + config.places_file + "': " + places.error());
    return std::move(*places);
}

commands::AccountServices account_services(const Config& config, const commands::Places* places,
                                           commands::LastPlaces& last_places) {
    commands::AccountServices accounts;
    accounts.places = places;
    accounts.last_places = &last_places;
    accounts.refused_risk = config.refused_risk;
    accounts.own_erasure_grace = config.own_erasure_grace;
    accounts.password_history = config.password_history;
    accounts.second_factors.policy = config.second_factor_policy;
    accounts.passkeys.shown_name = config.passkeys.name;
    accounts.passkeys.asks_for_attestation = config.passkeys.asks_for_attestation;
    return accounts;
}

}  // namespace

std::unique_ptr<eventstore::LogSource> follow_log(const Config& config, const Core& core,
                                                  std::chrono::milliseconds patience) {
    auto log = std::make_unique<eventstore::postgres::PostgresLogSource>(
        config.database_url, core.authenticity, patience, eventstore::postgres::WokenBy::kHintsAlone);
    return std::make_unique<eventstore::TailSource>(std::move(log), core.tail);
}

Core::Core(const Config& config)
    : keyring(open_keyring(config, clock)),
      authenticity(authenticity_with([live = keyring.get()] { return live->snapshot(); },
                                     [this](const std::string& id) { return keyring_watch.is_lacking(id); })),
      keyring_watch(*keyring, clock),
      cipher(*keyring, clock, [this](const auto& wrapped) { return learns_to_open(wrapped); }),
      pseudonyms(*keyring, clock),
      hashing(hashing_options(config)),
      hasher(hashing),
      policy(processors, password_policy(config), known_passwords(config)),
      store(store_settings(with_fitting_schema(config), authenticity, keyring_watch, tail),
            [this] { return clock.now(); }),
      admin_log(config.admin_log_file, clock),
      watched_store(store, admin_log),
      keys(store, cipher),
      cache(static_cast<std::size_t>(config.cached_streams)),
      executor({watched_store, cipher, keys, cache, clock, identifiers, pseudonyms, &workers}),
      folded_access(executor, store),
      access(folded_access, store),
      shared_limits(limits_settings(config), [this](std::string_view key) { return pseudonyms.bucket(key); }),
      lookups(lookups_settings(config), [this](std::string_view name) { return pseudonyms.bucket(name); }),
      failure_sums(network_of),
      factor_secrets(shown_issuer(config.issuer)),
      places(open_places(config)),
      accounts(account_services(config, places.get(), last_places)),
      services{executor,
               access,
               watched_store,
               cipher,
               clock,
               identifiers,
               pseudonyms,
               hasher,
               policy,
               client_secret_cache,
               assertions,
               operator_log,
               limits,
               failure_sums,
               unrecorded_failures,
               accounts,
               command_settings(config)} {
    accounts.factor_secrets = &factor_secrets;
    accounts.step_up_window = config.step_up_window;
    accounts.session_limit = config.session_limit;
    accounts.later = &background;
    accounts.user_codes = &lookups;
    accounts.device_answers = &access;
    look_at_heads(*authenticity, config.database_url);
    // Else nothing that is read could be believed, and all would wait for it.
    if (const auto known = authenticity->is_announced(config.database_url, {}); !known)
        throw StartFailure(known.error());
}

Core::~Core() { stop(); }

// The id of a day's anonymous callers is no secret, and no event is needed for somebody to have made a key for it.
bool Core::learns_to_open(const eventstore::StoredSubjectKey& wrapped) {
    using Of = KeyringWatch::Of;
    const Instant now = clock.now();
    Of subject = Of::kSomebodyKnown;
    for (const Instant day : {now - days(1), now, now + days(1)})
        if (wrapped.subject == pseudonyms.anonymous_subject_of(day)) subject = Of::kAnybody;
    return keyring_watch.is_lacking(wrapped.key_encryption_key_id, subject);
}

void Core::stop() {
    store.stop();
    shared_limits.stop();
    lookups.stop();
    hashing.stop();
    processors.stop();
    processors.join();
}

}  // namespace keyledger::app

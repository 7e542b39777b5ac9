#include "app/serve/service.hpp"

#include <spdlog/spdlog.h>

#include "api/http/server.hpp"
#include "api/routes/limiting.hpp"
#include "api/routes/pages/problem_pages.hpp"
#include "api/routes/positions.hpp"
#include "api/routes/routes.hpp"
#include "app/config/clients_file.hpp"
#include "app/core/core.hpp"
#include "app/core/outgoing.hpp"
#include "app/core/page_files.hpp"
#include "app/metrics/collecting.hpp"
#include "app/metrics/metrics.hpp"
#include "app/observing/telling.hpp"
#include "app/origins/listed_origins.hpp"
#include "app/origins/starting_origins.hpp"
#include "app/serve/followers.hpp"
#include "app/serve/health.hpp"
#include "app/serve/housekeeper.hpp"
#include "app/serve/keyring_exchange.hpp"
#include "app/serve/management.hpp"
#include "app/serve/observation.hpp"
#include "app/serve/other_providers.hpp"
#include "app/serve/probe.hpp"
#include "app/serve/reactors.hpp"
#include "app/serve/reloading.hpp"
#include "app/serve/tree_heads.hpp"
#include "commands/access/roles.hpp"
#include "commands/clients/dpop.hpp"
#include "eventstore/postgres/keys/key_uses.hpp"
#include "projections/engine/queries.hpp"
#include "projections/hot/hot_access.hpp"
#include "projections/models/deadlines.hpp"
#include "security/adapters/challenge_secrets.hpp"
#include "security/adapters/device_ids.hpp"
#include "security/adapters/dpop_keys.hpp"
#include "security/adapters/keyring_tokens.hpp"
#include "security/adapters/passkeys.hpp"

namespace keyledger::app {
namespace {

FileClients load_clients(const Config& config) {
    auto clients = FileClients::load(config.clients_file);
    if (!clients) throw StartFailure("KEYLEDGER_CLIENTS_FILE: " + clients.error().front());
    return std::move(*clients);
}

// A database from before a key for claims ended, as a restored one is: all names that were claimed under it would be
// free.
void refuse_names_of_before(const Config& config, const Core& core) {
    const auto ended = revoked_claims_keys(*core.keyring->snapshot(), core.clock.now());
    const auto key = eventstore::postgres::ended_key_in_use(config.database_url, ended);
    if (!key) throw StartFailure("names could not be looked at: " + key.error());
    if (*key)
        throw StartFailure("names are claimed under key " + **key +
                           ", which has ended: this database is from before. "
                           "Nobody could log in, and others could take their names. Run 'keyledger keys reclaim' "
                           "first");
}

eventstore::Head learn_head(const Config& config, Core& core) {
    refuse_names_of_before(config, core);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const auto head = core.run(core.store.head(deadline));
    if (!head) throw StartFailure("the database does not answer; check KEYLEDGER_DATABASE_URL and the server");
    return *head;
}

// Before anybody is served: a log of before there were roles has an administrator without one.
void assign_role_to_first_administrator(Core& core) {
    commands::Caller caller;
    caller.actor_type = eventstore::ActorType::kSystem;
    caller.request_id = "adopt-administrator";
    caller.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const auto adopted = core.run(commands::assign_role_to_first_administrator(core.services, caller));
    const auto keyring = core.keyring_watch.check();
    if (!adopted && !keyring.good) {
        spdlog::warn("the administrator's role is not looked for: {}", keyring.detail);
        return;
    }
    if (!adopted) throw StartFailure("the administrator's role could not be looked for; the database does not answer");
    if (adopted->position > 0) spdlog::info("gave the administrator the role of that name");
}

security::LocateKey look_for_keys(Core& core) {
    return [&core](const std::string& key_id) { return core.keyring_watch.locate_key(key_id); };
}

projections::QuerySettings query_settings(const Config& config) {
    projections::QuerySettings settings;
    settings.database_url = config.database_url;
    return settings;
}

api::ServerOptions server_options(const Config& config, const commands::Clock& clock) {
    api::ServerOptions options;
    options.address = config.listen.address;
    options.port = config.listen.port;
    options.io_threads = config.io_threads;
    options.limits.connections_per_network = config.network_connections;
    options.limits.idle = std::chrono::milliseconds(config.keep_alive.ms());
    options.limits.requests_per_connection = config.keep_alive_requests;
    options.hsts_seconds = config.hsts.whole_seconds();
    options.limits.request = std::chrono::milliseconds(config.request_timeout.ms());
    options.now = [&clock] { return clock.now(); };
    options.traces = trace_rules(config);
    for (const std::string& text : config.trusted_proxies) {
        const auto network = api::Cidr::parse(text);
        if (!network) throw StartFailure("KEYLEDGER_TRUSTED_PROXIES: '" + text + "' is not a network or address");
        options.trusted_proxies.push_back(*network);
    }
    if (!config.tls_certificate_file.empty())
        options.tls = api::TlsFiles{config.tls_certificate_file, config.tls_key_file};
    return options;
}

// Where nobody can count, nobody registers: the bound is what keeps strangers from filling the database.
commands::Answer<std::int64_t> count_registrations(projections::Queries& queries, std::int64_t most,
                                                   commands::Deadline deadline) {
    const auto counted = co_await projections::count_deadlines(queries, projections::kOfRegistration, most, deadline);
    if (!counted) co_return Unexpected(refusals::kUnavailable);
    co_return *counted;
}

// Pages of first-party applications call the API as well: no other application's token is good there.
api::OriginReach reach_of(const projections::HotAccess& hot, const StartingOrigins& starting, std::string_view origin) {
    std::optional<ConsentRule> consent;
    if (!hot.caught_up()) consent = starting.find(origin);
    if (!consent) consent = hot.page_origin(origin);  // also where it has become level just now
    if (!consent) return api::OriginReach::kNothing;
    return *consent == ConsentRule::kFirstParty ? api::OriginReach::kApi : api::OriginReach::kApplications;
}

api::CorsPolicy cors_policy(const Config& config, const projections::HotAccess& hot, const StartingOrigins& starting) {
    api::CorsPolicy policy;
    policy.origins = config.cors_origins;
    policy.open_operations = {"authzenConfiguration", "jwks", "oauthMetadata", "openapi", "openidConfiguration",
                              "serviceInformation"};
    policy.registered = [&hot, &starting](std::string_view origin) { return reach_of(hot, starting, origin); };
    policy.application_operations = {"authorizeDevice", "pushAuthorizationRequest", "revoke", "token", "userinfo",
                                     "userinfoByPost"};
    return policy;
}

}  // namespace

struct Service::Parts {
    explicit Parts(const LenientConfig& read)
        : config(read.config),
          core(config),
          clients(load_clients(config)),
          log(learn_head(config, core)),
          log_id(log.log_id),
          telling(config, core, metrics),
          tree_heads(config, core, log),
          tokens(*core.keyring, core.clock, core.identifiers, core.processors,
                 {config.issuer, config.access_token_lifetime, log_id, config.remembered_tokens}, look_for_keys(core)),
          challenge_secrets(*core.keyring, core.clock, log_id, look_for_keys(core)),
          cursors(*core.keyring, core.clock, look_for_keys(core)),
          half_logins(*core.keyring, core.clock, log_id, look_for_keys(core)),
          passkey_ceremonies(core.processors, {config.passkeys.domain, config.passkeys.origins}),
          passkey_challenges(*core.keyring, core.clock, log_id, look_for_keys(core)),
          idempotency_keys(*core.keyring, core.clock),
          device_ids(*core.keyring, core.clock, log_id),
          queries(query_settings(config)),
          hot_access(make_hot_access(config, core.clock, core.identifiers, core.cipher,
                                     follow_log(config, core, kFeedPatience))),
          starting_origins([this] { return listed_origins(core, queries); },
                           [this] { return hot_access->caught_up(); }),
          followers(config, core, queries, *hot_access, telling.traces.get()),
          outgoing(outgoing_options(config)),
          reactors(config, core, log_id, {challenge_secrets, queries, outgoing}),
          pages(load_pages(config)),
          context{core.services,
                  tokens,
                  cursors,
                  idempotency_keys,
                  clients,
                  queries,
                  health,
                  tree_heads,
                  claim_owners,
                  pages,
                  dpop,
                  config.subject_name_kinds,
                  config.owner_property,
                  log_id,
                  config.clear_positions ? api::PositionDisclosure::kClear : api::PositionDisclosure::kSealed,
                  config.password_min_length,
                  config.pkce_for_all,
                  config.most_registered,
                  config.records_service_tokens ? commands::ServiceTokenRecords::kEach
                                                : commands::ServiceTokenRecords::kNone},
          router(
              api::telling_positions(api::bind_routes(api::route_table(), context), context),
              cors_policy(config, *hot_access, starting_origins), api::path_of_url(config.issuer),
              [this](const api::Request& request, api::Response& response) { problem_pages.dress(request, response); }),
          server(server_options(config, core.clock), router, telling.observers),
          management(management_options(config.management_listen), management_routes({health, metrics, log_id})),
          housekeeper(config, core),
          keyring_exchange(config, core),
          probe(core, queries, keyring_exchange),
          other_providers(config, core, outgoing),
          reloading(read, {*core.keyring, clients, server, *telling.access_log, core.clock}) {
        complete_accounts();
        core.access.remember(*hot_access);
        core.executor.folder().watch(core.access);
        watch_for_outages(outages, core, followers);
        const Memory memory{config.serves_api, *hot_access, starting_origins};
        observe(health, core, followers, reactors, memory, tree_heads, probe);
        metrics.know(router.routes(), config.io_threads);
        collect(metrics, {core, followers, reactors, *hot_access, queries, outgoing, tree_heads, server, health});
        health.add([this] { return reloading.check(); });
        metrics.add([this] { return reloading.samples(); });
    }

    // What commands on accounts ask of the parts that only a service has.
    void complete_accounts() {
        core.accounts.challenge_secrets = &challenge_secrets;
        core.accounts.log_in_by_mail = {config.log_in_by_mail.by_link, config.log_in_by_mail.by_code};
        core.accounts.half_logins = &half_logins;
        if (!config.passkeys.domain.empty()) {
            core.accounts.passkeys.ceremonies = &passkey_ceremonies;
            core.accounts.passkeys.challenges = &passkey_challenges;
        }
        core.accounts.verifies_email = config.verifies_email;
        core.accounts.count_open_registrations = [this](std::int64_t most, commands::Deadline deadline) {
            return count_registrations(queries, most, deadline);
        };
        core.accounts.device_ids = &device_ids;
    }

    const std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
    Config config;
    Metrics metrics;
    ServiceHealth health;
    Core core;
    LiveClients clients;
    eventstore::Head log;  // as it was at the start
    Uuid log_id;
    Telling telling;
    TreeHeads tree_heads;
    security::KeyringTokens tokens;
    security::KeyringChallengeSecrets challenge_secrets;
    security::KeyringCursors cursors;
    security::KeyringHalfLogins half_logins;
    security::JudgedPasskeys passkey_ceremonies;
    security::KeyringPasskeyChallenges passkey_challenges;
    security::KeyringIdempotencyKeys idempotency_keys;
    security::KeyringDeviceIds device_ids;
    projections::Queries queries;
    std::unique_ptr<projections::HotAccess> hot_access;
    StartingOrigins starting_origins;
    Followers followers;
    integrations::CurlOutgoing outgoing;
    Reactors reactors;
    commands::ClaimOwnerCache claim_owners{commands::kMaxKnownOwners};
    api::Pages pages;
    api::ProblemPages problem_pages{pages};
    security::JwtDpopKeys dpop_keys{core.processors};
    commands::DpopChecker dpop{dpop_keys, cursors, core.clock, log_id};
    api::Context context;
    api::Router router;
    api::Server server;
    api::ManagementServer management;
    Housekeeper housekeeper;
    KeyringExchange keyring_exchange;
    Probe probe;
    OtherProviders other_providers;
    Reloading reloading;
    OutageWatch outages;
    bool stopped = false;
};

Service::Service(const LenientConfig& read) try : parts_(std::make_unique<Parts>(read)) {
} catch (const api::ServerError& error) {
    throw StartFailure(error.what());
}

Service::~Service() { stop(); }

void Service::start() try {
    Parts& parts = *parts_;
    parts.management.start();
    parts.keyring_exchange.exchange(std::chrono::steady_clock::now() + std::chrono::seconds(10));
    if (parts.config.serves_api) assign_role_to_first_administrator(parts.core);
    parts.followers.start();
    parts.reactors.start();
    if (parts.config.serves_api) {
        parts.hot_access->start();
        parts.starting_origins.start();
    }
    parts.tree_heads.start();
    parts.housekeeper.start();
    parts.probe.start();
    parts.outages.start();
    parts.other_providers.start();
    if (parts.config.serves_api) parts.server.start();
    parts.health.set_serving(true);
    const auto took = std::chrono::steady_clock::now() - parts.begun;
    spdlog::info("serving log {} on {}:{}, management on {}:{}, after {} ms", parts.log_id.to_string(),
                 parts.config.listen.address, parts.config.listen.port, parts.config.management_listen.address,
                 parts.config.management_listen.port,
                 std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
    if (parts.config.passkeys.domain.empty())
        spdlog::info("no passkeys are offered: KEYLEDGER_PASSKEY_DOMAIN is not set, and the issuer's host is none");
    else spdlog::debug("passkeys are for {}", parts.config.passkeys.domain);
    if (parts.config.kafka_brokers.empty())
        spdlog::info("KEYLEDGER_KAFKA_BROKERS is not set: nothing is published, the log keeps everything");
} catch (const api::ServerError& error) {
    throw StartFailure(error.what());
} catch (const api::ManagementError& error) {
    throw StartFailure(error.what());
}

void Service::reload(const LenientConfig& read) { parts_->reloading.reload(read); }

void Service::begin_to_drain() {
    spdlog::info("draining for {} s: not ready, and answering", parts_->config.drain.whole_seconds());
    parts_->health.set_serving(false);
    parts_->server.close_after_answers();
}

void Service::stop() {
    Parts& parts = *parts_;
    if (std::exchange(parts.stopped, true)) return;
    spdlog::info("stopping");
    parts.health.set_serving(false);
    parts.server.stop_accepting();
    if (!parts.server.drain(std::chrono::milliseconds(parts.config.stop_timeout.ms())))
        spdlog::warn("requests were still in flight after {} ms", parts.config.stop_timeout.ms());
    if (!parts.core.background.stop(std::chrono::milliseconds(parts.config.stop_timeout.ms())))
        spdlog::warn("failed log-ins were still being recorded; they may not be");
    parts.outages.stop();
    parts.probe.stop();
    parts.starting_origins.stop();
    parts.housekeeper.stop();
    parts.followers.stop();
    parts.queries.stop();  // a job waits for what the projector does no more: whoever has it next does it
    parts.reactors.stop();
    parts.outgoing.stop();
    parts.hot_access->stop();
    parts.tree_heads.stop();
    parts.core.stop();
    parts.server.stop();
    if (parts.telling.traces) parts.telling.traces->stop();
    parts.management.stop();
    spdlog::info("stopped");
}

}  // namespace keyledger::app

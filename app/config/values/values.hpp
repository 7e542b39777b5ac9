#pragma once
// What the settings say, once they are read: a member for each (settings.hpp). Constants and values; any thread.
#include <cstdint>
#include <string>
#include <vector>

#include "app/config/kafka_security.hpp"
#include "app/config/telling.hpp"
#include "commands/accounts/subject_names.hpp"
#include "commands/anonymous_callers/erase_anonymous_callers.hpp"
#include "commands/services.hpp"
#include "domain/base/time.hpp"
#include "domain/ladder/second_factor_policy.hpp"

namespace keyledger::app {

// mailer_options() in app/core/mailing.hpp makes of them what mail/ takes.
struct MailSettings {
    std::string smtp_url;  // empty: no mail is sent
    std::string smtp_username;
    std::string smtp_password;
    std::string smtp_tls;
    std::string smtp_ca_file;
    std::size_t smtp_connections = 2;
    Duration smtp_timeout = seconds(60);
    std::int64_t open_per_minute = 600;
    std::string from;
    std::string from_name;
    std::string language;
    std::string templates_folder;  // empty: only what is compiled in
    std::string alerts_to;         // empty: nobody is alerted
};

// Whom values of settings are asked of (secrets/secrets.hpp).
struct SecretsSettings {
    std::string command;  // empty: none is run
    Duration timeout = seconds(10);
    std::string ssm_prefix;    // empty: AWS is not asked
    std::string ssm_region;    // empty: AWS_REGION
    std::string ssm_endpoint;  // empty: the region's
};

// As what people's authenticators know the service (W3C Web Authentication).
struct PasskeySettings {
    std::string domain;  // empty: none is offered
    std::string name;
    std::vector<std::string> origins;
    bool asks_for_attestation = false;
};

struct Config {
    SecretsSettings secrets;
    std::string database_url;        // of the service's role
    std::string owner_database_url;  // of the role that migrates
    std::string postgres_tools;      // a folder; empty: they are looked for
    std::string kafka_brokers;       // empty: the publisher rests
    std::string kafka_topic_prefix;
    std::int32_t kafka_partitions = 0;
    std::int32_t kafka_replication_factor = 0;   // 0: the brokers' default
    std::int32_t kafka_min_insync_replicas = 0;  // 0: the brokers' default
    bool kafka_state_topics = false;
    KafkaSecurity kafka_security;
    std::string keyring_file;
    std::string clients_file;
    MailSettings mail;
    bool verifies_email = true;
    std::string issuer;
    struct {
        bool by_link = false;
        bool by_code = false;
    } log_in_by_mail;
    std::string page_templates;  // a folder; empty: only what is compiled in
    bool has_docs = true;
    Endpoint listen;
    Endpoint management_listen;
    std::string tls_certificate_file;
    std::string tls_key_file;
    std::vector<std::string> trusted_proxies;
    std::vector<std::string> cors_origins;
    bool serves_api = false;
    bool serves_projector = false;
    bool serves_publisher = false;
    bool serves_reactor = false;
    std::size_t io_threads = 1;
    std::size_t network_connections = 1000;
    Duration keep_alive = seconds(60);
    std::size_t keep_alive_requests = 100'000;
    Duration hsts = days(365);
    bool clear_positions = false;
    bool pkce_for_all = true;
    std::int64_t most_registered = 0;  // applications, for one more to register itself; 0: none may
    std::size_t database_connections = 4;
    std::size_t append_batch = 256;
    std::size_t hash_threads = 0;
    std::size_t hash_queue = 0;
    std::uint32_t argon2_memory_kib = 0;
    std::uint32_t argon2_iterations = 0;
    std::uint32_t argon2_parallelism = 0;
    std::size_t password_min_length = 15;
    std::string known_passwords_file;  // empty: none
    int password_history = 0;
    int cached_streams = 0;
    std::size_t remembered_tokens = 50'000;
    std::string imported_hash;  // empty: nobody was imported
    Duration access_token_lifetime = seconds(300);
    bool records_service_tokens = true;
    SessionLifetimes lifetimes;
    Duration step_up_window = minutes(5);
    SessionLimit session_limit;
    LoginAttemptLimits attempts;
    std::string providers_file;               // empty: there are none
    std::vector<std::string> outgoing_hosts;  // that may be at any address
    std::string outgoing_ca_file;             // empty: the system's
    std::string places_file;                  // empty: where an address is, is not known
    int refused_risk = 0;                     // 0: none is
    commands::RequestLimits limits;
    PasskeySettings passkeys;
    SecondFactorPolicy second_factor_policy;
    std::vector<std::string> second_factor_roles;  // into the policy, with the next one
    std::string second_factor_since;
    Duration request_timeout;
    Duration start_patience;
    Duration drain;
    Duration stop_timeout;
    Duration command_retention;
    int anonymous_callers_days = 0;
    Duration erasure_grace;
    Duration own_erasure_grace;
    std::string tree_head_file;  // empty: none is written
    commands::SubjectNameKinds subject_name_kinds;
    std::string owner_property;        // of AuthZEN's resources
    std::string access_snapshot_file;  // empty: none is kept
    Duration tree_head_interval;
    std::string log_level;
    std::string log_format;
    AccessLogRule access_log;
    bool access_log_address = false;
    std::string admin_log_file;  // empty: standard error
    TraceSettings traces;
};

}  // namespace keyledger::app

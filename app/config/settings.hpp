#pragma once
// Every setting, declared once: `Config` has a member for its value, and `kSettings` a row with its name, default,
// form, meaning and the member it goes to. Reading (config.hpp), the configuration file (config_file.hpp), `config
// check`, .env.example and docs/operate/settings.md follow from the rows. Constants alone; any thread.
#include <cstdint>
#include <string_view>

#include "app/config/forms.hpp"
#include "app/config/values/values.hpp"

namespace keyledger::app {

// Put a value into the member of that name.
template <auto member>
void into(Config& config, const Value& value) {
    put_value(config.*member, value);
}
template <auto member>
void into_secrets(Config& config, const Value& value) {
    put_value(config.secrets.*member, value);
}
template <auto member>
void into_mail(Config& config, const Value& value) {
    put_value(config.mail.*member, value);
}
void put_roles(Config& config, const Value& value);
void put_second_factor_demands(Config& config, const Value& value);
void put_subject_namings(Config& config, const Value& value);

// What else there is to say of a setting, to be joined by '|'.
enum Traits : unsigned {
    kPlain = 0,
    kSecret = 1,           // never printed; a file with it must not be readable by others
    kServing = 2,          // asked for by `serve`, and by what else talks to Kafka
    kEnvironmentOnly = 4,  // needed before a configuration file is read
    kBeforeSecrets = 8,    // needed before a secrets manager is asked
    kReloaded = 16,        // what it says at SIGHUP is taken over by a service that runs
};

struct Setting {
    std::string_view name;
    std::string_view fallback;  // as text; empty: unset
    Form form;
    std::string_view meaning;
    unsigned traits = kPlain;
    void (*put)(Config&, const Value&) = nullptr;  // nullptr: read where it is used

    constexpr bool is(Traits trait) const { return (traits & trait) != 0; }
    // Of most, NAME_FILE may name a file that holds the value. A file with the path of a file makes no sense.
    constexpr bool may_stand_in_a_file() const { return !name.ends_with("_FILE"); }
};

inline constexpr std::int64_t kDayS = 24 * 3600;
inline constexpr std::int64_t kMostPerMinute = 10'000'000;

// In the order in which `config check` lists them; .env.example and docs/operate/settings.md do by group.
inline constexpr Setting kSettings[] = {
    {"KEYLEDGER_CONFIG_FILE", "", file(), "YAML: settings by these names; the environment wins over it",
     kEnvironmentOnly},
    {"KEYLEDGER_SECRETS_COMMAND", "", text("command"),
     "a program by its whole path, and arguments: it prints values of settings as one JSON object; empty: none is run",
     kBeforeSecrets, into_secrets<&SecretsSettings::command>},
    {"KEYLEDGER_SECRETS_TIMEOUT_SECONDS", "10", whole(1, 120, "s"), "for that program, or for all answers of AWS",
     kBeforeSecrets, [](Config& config, const Value& value) { config.secrets.timeout = seconds(value.number); }},
    {"KEYLEDGER_SSM_PREFIX", "", text("path"),
     "values of settings are parameters below it in AWS Systems Manager, as /keyledger/prod; empty: AWS is not asked",
     kBeforeSecrets, into_secrets<&SecretsSettings::ssm_prefix>},
    {"KEYLEDGER_SSM_REGION", "", text("region"), "of these parameters; empty: AWS_REGION", kBeforeSecrets,
     into_secrets<&SecretsSettings::ssm_region>},
    {"KEYLEDGER_SSM_ENDPOINT", "", text("URL"), "instead of AWS's own for the region; http to this machine alone",
     kBeforeSecrets, into_secrets<&SecretsSettings::ssm_endpoint>},
    {"KEYLEDGER_DATABASE_URL", "", database_url(), "PostgreSQL, as the service's role", kSecret,
     into<&Config::database_url>},
    {"KEYLEDGER_OWNER_DATABASE_URL", "", database_url(), "PostgreSQL, as the role that owns and migrates the schema",
     kSecret, into<&Config::owner_database_url>},
    {"KEYLEDGER_POSTGRES_TOOLS", "", text("folder"),
     "of pg_dump and pg_restore; empty: the oldest that suffices, of the PATH and of Debian's packages", kPlain,
     into<&Config::postgres_tools>},

    {"KEYLEDGER_KAFKA_BROKERS", "", list("host:port"),
     "host:port,… of Kafka; empty: nothing is published, the log keeps it all", kServing, into<&Config::kafka_brokers>},
    {"KEYLEDGER_KAFKA_TOPIC_PREFIX", "keyledger", text("text"), "of the topics' names", kServing,
     into<&Config::kafka_topic_prefix>},
    {"KEYLEDGER_KAFKA_PARTITIONS", "12", whole(1, 1000), "of each topic when it is made; never change it later",
     kServing, into<&Config::kafka_partitions>},
    {"KEYLEDGER_KAFKA_REPLICATION_FACTOR", "0", whole(0, 100),
     "of each topic when it is made, and the least of one that is there; 0: the brokers' default", kServing,
     into<&Config::kafka_replication_factor>},
    {"KEYLEDGER_KAFKA_MIN_INSYNC_REPLICAS", "0", whole(0, 100),
     "of each topic when it is made, and the least of one that is there; 0: the brokers' default", kServing,
     into<&Config::kafka_min_insync_replicas>},
    {"KEYLEDGER_KAFKA_STATE_TOPICS", "off", one_of("on,off"),
     "on: users and sessions as they are, in two compacted topics", kServing,
     [](Config& config, const Value& value) { config.kafka_state_topics = value.text == "on"; }},
    {"KEYLEDGER_KAFKA_SECURITY_PROTOCOL", "plaintext", one_of("plaintext,ssl,sasl_plaintext,sasl_ssl"),
     "how brokers are spoken to", kServing},
    {"KEYLEDGER_KAFKA_SASL_MECHANISM", "", one_of("PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER"),
     "how the service proves to brokers who it is", kServing},
    {"KEYLEDGER_KAFKA_SASL_USERNAME", "", text("text"), "the service's principal, for PLAIN and SCRAM", kServing},
    {"KEYLEDGER_KAFKA_SASL_PASSWORD", "", text("text"), "of that user", kServing | kSecret},
    {"KEYLEDGER_KAFKA_SASL_TOKEN_FILE", "", file(), "for OAUTHBEARER: holds a JWT, and somebody renews it", kServing},
    {"KEYLEDGER_KAFKA_SSL_CA_FILE", "", file(),
     "PEM: who may have signed the brokers' certificates; empty: the system's", kServing},
    {"KEYLEDGER_KAFKA_SSL_CRL_FILE", "", file(), "PEM: certificates that were revoked", kServing},
    {"KEYLEDGER_KAFKA_SSL_CERTIFICATE_FILE", "", file(),
     "PEM: the service's own certificate, where brokers ask for one", kServing},
    {"KEYLEDGER_KAFKA_SSL_KEY_FILE", "", file(), "PEM: its key; mode 0600", kServing},
    {"KEYLEDGER_KAFKA_SSL_KEY_PASSWORD", "", text("text"), "of that key, if it is encrypted", kServing | kSecret},
    {"KEYLEDGER_KAFKA_SSL_CIPHER_SUITES", "", text("text"), "OpenSSL's names; empty: OpenSSL's choice", kServing},
    {"KEYLEDGER_KAFKA_SSL_ENDPOINT_IDENTIFICATION", "https", one_of("https,none"),
     "https: a certificate has to name its broker", kServing},

    {"KEYLEDGER_SMTP_URL", "", text("URL"),
     "smtp://host:587 or smtps://host:465 of the server that takes mail; empty: none is sent", kServing,
     into_mail<&MailSettings::smtp_url>},
    {"KEYLEDGER_SMTP_USERNAME", "", text("text"), "as whom to log in there; empty: the server does not ask", kServing,
     into_mail<&MailSettings::smtp_username>},
    {"KEYLEDGER_SMTP_PASSWORD", "", text("text"), "of that user", kServing | kSecret,
     into_mail<&MailSettings::smtp_password>},
    {"KEYLEDGER_SMTP_TLS", "auto", one_of("auto,required,off"),
     "auto: required, but not to this machine; off: never with a password to another one", kServing,
     into_mail<&MailSettings::smtp_tls>},
    {"KEYLEDGER_SMTP_CA_FILE", "", file(), "PEM: who may have signed that server's certificate; empty: the system's",
     kServing, into_mail<&MailSettings::smtp_ca_file>},
    {"KEYLEDGER_SMTP_CONNECTIONS", "2", whole(1, 16), "to that server at once", kServing,
     into_mail<&MailSettings::smtp_connections>},
    {"KEYLEDGER_SMTP_TIMEOUT_SECONDS", "60", whole(1, 300, "s"), "for one mail, then it is tried again later", kServing,
     [](Config& config, const Value& value) { config.mail.smtp_timeout = seconds(value.number); }},
    {"KEYLEDGER_MAIL_FROM", "", text("address"), "whom mail comes from, and what can't be delivered goes back to",
     kServing, into_mail<&MailSettings::from>},
    {"KEYLEDGER_MAIL_FROM_NAME", "Keyledger", text("text"), "and what the service is called, in mail and on pages",
     kServing, into_mail<&MailSettings::from_name>},
    {"KEYLEDGER_MAIL_LANGUAGE", "en", text("language tag"), "of people whose language is not known, also on pages",
     kServing, into_mail<&MailSettings::language>},
    {"KEYLEDGER_MAIL_TEMPLATES", "", text("folder"), "replaces texts of mail, or adds languages", kServing,
     into_mail<&MailSettings::templates_folder>},
    {"KEYLEDGER_MAIL_OPEN_RATE_PER_MINUTE", "600", whole(1, 1'000'000),
     "of mail that anybody can cause, such as welcomes and codes; what is more waits", kServing,
     into_mail<&MailSettings::open_per_minute>},

    {"KEYLEDGER_ALERTS_TO", "", text("address"),
     "who is told of new administrators, passwords set at the machine, and guessing; empty: nobody", kServing,
     into_mail<&MailSettings::alerts_to>},

    {"KEYLEDGER_EMAIL_VERIFICATION", "required", one_of("required,off"),
     "required: nobody is a user before they proved their address, which takes KEYLEDGER_SMTP_URL", kServing,
     [](Config& config, const Value& value) { config.verifies_email = value.text != "off"; }},

    {"KEYLEDGER_KEYRING_FILE", "", file(), "keys, made by 'keyledger keys generate'; mode 0600", kPlain,
     into<&Config::keyring_file>},
    {"KEYLEDGER_CLIENTS_FILE", "", file(), "clients with their secrets' digests and audiences; mode 0600; empty: none",
     kServing | kReloaded, into<&Config::clients_file>},
    {"KEYLEDGER_ISSUER", "http://127.0.0.1:8080", text("URL"), "the URL by which tokens name this service", kPlain,
     into<&Config::issuer>},
    {"KEYLEDGER_LOG_IN_BY_MAIL", "off", one_of("off,link,code,both"),
     "whether people may log in by a link or a code in a mail, instead of their password", kServing,
     [](Config& config, const Value& value) {
         config.log_in_by_mail = {value.text == "link" || value.text == "both",
                                  value.text == "code" || value.text == "both"};
     }},
    {"KEYLEDGER_PASSKEY_DOMAIN", "", text("domain"),
     "the relying party of passkeys, never to be changed; empty: the issuer's host, and none are offered if that is an "
     "address",
     kServing, [](Config& config, const Value& value) { config.passkeys.domain = value.text; }},
    {"KEYLEDGER_PASSKEY_ORIGINS", "", origins(),
     "of pages that may ask for them, on that domain or below it; empty: the issuer's", kServing,
     [](Config& config, const Value& value) { config.passkeys.origins = value.items; }},
    {"KEYLEDGER_PASSKEY_NAME", "Keyledger", text("text"), "what authenticators call the service", kServing,
     [](Config& config, const Value& value) { config.passkeys.name = value.text; }},
    {"KEYLEDGER_PASSKEY_ATTESTATION", "none", one_of("none,direct"),
     "direct: what vouches for an authenticator's make is asked for; it has to be right, and nothing is granted for it",
     kServing,
     [](Config& config, const Value& value) { config.passkeys.asks_for_attestation = value.text == "direct"; }},
    {"KEYLEDGER_PAGE_TEMPLATES", "", text("folder"), "replaces the template and the style sheet of pages", kServing,
     into<&Config::page_templates>},
    {"KEYLEDGER_DOCS", "on", one_of("on,off"), "whether the API is shown at /docs, where it can be tried", kServing,
     [](Config& config, const Value& value) { config.has_docs = value.text == "on"; }},
    {"KEYLEDGER_LISTEN", "127.0.0.1:8080", endpoint(), "address:port of the API", kServing, into<&Config::listen>},
    {"KEYLEDGER_MANAGEMENT_LISTEN", "127.0.0.1:9080", endpoint(), "address:port of health, metrics and information",
     kServing, into<&Config::management_listen>},
    {"KEYLEDGER_TLS_CERTIFICATE_FILE", "", file(), "PEM, leaf first; with the key: the API speaks TLS itself", kServing,
     into<&Config::tls_certificate_file>},
    {"KEYLEDGER_TLS_KEY_FILE", "", file(), "PEM; mode 0600. Both are read again at SIGHUP", kServing,
     into<&Config::tls_key_file>},
    {"KEYLEDGER_TRUSTED_PROXIES", "", networks(),
     "networks (10.0.0.0/8,…) whose X-Forwarded-For and X-Forwarded-Proto are believed", kServing,
     into<&Config::trusted_proxies>},
    {"KEYLEDGER_HSTS_SECONDS", "31536000", whole(0, 10 * 365 * kDayS, "s"),
     "how long browsers keep to https, told in answers that go over it; 0: they are not told", kServing,
     [](Config& config, const Value& value) { config.hsts = seconds(value.number); }},
    {"KEYLEDGER_CORS_ORIGINS", "", origins(),
     "origins (https://app.example.com,… or *) of pages that may call the API, beside those of applications", kServing,
     into<&Config::cors_origins>},
    {"KEYLEDGER_PKCE", "all", one_of("all,public"),
     "public: applications that authenticate may ask for codes without PKCE, as old ones do; all: nobody may", kServing,
     [](Config& config, const Value& value) { config.pkce_for_all = value.text == "all"; }},
    {"KEYLEDGER_CLIENT_REGISTRATION", "0", whole(0, 1'000'000),
     "programs register applications at /oauth2/register (RFC 7591) as long as there are fewer than so many in all; 0: "
     "none does",
     kServing, into<&Config::most_registered>},
    {"KEYLEDGER_POSITIONS", "sealed", one_of("sealed,clear"),
     "clear: all callers get numbers and may count events; for tests and benches", kServing,
     [](Config& config, const Value& value) { config.clear_positions = value.text == "clear"; }},

    {"KEYLEDGER_ROLES", "api,projector,publisher,reactor", some_of("api,projector,publisher,reactor"),
     "what this process does", kServing, put_roles},
    {"KEYLEDGER_IO_THREADS", "1", whole(1, 256), "threads that serve connections", kServing, into<&Config::io_threads>},
    {"KEYLEDGER_NETWORK_CONNECTIONS", "1000", whole(1, 1'000'000),
     "open ones of one network (/32, /64; a /48 four times as many)", kServing, into<&Config::network_connections>},
    {"KEYLEDGER_KEEP_ALIVE_SECONDS", "60", whole(1, 3600, "s"),
     "a connection without a request is closed; longer than that of a proxy in front", kServing,
     [](Config& config, const Value& value) { config.keep_alive = seconds(value.number); }},
    {"KEYLEDGER_KEEP_ALIVE_REQUESTS", "100000", whole(1, 1'000'000'000), "over one connection, then it is closed",
     kServing, into<&Config::keep_alive_requests>},
    {"KEYLEDGER_DATABASE_CONNECTIONS", "4", whole(1, 256),
     "for reads, beside the committer's, the projector's, the publisher's", kPlain,
     into<&Config::database_connections>},
    {"KEYLEDGER_APPEND_BATCH", "256", whole(1, 2000), "commands in one append at most", kPlain,
     into<&Config::append_batch>},
    {"KEYLEDGER_HASH_THREADS", "0", whole(0, 64), "of the password pool; 0: one a core", kPlain,
     into<&Config::hash_threads>},
    {"KEYLEDGER_HASH_QUEUE", "64", whole(1, 10'000), "log-ins that may wait for the pool; more are refused with 503",
     kPlain, into<&Config::hash_queue>},
    {"KEYLEDGER_ARGON2_MEMORY_KIB", "19456", whole(8, 256 * 1024, "KiB"), "m of Argon2id", kPlain,
     into<&Config::argon2_memory_kib>},
    {"KEYLEDGER_ARGON2_ITERATIONS", "2", whole(1, 16), "t of Argon2id", kPlain, into<&Config::argon2_iterations>},
    {"KEYLEDGER_ARGON2_PARALLELISM", "1", whole(1, 8), "p of Argon2id", kPlain, into<&Config::argon2_parallelism>},

    {"KEYLEDGER_PASSWORD_MIN_LENGTH", "15", whole(8, 64, "code points"),
     "of new passwords (NIST SP 800-63B-4: 15 as the only factor)", kPlain, into<&Config::password_min_length>},
    {"KEYLEDGER_KNOWN_PASSWORDS_FILE", "", file(),
     "passwords that nobody may choose, as scripts/password-list writes them; empty: none", kPlain,
     into<&Config::known_passwords_file>},
    {"KEYLEDGER_PASSWORD_HISTORY", "0", whole(0, 10),
     "so many passwords of a user, the last ones, can't be chosen again; each costs a hash", kPlain,
     into<&Config::password_history>},
    {"KEYLEDGER_IMPORTED_HASH", "", text("hash"),
     "one of those that were imported: every log-in then takes as long as one of it, too", kPlain,
     into<&Config::imported_hash>},
    {"KEYLEDGER_CACHED_STREAMS", "200000", whole(100, 10'000'000),
     "users, sessions and other streams whose folds commands keep in memory, those used last; some 600 bytes each",
     kPlain, into<&Config::cached_streams>},
    {"KEYLEDGER_REMEMBERED_TOKENS", "50000", whole(0, 1'000'000),
     "access tokens that are kept in memory so as not to be verified again, those used last; some 1,000 bytes each",
     kServing, into<&Config::remembered_tokens>},
    {"KEYLEDGER_ACCESS_TOKEN_SECONDS", "300", whole(1, 3600, "s"), "lifetime of an access token", kPlain,
     [](Config& config, const Value& value) { config.access_token_lifetime = seconds(value.number); }},
    {"KEYLEDGER_SERVICE_TOKEN_RECORDS", "each", one_of("each,none"),
     "none: tokens by client_credentials carry their record themselves, and the log has an event of those that are "
     "revoked alone",
     kServing, [](Config& config, const Value& value) { config.records_service_tokens = value.text == "each"; }},
    {"KEYLEDGER_SESSION_IDLE_SECONDS", "1209600", whole(1, 365 * kDayS, "s"), "a session without refresh ends", kPlain,
     [](Config& config, const Value& value) { config.lifetimes.idle = seconds(value.number); }},
    {"KEYLEDGER_SESSION_ABSOLUTE_SECONDS", "2592000", whole(1, 365 * kDayS, "s"), "every session ends", kPlain,
     [](Config& config, const Value& value) { config.lifetimes.absolute = seconds(value.number); }},
    {"KEYLEDGER_SESSIONS_AT_ONCE", "0", whole(0, 50), "of one user at most; 0: as many as they like", kPlain,
     [](Config& config, const Value& value) { config.session_limit.most = static_cast<std::size_t>(value.number); }},
    {"KEYLEDGER_SESSIONS_WHEN_FULL", "end-oldest", one_of("end-oldest,refuse"),
     "what happens at the log-in that would be one too many", kPlain,
     [](Config& config, const Value& value) {
         using When = SessionLimit::WhenReached;
         config.session_limit.when_reached = value.text == "refuse" ? When::kNewIsRefused : When::kOldestEnds;
     }},
    {"KEYLEDGER_STEP_UP_SECONDS", "300", whole(1, kDayS, "s"),
     "how recent an authentication changes of an account and administration take", kPlain,
     [](Config& config, const Value& value) { config.step_up_window = seconds(value.number); }},
    {"KEYLEDGER_REFRESH_GRACE_SECONDS", "10", whole(0, 10, "s"), "the same refresh token again after a lost answer",
     kPlain, [](Config& config, const Value& value) { config.lifetimes.refresh_grace = seconds(value.number); }},
    {"KEYLEDGER_LOGIN_FAILURES_IN_A_ROW", "100", whole(3, 100), "of one user, then only known networks may (NIST: 100)",
     kPlain, [](Config& config, const Value& value) { config.attempts.failures_in_a_row = value.number; }},
    {"KEYLEDGER_LOGIN_KNOWN_NETWORK_DAYS", "90", whole(0, 3650, "days"),
     "so long is one known after a log-in from it; 0: none is", kPlain,
     [](Config& config, const Value& value) { config.attempts.known_for = days(value.number); }},
    {"KEYLEDGER_LOGIN_NAME_BURST", "20", whole(1, 1'000'000),
     "failures of one user from one network in a row, then with growing pauses", kPlain,
     [](Config& config, const Value& value) { config.attempts.network_failures = value.number; }},
    {"KEYLEDGER_LOGIN_PAUSE_SECONDS", "900", whole(1, kDayS, "s"), "the longest of these pauses", kPlain,
     [](Config& config, const Value& value) { config.attempts.longest_pause = seconds(value.number); }},
    {"KEYLEDGER_LOGIN_REFUSED_RISK", "0", whole(0, 100),
     "a log-in of so much risk or more is refused as a wrong password or code is; 0: none", kPlain,
     into<&Config::refused_risk>},
    {"KEYLEDGER_PROVIDERS_FILE", "", file(),
     "YAML: other providers, whom 'keyledger providers check' asks whether they answer as they have to; empty: none",
     kServing, into<&Config::providers_file>},
    {"KEYLEDGER_OUTGOING_ALLOW", "", list("hosts"),
     "host or host:port,… that the service may call although they are not on the open Internet; loopback by http, too",
     kServing, into<&Config::outgoing_hosts>},
    {"KEYLEDGER_OUTGOING_CA_FILE", "", file(),
     "PEM: who may have signed the certificates of hosts that the service calls; empty: the system's", kServing,
     into<&Config::outgoing_ca_file>},
    {"KEYLEDGER_PLACES_FILE", "", file(),
     "MaxMind DB (.mmdb) of countries and cities; empty: nobody knows where a log-in is from", kPlain,
     into<&Config::places_file>},

    {"KEYLEDGER_SECOND_FACTOR", "", some_of("all,new-devices"),
     "who must have a second factor: all, or who logs in from where they were not seen", kServing,
     put_second_factor_demands},
    {"KEYLEDGER_SECOND_FACTOR_ROLES", "", list("role ids"), "and whoever has one of these roles", kServing,
     into<&Config::second_factor_roles>},
    {"KEYLEDGER_SECOND_FACTOR_FROM_RISK", "0", whole(0, 100),
     "and who logs in at so much risk or more, as docs/devices.md counts it; 0: nobody for that", kServing,
     [](Config& config, const Value& value) {
         if (value.number > 0) config.second_factor_policy.from_risk = value.number;
     }},
    {"KEYLEDGER_SECOND_FACTOR_GRACE_HOURS", "0", whole(0, 24 * 365, "hours"),
     "so long they get in without, since they registered or since the next setting", kServing,
     [](Config& config, const Value& value) { config.second_factor_policy.grace = hours(value.number); }},
    {"KEYLEDGER_SECOND_FACTOR_SINCE", "", text("date"), "when that began (UTC), as 2026-12-01", kServing,
     into<&Config::second_factor_since>},

    {"KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE", "60", whole(1, kMostPerMinute, "a minute"),
     "log-ins, registrations and the like of one network (/32, /64)", kServing,
     [](Config& config, const Value& value) { config.limits.passwords.per_minute = value.number; }},
    {"KEYLEDGER_LOGIN_NETWORK_BURST", "30", whole(1, kMostPerMinute), "of these at once", kServing,
     [](Config& config, const Value& value) { config.limits.passwords.burst = value.number; }},
    {"KEYLEDGER_REQUEST_NETWORK_RATE_PER_MINUTE", "600000", whole(60, kMostPerMinute, "a minute"),
     "other requests of one network, on each node", kServing,
     [](Config& config, const Value& value) { config.limits.requests.per_minute = value.number; }},
    {"KEYLEDGER_WRITE_RATE_PER_MINUTE", "600", whole(1, 1'000'000, "a minute"),
     "changes with one session, and its refreshes; of a user's sessions 4x", kServing,
     [](Config& config, const Value& value) { config.limits.writes.per_minute = value.number; }},
    {"KEYLEDGER_WRITE_BURST", "600", whole(1, 1'000'000), "of these at once", kServing,
     [](Config& config, const Value& value) { config.limits.writes.burst = value.number; }},

    {"KEYLEDGER_REQUEST_TIMEOUT_MS", "10000", whole(100, 600'000, "ms"),
     "a request is answered by then, if only with 503", kServing,
     [](Config& config, const Value& value) { config.request_timeout = milliseconds(value.number); }},
    {"KEYLEDGER_START_PATIENCE_SECONDS", "60", whole(0, 3600, "s"),
     "so long serve waits for a database server that does not answer yet", kServing,
     [](Config& config, const Value& value) { config.start_patience = seconds(value.number); }},
    {"KEYLEDGER_DRAIN_SECONDS", "0", whole(0, 3600, "s"),
     "so long serve goes on after SIGTERM with readiness red, for balancers to notice", kServing,
     [](Config& config, const Value& value) { config.drain = seconds(value.number); }},
    {"KEYLEDGER_STOP_TIMEOUT_MS", "10000", whole(0, 600'000, "ms"), "requests in flight are waited for when stopping",
     kServing, [](Config& config, const Value& value) { config.stop_timeout = milliseconds(value.number); }},
    {"KEYLEDGER_COMMAND_RETENTION_HOURS", "72", whole(24, 24 * 365, "hours"),
     "how long an Idempotency-Key is remembered", kServing,
     [](Config& config, const Value& value) { config.command_retention = hours(value.number); }},
    {"KEYLEDGER_ANONYMOUS_CALLERS_DAYS", "30", whole(1, commands::kMaxDaysBack / 2, "days"),
     "then where callers who were not logged in came from is erased", kServing, into<&Config::anonymous_callers_days>},
    {"KEYLEDGER_ERASURE_GRACE_HOURS", "0", whole(0, 24 * 365, "hours"),
     "between the request to erase a user and its end; it can be taken back", kPlain,
     [](Config& config, const Value& value) { config.erasure_grace = hours(value.number); }},
    {"KEYLEDGER_OWN_ERASURE_GRACE_HOURS", "168", whole(0, 24 * 365, "hours"),
     "the same where users ask for their own erasure, so that they can take back what a thief asked for", kPlain,
     [](Config& config, const Value& value) { config.own_erasure_grace = hours(value.number); }},
    {"KEYLEDGER_AUTHZEN_SUBJECTS", "id,username", some_of("id,username,email"),
     "what AuthZEN calls users, searches by the first", kServing, put_subject_namings},
    {"KEYLEDGER_AUTHZEN_OWNER", "owner", text("name"), "the property of AuthZEN's resources that says whose they are",
     kServing, into<&Config::owner_property>},
    {"KEYLEDGER_ACCESS_SNAPSHOT_FILE", "", replaced_file(),
     "what answers from memory need is kept in it, sealed, for the next start", kServing,
     into<&Config::access_snapshot_file>},
    {"KEYLEDGER_TREE_HEAD_FILE", "", growing_file(),
     "signed tree heads are appended to it; keep it from the database's writers", kServing,
     into<&Config::tree_head_file>},
    {"KEYLEDGER_TREE_HEAD_SECONDS", "5", whole(1, 3600, "s"), "between two tree heads while the log grows", kServing,
     [](Config& config, const Value& value) { config.tree_head_interval = seconds(value.number); }},
    {"KEYLEDGER_CORE_DUMPS", "off", one_of("on,off"), "on: the process may be dumped and traced, with all keys in it",
     kEnvironmentOnly},
    {"KEYLEDGER_LOG_LEVEL", "info", one_of("trace,debug,info,warn,error"), "the least that is logged", kReloaded,
     into<&Config::log_level>},
    {"KEYLEDGER_LOG_FORMAT", "auto", one_of("auto,json,text"),
     "of the service's log: auto is text where standard error is a terminal, and JSON elsewhere", kServing,
     into<&Config::log_format>},
    {"KEYLEDGER_ACCESS_LOG", "errors", text("off, errors, all or a share"),
     "a line for answers of 5xx (errors), for all, or for a share such as 0.01 beside those; off: none",
     kServing | kReloaded,
     [](Config& config, const Value& value) {
         config.access_log = parse_access_log_rule(value.text).value_or(AccessLogRule{});
     }},
    {"KEYLEDGER_ACCESS_LOG_ADDRESS", "off", one_of("on,off"), "on: with the caller's address, which is personal",
     kServing, [](Config& config, const Value& value) { config.access_log_address = value.text == "on"; }},
    {"KEYLEDGER_ADMIN_LOG_FILE", "", growing_file(),
     "what administrators did is appended to it, as JSON; empty: to the service's log", kPlain,
     into<&Config::admin_log_file>},

    {"KEYLEDGER_TRACES_ENDPOINT", "", text("URL"),
     "of a collector that takes OTLP over HTTP in JSON, with its path: https://collector.internal/v1/traces; http to "
     "this machine alone; empty: nothing is traced",
     kServing, [](Config& config, const Value& value) { config.traces.endpoint = value.text; }},
    {"KEYLEDGER_TRACES_HEADERS", "", text("name=value,…"), "fields that the collector asks for, such as a key",
     kServing | kSecret, [](Config& config, const Value& value) { config.traces.headers = value.text; }},
    {"KEYLEDGER_TRACES_RATIO", "1", text("number from 0 to 1"), "of the traces that begin here: how many are recorded",
     kServing, [](Config& config, const Value& value) { config.traces.ratio = value.text; }},
    {"KEYLEDGER_TRACES_PARENT", "ignore", one_of("follow,ignore"),
     "follow: a caller's traceparent says whether its trace is recorded; ignore: the ratio does", kServing,
     [](Config& config, const Value& value) { config.traces.follows_parent = value.text == "follow"; }},
    {"KEYLEDGER_TRACES_SERVICE_NAME", "keyledger", text("text"), "service.name of the spans", kServing,
     [](Config& config, const Value& value) { config.traces.service_name = value.text; }},
    {"KEYLEDGER_TRACES_DELAY_MS", "5000", whole(10, 60'000, "ms"), "until spans are sent that are fewer than 512",
     kServing, [](Config& config, const Value& value) { config.traces.delay = milliseconds(value.number); }},
};

// nullptr: there is none of this name.
const Setting* find_setting(std::string_view name);
// The words of one_of() and some_of(): one by one, and as a sentence lists them ("a, b or c" where the last follows
// " or ").
std::vector<std::string_view> words_of(const Form& form);
std::string list_of_words(const Form& form, std::string_view before_last = ", ");

}  // namespace keyledger::app

#include "app/config/config.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "commands/anonymous_callers/erase_anonymous_callers.hpp"
#include "domain/base/nearest.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

constexpr Setting kSettings[] = {
    {"KEYLEDGER_DATABASE_URL", "", "PostgreSQL, as the service's role", Shown::kMasked},
    {"KEYLEDGER_OWNER_DATABASE_URL", "", "PostgreSQL, as the role that owns and migrates the schema", Shown::kMasked},
    {"KEYLEDGER_KAFKA_BROKERS", "", "host:port,… of Kafka; empty: nothing is published, the log keeps it all"},
    {"KEYLEDGER_KAFKA_TOPIC_PREFIX", "keyledger", "of the topics' names"},
    {"KEYLEDGER_KAFKA_PARTITIONS", "12", "of each topic when it is made; never change it later"},
    {"KEYLEDGER_KAFKA_STATE_TOPICS", "off", "on: users and sessions as they are, in two compacted topics"},
    {"KEYLEDGER_KAFKA_SECURITY_PROTOCOL", "plaintext", "plaintext, ssl, sasl_plaintext or sasl_ssl"},
    {"KEYLEDGER_KAFKA_SASL_MECHANISM", "", "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"},
    {"KEYLEDGER_KAFKA_SASL_USERNAME", "", "the service's principal, for PLAIN and SCRAM"},
    {"KEYLEDGER_KAFKA_SASL_PASSWORD", "", "of that user", Shown::kMasked},
    {"KEYLEDGER_KAFKA_SASL_TOKEN_FILE", "", "for OAUTHBEARER: holds a JWT, and somebody renews it"},
    {"KEYLEDGER_KAFKA_SSL_CA_FILE", "", "PEM: who may have signed the brokers' certificates; empty: the system's"},
    {"KEYLEDGER_KAFKA_SSL_CRL_FILE", "", "PEM: certificates that were revoked"},
    {"KEYLEDGER_KAFKA_SSL_CERTIFICATE_FILE", "", "PEM: the service's own certificate, where brokers ask for one"},
    {"KEYLEDGER_KAFKA_SSL_KEY_FILE", "", "PEM: its key; mode 0600"},
    {"KEYLEDGER_KAFKA_SSL_KEY_PASSWORD", "", "of that key, if it is encrypted", Shown::kMasked},
    {"KEYLEDGER_KAFKA_SSL_CIPHER_SUITES", "", "OpenSSL's names; empty: OpenSSL's choice"},
    {"KEYLEDGER_KAFKA_SSL_ENDPOINT_IDENTIFICATION", "https", "https: a certificate has to name its broker; or none"},
    {"KEYLEDGER_KEYRING_FILE", "", "keys, made by 'keyledger keys generate'; mode 0600"},
    {"KEYLEDGER_CLIENTS_FILE", "", "clients with their secrets' digests and audiences; mode 0600; empty: none"},
    {"KEYLEDGER_ISSUER", "http://127.0.0.1:8080", "the URL by which tokens name this service"},
    {"KEYLEDGER_LISTEN", "127.0.0.1:8080", "address:port of the API"},
    {"KEYLEDGER_MANAGEMENT_LISTEN", "127.0.0.1:9080", "address:port of health, metrics and information"},
    {"KEYLEDGER_TLS_CERTIFICATE_FILE", "", "PEM, leaf first; with the key: the API speaks TLS itself"},
    {"KEYLEDGER_TLS_KEY_FILE", "", "PEM; mode 0600. Both are read again at SIGHUP"},
    {"KEYLEDGER_TRUSTED_PROXIES", "", "networks (10.0.0.0/8,…) whose X-Forwarded-For is believed"},
    {"KEYLEDGER_CORS_ORIGINS", "", "origins of browsers that may call the API"},
    {"KEYLEDGER_POSITIONS", "sealed", "clear: all callers get numbers and may count events; for tests and benches"},
    {"KEYLEDGER_ROLES", "api,projector,publisher", "what this process does"},
    {"KEYLEDGER_IO_THREADS", "1", "threads that serve connections"},
    {"KEYLEDGER_NETWORK_CONNECTIONS", "1000", "open ones of one network (/32, /64; a /48 four times as many)"},
    {"KEYLEDGER_DATABASE_CONNECTIONS", "4", "for reads, beside the committer's, the projector's, the publisher's"},
    {"KEYLEDGER_APPEND_BATCH", "256", "commands in one append at most"},
    {"KEYLEDGER_HASH_THREADS", "0", "of the password pool; 0: one a core"},
    {"KEYLEDGER_HASH_QUEUE", "64", "log-ins that may wait for the pool; more are refused with 503"},
    {"KEYLEDGER_ARGON2_MEMORY_KIB", "19456", "m of Argon2id"},
    {"KEYLEDGER_ARGON2_ITERATIONS", "2", "t of Argon2id"},
    {"KEYLEDGER_ARGON2_PARALLELISM", "1", "p of Argon2id"},
    {"KEYLEDGER_PASSWORD_MIN_LENGTH", "15", "code points, 8 to 64 (NIST SP 800-63B-4: 15 as the only factor)"},
    {"KEYLEDGER_ACCESS_TOKEN_SECONDS", "300", "lifetime of an access token"},
    {"KEYLEDGER_SESSION_IDLE_SECONDS", "1209600", "a session without refresh ends"},
    {"KEYLEDGER_SESSION_ABSOLUTE_SECONDS", "2592000", "every session ends"},
    {"KEYLEDGER_REFRESH_GRACE_SECONDS", "10", "the same refresh token again after a lost answer; at most 10"},
    {"KEYLEDGER_LOGIN_FAILURES_IN_A_ROW", "100", "of one user, then only known networks may (NIST: 100)"},
    {"KEYLEDGER_LOGIN_KNOWN_NETWORK_DAYS", "90", "so long is one known after a log-in from it; 0: none is"},
    {"KEYLEDGER_LOGIN_NAME_BURST", "20", "failures of one user from one network in a row, then with growing pauses"},
    {"KEYLEDGER_LOGIN_PAUSE_SECONDS", "900", "the longest of these pauses"},
    {"KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE", "60", "log-ins, registrations and the like of one network (/32, /64)"},
    {"KEYLEDGER_LOGIN_NETWORK_BURST", "30", "of these at once"},
    {"KEYLEDGER_REQUEST_NETWORK_RATE_PER_MINUTE", "600000", "other requests of one network, on each node"},
    {"KEYLEDGER_WRITE_RATE_PER_MINUTE", "600", "changes with one session, and its refreshes; of a user's sessions 4x"},
    {"KEYLEDGER_WRITE_BURST", "600", "of these at once"},
    {"KEYLEDGER_REQUEST_TIMEOUT_MS", "10000", "a request is answered by then, if only with 503"},
    {"KEYLEDGER_START_PATIENCE_SECONDS", "60", "so long serve waits for a database server that does not answer yet"},
    {"KEYLEDGER_STOP_TIMEOUT_MS", "10000", "requests in flight are waited for when stopping"},
    {"KEYLEDGER_COMMAND_RETENTION_HOURS", "72", "how long an Idempotency-Key is remembered"},
    {"KEYLEDGER_ANONYMOUS_CALLERS_DAYS", "30", "then where callers who were not logged in came from is erased"},
    {"KEYLEDGER_ERASURE_GRACE_HOURS", "0", "between the request to erase a user and its end; it can be taken back"},
    {"KEYLEDGER_AUTHZEN_SUBJECTS", "id,username", "what AuthZEN calls users, searches by the first; also email"},
    {"KEYLEDGER_AUTHZEN_OWNER", "owner", "the property of AuthZEN's resources that says whose they are"},
    {"KEYLEDGER_ACCESS_SNAPSHOT_FILE", "", "what answers from memory need is kept in it, sealed, for the next start"},
    {"KEYLEDGER_TREE_HEAD_FILE", "", "signed tree heads are appended to it; keep it from the database's writers"},
    {"KEYLEDGER_TREE_HEAD_SECONDS", "5", "between two tree heads while the log grows"},
    {"KEYLEDGER_CORE_DUMPS", "off", "on: the process may be dumped and traced, with all keys in it"},
    {"KEYLEDGER_LOG_LEVEL", "info", "trace, debug, info, warn or error"},
};

class Reader {
public:
    explicit Reader(const Environment& environment) : environment_(environment) {}

    std::string text(std::string_view name) {
        const auto* setting =
            std::find_if(std::begin(kSettings), std::end(kSettings), [&](const Setting& s) { return s.name == name; });
        const std::string key(name);
        const char* direct = environment_(key.c_str());
        const char* file = environment_((key + "_FILE").c_str());
        // Settings that are themselves paths end in _FILE; a file of a path makes no sense and is not looked for.
        if (file && *file && !key.ends_with("_FILE")) {
            if (direct && *direct) fault(key + " and " + key + "_FILE are both set; set one");
            const auto unsafe =
                setting->shown == Shown::kMasked ? security::what_is_wrong_with_secret_file(file) : std::nullopt;
            if (unsafe) fault(key + "_FILE: " + *unsafe);
            return text_of_file(key + "_FILE", file);
        }
        if (direct && *direct) return direct;
        return std::string(setting->fallback);
    }
    std::string required(std::string_view name, std::string_view what) {
        std::string value = text(name);
        if (value.empty()) fault(std::string(name) + " is not set: " + std::string(what));
        return value;
    }
    std::int64_t number(std::string_view name, std::int64_t min, std::int64_t max) {
        const std::string value = text(name);
        std::int64_t parsed = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
        if (error != std::errc{} || end != value.data() + value.size() || parsed < min || parsed > max)
            fault(std::string(name) + ": give a whole number from " + std::to_string(min) + " to " +
                  std::to_string(max) + ", not '" + value + "'");
        return parsed;
    }
    std::vector<std::string> list(std::string_view name) {
        std::vector<std::string> items;
        std::string value = text(name);
        for (std::size_t at = 0; at < value.size();) {
            const std::size_t comma = std::min(value.find(',', at), value.size());
            std::string item = value.substr(at, comma - at);
            std::erase(item, ' ');
            if (!item.empty()) items.push_back(std::move(item));
            at = comma + 1;
        }
        return items;
    }
    Endpoint endpoint(std::string_view name) {
        const std::string value = text(name);
        const std::size_t colon = value.rfind(':');
        Endpoint endpoint;
        if (colon != std::string::npos) {
            endpoint.address = value.substr(0, colon);
            if (endpoint.address.size() > 2 && endpoint.address.front() == '[')
                endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
            const char* end = value.data() + value.size();
            const auto [at, error] = std::from_chars(value.data() + colon + 1, end, endpoint.port);
            if (error == std::errc{} && at == end && !endpoint.address.empty()) return endpoint;
        }
        fault(std::string(name) + ": give address:port, such as 127.0.0.1:8080, not '" + value + "'");
        return endpoint;
    }
    // Once, however often the setting is read.
    void fault(std::string sentence) {
        auto& all = faults_.sentences;
        if (std::find(all.begin(), all.end(), sentence) == all.end()) all.push_back(std::move(sentence));
    }
    const ConfigFaults& faults() const { return faults_; }

private:
    std::string text_of_file(const std::string& name, const char* path) {
        std::ifstream in(path, std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(in), {}};
        if (!in) fault(name + ": can't read '" + path + "'");
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
        return text;
    }
    const Environment& environment_;
    ConfigFaults faults_;
};

constexpr std::int64_t kMostPerMinute = 10'000'000;
constexpr std::int64_t kMostMinutesToFill = 30 * 24 * 60;  // keyledger.take_limits remembers no bucket for longer

commands::SubjectNamings read_subject_namings(Reader& reader) {
    using commands::SubjectNaming;
    constexpr std::pair<std::string_view, SubjectNaming> kKnown[] = {
        {"id", SubjectNaming::kId}, {"username", SubjectNaming::kUsername}, {"email", SubjectNaming::kEmail}};
    commands::SubjectNamings namings;
    for (const std::string& word : reader.list("KEYLEDGER_AUTHZEN_SUBJECTS")) {
        const auto known = std::ranges::find(kKnown, word, [](const auto& one) { return one.first; });
        if (known == std::end(kKnown))
            reader.fault("KEYLEDGER_AUTHZEN_SUBJECTS: '" + word + "' is none of id, username, email");
        else namings.push_back(known->second);
    }
    if (namings.empty()) reader.fault("KEYLEDGER_AUTHZEN_SUBJECTS: give one of id, username, email at least");
    return namings;
}

std::string read_owner_property(Reader& reader) {
    constexpr std::size_t kMostBytes = 64;
    std::string name = reader.text("KEYLEDGER_AUTHZEN_OWNER");
    const auto is_fine = [](char c) { return c > ' ' && c < '\x7f' && c != '.'; };
    if (name.empty() || name.size() > kMostBytes || !std::ranges::all_of(name, is_fine))
        reader.fault("KEYLEDGER_AUTHZEN_OWNER: give one name of 1 to 64 visible ASCII characters, without a dot");
    return name;
}

// Behind the scheme: a host, perhaps a port and a path, and nothing of what an issuer must not have.
bool has_host_alone(std::string_view url) {
    const std::string_view rest = url.substr(url.find("://") + 3);
    const std::string_view authority = rest.substr(0, rest.find('/'));
    const auto is_fine = [](char c) { return c > ' ' && c < '\x7f'; };
    return !authority.empty() && authority.front() != ':' && authority.find('@') == std::string_view::npos &&
           rest.find_first_of("?#\\") == std::string_view::npos && std::all_of(rest.begin(), rest.end(), is_fine);
}

// Of commands and scripts, not of the service.
constexpr std::string_view kOtherNames[] = {
    "KEYLEDGER_ADMIN_PASSWORD", "KEYLEDGER_ADMIN_EMAIL", "KEYLEDGER_SERVICE_PASSWORD",
    "KEYLEDGER_OWNER_PASSWORD", "KEYLEDGER_URL",         "KEYLEDGER_BINARY"};
constexpr std::string_view kOtherBeginnings[] = {"KEYLEDGER_TEST_", "KEYLEDGER_BENCH_", "KEYLEDGER_LOAD_",
                                                 "KEYLEDGER_FRESH_"};

void read_serving(Reader& reader, Config& config) {
    config.kafka_brokers = reader.text("KEYLEDGER_KAFKA_BROKERS");
    config.kafka_topic_prefix = reader.text("KEYLEDGER_KAFKA_TOPIC_PREFIX");
    config.kafka_partitions = static_cast<std::int32_t>(reader.number("KEYLEDGER_KAFKA_PARTITIONS", 1, 1000));
    const std::string state_topics = reader.text("KEYLEDGER_KAFKA_STATE_TOPICS");
    config.kafka_state_topics = state_topics == "on";
    if (state_topics != "on" && state_topics != "off")
        reader.fault("KEYLEDGER_KAFKA_STATE_TOPICS: give on or off, not '" + state_topics + "'");
    auto security = read_kafka_security([&](std::string_view name) { return reader.text(name); });
    if (security) {
        config.kafka_security = std::move(*security);
    } else {
        for (const std::string& sentence : security.error()) reader.fault(sentence);
    }
    config.clients_file = reader.text("KEYLEDGER_CLIENTS_FILE");
    config.listen = reader.endpoint("KEYLEDGER_LISTEN");
    config.management_listen = reader.endpoint("KEYLEDGER_MANAGEMENT_LISTEN");
    config.tls_certificate_file = reader.text("KEYLEDGER_TLS_CERTIFICATE_FILE");
    config.tls_key_file = reader.text("KEYLEDGER_TLS_KEY_FILE");
    if (config.tls_certificate_file.empty() != config.tls_key_file.empty())
        reader.fault("KEYLEDGER_TLS_CERTIFICATE_FILE and KEYLEDGER_TLS_KEY_FILE go together: set both or none");
    if (!config.tls_key_file.empty())
        if (const auto unsafe = security::what_is_wrong_with_secret_file(config.tls_key_file))
            reader.fault("KEYLEDGER_TLS_KEY_FILE: " + *unsafe);
    config.network_connections = static_cast<std::size_t>(reader.number("KEYLEDGER_NETWORK_CONNECTIONS", 1, 1'000'000));
    const std::string positions = reader.text("KEYLEDGER_POSITIONS");
    config.clear_positions = positions == "clear";
    if (positions != "clear" && positions != "sealed")
        reader.fault("KEYLEDGER_POSITIONS: give sealed or clear, not '" + positions + "'");
    config.trusted_proxies = reader.list("KEYLEDGER_TRUSTED_PROXIES");
    config.cors_origins = reader.list("KEYLEDGER_CORS_ORIGINS");
    for (const std::string& role : reader.list("KEYLEDGER_ROLES")) {
        if (role == "api") config.serves_api = true;
        else if (role == "projector") config.serves_projector = true;
        else if (role == "publisher") config.serves_publisher = true;
        else reader.fault("KEYLEDGER_ROLES: '" + role + "' is none of api, projector, publisher");
    }
    if (reader.list("KEYLEDGER_ROLES").empty())
        reader.fault("KEYLEDGER_ROLES: give one of api, projector, publisher at least; the process would do nothing");
    config.io_threads = static_cast<std::size_t>(reader.number("KEYLEDGER_IO_THREADS", 1, 256));
    config.start_patience_s = reader.number("KEYLEDGER_START_PATIENCE_SECONDS", 0, 3600);
    config.stop_timeout_ms = reader.number("KEYLEDGER_STOP_TIMEOUT_MS", 0, 600'000);
    config.request_timeout_ms = reader.number("KEYLEDGER_REQUEST_TIMEOUT_MS", 100, 600'000);
    config.command_retention_hours = reader.number("KEYLEDGER_COMMAND_RETENTION_HOURS", 24, 24 * 365);
    config.anonymous_callers_days =
        static_cast<int>(reader.number("KEYLEDGER_ANONYMOUS_CALLERS_DAYS", 1, commands::kMaxDaysBack / 2));
    config.subject_namings = read_subject_namings(reader);
    config.owner_property = read_owner_property(reader);
    config.access_snapshot_file = reader.text("KEYLEDGER_ACCESS_SNAPSHOT_FILE");
    config.tree_head_file = reader.text("KEYLEDGER_TREE_HEAD_FILE");
    config.tree_head_s = reader.number("KEYLEDGER_TREE_HEAD_SECONDS", 1, 3600);
    commands::RequestLimits& limits = config.limits;
    limits.passwords.per_minute = reader.number("KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE", 1, kMostPerMinute);
    limits.passwords.burst = reader.number("KEYLEDGER_LOGIN_NETWORK_BURST", 1, kMostPerMinute);
    if (limits.passwords.burst > limits.passwords.per_minute * kMostMinutesToFill)
        reader.fault("KEYLEDGER_LOGIN_NETWORK_BURST: it may not take longer than 30 days to flow back at "
                     "KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE");
    limits.requests.per_minute = reader.number("KEYLEDGER_REQUEST_NETWORK_RATE_PER_MINUTE", 60, kMostPerMinute);
    limits.requests.burst = std::max<std::int64_t>(60, limits.requests.per_minute / 10);
    limits.writes.per_minute = reader.number("KEYLEDGER_WRITE_RATE_PER_MINUTE", 1, 1'000'000);
    limits.writes.burst = reader.number("KEYLEDGER_WRITE_BURST", 1, 1'000'000);
}

void read_rules(Reader& reader, Config& config) {
    constexpr std::int64_t kYearS = 365LL * 24 * 3600;
    config.issuer = reader.text("KEYLEDGER_ISSUER");
    if (!config.issuer.starts_with("http://") && !config.issuer.starts_with("https://"))
        reader.fault("KEYLEDGER_ISSUER: give a URL that begins with https:// (or http:// while developing)");
    else if (!has_host_alone(config.issuer))
        reader.fault("KEYLEDGER_ISSUER: give a URL with a host, and without user, query, fragment or blanks "
                     "(RFC 8414 section 2)");
    if (config.issuer.ends_with('/')) reader.fault("KEYLEDGER_ISSUER: leave the last '/' off");
    config.database_connections = static_cast<std::size_t>(reader.number("KEYLEDGER_DATABASE_CONNECTIONS", 1, 256));
    config.append_batch = static_cast<std::size_t>(reader.number("KEYLEDGER_APPEND_BATCH", 1, 2000));
    config.hash_threads = static_cast<std::size_t>(reader.number("KEYLEDGER_HASH_THREADS", 0, 64));
    if (config.hash_threads == 0)
        config.hash_threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 64);
    config.hash_queue = static_cast<std::size_t>(reader.number("KEYLEDGER_HASH_QUEUE", 1, 10'000));
    config.argon2_memory_kib = static_cast<std::uint32_t>(reader.number("KEYLEDGER_ARGON2_MEMORY_KIB", 8, 256 * 1024));
    config.argon2_iterations = static_cast<std::uint32_t>(reader.number("KEYLEDGER_ARGON2_ITERATIONS", 1, 16));
    config.argon2_parallelism = static_cast<std::uint32_t>(reader.number("KEYLEDGER_ARGON2_PARALLELISM", 1, 8));
    config.password_min_length = static_cast<std::size_t>(reader.number("KEYLEDGER_PASSWORD_MIN_LENGTH", 8, 64));
    config.access_token_s = reader.number("KEYLEDGER_ACCESS_TOKEN_SECONDS", 1, 3600);
    config.lifetimes.idle_ms = 1000 * reader.number("KEYLEDGER_SESSION_IDLE_SECONDS", 1, kYearS);
    config.lifetimes.absolute_ms = 1000 * reader.number("KEYLEDGER_SESSION_ABSOLUTE_SECONDS", 1, kYearS);
    config.lifetimes.refresh_grace_ms = 1000 * reader.number("KEYLEDGER_REFRESH_GRACE_SECONDS", 0, 10);
    config.erasure_grace_hours = reader.number("KEYLEDGER_ERASURE_GRACE_HOURS", 0, 24 * 365);
    config.attempts.failures_in_a_row = reader.number("KEYLEDGER_LOGIN_FAILURES_IN_A_ROW", 3, 100);
    config.attempts.network_failures = reader.number("KEYLEDGER_LOGIN_NAME_BURST", 1, 1'000'000);
    config.attempts.longest_pause_ms = 1000 * reader.number("KEYLEDGER_LOGIN_PAUSE_SECONDS", 1, 24 * 3600);
    config.attempts.known_for_ms = commands::kDayMs * reader.number("KEYLEDGER_LOGIN_KNOWN_NETWORK_DAYS", 0, 3650);
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

Result<Config, ConfigFaults> read_config(const Environment& environment, const std::vector<Needs>& needs) {
    PartlyRead read = read_what_can_be(environment, needs);
    if (!read.faults.sentences.empty()) return Unexpected(std::move(read.faults));
    return std::move(read.config);
}

PartlyRead read_what_can_be(const Environment& environment, const std::vector<Needs>& needs) {
    Reader reader(environment);
    Config config;
    const auto needed = [&](Needs what) { return std::find(needs.begin(), needs.end(), what) != needs.end(); };
    const std::string core_dumps = reader.text("KEYLEDGER_CORE_DUMPS");
    if (core_dumps != "on" && core_dumps != "off")
        reader.fault("KEYLEDGER_CORE_DUMPS: give on or off, not '" + core_dumps + "'");
    config.log_level = reader.text("KEYLEDGER_LOG_LEVEL");
    constexpr std::string_view kLevels[] = {"trace", "debug", "info", "warn", "error"};
    if (std::find(std::begin(kLevels), std::end(kLevels), config.log_level) == std::end(kLevels))
        reader.fault("KEYLEDGER_LOG_LEVEL: give trace, debug, info, warn or error, not '" + config.log_level + "'");
    config.database_url = needed(Needs::kDatabase)
                              ? reader.required("KEYLEDGER_DATABASE_URL", "the URL of the service's role")
                              : reader.text("KEYLEDGER_DATABASE_URL");
    config.owner_database_url = needed(Needs::kOwnerDatabase) ? reader.required("KEYLEDGER_OWNER_DATABASE_URL",
                                                                                "the URL of the role that migrates")
                                                              : reader.text("KEYLEDGER_OWNER_DATABASE_URL");
    config.keyring_file =
        needed(Needs::kKeyring)
            ? reader.required("KEYLEDGER_KEYRING_FILE", "the path of the keyring; 'keyledger keys generate' makes one")
            : reader.text("KEYLEDGER_KEYRING_FILE");
    read_rules(reader, config);
    if (needed(Needs::kServing)) read_serving(reader, config);
    return {std::move(config), reader.faults()};
}

std::vector<std::string> unknown_settings(const std::vector<std::string>& names) {
    std::vector<std::string_view> known(std::begin(kOtherNames), std::end(kOtherNames));
    for (const Setting& setting : kSettings) known.push_back(setting.name);
    std::vector<std::string> sentences;
    for (const std::string& name : names) {
        std::string_view bare = name;
        const auto is_known = [&] { return std::find(known.begin(), known.end(), bare) != known.end(); };
        const auto begins = [&](std::string_view beginning) { return bare.starts_with(beginning); };
        if (!bare.starts_with("KEYLEDGER_") || is_known()) continue;
        if (std::any_of(std::begin(kOtherBeginnings), std::end(kOtherBeginnings), begins)) continue;
        const bool is_file = bare.ends_with("_FILE");
        if (is_file) bare.remove_suffix(5);
        if (is_file && is_known()) continue;
        auto nearest = nearest_to(name, known);
        const std::string meant = nearest   ? std::string(*nearest)
                                  : is_file ? std::string(nearest_to(bare, known).value_or(""))
                                            : std::string();
        sentences.push_back(name + " is no setting, and changes nothing" +
                            (meant.empty() ? "" : "; did you mean " + meant + '?'));
    }
    return sentences;
}

std::vector<std::string> describe_config(const Environment& environment) {
    std::vector<std::string> lines;
    Reader reader(environment);
    for (const Setting& setting : kSettings) {
        const std::string value = reader.text(setting.name);
        const bool masked = setting.shown == Shown::kMasked && !value.empty();
        lines.push_back(std::string(setting.name) + "=" + (masked ? "********" : value));
    }
    return lines;
}

}  // namespace keyledger::app

#pragma once
// Configuration: environment variables KEYLEDGER_*, each also as KEYLEDGER_*_FILE (the file's text, without its last
// line end). Everything is read and checked once, before anything starts; all faults are reported together (I12).
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/kafka_security.hpp"
#include "commands/accounts/subject_names.hpp"
#include "commands/services.hpp"
#include "domain/base/result.hpp"

namespace keyledger::app {

enum class Shown { kClear, kMasked };
struct Setting {
    std::string_view name;
    std::string_view fallback;  // as text; empty: unset
    std::string_view help;
    Shown shown = Shown::kClear;
};
// Every setting there is, in the order in which .env.example and `config check` list them.
std::span<const Setting> settings();

struct Endpoint {
    std::string address;
    std::uint16_t port = 0;
};

struct Config {
    std::string database_url;        // of the service's role
    std::string owner_database_url;  // of the role that migrates
    std::string kafka_brokers;       // empty: the publisher rests
    std::string kafka_topic_prefix;
    std::int32_t kafka_partitions = 0;
    bool kafka_state_topics = false;
    KafkaSecurity kafka_security;
    std::string keyring_file;
    std::string clients_file;
    std::string issuer;
    Endpoint listen;
    Endpoint management_listen;
    std::string tls_certificate_file;
    std::string tls_key_file;
    std::vector<std::string> trusted_proxies;
    std::vector<std::string> cors_origins;
    bool serves_api = false;
    bool serves_projector = false;
    bool serves_publisher = false;
    std::size_t io_threads = 1;
    std::size_t network_connections = 1000;
    bool clear_positions = false;
    std::size_t database_connections = 4;
    std::size_t append_batch = 256;
    std::size_t hash_threads = 0;
    std::size_t hash_queue = 0;
    std::uint32_t argon2_memory_kib = 0;
    std::uint32_t argon2_iterations = 0;
    std::uint32_t argon2_parallelism = 0;
    std::size_t password_min_length = 15;
    std::int64_t access_token_s = 300;
    SessionLifetimes lifetimes;
    LoginAttemptLimits attempts;
    commands::RequestLimits limits;
    std::int64_t request_timeout_ms = 0;
    std::int64_t start_patience_s = 0;
    std::int64_t stop_timeout_ms = 0;
    std::int64_t command_retention_hours = 0;
    int anonymous_callers_days = 0;
    std::int64_t erasure_grace_hours = 0;
    std::string tree_head_file;  // empty: none is written
    commands::SubjectNamings subject_namings;
    std::string owner_property;        // of AuthZEN's resources
    std::string access_snapshot_file;  // empty: none is kept
    std::int64_t tree_head_s = 0;
    std::string log_level;
};

// Reads one variable of the environment; nullptr when it is not set.
using Environment = std::function<const char*(const char*)>;

// What of the configuration a command needs. What it does not need may be missing.
enum class Needs { kDatabase, kOwnerDatabase, kKeyring, kServing };

struct ConfigFaults {
    std::vector<std::string> sentences;  // each names its variable and says what to do
};
Result<Config, ConfigFaults> read_config(const Environment& environment, const std::vector<Needs>& needs);

// The same with what could be read beside the faults, for whoever looks further and tells all of it at once.
struct PartlyRead {
    Config config;
    ConfigFaults faults;
};
PartlyRead read_what_can_be(const Environment& environment, const std::vector<Needs>& needs);

// Of names of variables those that begin with KEYLEDGER_ and mean nothing: a sentence each, with the setting
// that may have been meant. No faults, for scripts have variables of their own.
std::vector<std::string> unknown_settings(const std::vector<std::string>& names);

// "NAME=value" for every setting in effect, secrets masked.
std::vector<std::string> describe_config(const Environment& environment);

}  // namespace keyledger::app

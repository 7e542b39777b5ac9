#include "app/core/config_checks.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "api/http/server.hpp"
#include "api/requests/network.hpp"
#include "app/config/clients_file.hpp"
#include "app/core/kafka_client.hpp"
#include "app/core/mailing.hpp"
#include "app/core/outgoing.hpp"
#include "app/core/page_files.hpp"
#include "app/core/system_ports.hpp"
#include "eventstore/audit/tree_head_file.hpp"
#include "eventstore/postgres/connection/connecting.hpp"
#include "eventstore/postgres/connection/reaching.hpp"
#include "eventstore/postgres/migrations/migrator.hpp"
#include "eventstore/postgres/migrations/service_role.hpp"
#include "integrations/places/mmdb_places.hpp"
#include "security/keys/keyring.hpp"
#include "security/passwords/imported_hash.hpp"
#include "security/passwords/known_passwords.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

constexpr std::size_t kLongestPem = 1024 * 1024;
constexpr int kNothingIsTold = -1;  // of syslog's levels

class Looking {
public:
    void fault(std::string_view setting, std::string_view sentence) {
        sentences_.push_back(std::string(setting) + ": " + std::string(sentence));
    }
    void wants_url(std::string_view setting, const std::string& url) {
        if (!url.empty() && !eventstore::postgres::is_connection_text(url))
            return fault(setting,
                         "give a URL such as postgresql://user:password@host:5432/database, or libpq's key=value "
                         "form");
        if (const auto problem = eventstore::postgres::host_problem(url)) fault(setting, *problem);
    }
    void wants_address(std::string_view setting, const Endpoint& endpoint) {
        boost::system::error_code error;
        boost::asio::ip::make_address(endpoint.address, error);
        if (error)
            fault(setting, "give an IP address and a port; names such as '" + endpoint.address + "' are not looked up");
    }
    void wants_secret(std::string_view setting, const std::string& path) {
        if (path.empty()) return;
        if (const auto unsafe = security::what_is_wrong_with_secret_file(path)) fault(setting, *unsafe);
    }
    void wants_pem(std::string_view setting, const std::string& path) {
        if (path.empty()) return;
        std::ifstream file(path, std::ios::binary);
        std::string text(kLongestPem, '\0');
        file.read(text.data(), static_cast<std::streamsize>(text.size()));
        const bool is_read = file.gcount() > 0;
        if (!is_read) return fault(setting, "can't read '" + path + "'");
        if (text.find("-----BEGIN ") == std::string::npos) fault(setting, "'" + path + "' holds no PEM");
    }
    void wants_places(std::string_view setting, const std::string& path) {
        if (path.empty()) return;
        if (const auto places = integrations::MmdbPlaces::open(path); !places)
            fault(setting, "'" + path + "' can't be used: " + places.error());
    }
    // Files that the service makes or adds to. `beside`: it is replaced as a whole by one beside it.
    void wants_place_for(std::string_view setting, const std::string& path, bool beside) {
        if (path.empty()) return;
        const auto folder = std::filesystem::path(path).parent_path();
        const std::string place = folder.empty() ? "." : folder.string();
        std::error_code error;
        if (!std::filesystem::is_directory(place, error))
            return fault(setting, "there is no folder '" + place + "'; make it, for the service's own user");
        const bool is_there = std::filesystem::exists(path, error);
        if ((beside || !is_there) && ::access(place.c_str(), W_OK | X_OK) != 0)
            return fault(setting, "'" + place + "' can't be written to: " + std::strerror(errno));
        if (!is_there) return;
        if (std::filesystem::is_directory(path, error))
            return fault(setting, "'" + path + "' is a folder, and can't be read or written as a file");
        if (::access(path.c_str(), W_OK) != 0)
            fault(setting, "'" + path + "' can't be written to: " + std::strerror(errno));
    }
    bool found_nothing() const { return sentences_.empty(); }
    std::vector<std::string> take() { return std::move(sentences_); }

private:
    std::vector<std::string> sentences_;
};

// "https://app.example.com" or with a port: as browsers send it (RFC 6454 section 6.1), for it is compared as
// it stands.
bool is_origin(std::string_view text) {
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos || colon == 0) return false;
    const std::string_view host = text.substr(colon + 3);
    const auto is_fine = [](char c) { return c > ' ' && c < '\x7f' && !(c >= 'A' && c <= 'Z'); };
    return !host.empty() && std::ranges::all_of(text, is_fine) &&
           host.find_first_of("/?#@,*\\") == std::string_view::npos;
}

bool is_broker(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + colon + 1, end, port);
    return error == std::errc{} && at == end && port > 0;
}

// What the form of one setting asks of its value besides, once it could be read.
void look_at_form(Looking& looking, const Setting& setting, const Value& value) {
    using Kind = Form::Kind;
    switch (setting.form.kind) {
        case Kind::kDatabaseUrl: return looking.wants_url(setting.name, value.text);
        case Kind::kEndpoint: return looking.wants_address(setting.name, value.endpoint);
        case Kind::kReplacedFile: return looking.wants_place_for(setting.name, value.text, true);
        case Kind::kGrowingFile: return looking.wants_place_for(setting.name, value.text, false);
        case Kind::kNetworks:
            for (const std::string& text : value.items)
                if (!api::Cidr::parse(text))
                    looking.fault(setting.name, "'" + text + "' is not a network or address such as 10.0.0.0/8");
            return;
        case Kind::kOrigins:
            for (const std::string& text : value.items)
                if (text != "*" && !is_origin(text))
                    looking.fault(setting.name,
                                  "'" + text +
                                      "' is not an origin such as https://app.example.com: a scheme, a host in small "
                                      "letters, a port if it is not the scheme's, and no '/' behind");
            return;
        case Kind::kText:
        case Kind::kWhole:
        case Kind::kOneOf:
        case Kind::kSomeOf:
        case Kind::kList: return;
    }
}

void look_at_passwords(Looking& looking, const Config& config) {
    if (!config.imported_hash.empty() && !security::read_imported_hash(config.imported_hash))
        looking.fault("KEYLEDGER_IMPORTED_HASH", "give a hash in one of the forms of docs/import.md");
    if (config.known_passwords_file.empty()) return;
    if (const auto list = security::KnownPasswords::open(config.known_passwords_file); !list)
        looking.fault("KEYLEDGER_KNOWN_PASSWORDS_FILE", list.error());
}

void look_at_listeners(Looking& looking, const Config& config) {
    const bool is_one = config.listen.address == config.management_listen.address &&
                        config.listen.port == config.management_listen.port && config.listen.port != 0;
    if (is_one) looking.fault("KEYLEDGER_MANAGEMENT_LISTEN", "give another port than KEYLEDGER_LISTEN has");
    if (config.tls_key_file.empty()) return;
    try {
        api::check_tls({config.tls_certificate_file, config.tls_key_file});
    } catch (const api::ServerError& error) {
        looking.fault("KEYLEDGER_TLS_CERTIFICATE_FILE, KEYLEDGER_TLS_KEY_FILE", error.what());
    }
}

// Kafka's rule for the names of topics, with the longest that is put behind.
void look_at_topic_prefix(Looking& looking, const std::string& prefix) {
    constexpr std::size_t kLongestTopic = 249;
    constexpr std::size_t kLongestSuffix = std::string_view(".tree-heads.v1").size();
    const auto is_fine = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    };
    if (!std::ranges::all_of(prefix, is_fine))
        looking.fault("KEYLEDGER_KAFKA_TOPIC_PREFIX",
                      "'" + prefix + "': names of topics are of letters, digits, '.', '_' and '-'");
    if (prefix.size() > kLongestTopic - kLongestSuffix)
        looking.fault("KEYLEDGER_KAFKA_TOPIC_PREFIX",
                      "give " + std::to_string(kLongestTopic - kLongestSuffix) +
                          " characters at most: with what is put behind a topic's name has 249 at most");
}

void look_at_brokers(Looking& looking, std::string_view brokers) {
    for (bool more = true; more;) {
        const std::size_t comma = brokers.find(',');
        std::string_view broker = brokers.substr(0, comma);
        while (broker.starts_with(' ')) broker.remove_prefix(1);
        while (broker.ends_with(' ')) broker.remove_suffix(1);
        if (!is_broker(broker))
            looking.fault("KEYLEDGER_KAFKA_BROKERS", "'" + std::string(broker) + "' is not host:port");
        more = comma != std::string_view::npos;
        if (more) brokers.remove_prefix(comma + 1);
    }
}

// As it is called here: "ssl.ca.location" is KEYLEDGER_KAFKA_SSL_CA_FILE.
std::string setting_of(std::string property) {
    if (property.ends_with(".location")) property.replace(property.size() - 8, 8, "file");
    std::ranges::replace(property, '.', '_');
    for (char& c : property)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return "KEYLEDGER_KAFKA_" + property;
}

}  // namespace

// The files first: of them librdkafka only says that something could not be loaded.
std::vector<std::string> kafka_faults(const Config& config) {
    Looking looking;
    if (config.kafka_brokers.empty()) return {};
    look_at_topic_prefix(looking, config.kafka_topic_prefix);
    look_at_brokers(looking, config.kafka_brokers);
    for (const auto& [property, path] : config.kafka_security.properties)
        if (property.ends_with(".location")) looking.wants_pem(setting_of(property), path);
    for (const auto& [property, path] : config.kafka_security.properties)
        if (property == "ssl.key.location") looking.wants_secret(setting_of(property), path);
    looking.wants_secret("KEYLEDGER_KAFKA_SASL_TOKEN_FILE", config.kafka_security.oauth_token_file);
    if (!looking.found_nothing()) return looking.take();
    const auto wrong = eventstore::kafka::fault_of_options(kafka_client(config, kNothingIsTold));
    if (!wrong) return {};
    std::string of = "KEYLEDGER_KAFKA_SECURITY_PROTOCOL and what goes with it";
    for (const auto& property : config.kafka_security.properties)
        if (wrong->find(property.first) != std::string::npos) of = setting_of(property.first);
    looking.fault(of, *wrong);
    return looking.take();
}

std::vector<std::string> serving_faults(const LenientConfig& read) {
    const Config& config = read.config;
    Looking looking;
    for (const auto& [setting, value] : read.values) look_at_form(looking, *setting, value);
    const auto keyring = security::LiveKeyring::open(config.keyring_file, SystemClock().now());
    if (!keyring) looking.fault("KEYLEDGER_KEYRING_FILE", keyring.error().message);
    if (const auto clients = FileClients::load(config.clients_file); !clients)
        for (const std::string& sentence : clients.error()) looking.fault("KEYLEDGER_CLIENTS_FILE", sentence);
    look_at_listeners(looking, config);
    looking.wants_pem("KEYLEDGER_SMTP_CA_FILE", config.mail.smtp_ca_file);
    looking.wants_pem("KEYLEDGER_OUTGOING_CA_FILE", config.outgoing_ca_file);
    looking.wants_places("KEYLEDGER_PLACES_FILE", config.places_file);
    look_at_passwords(looking, config);
    if (!config.tree_head_file.empty())
        if (const auto heads = eventstore::audit::read_last_notes(config.tree_head_file); !heads)
            looking.fault("KEYLEDGER_TREE_HEAD_FILE", heads.error());
    auto all = looking.take();
    std::ranges::move(kafka_faults(config), std::back_inserter(all));
    std::ranges::move(mail_faults(config.mail), std::back_inserter(all));
    std::ranges::move(page_faults(config), std::back_inserter(all));
    std::ranges::move(outgoing_faults(config), std::back_inserter(all));
    return all;
}

// What could not be read stands in the configuration as its default or as nothing: a second word on that would be
// wrong.
std::vector<std::string> all_faults(const LenientConfig& read) {
    std::vector<std::string> all = read.faults.sentences;
    if (!read.are_sources_read) return all;
    for (std::string& sentence : serving_faults(read)) {
        const auto is_of_the_same = [&](const std::string& told) {
            return setting_named_in(told) == setting_named_in(sentence);
        };
        if (std::ranges::none_of(read.faults.sentences, is_of_the_same))
            all.push_back(with_place(read, std::move(sentence)));
    }
    return all;
}

RoleCheck check_service_role(const Config& config) {
    const std::string& url = config.database_url;
    if (url.empty() || !eventstore::postgres::is_connection_text(url)) return {};
    if (!eventstore::postgres::server_answers(url))
        return {"", "KEYLEDGER_DATABASE_URL: no server answers there; whether its role may serve was not looked at"};
    if (const auto pooling = eventstore::postgres::pooling_problem(url))
        return {"KEYLEDGER_DATABASE_URL: " + *pooling, ""};
    try {
        const auto role = eventstore::postgres::service_role_problem(url);
        const std::string& owners = config.owner_database_url;
        if (role || owners.empty() || !eventstore::postgres::is_connection_text(owners) ||
            !eventstore::postgres::server_answers(owners))
            return {role.value_or(""), ""};
        return {eventstore::postgres::one_database_problem(owners, url).value_or(""), ""};
    } catch (const eventstore::postgres::MigrationFailure& failure) {
        return {std::string("KEYLEDGER_DATABASE_URL: ") + failure.what(), ""};
    }
}

}  // namespace keyledger::app

#include "app/config/config.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <thread>

#include "app/config/config_file.hpp"
#include "app/config/passkeys.hpp"
#include "domain/base/nearest.hpp"
#include "domain/base/plain_text.hpp"
#include "domain/users/identity.hpp"
#include "security/primitives/secret_file.hpp"

namespace keyledger::app {
namespace {

constexpr std::string_view kMask = "********";
constexpr const char* kDefault = "default";                // the origin of what nobody gave
constexpr std::int64_t kMostMinutesToFill = 30 * 24 * 60;  // keyledger.take_limits remembers no bucket for longer

std::vector<std::string> items_of(std::string_view text) {
    std::vector<std::string> items;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        std::string item(text.substr(at, comma - at));
        std::erase(item, ' ');
        if (!item.empty()) items.push_back(std::move(item));
        at = comma + 1;
    }
    return items;
}

std::optional<Endpoint> endpoint_of(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    Endpoint endpoint;
    endpoint.address = text.substr(0, colon);
    if (endpoint.address.size() > 2 && endpoint.address.front() == '[')
        endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + colon + 1, end, endpoint.port);
    if (error != std::errc{} || at != end || endpoint.address.empty()) return std::nullopt;
    return endpoint;
}

class Reader {
public:
    explicit Reader(const SettingSources& sources) : sources_(sources) {
        for (const std::string& sentence : sources_.file.faults) fault(sentence);
        for (const std::string& sentence : sources_.secrets.faults) fault(sentence);
    }
    bool are_sources_read() const { return sources_.file.is_readable && sources_.secrets.faults.empty(); }

    struct SettingSource {
        std::string text;
        std::string origin;  // in words
        bool is_of_manager = false;
    };
    SettingSource given(const Setting& setting) {
        const std::string name(setting.name);
        for (const auto look : {&Reader::in_environment, &Reader::in_file, &Reader::in_secrets}) {
            const auto direct = (this->*look)(name);
            const auto path = setting.may_stand_in_a_file() ? (this->*look)(name + "_FILE") : std::nullopt;
            if (path && direct) fault(name + " and " + name + "_FILE are both set; set one");
            if (path) return {text_of_file(setting, path->text), "'" + path->text + "' (" + path->origin + ")"};
            if (direct) return *direct;
        }
        return {std::string(setting.fallback), kDefault};
    }
    std::string text(std::string_view name) { return given(*find_setting(name)).text; }

    // With what is wrong about it told; then it is what could be made of it.
    Value value(const Setting& setting) {
        Value value;
        value.text = given(setting).text;
        if (value.text.empty() && setting.fallback.empty()) return value;
        const std::string name(setting.name);
        const std::string instead = ", not '" + value.text + "'";
        switch (setting.form.kind) {
            case Form::Kind::kText:
            case Form::Kind::kDatabaseUrl:
            case Form::Kind::kReplacedFile:
            case Form::Kind::kGrowingFile: break;
            case Form::Kind::kWhole: read_number(setting, value); break;
            case Form::Kind::kOneOf: {
                const auto words = words_of(setting.form);
                if (std::ranges::find(words, value.text) == words.end())
                    fault(name + ": give " + list_of_words(setting.form, " or ") + instead);
                break;
            }
            case Form::Kind::kSomeOf: read_words(setting, value); break;
            case Form::Kind::kList:
            case Form::Kind::kNetworks:
            case Form::Kind::kOrigins: value.items = items_of(value.text); break;
            case Form::Kind::kEndpoint:
                if (auto endpoint = endpoint_of(value.text)) value.endpoint = std::move(*endpoint);
                else fault(name + ": give address:port, such as 127.0.0.1:8080" + instead);
                break;
        }
        return value;
    }

    void require(std::string_view name, std::string_view what) {
        if (text(name).empty()) fault(std::string(name) + " is not set: " + std::string(what));
    }
    // Once, however often the setting is read. It may quote a value, which must not write lines of its own into a log.
    void fault(std::string_view told) {
        std::string sentence = as_plain_text(told);
        auto& all = faults_.sentences;
        if (std::find(all.begin(), all.end(), sentence) == all.end()) all.push_back(std::move(sentence));
    }
    bool has_fault_of(std::string_view name) const {
        return std::ranges::any_of(faults_.sentences, [&](const auto& told) { return setting_named_in(told) == name; });
    }
    const std::vector<std::string>& faults() const { return faults_.sentences; }
    LenientConfig finish(LenientConfig read) {
        read.are_sources_read = are_sources_read();
        read.places = std::move(places_);
        read.hidden = std::move(hidden_);
        for (std::string& sentence : faults_.sentences)
            read.faults.sentences.push_back(with_place(read, std::move(sentence)));
        return read;
    }

private:
    std::optional<SettingSource> in_environment(const std::string& name) {
        const char* text = sources_.environment(name.c_str());
        if (text == nullptr || *text == '\0') return std::nullopt;
        return SettingSource{text, "environment"};
    }
    std::optional<SettingSource> in_file(const std::string& name) {
        const ConfigFile& file = sources_.file;
        const auto at = file.entries.find(name);
        if (at == file.entries.end() || at->second.text.empty()) return std::nullopt;
        const std::string place = "line " + std::to_string(at->second.line) + " of '" + file.path + "'";
        places_[name] = place;
        return SettingSource{at->second.text, place};
    }
    std::optional<SettingSource> in_secrets(const std::string& name) {
        const GivenSecrets& secrets = sources_.secrets;
        const auto at = secrets.texts.find(name);
        if (at == secrets.texts.end() || at->second.empty()) return std::nullopt;
        places_[name] = secrets.origin;
        hidden_.insert(name);
        return SettingSource{at->second, secrets.origin, true};
    }
    std::string text_of_file(const Setting& setting, const std::string& path) {
        const std::string name = std::string(setting.name) + "_FILE";
        if (setting.is(kSecret))
            if (const auto unsafe = security::what_is_wrong_with_secret_file(path)) fault(name + ": " + *unsafe);
        std::ifstream in(path, std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(in), {}};
        if (!in) fault(name + ": can't read '" + path + "'");
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
        return text;
    }
    void read_number(const Setting& setting, Value& value) {
        const Form& form = setting.form;
        const char* const end = value.text.data() + value.text.size();
        const auto [at, error] = std::from_chars(value.text.data(), end, value.number);
        if (error != std::errc{} || at != end || value.number < form.least || value.number > form.most)
            fault(std::string(setting.name) + ": give a whole number from " + std::to_string(form.least) + " to " +
                  std::to_string(form.most) + ", not '" + value.text + "'");
    }
    void read_words(const Setting& setting, Value& value) {
        const auto words = words_of(setting.form);
        for (std::string& item : items_of(value.text)) {
            if (std::ranges::find(words, item) != words.end()) value.items.push_back(std::move(item));
            else fault(std::string(setting.name) + ": '" + item + "' is none of " + list_of_words(setting.form));
        }
        if (value.items.empty() && !has_fault_of(setting.name))
            fault(std::string(setting.name) + ": give one of " + list_of_words(setting.form) + " at least");
    }
    const SettingSources& sources_;
    ConfigFaults faults_;
    std::map<std::string, std::string, std::less<>> places_;
    std::set<std::string, std::less<>> hidden_;
};

// Behind the scheme: a host, perhaps a port and a path, and nothing of what an issuer must not have.
bool has_host_alone(std::string_view url) {
    const std::string_view rest = url.substr(url.find("://") + 3);
    const std::string_view authority = rest.substr(0, rest.find('/'));
    const auto is_fine = [](char c) { return c > ' ' && c < '\x7f'; };
    return !authority.empty() && authority.front() != ':' && authority.find('@') == std::string_view::npos &&
           rest.find_first_of("?#\\") == std::string_view::npos && std::all_of(rest.begin(), rest.end(), is_fine);
}

// What the form of one setting can't say, of those that every command reads.
void check_rules(Reader& reader, Config& config) {
    if (!config.issuer.starts_with("http://") && !config.issuer.starts_with("https://"))
        reader.fault("KEYLEDGER_ISSUER: give a URL that begins with https:// (or http:// while developing)");
    else if (!has_host_alone(config.issuer))
        reader.fault("KEYLEDGER_ISSUER: give a URL with a host, and without user, query, fragment or blanks "
                     "(RFC 8414 section 2)");
    if (config.issuer.ends_with('/')) reader.fault("KEYLEDGER_ISSUER: leave the last '/' off");
    if (config.hash_threads == 0)
        config.hash_threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 64);
}

// Of a day (UTC), as ISO 8601 writes it.
std::optional<Instant> beginning_of(const std::string& date) {
    int year = 0;
    unsigned month = 0, day = 0;
    int read = 0;
    if (std::sscanf(date.c_str(), "%4d-%2u-%2u%n", &year, &month, &day, &read) != 3) return std::nullopt;
    const std::chrono::year_month_day on{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
    if (!on.ok() || static_cast<std::size_t>(read) != date.size()) return std::nullopt;
    return Instant() + days(std::chrono::sys_days(on).time_since_epoch().count());
}

void read_second_factors(Reader& reader, Config& config) {
    for (const std::string& text : config.second_factor_roles) {
        const auto role_id = RoleId::parse(text);
        if (role_id) config.second_factor_policy.of_roles.push_back(*role_id);
        else reader.fault("KEYLEDGER_SECOND_FACTOR_ROLES: '" + text + "' is no id of a role");
    }
    if (config.second_factor_since.empty()) return;
    const auto since = beginning_of(config.second_factor_since);
    if (since) config.second_factor_policy.since = *since;
    else reader.fault("KEYLEDGER_SECOND_FACTOR_SINCE: give a date such as 2026-12-01");
}

// The same of those that only `serve` reads.
void check_serving(Reader& reader, Config& config) {
    auto security = read_kafka_security([&](std::string_view name) { return reader.text(name); });
    if (security) config.kafka_security = std::move(*security);
    else
        for (const std::string& sentence : security.error()) reader.fault(sentence);
    if (config.kafka_replication_factor > 0 && config.kafka_min_insync_replicas > config.kafka_replication_factor)
        reader.fault("KEYLEDGER_KAFKA_MIN_INSYNC_REPLICAS: it may not be more than KEYLEDGER_KAFKA_REPLICATION_FACTOR, "
                     "or nothing could be published");
    if (config.tls_certificate_file.empty() != config.tls_key_file.empty())
        reader.fault("KEYLEDGER_TLS_CERTIFICATE_FILE and KEYLEDGER_TLS_KEY_FILE go together: set both or none");
    if (!config.tls_key_file.empty())
        if (const auto unsafe = security::what_is_wrong_with_secret_file(config.tls_key_file))
            reader.fault("KEYLEDGER_TLS_KEY_FILE: " + *unsafe);
    read_second_factors(reader, config);
    for (const std::string& sentence : complete_passkeys(config.passkeys, config.issuer)) reader.fault(sentence);
    if (config.verifies_email && config.mail.smtp_url.empty())
        reader.fault(
            "KEYLEDGER_EMAIL_VERIFICATION: who registers proves their address by mail: set KEYLEDGER_SMTP_URL, or give "
            "'off' if addresses are verified elsewhere");
    const std::string& alerts_to = config.mail.alerts_to;
    if (!alerts_to.empty() && (config.mail.smtp_url.empty() || !parse_email(alerts_to)))
        reader.fault("KEYLEDGER_ALERTS_TO: give one mail address, and a KEYLEDGER_SMTP_URL that it is sent through");
    if (!parse_access_log_rule(reader.text("KEYLEDGER_ACCESS_LOG")))
        reader.fault("KEYLEDGER_ACCESS_LOG: give off, errors, all, or a share of the answers such as 0.01");
    for (const std::string& sentence : trace_faults(config.traces)) reader.fault(sentence);
    constexpr std::size_t kMostBytes = 64;
    const std::string& owner = config.owner_property;
    const auto is_fine = [](char c) { return c > ' ' && c < '\x7f' && c != '.'; };
    if (owner.empty() || owner.size() > kMostBytes || !std::ranges::all_of(owner, is_fine))
        reader.fault("KEYLEDGER_AUTHZEN_OWNER: give one name of 1 to 64 visible ASCII characters, without a dot");
    commands::RequestLimits& limits = config.limits;
    if (limits.passwords.burst > limits.passwords.per_minute * kMostMinutesToFill)
        reader.fault("KEYLEDGER_LOGIN_NETWORK_BURST: it may not take longer than 30 days to flow back at "
                     "KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE");
    limits.requests.burst = std::max<std::int64_t>(60, limits.requests.per_minute / 10);
}

// Of commands; not of the service.
constexpr std::string_view kCommandNames[] = {"KEYLEDGER_ADMIN_PASSWORD"};
// Of scripts. scripts/run leaves some of them in a file for others to read.
constexpr std::string_view kScriptNames[] = {"KEYLEDGER_ADMIN_EMAIL",    "KEYLEDGER_SERVICE_PASSWORD",
                                             "KEYLEDGER_OWNER_PASSWORD", "KEYLEDGER_URL",
                                             "KEYLEDGER_MANAGEMENT_URL", "KEYLEDGER_PID",
                                             "KEYLEDGER_BINARY"};
constexpr std::string_view kScriptBeginnings[] = {"KEYLEDGER_TEST_", "KEYLEDGER_BENCH_", "KEYLEDGER_LOAD_",
                                                  "KEYLEDGER_FRESH_", "KEYLEDGER_INTROSPECTION_"};
constexpr std::string_view kPrefix = "KEYLEDGER_";
constexpr std::string_view kFileSuffix = "_FILE";

bool is_of_commands_or_scripts(std::string_view name) {
    const auto begins = [&](std::string_view beginning) { return name.starts_with(beginning); };
    return std::ranges::find(kCommandNames, name) != std::end(kCommandNames) ||
           std::ranges::find(kScriptNames, name) != std::end(kScriptNames) ||
           std::ranges::any_of(kScriptBeginnings, begins);
}

}  // namespace

const Setting* find_setting(std::string_view name) {
    const auto* at = std::ranges::find(kSettings, name, &Setting::name);
    return at == std::end(kSettings) ? nullptr : at;
}

std::vector<std::string_view> words_of(const Form& form) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; at < form.words.size();) {
        const std::size_t comma = std::min(form.words.find(',', at), form.words.size());
        words.push_back(form.words.substr(at, comma - at));
        at = comma + 1;
    }
    return words;
}

std::string list_of_words(const Form& form, std::string_view before_last) {
    const auto words = words_of(form);
    std::string all;
    for (std::size_t i = 0; i < words.size(); ++i)
        all.append(i == 0 ? "" : i + 1 == words.size() ? before_last : ", ").append(words[i]);
    return all;
}

void put_roles(Config& config, const Value& value) {
    const auto has = [&](const char* role) { return std::ranges::find(value.items, role) != value.items.end(); };
    config.serves_api = has("api");
    config.serves_projector = has("projector");
    config.serves_publisher = has("publisher");
    config.serves_reactor = has("reactor");
}

void put_second_factor_demands(Config& config, const Value& value) {
    SecondFactorPolicy& policy = config.second_factor_policy;
    for (const std::string& word : value.items) {
        if (word == "all") policy.of_all = SecondFactorPolicy::Demand::kOfEverybody;
        else policy.of_new_devices = SecondFactorPolicy::NewDevices::kDemand;
    }
}

void put_subject_namings(Config& config, const Value& value) {
    using commands::SubjectNameKind;
    for (const std::string& word : value.items)
        config.subject_name_kinds.push_back(word == "id"         ? SubjectNameKind::kId
                                            : word == "username" ? SubjectNameKind::kUsername
                                                                 : SubjectNameKind::kEmail);
}

// Without the secrets, which are asked for as the others say.
static SettingSources own_sources(const Environment& environment) {
    SettingSources sources;
    sources.environment = environment;
    const char* path = environment("KEYLEDGER_CONFIG_FILE");
    if (path != nullptr && *path != '\0') sources.file = read_config_file(path);
    return sources;
}

SettingSources gather_sources(const Environment& environment) {
    SettingSources sources = own_sources(environment);
    if (!sources.file.is_readable) return sources;
    Reader reader(sources);
    const auto of_file = static_cast<std::ptrdiff_t>(reader.faults().size());
    Config config;
    for (const Setting& setting : kSettings)
        if (setting.is(kBeforeSecrets)) setting.put(config, reader.value(setting));
    sources.secrets.faults.assign(reader.faults().begin() + of_file, reader.faults().end());
    if (sources.secrets.faults.empty()) sources.secrets = fetch_secrets(config.secrets, environment);
    return sources;
}

Result<Config, ConfigFaults> read_config(const Environment& environment, const std::vector<ConfigPart>& needs) {
    LenientConfig read = read_config_leniently(environment, needs);
    if (!read.faults.sentences.empty()) return Unexpected(std::move(read.faults));
    return std::move(read.config);
}

Result<Value, ConfigFaults> read_setting(const Environment& environment, std::string_view name) {
    const SettingSources sources = own_sources(environment);
    Reader reader(sources);
    LenientConfig read;
    const Value value = sources.file.is_readable ? reader.value(*find_setting(name)) : Value();
    const bool is_good = sources.file.is_readable && !reader.has_fault_of(name);
    read = reader.finish(std::move(read));
    if (!is_good) return Unexpected(std::move(read.faults));
    return value;
}

LenientConfig read_config_leniently(const Environment& environment, const std::vector<ConfigPart>& needs) {
    return read_config_leniently(gather_sources(environment), needs);
}

LenientConfig read_config_leniently(const SettingSources& sources, const std::vector<ConfigPart>& needs) {
    Reader reader(sources);
    LenientConfig read;
    if (!reader.are_sources_read()) return reader.finish(std::move(read));
    const auto needed = [&](ConfigPart what) { return std::find(needs.begin(), needs.end(), what) != needs.end(); };
    for (const Setting& setting : kSettings) {
        if (setting.is(kServing) && !needed(ConfigPart::kServing)) continue;
        read.values.emplace_back(&setting, reader.value(setting));
        if (setting.put != nullptr) setting.put(read.config, read.values.back().second);
    }
    if (needed(ConfigPart::kDatabase)) reader.require("KEYLEDGER_DATABASE_URL", "the URL of the service's role");
    if (needed(ConfigPart::kOwnerDatabase))
        reader.require("KEYLEDGER_OWNER_DATABASE_URL", "the URL of the role that migrates");
    if (needed(ConfigPart::kKeyring))
        reader.require("KEYLEDGER_KEYRING_FILE", "the path of the keyring; 'keyledger keys generate' makes one");
    check_rules(reader, read.config);
    if (needed(ConfigPart::kServing)) check_serving(reader, read.config);
    return reader.finish(std::move(read));
}

std::string_view setting_named_in(std::string_view sentence) {
    return sentence.substr(0, sentence.find_first_of(":, "));
}

// Whatever stands between the first quotation mark and the last: no sentence quotes a value otherwise.
std::string with_place(const LenientConfig& read, std::string sentence) {
    const std::string name(setting_named_in(sentence));
    const std::size_t first = sentence.find('\'');
    const std::size_t last = sentence.rfind('\'');
    if (read.hidden.contains(name) && first < last) sentence.replace(first + 1, last - first - 1, kMask);
    const auto at = read.places.find(name);
    return at == read.places.end() ? sentence : sentence + " (" + at->second + ")";
}

// The prefix, which all have, says nothing about how near a name is.
std::string nearest_setting(std::string_view name) {
    std::vector<std::string_view> known;
    for (const Setting& setting : kSettings) known.push_back(setting.name.substr(kPrefix.size()));
    for (const std::string_view one : kCommandNames) known.push_back(one.substr(kPrefix.size()));
    std::string bare(name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name);
    for (char& c : bare) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '-' || c == '.' ? '_' : c;
    auto nearest = nearest_to(bare, known);
    const bool is_file = bare.ends_with(kFileSuffix);
    const std::string other =
        is_file ? bare.substr(0, bare.size() - kFileSuffix.size()) : bare + std::string(kFileSuffix);
    if (!nearest) nearest = nearest_to(other, known);
    return nearest ? std::string(kPrefix) + std::string(*nearest) : "";
}

std::vector<std::string> unknown_settings(const std::vector<std::string>& names) {
    std::vector<std::string> sentences;
    for (const std::string& name : names) {
        std::string_view bare = name;
        const auto is_known = [&] { return find_setting(bare) != nullptr || is_of_commands_or_scripts(bare); };
        if (!bare.starts_with(kPrefix) || is_known()) continue;
        if (bare.ends_with(kFileSuffix)) bare.remove_suffix(kFileSuffix.size());
        if (is_known()) continue;
        const std::string meant = nearest_setting(name);
        sentences.push_back(name + " is no setting, and changes nothing" +
                            (meant.empty() ? "" : "; did you mean " + meant + '?'));
    }
    return sentences;
}

std::vector<std::string> describe_config(const Environment& environment) {
    return describe_config(gather_sources(environment));
}

std::vector<std::string> describe_config(const SettingSources& sources, ShownSettings shown) {
    std::vector<std::string> lines;
    Reader reader(sources);
    for (const Setting& setting : kSettings) {
        const auto given = reader.given(setting);
        if (shown == ShownSettings::kGiven && given.origin == kDefault) continue;
        const bool is_masked = (setting.is(kSecret) || given.is_of_manager) && !given.text.empty();
        const std::string text = is_masked ? std::string(kMask) : given.text;
        lines.push_back(as_plain_text(std::string(setting.name) + "=" + text + "  # " + given.origin));
    }
    return lines;
}

}  // namespace keyledger::app

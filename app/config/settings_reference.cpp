#include "app/config/settings_reference.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "app/config/settings.hpp"

namespace keyledger::app {
namespace {

constexpr std::string_view kExampleBegins =
    R"(# Every setting, with its default and, in brackets, what it may be. What is commented out is unset or has the
# default shown. Each name may also be given as NAME_FILE: the path of a file that holds the value (not for names that
# end in _FILE). All may stand in a YAML file instead, which KEYLEDGER_CONFIG_FILE names. 'keyledger config check'
# prints what is in effect and where it came from, and says what is wrong with it. Written by `make docs` from
# app/config/settings.hpp.
)";
constexpr std::string_view kTableBegins =
    "<!-- The settings: written by `make docs` from app/config/settings.hpp -->\n";
constexpr std::string_view kTableEnds = "<!-- The settings end -->\n";

// From one setting to the next that begins a group; more than one stretch may be of the same.
struct Stretch {
    std::string_view from;
    std::string_view group;
};
constexpr std::string_view kOfNode = "What a node does, and how much";
constexpr std::string_view kOfCallers = "Applications and callers";
constexpr std::string_view kOfGuessing = "Guessing and risk";
constexpr Stretch kStretches[] = {
    {"KEYLEDGER_CONFIG_FILE", "Where settings come from"},
    {"KEYLEDGER_DATABASE_URL", "Database"},
    {"KEYLEDGER_KAFKA_BROKERS", "Kafka"},
    {"KEYLEDGER_SMTP_URL", "Mail"},
    {"KEYLEDGER_KEYRING_FILE", "Keys, clients and the issuer"},
    {"KEYLEDGER_LOG_IN_BY_MAIL", "Ways to log in"},
    {"KEYLEDGER_PAGE_TEMPLATES", "Pages"},
    {"KEYLEDGER_LISTEN", "Listeners, TLS and proxies"},
    {"KEYLEDGER_PKCE", kOfCallers},
    {"KEYLEDGER_ROLES", kOfNode},
    {"KEYLEDGER_HASH_THREADS", "Passwords"},
    {"KEYLEDGER_CACHED_STREAMS", kOfNode},
    {"KEYLEDGER_ACCESS_TOKEN_SECONDS", "Tokens and sessions"},
    {"KEYLEDGER_LOGIN_FAILURES_IN_A_ROW", kOfGuessing},
    {"KEYLEDGER_PROVIDERS_FILE", "Other providers, and calls to other hosts"},
    {"KEYLEDGER_PLACES_FILE", kOfGuessing},
    {"KEYLEDGER_SECOND_FACTOR", "Second factors"},
    {"KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE", "Limits"},
    {"KEYLEDGER_REQUEST_TIMEOUT_MS", "Starting, answering, stopping"},
    {"KEYLEDGER_COMMAND_RETENTION_HOURS", "How long things are kept"},
    {"KEYLEDGER_AUTHZEN_SUBJECTS", kOfCallers},
    {"KEYLEDGER_ACCESS_SNAPSHOT_FILE", kOfNode},
    {"KEYLEDGER_TREE_HEAD_FILE", "Tree heads"},
    {"KEYLEDGER_CORE_DUMPS", kOfNode},
    {"KEYLEDGER_LOG_LEVEL", "Logs"},
    {"KEYLEDGER_TRACES_ENDPOINT", "Traces"},
};

consteval bool each_stretch_begins_at_a_setting() {
    return std::ranges::all_of(kStretches, [](const Stretch& stretch) {
        return std::ranges::any_of(kSettings, [&](const Setting& setting) { return setting.name == stretch.from; });
    });
}
static_assert(each_stretch_begins_at_a_setting() && kStretches[0].from == kSettings[0].name);

// nullopt: none begins there.
std::optional<std::string_view> group_that_begins_at(std::string_view name) {
    const auto found = std::ranges::find(kStretches, name, &Stretch::from);
    return found == std::end(kStretches) ? std::nullopt : std::optional(found->group);
}

// Of a heading, as the forges make it.
std::string anchor_of(std::string_view heading) {
    std::string anchor;
    for (const char c : heading) {
        if (c == ' ') anchor += '-';
        else if (std::isalnum(static_cast<unsigned char>(c)) != 0)
            anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return anchor;
}

std::string values_of(const Form& form) {
    switch (form.kind) {
        case Form::Kind::kText:
        case Form::Kind::kEndpoint:
        case Form::Kind::kDatabaseUrl:
        case Form::Kind::kReplacedFile:
        case Form::Kind::kGrowingFile: return std::string(form.what);
        case Form::Kind::kList:
        case Form::Kind::kNetworks:
        case Form::Kind::kOrigins: return std::string(form.what) + ", with commas between";
        case Form::Kind::kOneOf: return list_of_words(form, " or ");
        case Form::Kind::kSomeOf: return "any of " + list_of_words(form);
        case Form::Kind::kWhole: break;
    }
    const std::string unit = form.what.empty() ? "" : " " + std::string(form.what);
    return std::to_string(form.least) + " to " + std::to_string(form.most) + unit;
}

// Where the values are not plain from name and meaning.
bool tells_values(const Form& form) {
    return form.kind == Form::Kind::kOneOf || form.kind == Form::Kind::kSomeOf || form.kind == Form::Kind::kWhole;
}

}  // namespace

std::string env_example() {
    std::string all(kExampleBegins);
    for (const SettingGroup& group : settings_by_group()) {
        all.append("\n# ---- ").append(group.title).append("\n");
        for (const SettingWords& setting : group.settings) {
            all.append("\n# ").append(setting.meaning);
            if (tells_values(find_setting(setting.name)->form)) all.append(" [").append(setting.values).append("]");
            all.append("\n#").append(setting.name).append("=").append(setting.fallback).append("\n");
        }
    }
    return all;
}

std::vector<SettingWords> settings_in_words() {
    std::vector<SettingWords> all;
    for (const Setting& setting : kSettings)
        all.push_back({setting.name, setting.fallback, values_of(setting.form), setting.meaning, setting.is(kSecret),
                       setting.is(kReloaded)});
    return all;
}

std::vector<SettingGroup> settings_by_group() {
    std::vector<SettingGroup> groups;
    std::string_view title;
    for (const SettingWords& setting : settings_in_words()) {
        if (const auto begun = group_that_begins_at(setting.name)) title = *begun;
        auto group = std::ranges::find(groups, title, &SettingGroup::title);
        if (group == groups.end()) group = groups.insert(group, {title, {}});
        group->settings.push_back(setting);
    }
    return groups;
}

std::string with_settings_tables(const std::string& page) {
    const std::size_t begin = page.find(kTableBegins);
    const std::size_t end = page.find(kTableEnds);
    if (begin == page.npos || end == page.npos || end < begin)
        throw std::runtime_error(
            "docs/operate/settings.md lacks the marks between which its tables of settings stand: " +
            std::string(kTableBegins) + std::string(kTableEnds));
    std::string contents;
    std::string tables;
    for (const SettingGroup& group : settings_by_group()) {
        contents.append(contents.empty() ? "\n" : " ·\n").append("[").append(group.title).append("](#");
        contents.append(anchor_of(group.title)).append(")");
        tables.append("\n### ")
            .append(group.title)
            .append("\n\n| name | default | value | meaning |\n|---|---|---|---|\n");
        for (const SettingWords& setting : group.settings) {
            const std::string fallback = setting.fallback.empty() ? "" : "`" + std::string(setting.fallback) + "`";
            tables.append("| `").append(setting.name).append("` | ").append(fallback).append(" | ");
            tables.append(setting.values).append(setting.is_secret ? "; secret" : "");
            tables.append(setting.is_reloaded ? "; taken over at SIGHUP" : "");
            tables.append(" | ").append(setting.meaning).append(" |\n");
        }
    }
    return page.substr(0, begin + kTableBegins.size()) + contents + "\n" + tables + "\n" + page.substr(end);
}

}  // namespace keyledger::app

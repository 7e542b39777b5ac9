#include "app/config/settings_reference.hpp"

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
    for (const Setting& setting : kSettings) {
        all.append("\n# ").append(setting.meaning);
        if (tells_values(setting.form)) all.append(" [").append(values_of(setting.form)).append("]");
        all.append("\n#").append(setting.name).append("=").append(setting.fallback).append("\n");
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

std::string with_settings_table(const std::string& page) {
    const std::size_t begin = page.find(kTableBegins);
    const std::size_t end = page.find(kTableEnds);
    if (begin == page.npos || end == page.npos || end < begin)
        throw std::runtime_error("docs/operations.md lacks the marks between which its table of settings stands: " +
                                 std::string(kTableBegins) + std::string(kTableEnds));
    std::string table = "\n| name | default | value | meaning |\n|---|---|---|---|\n";
    for (const SettingWords& setting : settings_in_words()) {
        const std::string fallback = setting.fallback.empty() ? "" : "`" + std::string(setting.fallback) + "`";
        table.append("| `").append(setting.name).append("` | ").append(fallback).append(" | ");
        table.append(setting.values).append(setting.is_secret ? "; secret" : "");
        table.append(setting.is_reloaded ? "; taken over at SIGHUP" : "");
        table.append(" | ").append(setting.meaning).append(" |\n");
    }
    return page.substr(0, begin + kTableBegins.size()) + table + "\n" + page.substr(end);
}

}  // namespace keyledger::app

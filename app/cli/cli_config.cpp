#include <unistd.h>

#include <iostream>

#include "app/cli/cli.hpp"
#include "app/core/config_checks.hpp"
#include "eventstore/postgres/migrations/service_role.hpp"

namespace keyledger::app {

namespace {

const std::vector<ConfigPart> kForServing{ConfigPart::kDatabase, ConfigPart::kKeyring, ConfigPart::kServing};

// Whether there was anything to tell.
bool report(const std::vector<std::string>& faults) {
    for (const std::string& sentence : faults) std::cerr << "keyledger: " << sentence << '\n';
    if (!faults.empty()) std::cerr << "keyledger: see .env.example and docs/operate/settings.md\n";
    return !faults.empty();
}

}  // namespace

std::optional<Config> require_config(const Environment& environment, const std::vector<ConfigPart>& needs) {
    auto config = read_config(environment, needs);
    if (config) return std::move(*config);
    report(config.error().sentences);
    return std::nullopt;
}

bool is_one_database(const Config& config) {
    if (config.database_url.empty() || config.owner_database_url.empty()) return true;
    const auto problem = eventstore::postgres::one_database_problem(config.owner_database_url, config.database_url);
    if (problem) report({*problem});
    return !problem;
}

LenientConfig read_serving_config(const Environment& environment) {
    return read_config_leniently(environment, kForServing);
}

std::optional<LenientConfig> require_serving_config(const Environment& environment) {
    auto read = read_serving_config(environment);
    if (report(all_faults(read))) return std::nullopt;
    return read;
}

std::optional<std::string> reason_not_to_write(const std::string& path, bool force) {
    if (path == "-")
        return "'-' is no file: give a name; what is written stands beside other files, or has to be whole";
    if (force || ::access(path.c_str(), F_OK) != 0) return std::nullopt;
    return "there is '" + path + "' already, and it stays as it is; --force writes over it";
}

Exit check_config(const Environment& environment, const std::vector<std::string>& names, ShownSettings shown) {
    const SettingSources sources = gather_sources(environment);
    const auto lines = describe_config(sources, shown);
    for (const std::string& line : lines) std::cout << line << '\n';
    if (shown == ShownSettings::kGiven)
        std::cout << "# " << describe_config(sources).size() - lines.size()
                  << " more have their default; --verbose shows them\n";
    for (const std::string& sentence : unknown_settings(names)) std::cerr << "keyledger: warning: " << sentence << '\n';
    const LenientConfig read = read_config_leniently(sources, kForServing);
    auto refused = all_faults(read);
    const RoleCheck role = check_service_role(read.config);
    if (!role.warning.empty()) std::cerr << "keyledger: warning: " << role.warning << '\n';
    if (!role.fault.empty()) refused.push_back(role.fault);
    return report(refused) ? Exit::kUsage : Exit::kGood;
}

}  // namespace keyledger::app

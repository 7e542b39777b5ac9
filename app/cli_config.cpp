#include <unistd.h>

#include <iostream>

#include "app/cli.hpp"
#include "app/config_checks.hpp"

namespace keyledger::app {

std::optional<Config> need_config(const Environment& environment, const std::vector<Needs>& needs) {
    auto config = read_config(environment, needs);
    if (config) return std::move(*config);
    for (const std::string& sentence : config.error().sentences) std::cerr << "keyledger: " << sentence << '\n';
    std::cerr << "keyledger: see .env.example and docs/operations.md\n";
    return std::nullopt;
}

std::optional<std::string> what_keeps_from_writing(const std::string& path, bool force) {
    if (path == "-")
        return "'-' is no file: give a name; what is written stands beside other files, or has to be whole";
    if (force || ::access(path.c_str(), F_OK) != 0) return std::nullopt;
    return "there is '" + path + "' already, and it stays as it is; --force writes over it";
}

Exit check_config(const Environment& environment, const std::vector<std::string>& names) {
    for (const std::string& line : describe_config(environment)) std::cout << line << '\n';
    for (const std::string& sentence : unknown_settings(names))
        std::cerr << "keyledger: warning: " << sentence << '\n';
    const auto config =
        need_config(environment, {Needs::kDatabase, Needs::kKeyring, Needs::kServing});
    if (!config) return Exit::kUsage;
    const auto refused = what_serve_refuses(*config);
    for (const std::string& sentence : refused) std::cerr << "keyledger: " << sentence << '\n';
    return refused.empty() ? Exit::kGood : Exit::kUsage;
}

}  // namespace keyledger::app

#include <iostream>

#include "app/cli.hpp"
#include "app/clients_file.hpp"
#include "app/system_ports.hpp"
#include "security/keyring.hpp"

namespace keyledger::app {

std::optional<Config> need_config(const Environment& environment, const std::vector<Needs>& needs) {
    auto config = read_config(environment, needs);
    if (config) return std::move(*config);
    for (const std::string& sentence : config.error().sentences) std::cerr << "keyledger: " << sentence << '\n';
    std::cerr << "keyledger: see .env.example and docs/operations.md\n";
    return std::nullopt;
}

Exit check_config(const Environment& environment) {
    for (const std::string& line : describe_config(environment)) std::cout << line << '\n';
    const auto config =
        need_config(environment, {Needs::kDatabase, Needs::kKeyring, Needs::kServing});
    if (!config) return Exit::kUsage;
    const auto keyring = security::LiveKeyring::open(config->keyring_file, SystemClock().now_ms());
    if (!keyring) {
        std::cerr << "keyledger: " << keyring.error().message << '\n';
        return Exit::kUsage;
    }
    const auto clients = FileClients::load(config->clients_file);
    if (!clients) {
        std::cerr << "keyledger: " << clients.error() << '\n';
        return Exit::kUsage;
    }
    return Exit::kGood;
}

}  // namespace keyledger::app

#include "app/core/outgoing.hpp"

#include <stdexcept>

#include "app/config/providers_file.hpp"

namespace keyledger::app {
namespace {

std::vector<integrations::NamedHost> named_hosts(const Config& config) {
    std::vector<integrations::NamedHost> named;
    for (const std::string& host : config.outgoing_hosts)
        if (auto one = integrations::NamedHost::parse(host)) named.push_back(std::move(*one));
    return named;
}

}  // namespace

std::vector<std::string> outgoing_faults(const Config& config) {
    std::vector<std::string> faults;
    for (const std::string& host : config.outgoing_hosts)
        if (!integrations::NamedHost::parse(host))
            faults.push_back("KEYLEDGER_OUTGOING_ALLOW: '" + host +
                             "' is no host such as keys.internal, keys.internal:8443 or [::1]:8443");
    if (!faults.empty()) return faults;
    if (const auto providers = load_providers(config.providers_file, named_hosts(config)); !providers)
        for (const std::string& sentence : providers.error()) faults.push_back("KEYLEDGER_PROVIDERS_FILE: " + sentence);
    return faults;
}

integrations::OutgoingOptions outgoing_options(const Config& config) {
    if (const auto faults = outgoing_faults(config); !faults.empty()) throw std::invalid_argument(faults.front());
    integrations::OutgoingOptions options;
    options.named_hosts = named_hosts(config);
    options.ca_file = config.outgoing_ca_file;
    return options;
}

}  // namespace keyledger::app

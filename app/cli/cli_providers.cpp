#include <boost/asio/thread_pool.hpp>
#include <iostream>

#include "app/cli/cli.hpp"
#include "app/config/providers_file.hpp"
#include "app/core/outgoing.hpp"
#include "app/core/run_to_end.hpp"
#include "app/core/system_ports.hpp"
#include "integrations/outgoing/curl_outgoing.hpp"
#include "integrations/providers/oidc_provider.hpp"

namespace keyledger::app {
namespace {

constexpr std::chrono::seconds kPatience{20};  // with one provider

// What there is to do about it, where the word alone does not say it.
std::string_view advice_on(std::string_view why) {
    if (why == "discovery-issuer") return ": it calls itself by another issuer; 'issuer' has to be that, to the letter";
    if (why == "forbidden-host") return ": it is not on the open Internet; KEYLEDGER_OUTGOING_ALLOW has to name it";
    if (why == "tls") return ": its certificate is not believed; KEYLEDGER_OUTGOING_CA_FILE names who signs it";
    if (why == "status") return ": it has no '/.well-known/openid-configuration' there";
    if (why == "client-secret") return ": 'client_secret_file' can't be read, or is empty";
    return {};
}

}  // namespace

Exit check_providers(const Environment& environment) {
    const Config config = read_config_leniently(environment, {ConfigPart::kServing}).config;
    if (const auto faults = outgoing_faults(config); !faults.empty()) {
        for (const std::string& sentence : faults) std::cerr << "keyledger: " << sentence << '\n';
        return Exit::kUsage;
    }
    integrations::OutgoingOptions options = outgoing_options(config);
    const auto providers = load_providers(config.providers_file, options.named_hosts);
    if (providers->empty()) {
        std::cerr << "keyledger: KEYLEDGER_PROVIDERS_FILE names no provider\n";
        return Exit::kUsage;
    }
    SystemClock clock;
    RandomIdentifiers identifiers(clock);
    boost::asio::thread_pool processors(1);
    integrations::CurlOutgoing outgoing(std::move(options));
    Exit exit = Exit::kGood;
    for (const integrations::ProviderOptions& one : *providers) {
        integrations::OidcProvider provider(one, {outgoing, clock, identifiers, processors});
        const auto found = run_to_end(processors, provider.look(std::chrono::steady_clock::now() + kPatience));
        std::cout << one.name << ": ";
        if (found) {
            std::cout << "good, " << found->keys << " key(s)\n";
            continue;
        }
        std::cout << found.error().why << advice_on(found.error().why) << '\n';
        exit = Exit::kFoundBad;
    }
    return exit;
}

}  // namespace keyledger::app

#include "app/serve/other_providers.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>

#include "app/config/providers_file.hpp"
#include "app/core/outgoing.hpp"
#include "app/serve/service.hpp"

namespace keyledger::app {
namespace {

constexpr std::chrono::seconds kPatience{60};  // with all of them

}  // namespace

OtherProviders::OtherProviders(const Config& config, Core& core, integrations::CurlOutgoing& outgoing) : core_(core) {
    auto providers = load_providers(config.providers_file, outgoing_options(config).named_hosts);
    if (!providers) throw StartFailure("KEYLEDGER_PROVIDERS_FILE: " + providers.error().front());
    if (providers->empty()) return;
    const integrations::ProviderWorld world{outgoing, core.clock, core.identifiers, core.processors};
    providers_ = std::make_unique<integrations::OidcProviders>(std::move(*providers), world);
    core.accounts.providers = providers_.get();
}

void OtherProviders::start() {
    if (!providers_) return;
    auto looking = providers_->look_at_all(std::chrono::steady_clock::now() + kPatience);
    // Whoever logs in asks again.
    boost::asio::co_spawn(core_.processors, std::move(looking), [](std::exception_ptr failed) {
        if (failed) spdlog::warn("other providers could not be asked at the start");
    });
}

}  // namespace keyledger::app

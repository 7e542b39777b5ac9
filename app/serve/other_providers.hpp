#pragma once
// Other providers by which people log in, as the file of KEYLEDGER_PROVIDERS_FILE names them. Without one there are
// none.
#include <memory>

#include "app/core/core.hpp"
#include "integrations/outgoing/curl_outgoing.hpp"
#include "integrations/providers/oidc_providers.hpp"

namespace keyledger::app {

class OtherProviders {
public:
    // Throws StartFailure where the file is no good. Core and `outgoing` outlive it; the core is told of it.
    OtherProviders(const Config& config, Core& core, integrations::CurlOutgoing& outgoing);
    // Asks them what they tell of themselves, and waits for none.
    void start();

private:
    Core& core_;
    std::unique_ptr<integrations::OidcProviders> providers_;
};

}  // namespace keyledger::app

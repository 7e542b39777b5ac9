#pragma once
// All providers that configuration names.
#include <memory>
#include <vector>

#include "integrations/providers/oidc_provider.hpp"

namespace keyledger::integrations {

class OidcProviders : public commands::Providers {
public:
    // Each of another name.
    OidcProviders(std::vector<ProviderOptions> options, ProviderWorld world);

    std::vector<commands::ProviderOffer> offers() const override;
    // Asks each for what it tells of itself, one after the other, before anybody waits for that.
    boost::asio::awaitable<void> look_at_all(eventstore::Deadline deadline);
    boost::asio::awaitable<Result<commands::ProviderDeparture, commands::ProviderFailure>> depart(
        std::string name, commands::ProviderWish wish, eventstore::Deadline deadline) override;
    boost::asio::awaitable<Result<commands::ProvenIdentity, commands::ProviderFailure>> arrive(
        commands::ProviderTrip trip, commands::ProviderReturn returned, std::string redirect_uri,
        eventstore::Deadline deadline) override;

private:
    OidcProvider* find(std::string_view name) const;

    std::vector<std::unique_ptr<OidcProvider>> providers_;
};

}  // namespace keyledger::integrations

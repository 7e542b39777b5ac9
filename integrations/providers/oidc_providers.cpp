#include "integrations/providers/oidc_providers.hpp"

namespace keyledger::integrations {
namespace {

// Of a name that configuration had when somebody departed, or that nobody ever had.
constexpr commands::ProviderFailure kNotOffered{commands::ProviderFault::kUnavailable, "not-offered"};

}  // namespace

OidcProviders::OidcProviders(std::vector<ProviderOptions> options, ProviderWorld world) {
    for (ProviderOptions& one : options) providers_.push_back(std::make_unique<OidcProvider>(std::move(one), world));
}

OidcProvider* OidcProviders::find(std::string_view name) const {
    for (const auto& one : providers_)
        if (one->options().name == name) return one.get();
    return nullptr;
}

std::vector<commands::ProviderOffer> OidcProviders::offers() const {
    std::vector<commands::ProviderOffer> all;
    for (const auto& one : providers_) {
        const ProviderOptions& options = one->options();
        all.push_back({options.name, options.title, options.signs_up, options.links_by_address});
    }
    return all;
}

boost::asio::awaitable<void> OidcProviders::look_at_all(eventstore::Deadline deadline) {
    for (const auto& one : providers_) co_await one->look(deadline);
}

boost::asio::awaitable<Result<commands::ProviderDeparture, commands::ProviderFailure>> OidcProviders::depart(
    std::string name, commands::ProviderWish wish, eventstore::Deadline deadline) {
    OidcProvider* const provider = find(name);
    if (provider == nullptr) co_return Unexpected(kNotOffered);
    auto departure = co_await provider->depart(std::move(wish), deadline);
    co_return departure;
}

boost::asio::awaitable<Result<commands::ProvenIdentity, commands::ProviderFailure>> OidcProviders::arrive(
    commands::ProviderTrip trip, commands::ProviderReturn returned, std::string redirect_uri,
    eventstore::Deadline deadline) {
    OidcProvider* const provider = find(trip.provider);
    if (provider == nullptr) co_return Unexpected(kNotOffered);
    auto proven = co_await provider->arrive(std::move(trip), std::move(returned), std::move(redirect_uri), deadline);
    co_return proven;
}

}  // namespace keyledger::integrations

#pragma once
// Another provider that says what a test has it say, at once.
#include "commands/providers/providers.hpp"

namespace keyledger::test {

class PlainProviders : public commands::Providers {
public:
    std::vector<commands::ProviderOffer> offers() const override { return {offer}; }
    boost::asio::awaitable<Result<commands::ProviderDeparture, commands::ProviderFailure>> depart(
        std::string name, commands::ProviderWish, eventstore::Deadline) override {
        commands::ProviderDeparture departure{"https://there.example/authorize", {std::move(name), "state"}};
        co_return departure;
    }
    boost::asio::awaitable<Result<commands::ProvenIdentity, commands::ProviderFailure>> arrive(
        commands::ProviderTrip, commands::ProviderReturn, std::string, eventstore::Deadline) override {
        ++asked;
        if (failure) co_return Unexpected(*failure);
        co_return says;
    }

    commands::ProviderOffer offer{"google", "Google", true, true};
    commands::ProvenIdentity says{
        "https://there.example", "subject-1", "ann@example.com", "Ann", "de-AT", std::nullopt};
    std::optional<commands::ProviderFailure> failure{};
    std::atomic<int> asked = 0;
};

}  // namespace keyledger::test

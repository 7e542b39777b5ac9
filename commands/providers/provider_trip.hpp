#pragma once
// What a browser keeps while somebody is at another provider: sealed, in a cookie of this host alone, so that only that
// browser comes back with what the provider answers (RFC 9700 sections 4.4 and 4.7). Nothing of it is stored, but that
// it was used. Any thread.
#include <optional>
#include <string>
#include <string_view>

#include "commands/authorization/sealed.hpp"
#include "commands/providers/providers.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

inline constexpr Duration kProviderTripLasts = minutes(10);

struct SentToProvider {
    ProviderTrip trip{};
    Instant made_at{};
    std::string flow{};             // digest of the request that it belongs to, as it is sealed; empty: of none
    std::optional<Bearer> links{};  // whose account is to be linked; none: they log in
};
std::string seal_trip(const SealedBy& by, const SentToProvider& sent);
// nullopt: not ours, or too old.
std::optional<SentToProvider> open_trip(const SealedBy& by, std::string_view sealed, Instant now);
std::string digest_of_flow(std::string_view sealed);

// It is good once, whatever comes of it.
eventstore::SpentValue use_of(const SentToProvider& sent);

}  // namespace keyledger::commands

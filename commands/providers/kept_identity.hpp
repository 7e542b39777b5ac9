#pragma once
// Who came back from another provider, kept by the browser for as long as its user needs to prove an address: sealed,
// in a cookie of this host alone, as a trip is. It is worth one log-in. Nothing of it is stored, but that it was used.
// Any thread.
#include <optional>
#include <string>
#include <string_view>

#include "commands/providers/provider_trip.hpp"

namespace keyledger::commands {

inline constexpr Duration kKeptIdentityLasts = minutes(30);

struct KeptIdentity {
    Uuid id{};               // of this one arrival
    std::string provider{};  // by its name in the configuration
    std::string issuer{};
    std::string subject{};
    std::string name{};    // for people; empty: none that can be shown
    std::string locale{};  // a language tag; empty: none is known
    Instant authenticated_at{};
    Instant made_at{};
    std::string flow{};  // digest of the request that it belongs to, as SentToProvider::flow
};
std::string seal_kept(const SealedBy& by, const KeptIdentity& kept);
// nullopt: not ours, or too old.
std::optional<KeptIdentity> open_kept(const SealedBy& by, std::string_view sealed, Instant now);

eventstore::SpentValue use_of(const KeptIdentity& kept);

}  // namespace keyledger::commands

#pragma once
// Log-in by another provider of OpenID Connect, and registration by the first one (docs/providers.md). What the
// provider proves is one factor: whoever has a second one here presents it, and every session begins by the ladder.
#include "commands/factors/ports.hpp"
#include "commands/providers/kept_identity.hpp"
#include "commands/providers/provider_trip.hpp"
#include "commands/services.hpp"
#include "domain/users/user.hpp"

namespace keyledger::refusals {

constexpr Refusal refused_arrival(std::string_view advice) {
    return Refusal(RefusalKind::kUnauthenticated, "invalid-credentials", "Log-in refused", advice);
}
inline constexpr Refusal kProviderAway{RefusalKind::kUnavailable, "unavailable", "Not available at the moment",
                                       "Your provider does not answer as it should at the moment. Try again in a "
                                       "minute, or log in in another way."};
inline constexpr Refusal kProviderDenied =
    refused_arrival("Your provider did not let you in here, or you did not want it to. Try again, or log in in another "
                    "way.");
inline constexpr Refusal kProviderNotBelieved =
    refused_arrival("What came back from your provider does not prove who you are. Begin again; if it happens again, "
                    "tell whoever runs this service.");
// Its cookie is not there or too old, or it was used.
inline constexpr Refusal kTripOver =
    refused_arrival("This took too long, or was used before. Go back to the application and begin again.");
inline constexpr Refusal kNobodyLinked =
    refused_arrival("Nobody here is linked with that account. Log in in another way; you can link it in your account "
                    "then.");
inline constexpr Refusal kNoTrustedAddress =
    refused_arrival("Your provider told no e-mail address that can be trusted, and an account here needs one. Register "
                    "with an address and a password; you can link that account then.");
inline constexpr Refusal kAddressHasAccount =
    refused_arrival("Your e-mail address has an account here already. Log in to it in another way; you can link the "
                    "account at your provider with it then.");
inline constexpr Refusal kArrivalTooRisky =
    refused_arrival("This log-in is too unusual. Log in from a device or place that you used before.");

}  // namespace keyledger::refusals

namespace keyledger::commands {

// With what somebody comes back: what their browser kept, and the parameters from the provider.
struct ComeBack {
    SentToProvider sent;
    ProviderReturn returned;
    std::string redirect_uri;
    Client client{};
};

// nullopt: no provider of that name is configured.
std::optional<ProviderOffer> offer_named(Services& services, std::string_view name);
// Shown as the address that is believed, or the name.
IdentityToLink identity_to_link(const std::string& provider, const ProvenIdentity& proven);
// Of a name that is offered. kProviderAway.
Answer<ProviderDeparture> depart_to_provider(Services& services, std::string name, ProviderWish wish,
                                             Deadline deadline);
// Who came back, as the provider says and as far as that is believed. kProviderAway, kProviderDenied,
// kProviderNotBelieved.
Answer<ProvenIdentity> arrive_from_provider(Services& services, const ComeBack& back, Deadline deadline);

// Begins a session of whoever the identity is linked with; else, as configuration has it, of whoever's proven address
// the provider says that it is theirs, who is linked by that; else of a new user with the profile that came. A trip is
// spent with what it earns. Where a second factor is missing, kSecondFactorNeeded and its like (half_log_in.hpp).
// Whoever would become a user, if there were an address that is believed, is put into `kept`, if it is given and
// addresses can be proven here: kNoTrustedAddress, and the trip is spent.
Answer<Grant> log_in_by_provider(Services& services, ComeBack back, Caller caller,
                                 std::optional<KeptIdentity>* kept = nullptr);

// As whoever came back, once somebody is linked with them: of kept identities each begins one session. kNobodyLinked,
// kTripOver, and as above.
Answer<Grant> log_in_as_kept(Services& services, KeptIdentity kept, Client client, Caller caller);

}  // namespace keyledger::commands

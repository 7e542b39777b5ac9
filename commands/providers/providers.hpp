#pragma once
// Other providers of OpenID Connect by which people log in: what commands need of them. A port, as those of
// commands/runtime/ports.hpp are, and shared like them. Implemented in integrations/providers/.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

struct ProviderOffer {
    std::string name{};             // in paths and in the log: never changes
    std::string title{};            // for people
    bool signs_up = false;          // whoever has no account gets one
    bool links_by_address = false;  // with the account of the address that it says is verified
};

// What has to come back with somebody who was sent there, kept sealed by their browser.
struct ProviderTrip {
    std::string provider{};
    std::string state{};
    std::string nonce{};
    std::string verifier{};                        // of PKCE
    std::optional<Instant> authenticated_since{};  // there; none: at any time
};
struct ProviderDeparture {
    std::string url{};
    ProviderTrip trip{};
};
struct ProviderWish {
    std::string redirect_uri{};
    bool authenticates_anew = false;  // else nobody comes back
    std::string ui_locales{};         // empty: none
    bool prefers_anew = false;        // it is asked for an authentication of then, and whoever tells none is taken, too
    bool selects_account = false;
};

// The parameters with which they come back; empty: none.
struct ProviderReturn {
    std::string state{};
    std::string code{};
    std::string issuer{};  // RFC 9207
    std::string error{};
};
struct ProvenIdentity {
    std::string issuer{};  // with `subject`: who it is
    std::string subject{};
    std::string verified_email{};  // empty: none that is believed
    std::string name{};            // as it came
    std::string locale{};          // as it came
    // There, if it says so; of a trip that asked for an authentication of then it does.
    std::optional<Instant> authenticated_at{};
    // Why it could not be asked for an address: a word for logs. Empty: it was, or need not be.
    std::string_view no_address{};
};

enum class ProviderFault : std::uint8_t {
    kUnavailable,  // it can't be asked, or does not answer as it should: later
    kDenied,       // whoever was there is not let in, or did not want to be
    kNotProven,    // what came back is not what may: perhaps a lie
};
struct ProviderFailure {
    ProviderFault fault = ProviderFault::kUnavailable;
    std::string_view why{};  // a word for logs; never what the provider said
};

class Providers {
public:
    virtual ~Providers() = default;
    virtual std::vector<ProviderOffer> offers() const = 0;
    // Of a name that is offered.
    virtual boost::asio::awaitable<Result<ProviderDeparture, ProviderFailure>> depart(
        std::string name, ProviderWish wish, eventstore::Deadline deadline) = 0;
    // `redirect_uri` as it was at the departure.
    virtual boost::asio::awaitable<Result<ProvenIdentity, ProviderFailure>> arrive(ProviderTrip trip,
                                                                                   ProviderReturn returned,
                                                                                   std::string redirect_uri,
                                                                                   eventstore::Deadline deadline) = 0;
};

}  // namespace keyledger::commands

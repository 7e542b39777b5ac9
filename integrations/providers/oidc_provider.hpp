#pragma once
// One provider: its metadata and keys as far as they are known, departures to it, and arrivals from it by the
// authorization code flow with PKCE (OpenID Connect Core 1.0 section 3.1, RFC 7636, RFC 9207). Any thread.
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <mutex>

#include "commands/providers/providers.hpp"
#include "commands/runtime/outgoing.hpp"
#include "commands/runtime/ports.hpp"
#include "integrations/providers/metadata.hpp"
#include "integrations/providers/provider_options.hpp"
#include "security/tokens/id_token.hpp"

namespace keyledger::integrations {

inline constexpr Duration kProviderFactsAreFresh = hours(1);
// So long they serve where the provider does not tell them anew: a key that it withdrew must not be good for ever.
inline constexpr Duration kProviderFactsAreGood = days(1);
// At the earliest it is asked again, also for keys that a token names and nobody knows.
inline constexpr Duration kBetweenProviderAsks = seconds(10);

struct ProviderWorld {
    commands::Outgoing& outgoing;
    commands::Clock& clock;
    commands::Identifiers& identifiers;
    boost::asio::thread_pool& processors;  // for files, keys and signatures
};

// What an operator wants to know before people are sent there.
struct ProviderFindings {
    std::size_t keys = 0;  // that can be used
};

class OidcProvider {
public:
    template <class T>
    using Answer = boost::asio::awaitable<Result<T, commands::ProviderFailure>>;

    OidcProvider(ProviderOptions options, ProviderWorld world) : options_(std::move(options)), world_(world) {}

    const ProviderOptions& options() const { return options_; }
    // Nobody departs: whether metadata, keys and the client's secret are there.
    Answer<ProviderFindings> look(eventstore::Deadline deadline);
    Answer<commands::ProviderDeparture> depart(commands::ProviderWish wish, eventstore::Deadline deadline);
    Answer<commands::ProvenIdentity> arrive(commands::ProviderTrip trip, commands::ProviderReturn returned,
                                            std::string redirect_uri, eventstore::Deadline deadline);

private:
    template <class T>
    using Known = std::shared_ptr<const T>;
    template <class T>
    struct Cached {
        Known<T> value{};
        Instant fetched_at{};
        Instant tried_at{};
    };
    template <class T>
    using Reader = Result<Known<T>, std::string_view> (*)(const std::string& body, const ProviderOptions& options);
    using Checked = Result<security::IdToken, security::IdTokenFault>;
    struct Exchange;

    template <class T>
    Answer<Known<T>> known(Cached<T>& cached, std::string url, bool anew, Reader<T> reader,
                           eventstore::Deadline deadline);
    Answer<Known<ProviderMetadata>> metadata(eventstore::Deadline deadline);
    Answer<TokenAnswer> exchange(Exchange what, eventstore::Deadline deadline);
    // The secret, or what is made with the private key.
    Answer<Secret> secret();
    // Whether what registers and links people is wanted, and the ID token does not say it.
    bool asks_for_more(const security::IdToken& told, const ProviderMetadata& provider, bool has_token) const;
    // At the userinfo endpoint, with what came beside the ID token. kNotProven: of another `sub`.
    Answer<UserInfo> user_info(std::string endpoint, Secret access_token, std::string subject,
                               eventstore::Deadline deadline);
    // By keys that are fetched anew where none of those that are known fits.
    Answer<security::IdToken> verify(TokenAnswer answer, std::string jwks_uri, commands::ProviderTrip trip,
                                     eventstore::Deadline deadline);
    Answer<Checked> check(TokenAnswer answer, std::string jwks_uri, commands::ProviderTrip trip, bool anew,
                          eventstore::Deadline deadline);

    const ProviderOptions options_;
    const ProviderWorld world_;
    std::mutex mutex_;
    Cached<ProviderMetadata> metadata_;
    Cached<security::KeySet> keys_;
};

}  // namespace keyledger::integrations

#pragma once
// Tokens and cursors over the keyring. Any thread.
#include <boost/asio/thread_pool.hpp>

#include "commands/sessions/tokens.hpp"
#include "domain/base/time.hpp"
#include "security/adapters/absent_keys.hpp"
#include "security/adapters/access_tokens.hpp"
#include "security/keys/keyring.hpp"
#include "security/keys/sealed_value.hpp"

namespace keyledger::security {

struct TokenSettings {
    std::string issuer;
    Duration access_token_lifetime = seconds(300);
    Uuid log_id;  // tokens of another log, a restored one, are refused
    std::size_t remembered_tokens = kDefaultRememberedTokens;
};

// JOSE's names of the algorithms that ID tokens are signed with at that moment.
std::vector<std::string> id_token_algorithms(const Keyring& keyring, Instant now);

class KeyringTokens : public commands::Tokens {
public:
    // All outlive it. Slow signatures run on `processors`.
    KeyringTokens(const LiveKeyring& keyring, const commands::Clock& clock, commands::Identifiers& identifiers,
                  boost::asio::thread_pool& processors, TokenSettings settings, LocateKey locate_key = {})
        : keyring_(keyring),
          clock_(clock),
          identifiers_(identifiers),
          processors_(processors),
          settings_(std::move(settings)),
          locate_key_(std::move(locate_key)),
          access_tokens_(keyring, settings_.remembered_tokens) {}

    using commands::Tokens::issue;
    boost::asio::awaitable<commands::IssuedTokens> issue(commands::Grant grant, commands::TokenTerms terms) override;
    boost::asio::awaitable<std::string> issue(commands::ServiceGrant grant) override;
    boost::asio::awaitable<std::string> issue_exchanged(commands::AccessClaims claims) override;
    boost::asio::awaitable<std::string> issue_id_token(commands::IdToken told, std::string access_token) override;
    boost::asio::awaitable<std::string> sign_introspection(std::string audience, std::string answer) override;
    boost::asio::awaitable<std::string> sign_userinfo(std::string answer, KeyAlgorithm algorithm) override;
    commands::SharedClaims read_access(std::string_view token) override;
    commands::SharedClaims read_expired_access(std::string_view token) override;
    std::optional<commands::ShownIdToken> read_id_token(std::string_view token) override;
    std::optional<commands::PresentedRefreshToken> read_refresh(std::string_view token) override;
    std::string jwks() override;
    std::vector<std::string> signing_algorithms() override;
    std::vector<std::string> id_token_algorithms() override;

private:
    std::string sealed(const CarriedRecord& record, const ServiceTokenId& token_id);
    std::optional<CarriedRecord> record_in(const KnownToken& token);
    commands::SharedClaims read_as(const TokenExpectation& expectation, std::string_view token);
    boost::asio::awaitable<std::string> sign(AccessTokenClaims claims, Instant now);
    boost::asio::awaitable<std::string> sign_for_application(std::shared_ptr<const Keyring> keyring, const Key& key,
                                                             std::string claims);

    const LiveKeyring& keyring_;
    const commands::Clock& clock_;
    commands::Identifiers& identifiers_;
    boost::asio::thread_pool& processors_;
    const TokenSettings settings_;
    const LocateKey locate_key_;
    AccessTokens access_tokens_;
};

class KeyringCursors : public commands::Cursors {
public:
    KeyringCursors(const LiveKeyring& keyring, const commands::Clock& clock, LocateKey locate_key = {})
        : keyring_(keyring), clock_(clock), locate_key_(std::move(locate_key)) {}
    std::string seal(std::string_view purpose, std::string_view clear) override;
    std::optional<std::string> open(std::string_view purpose, std::string_view sealed) override;

private:
    const LiveKeyring& keyring_;
    const commands::Clock& clock_;
    const LocateKey locate_key_;
    ValueSealer sealer_{SealedPurpose::kCursor};
};

}  // namespace keyledger::security

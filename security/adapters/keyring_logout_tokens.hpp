#pragma once
// Logout tokens over the keyring. Any thread.
#include <boost/asio/thread_pool.hpp>

#include "commands/runtime/ports.hpp"
#include "commands/sessions/logout_tokens.hpp"
#include "domain/base/time.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

class KeyringLogoutTokens : public commands::LogoutTokens {
public:
    // All outlive it. Signatures are made on `processors`.
    KeyringLogoutTokens(const LiveKeyring& keyring, const commands::Clock& clock, boost::asio::thread_pool& processors,
                        std::string issuer)
        : keyring_(keyring), clock_(clock), processors_(processors), issuer_(std::move(issuer)) {}

    boost::asio::awaitable<std::string> issue(commands::LogoutToken told) override;

private:
    const LiveKeyring& keyring_;
    const commands::Clock& clock_;
    boost::asio::thread_pool& processors_;
    const std::string issuer_;
};

}  // namespace keyledger::security

#include "security/adapters/keyring_logout_tokens.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "security/tokens/issued_id_token.hpp"
#include "security/tokens/jwt.hpp"
#include "security/tokens/logout_token.hpp"

namespace keyledger::security {

namespace asio = boost::asio;

namespace {

asio::awaitable<std::string> sign(std::shared_ptr<const Keyring> keyring, LogoutTokenClaims claims,
                                  KeyAlgorithm algorithm) {
    const Key& key = key_for_id_tokens(*keyring, algorithm, claims.issued_at);
    co_return sign_jwt(key, kLogoutTokenType, logout_token_text(claims));
}

}  // namespace

asio::awaitable<std::string> KeyringLogoutTokens::issue(commands::LogoutToken told) {
    LogoutTokenClaims claims{issuer_,         std::move(told.client_id), told.user_id,
                             told.session_id, std::move(told.id),        clock_.now()};
    auto signing = sign(keyring_.snapshot(), std::move(claims), told.algorithm);
    auto token = co_await asio::co_spawn(processors_, std::move(signing), asio::use_awaitable);
    co_return token;
}

}  // namespace keyledger::security

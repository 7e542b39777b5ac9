#pragma once
// Clients' keys and the JWTs that they sign, as commands want to know them. Any thread.
#include <boost/asio/thread_pool.hpp>
#include <memory>

#include "commands/clients/client_assertions.hpp"
#include "domain/base/lru_map.hpp"
#include "security/keys/public_key.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxRememberedKeys = 1024;

// What was found of keys, good or bad, by their text: it never changes. Null: it is refused. Any thread.
using JudgedKey = std::shared_ptr<const PublicKey>;
using KeyVerdictCache = SharedLruMap<std::string, JudgedKey>;

// A key is judged before anything is verified under it, whenever it was registered, by the same function as when it is;
// on the pool, since that takes milliseconds, and once.
class JwtClientAssertions : public commands::ClientAssertions {
public:
    // The pool outlives it.
    explicit JwtClientAssertions(boost::asio::thread_pool& processors) : processors_(processors) {}

    boost::asio::awaitable<Result<ServiceAccount::PublicKey, std::string>> read_key(std::string jwk) override;
    Result<Claims, std::string> read(std::string_view assertion) override;
    boost::asio::awaitable<bool> is_signed_by(std::string assertion, ServiceAccount::PublicKey key) override;

private:
    boost::asio::awaitable<JudgedKey> judge(std::string jwk);

    boost::asio::thread_pool& processors_;
    KeyVerdictCache judged_{kMaxRememberedKeys};
};

}  // namespace keyledger::security

#pragma once
// Clients' keys and the JWTs that they sign, as commands want to know them. Any thread.
#include <boost/asio/thread_pool.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "commands/runtime/ports.hpp"
#include "security/keys/public_key.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxRememberedKeys = 1024;

// What was found of keys, good or bad, by their text: it never changes. Bounded; the longest unused is forgotten first.
class JudgedKeys {
public:
    using Verdict = std::shared_ptr<const PublicKey>;  // null: it is refused

    std::optional<Verdict> recall(const std::string& jwk);
    void remember(const std::string& jwk, Verdict verdict);

private:
    struct Judged {
        std::string jwk;
        Verdict verdict;
    };
    std::mutex mutex_;
    std::list<Judged> recent_;  // most recent first
    std::unordered_map<std::string, std::list<Judged>::iterator> places_;
};

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
    boost::asio::awaitable<JudgedKeys::Verdict> judge(std::string jwk);

    boost::asio::thread_pool& processors_;
    JudgedKeys judged_;
};

}  // namespace keyledger::security

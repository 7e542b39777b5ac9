#pragma once
// The commands' password ports: hashing on the hashing pool, judging on a processor pool. Any thread.
#include <boost/asio/thread_pool.hpp>

#include "commands/runtime/ports.hpp"
#include "security/passwords/hashing_pool.hpp"
#include "security/passwords/known_passwords.hpp"
#include "security/passwords/password_strength.hpp"

namespace keyledger::security {

class PooledPasswordHasher : public commands::PasswordHasher {
public:
    // The pool outlives it.
    explicit PooledPasswordHasher(HashingPool& pool) : pool_(pool) {}

    boost::asio::awaitable<Result<Secret, commands::HashingError>> hash(Secret password,
                                                                        commands::HashingRequester requester,
                                                                        commands::Deadline deadline) override;
    boost::asio::awaitable<Result<commands::PasswordCheck, commands::HashingError>> verify(
        Secret password, Secret hash, commands::HashingRequester requester, commands::Deadline deadline) override;
    boost::asio::awaitable<Result<commands::PasswordCheck, commands::HashingError>> verify_decoy(
        Secret password, commands::HashingRequester requester, commands::Deadline deadline) override;

private:
    HashingPool& pool_;
};

class JudgingPasswordPolicy : public commands::PasswordPolicy {
public:
    // The pool outlives it. `known`: those that nobody may choose; nullptr: none. An unacceptable policy throws
    // std::invalid_argument.
    JudgingPasswordPolicy(boost::asio::thread_pool& processors, security::PasswordPolicy policy,
                          std::unique_ptr<const KnownPasswords> known = nullptr);

    boost::asio::awaitable<Result<std::optional<RefusalRef>, commands::HashingError>> judge(
        Secret password, commands::PasswordIdentity identity, commands::Deadline deadline) override;

private:
    boost::asio::thread_pool& processors_;
    security::PasswordPolicy policy_;
    std::unique_ptr<const KnownPasswords> known_;
};

}  // namespace keyledger::security

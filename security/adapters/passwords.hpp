#pragma once
// The commands' password ports over the hashing pool: hashing and judging both leave the I/O threads. Any thread.
#include "commands/ports.hpp"
#include "security/hashing_pool.hpp"
#include "security/password_strength.hpp"

namespace keyledger::security {

class PooledPasswordHasher : public commands::PasswordHasher {
public:
    explicit PooledPasswordHasher(HashingPool& pool) : pool_(pool) {}

    boost::asio::awaitable<Result<Secret, commands::HashingError>> hash(Secret password,
                                                                        commands::Deadline deadline) override;
    boost::asio::awaitable<Result<commands::PasswordCheck, commands::HashingError>> verify(
        Secret password, Secret hash, commands::Deadline deadline) override;
    boost::asio::awaitable<Result<commands::PasswordCheck, commands::HashingError>> verify_decoy(
        Secret password, commands::Deadline deadline) override;

private:
    HashingPool& pool_;
};

}  // namespace keyledger::security

#include "security/adapters/passwords.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "commands/credentials/passwords.hpp"

namespace keyledger::security {
namespace {

namespace asio = boost::asio;

commands::HashingError port_error(HashingError error) {
    switch (error) {
        case HashingError::kOverloaded: return commands::HashingError::kOverloaded;
        case HashingError::kExpired: return commands::HashingError::kExpired;
        case HashingError::kStopped: return commands::HashingError::kStopped;
        case HashingError::kTooLong: return commands::HashingError::kOverloaded;
        case HashingError::kFailed: return commands::HashingError::kOverloaded;
    }
    return commands::HashingError::kStopped;
}

HashingTurn turn_of(commands::HashingRequester requester) {
    HashingTurn turn;
    switch (requester.kind) {
        case commands::HashingRequester::Kind::kAccount: turn.rank = HashingTurn::Rank::kFirst; break;
        case commands::HashingRequester::Kind::kRegistration: turn.rank = HashingTurn::Rank::kLast; break;
    }
    turn.network = std::move(requester.network);
    return turn;
}

Result<commands::PasswordCheck, commands::HashingError> port_check(const Result<PasswordCheck, HashingError>& check) {
    if (!check) {
        // Longer than any password that could be set: it is simply wrong.
        if (check.error() == HashingError::kTooLong) return commands::PasswordCheck{};
        return Unexpected(port_error(check.error()));
    }
    return commands::PasswordCheck{check->matches, check->needs_renewal};
}

RefusalRef told_of(PasswordRefusal refusal) {
    switch (refusal) {
        case PasswordRefusal::kNotText: return refusals::kPasswordNotText;
        case PasswordRefusal::kTooShort: return refusals::kPasswordTooShort;
        case PasswordRefusal::kTooLong: return refusals::kPasswordTooLong;
        case PasswordRefusal::kContainsIdentity: return refusals::kPasswordContainsIdentity;
        case PasswordRefusal::kTooWeak: return refusals::kPasswordTooWeak;
    }
    return refusals::kPasswordTooWeak;
}

asio::awaitable<std::optional<RefusalRef>> judge_here(Secret password, commands::PasswordIdentity identity,
                                                      PasswordPolicy policy, const KnownPasswords* known_passwords) {
    const PasswordIdentity known{identity.email, identity.username, identity.name};
    std::optional<RefusalRef> refusal;
    if (const auto fault = judge_password(password, known, policy)) refusal = told_of(*fault);
    else if (known_passwords != nullptr && known_passwords->contains(password)) refusal = refusals::kPasswordKnown;
    co_return refusal;
}

}  // namespace

asio::awaitable<Result<Secret, commands::HashingError>> PooledPasswordHasher::hash(Secret password,
                                                                                   commands::HashingRequester requester,
                                                                                   commands::Deadline deadline) {
    auto hash = co_await pool_.hash(std::move(password), turn_of(std::move(requester)), deadline);
    if (!hash) co_return Unexpected(port_error(hash.error()));
    co_return std::move(*hash);
}

asio::awaitable<Result<commands::PasswordCheck, commands::HashingError>> PooledPasswordHasher::verify(
    Secret password, Secret hash, commands::HashingRequester requester, commands::Deadline deadline) {
    auto check = co_await pool_.verify(std::move(password), std::move(hash), turn_of(std::move(requester)), deadline);
    co_return port_check(check);
}

asio::awaitable<Result<commands::PasswordCheck, commands::HashingError>> PooledPasswordHasher::verify_decoy(
    Secret password, commands::HashingRequester requester, commands::Deadline deadline) {
    auto check = co_await pool_.verify_decoy(std::move(password), turn_of(std::move(requester)), deadline);
    co_return port_check(check);
}

JudgingPasswordPolicy::JudgingPasswordPolicy(asio::thread_pool& processors, security::PasswordPolicy policy,
                                             std::unique_ptr<const KnownPasswords> known)
    : processors_(processors), policy_(policy), known_(std::move(known)) {
    if (!is_acceptable(policy)) throw std::invalid_argument("the password policy is out of its bounds");
}

asio::awaitable<Result<std::optional<RefusalRef>, commands::HashingError>> JudgingPasswordPolicy::judge(
    Secret password, commands::PasswordIdentity identity, commands::Deadline) {
    auto judging = judge_here(std::move(password), std::move(identity), policy_, known_.get());
    auto refusal = co_await asio::co_spawn(processors_, std::move(judging), asio::use_awaitable);
    co_return refusal;
}

}  // namespace keyledger::security

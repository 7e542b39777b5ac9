#include "commands/credentials/renew_password_hash.hpp"

#include "commands/credentials/passwords.hpp"

namespace keyledger::commands {

asio::awaitable<void> renew_password_hash(Services& services, UserId user_id, Secret password, Caller caller) {
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(checked, co_await check_password(services, attempt, user, password.clone(), caller));
        if (!checked->check.matches || !checked->check.needs_renewal) co_return Result<void, CommandError>{};
        KEYLEDGER_CO_TRY(hash,
                         co_await hash_password(services, password.clone(), HashingRequester::Kind::kAccount, caller));
        const User& user_state = attempt.state(user);
        const std::string verified = user_state.sealed_sha256;
        KEYLEDGER_CO_TRY(renewed, co_await put_password(services, attempt, user_id, user_state.credential_id,
                                                        checked->revision, std::move(*hash)));
        const RenewPasswordHash command{verified, *renewed};
        co_return attempt.decide_and_append(user, command);
    };
    auto renewed = co_await services.executor.run(caller, streams, step);
    if (!renewed) services.operator_log.warning("a password hash could not be renewed", user_id);
}

}  // namespace keyledger::commands

#include "commands/factors/reset_second_factor.hpp"

#include <algorithm>

#include "commands/access/administer.hpp"
#include "commands/credentials/one_time_password.hpp"
#include "commands/factors/presented_factor.hpp"

namespace keyledger::commands {

namespace {

StepResult drop_factors(Services& services, Attempt& attempt, UserId user_id, std::vector<FactorId> gone,
                        Deadline deadline) {
    for (std::size_t i = 0; i < gone.size(); ++i) {
        const FactorId factor_id = gone[i];
        KEYLEDGER_CO_TRY(dropped, co_await drop_factor(services, attempt, user_id, factor_id, deadline));
    }
    co_return Result<void, CommandError>{};
}

}  // namespace

StepResult take_all_factors(Services& services, Attempt& attempt, StreamOf<User> user, Deadline deadline) {
    const UserId user_id{user.id};
    Streams more;
    const auto factors = more.read<Factors>(factors_of(user_id));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(std::move(more)));
    std::vector<FactorId> gone;
    for (const Factors::Enrolled& one : attempt.state(factors).enrolled) gone.push_back(one.id);
    KEYLEDGER_CO_TRY(dropped, co_await drop_factors(services, attempt, user_id, std::move(gone), deadline));
    KEYLEDGER_CO_TRY(removed, attempt.decide_and_append(factors, RemoveAllFactors{user_id}));
    KEYLEDGER_CO_TRY(forgiven, attempt.decide_and_append(factors, ForgiveFactorAttempts{user_id}));
    co_return attempt.decide_and_append(user, TurnOffSecondFactor{});
}

StepResult take_all_factors_for_good(Services& services, Attempt& attempt, StreamOf<User> user, Deadline deadline) {
    KEYLEDGER_CO_TRY(taken, co_await take_all_factors(services, attempt, user, deadline));
    const UserId user_id{user.id};
    const StreamOf<Factors> factors{factors_of(user_id)};
    std::vector<FactorId> gone;
    for (const Factors::Kept& one : attempt.state(factors).kept) gone.push_back(one.factor.id);
    KEYLEDGER_CO_TRY(dropped, co_await drop_factors(services, attempt, user_id, std::move(gone), deadline));
    co_return attempt.decide_and_append(factors, ForgetAllFactors{user_id});
}

Answer<bool> has_established_factor(Services& services, Attempt& attempt, UserId user_id) {
    Streams more;
    const auto factors = more.read<Factors>(factors_of(user_id));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(std::move(more)));
    const Instant now = services.clock.now();
    const auto& enrolled = attempt.state(factors).enrolled;
    co_return enrolled.empty() ||
        std::ranges::any_of(enrolled, [now](const Factors::Enrolled& one) { return is_established(one, now); });
}

StepResult use_established_factor(Services& services, Attempt& attempt, UserId user_id,
                                  const PresentedFactor& presented, const Caller& caller) {
    Streams more;
    const auto factors = more.read<Factors>(factors_of(user_id));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(std::move(more)));
    KEYLEDGER_CO_TRY(used, co_await use_factor(services, attempt, factors, user_id, presented, caller));
    if (!used->id) co_return Result<void, CommandError>{};  // a recovery code
    const Factors::Enrolled* factor = attempt.state(factors).find(*used->id);
    if (!factor || !is_established(*factor, services.clock.now())) co_return Unexpected(refusals::kWrongSecondFactor);
    co_return Result<void, CommandError>{};
}

Answer<Receipt> reset_second_factor(Services& services, Bearer bearer, UserId user_id, Caller caller) {
    if (user_id == bearer.user_id) co_return Unexpected(refusals::kNotOnOneself);
    const Deadline deadline = caller.deadline;
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        auto taken = co_await take_all_factors_for_good(services, on.attempt, on.user, deadline);
        co_return taken;
    };
    RequiredAuthority required{bearer, kWriteUsers, Subject::user(user_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

}  // namespace keyledger::commands

#include "commands/factors/reset_second_factor.hpp"

#include <algorithm>

#include "commands/access/administer.hpp"
#include "commands/credentials/one_time_password.hpp"
#include "commands/factors/presented_factor.hpp"

namespace keyledger::commands {

StepResult take_all_factors(Services& services, Attempt& attempt, StreamOf<User> user,
                            std::optional<Instant> kept_until, Deadline deadline) {
    const UserId user_id{user.id};
    Streams more;
    const auto factors = more.read<Factors>(factors_of(user_id));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(std::move(more)));
    const Factors before = attempt.state(factors);
    std::vector<FactorId> gone;
    if (!kept_until) {
        for (const auto& one : before.enrolled) gone.push_back(one.id);
        for (const auto& one : before.kept) gone.push_back(one.factor.id);
    }
    for (std::size_t i = 0; i < gone.size(); ++i) {
        const FactorId factor_id = gone[i];
        KEYLEDGER_CO_TRY(dropped, co_await drop_app(services, attempt, user_id, factor_id, deadline));
    }
    const RemoveAllFactors command{user_id, kept_until};
    KEYLEDGER_CO_TRY(removed, attempt.decide_and_append(factors, command));
    KEYLEDGER_CO_TRY(forgiven, attempt.decide_and_append(factors, ForgiveFactorAttempts{user_id}));
    co_return attempt.decide_and_append(user, TurnOffSecondFactor{});
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
    if (!used->has_value()) co_return Result<void, CommandError>{};  // a recovery code
    const Factors::Enrolled* factor = attempt.state(factors).find(**used);
    if (!factor || !is_established(*factor, services.clock.now())) co_return Unexpected(refusals::kWrongSecondFactor);
    co_return Result<void, CommandError>{};
}

Answer<Receipt> reset_second_factor(Services& services, Bearer bearer, UserId user_id, Caller caller) {
    if (user_id == bearer.user_id) co_return Unexpected(refusals::kNotOnOneself);
    const Deadline deadline = caller.deadline;
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        auto taken = co_await take_all_factors(services, on.attempt, on.user, std::nullopt, deadline);
        co_return taken;
    };
    RequiredAuthority required{bearer, kWriteUsers, Subject::user(user_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

}  // namespace keyledger::commands

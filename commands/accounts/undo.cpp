#include "commands/accounts/undo.hpp"

#include "commands/account_services.hpp"
#include "commands/accounts/change_email.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/challenges/challenges.hpp"
#include "commands/factors/presented_factor.hpp"

namespace keyledger::commands {
namespace {

enum class Undone { kEmail, kRemovedFactor };

// Since when what was done is undone; nullopt: the link is of nothing that can be.
std::optional<Instant> undone_since(const MailLink& link, const UserId& user_id, const User& user,
                                    const Factors& factors) {
    if (link.about.is_nil()) {
        if (undo_link(user_id, user) != link) return std::nullopt;
        return user.undo_until - kUndoEmailChangeFor;
    }
    const Factors::Kept* kept = factors.find_kept(FactorId{link.about});
    if (!kept || undo_link(user_id, *kept) != link) return std::nullopt;
    return kept->removed_at;
}

bool is_any_left(const Factors& before, const std::vector<FactorsEvent>& events) {
    std::size_t left = before.enrolled.size();
    for (const FactorsEvent& event : events) {
        if (std::holds_alternative<FactorRemoved>(event)) left -= 1;
        if (std::holds_alternative<FactorGivenBack>(event)) left += 1;
    }
    return left > 0;
}

// What was enrolled since then may be the thief's; what was removed is given back.
StepResult undo_factor_changes(Services& services, Attempt& attempt, StreamOf<User> user, StreamOf<Factors> factors,
                               Undone what, Instant since, Deadline deadline) {
    const UserId user_id{user.id};
    const Factors before = attempt.state(factors);
    KEYLEDGER_CO_TRY(events, decide(before, UndoFactorChanges{user_id, since, services.clock.now()}));
    for (std::size_t i = 0; i < events->size(); ++i) {
        const auto* removed = std::get_if<FactorRemoved>(&(*events)[i]);
        if (removed == nullptr) continue;
        KEYLEDGER_CO_TRY(dropped, co_await drop_app(services, attempt, user_id, removed->factor_id, deadline));
    }
    attempt.append(factors, *events);
    const bool is_on = attempt.state(user).second_factor == User::SecondFactor::kOn;
    const bool any_left = is_any_left(before, *events);
    Result<void, CommandError> told;
    // The undoing of an address ends sessions and password by itself.
    const bool is_told = what == Undone::kEmail && is_on;
    if (any_left && !is_told) told = attempt.decide_and_append(user, GiveBackSecondFactor{});
    // None where there are said to be some, and nothing was done to them: somebody hides them.
    if (!any_left && is_on && !events->empty()) told = attempt.decide_and_append(user, TurnOffSecondFactor{});
    co_return told;
}

StepResult undo_email_change(Services& services, Attempt& attempt, StreamOf<User> user) {
    const User& state = attempt.state(user);
    KEYLEDGER_CO_TRY(events, decide(state, UndoEmailChange{services.clock.now()}));
    if (events->empty()) co_return Unexpected(refusals::kNotProven);
    const bool has_erasure = state.erasure_due_at.has_value();
    if (has_erasure) events->push_back(UserErasureWithdrawn{});
    attempt.append(user, *events);
    if (!has_erasure) co_return Result<void, CommandError>{};
    auto counted = co_await count_among_administrators(attempt, user, *events);
    co_return counted;
}

}  // namespace

Answer<Receipt> undo_change(Services& services, const Secret& link, Caller caller) {
    caller.idempotency.reset();
    const auto opened = services.accounts.challenge_secrets->open_link(ChallengePurpose::kUndo, link.reveal());
    if (!opened) co_return Unexpected(refusals::kNotProven);
    const UserId user_id{opened->subject};
    const Undone what = opened->about.is_nil() ? Undone::kEmail : Undone::kRemovedFactor;
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const auto factors = streams.read<Factors>(factors_of(user_id));
    const Step step = [&](Attempt& attempt) -> StepResult {
        const auto since = undone_since(*opened, user_id, attempt.state(user), attempt.state(factors));
        if (!since) co_return Unexpected(refusals::kNotProven);
        attempt.act_as(user_id);
        KEYLEDGER_CO_TRY(undone,
                         co_await undo_factor_changes(services, attempt, user, factors, what, *since, caller.deadline));
        if (what == Undone::kEmail) {
            KEYLEDGER_CO_TRY(changed, co_await undo_email_change(services, attempt, user));
        }
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(caller, streams, step, kMaxFactorRuns);
    co_return done(executed);
}

Answer<Receipt> forget_factor(Services& services, UserId user_id, FactorId factor_id, Caller caller) {
    Streams streams;
    const auto factors = streams.read<Factors>(factors_of(user_id));
    const Step step = [&](Attempt& attempt) -> StepResult {
        const ForgetFactor command{user_id, factor_id, services.clock.now()};
        KEYLEDGER_CO_TRY(events, decide(attempt.state(factors), command));
        if (events->empty()) co_return Result<void, CommandError>{};
        attempt.append(factors, *events);
        auto dropped = co_await drop_app(services, attempt, user_id, factor_id, caller.deadline);
        co_return dropped;
    };
    auto executed = co_await services.executor.run(caller, streams, step, kMaxFactorRuns);
    co_return done(executed);
}

}  // namespace keyledger::commands

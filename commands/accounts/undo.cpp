#include "commands/accounts/undo.hpp"

#include <algorithm>

#include "commands/account_services.hpp"
#include "commands/accounts/change_email.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/challenges/challenges.hpp"
#include "commands/factors/presented_factor.hpp"

namespace keyledger::commands {
namespace {

// Since when what was done is undone; nullopt: the link is of nothing that can be. A link about a factor went to the
// address from before an open change, so it undoes that, too.
std::optional<Instant> undone_since(const MailLink& link, const UserId& user_id, const User& user,
                                    const Factors& factors) {
    std::optional<Instant> changed_at;
    if (user.former_email) changed_at = user.undo_until - kUndoEmailChangeFor;
    if (link.about.is_nil()) return undo_link(user_id, user) == link ? changed_at : std::nullopt;
    const Factors::Kept* kept = factors.find_kept(FactorId{link.about});
    if (!kept || undo_link(user_id, *kept) != link) return std::nullopt;
    return changed_at ? std::min(*changed_at, kept->removed_at) : kept->removed_at;
}

// What was enrolled since then may be the thief's; what was removed is given back.
StepResult undo_factor_changes(Services& services, Attempt& attempt, StreamOf<User> user, StreamOf<Factors> factors,
                               Instant since, Deadline deadline) {
    const UserId user_id{user.id};
    const Factors before = attempt.state(factors);
    KEYLEDGER_CO_TRY(events, decide(before, UndoFactorChanges{user_id, since}));
    Factors after = before;
    for (std::size_t i = 0; i < events->size(); ++i) {
        const FactorsEvent& event = (*events)[i];
        after = evolve(std::move(after), event, Recorded{0, services.clock.now()});
        std::optional<FactorId> gone;
        if (const auto* removed = std::get_if<FactorRemoved>(&event)) gone = removed->factor_id;
        if (const auto* forgotten = std::get_if<FactorForgotten>(&event)) gone = forgotten->factor_id;
        if (!gone) continue;
        KEYLEDGER_CO_TRY(dropped, co_await drop_factor(services, attempt, user_id, *gone, deadline));
    }
    attempt.append(factors, *events);
    const User& state = attempt.state(user);
    Result<void, CommandError> told;
    if (std::ranges::any_of(*events, [](const auto& one) { return std::holds_alternative<FactorGivenBack>(one); })) {
        told = attempt.decide_and_append(user, GiveBackSecondFactor{});  // it counts as it did
    } else {
        // None where there are said to be some, and nothing was done to them: somebody hides them.
        const bool none_left = after.enrolled.empty() && !before.enrolled.empty();
        if (none_left) told = attempt.decide_and_append(user, TurnOffSecondFactor{});
        if (told && !state.former_email) told = attempt.decide_and_append(user, RevokeAllSessions{});
    }
    co_return told;
}

// The address, and an erasure that was asked for.
StepResult undo_of_user(Services& services, Attempt& attempt, StreamOf<User> user) {
    const User& state = attempt.state(user);
    std::vector<UserEvent> events;
    if (state.former_email) {
        KEYLEDGER_CO_TRY(undone, decide(state, UndoEmailChange{services.clock.now()}));
        if (undone->empty()) co_return Unexpected(refusals::kLinkSpent);
        events = std::move(*undone);
    }
    const bool has_erasure = state.erasure_due_at.has_value();
    if (has_erasure) events.push_back(UserErasureWithdrawn{});
    attempt.append(user, events);
    if (!has_erasure) co_return Result<void, CommandError>{};
    auto counted = co_await count_among_administrators(attempt, user, events);
    co_return counted;
}

}  // namespace

Answer<Receipt> undo_change(Services& services, const Secret& link, Caller caller) {
    caller.idempotency.reset();
    const auto opened = services.accounts.challenge_secrets->open_link(ChallengePurpose::kUndo, link.reveal());
    if (!opened) co_return Unexpected(refusals::kLinkSpent);
    const UserId user_id{opened->subject};
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const auto factors = streams.read<Factors>(factors_of(user_id));
    const Step step = [&](Attempt& attempt) -> StepResult {
        const auto since = undone_since(*opened, user_id, attempt.state(user), attempt.state(factors));
        if (!since) co_return Unexpected(refusals::kLinkSpent);
        attempt.act_as(user_id);
        KEYLEDGER_CO_TRY(undone,
                         co_await undo_factor_changes(services, attempt, user, factors, *since, caller.deadline));
        KEYLEDGER_CO_TRY(unlinked, attempt.decide_and_append(user, UnlinkIdentitiesSince{*since}));
        auto of_user = co_await undo_of_user(services, attempt, user);
        co_return of_user;
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
        auto dropped = co_await drop_factor(services, attempt, user_id, factor_id, caller.deadline);
        co_return dropped;
    };
    auto executed = co_await services.executor.run(caller, streams, step, kMaxFactorRuns);
    co_return done(executed);
}

}  // namespace keyledger::commands

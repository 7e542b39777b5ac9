#include "commands/accounts/erase_user.hpp"

#include <algorithm>

#include "commands/access/administer.hpp"
#include "commands/access/step_up.hpp"
#include "commands/account_services.hpp"
#include "commands/accounts/owned_by_user.hpp"
#include "commands/challenges/challenges.hpp"
#include "commands/credentials/named_credential.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/entity_tags.hpp"
#include "commands/factors/presented_factor.hpp"
#include "domain/users/identity.hpp"
#include "eventstore/codec/events_codec.hpp"

namespace keyledger::commands {

StepResult count_among_administrators(Attempt& attempt, StreamOf<User> user, const std::vector<UserEvent>& events) {
    if (events.empty()) co_return Result<void, CommandError>{};
    Streams more;
    more.read<Administrators>(kAdministratorsStream);
    const auto assignments = more.read<Assignments>(assignments_of(user.id));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
    if (!std::holds_alternative<UserErasureWithdrawn>(events.back())) co_return leave_administrators(attempt, user.id);
    const bool active = attempt.state(user).status == User::Status::kActive;
    if (!active || !attempt.state(assignments).holds(kAdministratorRole)) co_return Result<void, CommandError>{};
    co_return join_administrators(attempt, user.id, JoinReason::kEnabledAgain);
}

namespace {

bool erases(const std::vector<UserEvent>& events) {
    return !events.empty() && std::holds_alternative<UserErased>(events.back());
}

// Everything of theirs that is not in the log goes with the event; their claims by themselves, since they have no names
// any more.
StepResult take_everything(Services& services, Attempt& attempt, StreamOf<User> user, Deadline deadline) {
    const User& user_state = attempt.state(user);
    const auto email = user_state.email ? parse_email(*user_state.email) : std::nullopt;
    // The user's key is there, but not the key that wraps it: the claims could not be found, and would stay.
    if (!email) co_return Unexpected(refusals::kCredentialTampered);
    KEYLEDGER_CO_TRY(taken,
                     co_await take_all_credentials(services, attempt, user.id, user_state.credential_id, deadline));
    KEYLEDGER_CO_TRY(destroyed, co_await attempt.destroy_key_of(user.id));
    co_return Result<void, CommandError>{};
}

// Decides, and removes everything if the decision is to erase the user.
StepResult carry_out(Services& services, Attempt& attempt, StreamOf<User> user, UserCommand command,
                     Deadline deadline) {
    KEYLEDGER_CO_TRY(events, decide(attempt.state(user), command));
    if (erases(*events)) {
        KEYLEDGER_CO_TRY(taken, co_await take_everything(services, attempt, user, deadline));
    }
    attempt.append(user, *events);
    if (!erases(*events)) {
        auto counted = co_await count_among_administrators(attempt, user, *events);
        co_return counted;
    }
    for (const OwnedStream& owned : kOwnedStreams) {
        if (owned.leave == nullptr) continue;
        KEYLEDGER_CO_TRY(left, co_await owned.leave(attempt, user.id));
    }
    co_return Result<void, CommandError>{};
}

RequestErasure request_now(const Services& services) {
    const Instant now = services.clock.now();
    return {now, now + services.settings.erasure_grace};
}

// When an append that is not repeated made it due, or one before it.
Answer<Erasure> due_by_state(Services& services, UserId user_id, ExecutionReceipt executed, Deadline deadline) {
    Streams streams;
    streams.read<User>(user_id);
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    const User& user = state_of<User>(folds->front());
    if (!user.exists()) co_return Erasure{executed.position, {}, false};
    if (user.erasure_due_at) co_return Erasure{executed.position, *user.erasure_due_at, false};
    co_return Unexpected(CommandError(refusals::kBusy, seconds(1)));  // taken back since
}

// What an append said of it, and nothing that came later.
Answer<Erasure> due_by_events(Services& services, ExecutionReceipt executed, Deadline deadline) {
    const auto count = static_cast<std::int32_t>(executed.position - executed.first_position + 1);
    KEYLEDGER_CO_TRY(events, co_await services.store.read_log(executed.first_position, count, deadline));
    eventstore::NullFieldOpener nothing;
    std::optional<Instant> due_at;
    for (const eventstore::RecordedEvent& recorded : *events) {
        if (recorded.is_inert()) continue;
        const auto event = eventstore::decode_any(recorded, nothing);
        const auto* of_user = eventstore::event_in<User>(*event);
        if (of_user == nullptr) continue;
        if (const auto* requested = std::get_if<UserErasureRequested>(of_user)) due_at = requested->due_at;
        if (std::holds_alternative<UserErased>(*of_user)) co_return Erasure{executed.position, {}, executed.repeated};
    }
    if (!due_at) co_return Unexpected(refusals::kBroken);
    co_return Erasure{executed.position, *due_at, executed.repeated};
}

Answer<Erasure> answer_of(Services& services, UserId user_id, ExecutionReceipt executed, Deadline deadline) {
    if (executed.first_position == 0) {
        auto requested_before = co_await due_by_state(services, user_id, executed, deadline);
        co_return requested_before;
    }
    auto requested_now = co_await due_by_events(services, executed, deadline);
    co_return requested_now;
}

Result<void, CommandError> is_as_seen(const Caller& caller, const User& user) {
    return check_precondition(caller.precondition, user_tag(user));
}

// Whoever has somebody's password does not end what its owner would want back.
RequestErasure request_own(const Services& services) {
    const Instant now = services.clock.now();
    return {now, now + std::max(services.settings.erasure_grace, services.accounts.own_erasure_grace)};
}

}  // namespace

Answer<Erasure> request_own_erasure(Services& services, ErasureRequest request, Caller caller) {
    const Bearer bearer = request.bearer;
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    bool was_wrong = false;
    const Step step = [&](Attempt& attempt) -> StepResult {
        const std::vector<ProofMethod> proven_now{ProofMethod::kPassword};  // once it is checked
        KEYLEDGER_CO_TRY(recent, require_step_up(attempt, actor, bearer, services, StepUpFor::kAccount, proven_now));
        auto right = co_await check_own_password(services, attempt, actor.user, request.current_password, caller);
        if (!right) {
            was_wrong = was_wrong || right.error().refusal == refusals::kWrongPassword;
            co_return Unexpected(right.error());
        }
        KEYLEDGER_CO_TRY(same, is_as_seen(caller, attempt.state(actor.user)));
        UserCommand command = request_own(services);
        auto decided = co_await carry_out(services, attempt, actor.user, std::move(command), caller.deadline);
        co_return decided;
    };
    CommandSteps steps(require_actor(services, actor, bearer), step);
    auto executed = co_await services.executor.run(caller, streams, std::move(steps));
    if (!executed) {
        report_tampering(services, bearer.user_id, executed.error());
        if (was_wrong) co_await record_failed_login(services, bearer.user_id, LoginFailure::kWrongPassword, caller);
        co_return Unexpected(executed.error());
    }
    auto answer = co_await answer_of(services, bearer.user_id, *executed, caller.deadline);
    co_return answer;
}

Answer<Erasure> request_erasure(Services& services, Bearer bearer, UserId user_id, Caller caller) {
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        KEYLEDGER_CO_TRY(same, is_as_seen(caller, on.attempt.state(on.user)));
        UserCommand command = user_id == bearer.user_id ? request_own(services) : request_now(services);
        auto decided = co_await carry_out(services, on.attempt, on.user, std::move(command), caller.deadline);
        co_return decided;
    };
    RequiredAuthority required{bearer, kWriteUsers, Subject::user(user_id)};
    KEYLEDGER_CO_TRY(executed, co_await run_administration(services, std::move(required), caller, step));
    auto answer = co_await answer_of(services, user_id, *executed, caller.deadline);
    co_return answer;
}

Answer<Receipt> withdraw_own_erasure(Services& services, Bearer bearer, Caller caller) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const Step step = [&](Attempt& attempt) -> StepResult {
        UserCommand command = WithdrawErasure{};
        auto decided = co_await carry_out(services, attempt, actor.user, std::move(command), caller.deadline);
        co_return decided;
    };
    CommandSteps steps(require_actor(services, actor, bearer), step);
    auto executed = co_await services.executor.run(caller, streams, std::move(steps));
    co_return done(executed);
}

Answer<Receipt> withdraw_erasure_by_mail(Services& services, const Secret& link, Caller caller) {
    caller.idempotency.reset();
    const auto opened =
        services.accounts.challenge_secrets->open_link(ChallengePurpose::kWithdrawErasure, link.reveal());
    if (!opened) co_return Unexpected(refusals::kLinkSpent);
    const UserId user_id{opened->subject};
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        const auto& due_at = attempt.state(user).erasure_due_at;
        // Of this request or of a later one: whoever asks again and again makes no link void.
        const bool is_of_user = withdrawal_link(user_id, opened->expires_at) == *opened;
        if (!is_of_user || !due_at || *due_at < opened->expires_at) co_return Unexpected(refusals::kLinkSpent);
        attempt.act_as(user_id);
        UserCommand command = WithdrawErasure{};
        auto decided = co_await carry_out(services, attempt, user, std::move(command), caller.deadline);
        co_return decided;
    };
    auto executed = co_await services.executor.run(caller, streams, step);
    co_return done(executed);
}

Answer<Receipt> withdraw_erasure(Services& services, Bearer bearer, UserId user_id, Caller caller) {
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        UserCommand command = WithdrawErasure{};
        auto decided = co_await carry_out(services, on.attempt, on.user, std::move(command), caller.deadline);
        co_return decided;
    };
    RequiredAuthority required{bearer, kWriteUsers, Subject::user(user_id)};
    auto withdrawn = co_await administer(services, std::move(required), caller, step);
    co_return withdrawn;
}

Answer<Receipt> erase_user(Services& services, UserId user_id, Caller caller) {
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const auto factors = streams.read<Factors>(factors_of(user_id));
    const Step step = [&](Attempt& attempt) -> StepResult {
        const Instant now = services.clock.now();
        // What can be given back holds it up, as an open change of the address does.
        const auto can_be_back = [&](const Factors::Kept& kept) { return now < kept.until; };
        if (std::ranges::any_of(attempt.state(factors).kept, can_be_back)) co_return Result<void, CommandError>{};
        UserCommand command = EraseUser{now};
        auto decided = co_await carry_out(services, attempt, user, std::move(command), caller.deadline);
        co_return decided;
    };
    auto executed = co_await services.executor.run(caller, streams, step);
    if (!executed) report_tampering(services, user_id, executed.error());
    co_return done(executed);
}

Answer<Receipt> repeat_erasure(Services& services, UserId user_id, Caller caller) {
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        const User& user_state = attempt.state(user);
        if (!user_state.exists()) co_return Result<void, CommandError>{};
        // They were erased in the lost log: nothing that is open here holds that up.
        const Instant now = std::max(services.clock.now(), user_state.undo_until);
        UserCommand command = RequestErasure{now, now};
        if (user_state.erasure_due_at) command = EraseUser{std::max(*user_state.erasure_due_at, now)};
        auto decided = co_await carry_out(services, attempt, user, std::move(command), caller.deadline);
        co_return decided;
    };
    auto executed = co_await services.executor.run(caller, streams, step);
    co_return done(executed);
}

}  // namespace keyledger::commands

#include "commands/sessions/log_in.hpp"

#include "commands/account_services.hpp"
#include "commands/claim_owner.hpp"
#include "commands/credentials/one_time_password.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/credentials/renew_password_hash.hpp"
#include "commands/credentials/typed_name.hpp"
#include "commands/sessions/begin_session.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {
namespace {

struct LogInAttempt {
    std::optional<LoginFailure> failure;
    bool was_wrong = false;  // in any run of the step
    bool needs_renewal = false;
    LoginHistory history;
    Risk risk;

    void begin_again() {
        const bool was = was_wrong;
        *this = LogInAttempt{};
        was_wrong = was;
    }
};

// What was decided of the attempt was confirmed; else the store went away in between, or the streams never stood still.
bool is_about_the_attempt(RefusalRef refusal) {
    return refusal == refusals::kInvalidCredentials || refusal == refusals::kUserDisabled;
}

// A wrong password also where nobody is told that it was, as while the user's stream does not stand still.
asio::awaitable<void> count_failure(Services& services, UserId user_id, LogInAttempt current, CommandError error,
                                    Caller caller) {
    report_tampering(services, user_id, error);
    if (current.was_wrong) current.failure = LoginFailure::kWrongPassword;
    if (current.failure && (current.was_wrong || is_about_the_attempt(error.refusal)))
        co_await record_failed_login(services, user_id, *current.failure, std::move(caller));
}

}  // namespace

Answer<Grant> log_in(Services& services, LogIn request, Caller caller) {
    caller.idempotency.reset();
    KEYLEDGER_CO_TRY(audiences, audiences_for(request.client, services.settings.issuer, request.resource));
    const TypedName name = typed_name(request.email, request.username);
    const Instant now = services.clock.now();
    KEYLEDGER_CO_TRY(
        found, co_await credential_of_claim(services, name.kind, name.looked_for, kPasswordKind, caller.deadline));
    if (!found->has_value() || name.key.empty()) {
        auto refused = co_await refuse_unknown_name(services, std::move(request.password), caller);
        co_return Unexpected(refused.error());
    }

    const UserId user_id{found->value().owner};
    const SessionId session_id{services.identifiers.next()};
    const LogInDevice device = device_of_log_in(services, user_id, session_id, caller);
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const auto session = streams.begin<Session>(session_id);
    HalfLogin half = begun_by(user_id, {ProofMethod::kPassword, now});
    half.session_id = session_id;
    half.client_id = request.client.client_id;
    half.audiences = *audiences;
    half.device = services.pseudonyms.device(caller.user_agent);
    LogInAttempt current;
    const Step step = [&](Attempt& attempt) -> StepResult {
        current.begin_again();
        const User& user_state = attempt.state(user);
        KEYLEDGER_CO_TRY(checked, co_await check_password(services, attempt, user, request.password.clone(), caller,
                                                          found->value().credential));
        current.needs_renewal = checked->check.needs_renewal;
        if (!checked->check.matches || !goes_by(user_state, name)) {
            current.failure = LoginFailure::kWrongPassword;
            current.was_wrong = true;
            co_return Unexpected(refusals::kInvalidCredentials);
        }
        // Read only now, of the right password: a wrong one has the same answer however often it was tried.
        KEYLEDGER_CO_TRY(history, co_await login_history_at_head(services, user_id, caller.deadline));
        current.history = std::move(*history);
        const LoginSource source = source_of(current.history, device);
        if (!may_try(current.history.attempts, source, services.settings.attempts, services.clock.now()))
            current.failure = LoginFailure::kTooManyFailures;
        current.risk = risk_of_log_in(services, current.history, device);
        if (!current.failure && is_refused(current.risk, services.accounts.refused_risk))
            current.failure = LoginFailure::kTooRisky;
        if (current.failure) co_return Unexpected(refusals::kInvalidCredentials);
        KEYLEDGER_CO_TRY(opens, opens_session(user_state, now));
        half.security_stamp = user_state.security_stamp;
        const LogInOrigin origin{current.history, device, current.risk};
        auto started = co_await begin_session(services, attempt, user, session, half, origin);
        if (!started) current.failure = LoginFailure::kUserNotActive;
        co_return started;
    };
    Caller user_caller = caller.acting_as(user_id);
    user_caller.session_id = session_id;
    auto executed = co_await services.executor.run(user_caller, streams, step, attempts_to_begin(services));
    if (!executed) {
        co_await count_failure(services, user_id, current, executed.error(), std::move(caller));
        co_return Unexpected(executed.error());
    }

    co_await record_good_login(services, device, std::move(current.history), user_caller);
    if (current.needs_renewal)
        co_await renew_password_hash(services, user_id, std::move(request.password), user_caller);
    Grant grant = grant_of(half, *executed);
    grant.device = device_for_client(services, device);
    co_return grant;
}

}  // namespace keyledger::commands

#include "commands/sessions/log_in_by_passkey.hpp"

#include "commands/account_services.hpp"
#include "commands/claim_owner.hpp"
#include "commands/credentials/one_time_password.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/factors/presented_factor.hpp"
#include "commands/passkeys/kept_passkey.hpp"
#include "commands/sessions/begin_session.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {
namespace {

// The stream of factors of whoever has that passkey.
Answer<StreamOf<Factors>> owner_of_passkey(Services& services, const std::string& credential_id, Deadline deadline) {
    const auto digest = digest_of_passkey(credential_id);
    if (!digest) co_return Unexpected(refusals::kPasskeyNotProven);
    KEYLEDGER_CO_TRY(owner, co_await owner_of_claim(services, Factors::kNameKinds.front(), *digest, deadline));
    if (!owner->has_value()) co_return Unexpected(refusals::kPasskeyNotProven);
    co_return StreamOf<Factors>(FactorsId(**owner));
}

// Whether it is the stream of somebody's factors, and their own says that there are any.
bool is_theirs(const StreamOf<Factors>& factors, const UserId& user_id, const User& user) {
    return factors.id == factors_of(user_id) && user.second_factor == User::SecondFactor::kOn;
}

struct PasskeyAttempt {
    HalfLogin half;
    std::optional<LogInDevice> device;
    LoginHistory history;
    bool is_too_risky = false;
};

// Of whoever proved that it is they; nothing else is anybody's failure.
std::optional<LoginFailure> failure_of(const PasskeyAttempt& current, const CommandError& error) {
    if (current.is_too_risky && error.refusal == refusals::kPasskeyNotProven) return LoginFailure::kTooRisky;
    if (error.refusal == refusals::kUserDisabled) return LoginFailure::kUserNotActive;
    return std::nullopt;
}

}  // namespace

Answer<Grant> log_in_by_passkey(Services& services, PasskeyLogIn log_in, Caller caller) {
    if (!offers_passkeys(services)) co_return Unexpected(refusals::kPasskeysOff);
    caller.idempotency.reset();
    KEYLEDGER_CO_TRY(audiences, audiences_for(log_in.client, services.settings.issuer, log_in.resource));
    const auto challenge = open_challenge(services, log_in.answer.handle);
    if (!challenge || challenge->purpose != PasskeyPurpose::kLogIn || challenge->asker != log_in.asker)
        co_return Unexpected(refusals::kPasskeyNotProven);
    KEYLEDGER_CO_TRY(factors, co_await owner_of_passkey(services, log_in.answer.credential_id, caller.deadline));
    const SessionId session_id{services.identifiers.next()};
    Streams streams;
    streams.read<Factors>(factors->id);
    PasskeyAttempt current;
    const Step step = [&](Attempt& attempt) -> StepResult {
        current = PasskeyAttempt{};
        const UserId user_id = attempt.state(*factors).user_id;
        current.half.user_id = user_id;
        Streams more;
        const auto user = more.read<User>(user_id);
        const auto session = more.begin<Session>(session_id);
        KEYLEDGER_CO_TRY(read, co_await attempt.also_read(std::move(more)));
        if (!is_theirs(*factors, user_id, attempt.state(user))) co_return Unexpected(refusals::kPasskeyNotProven);
        attempt.act_as(user_id, session_id);
        KEYLEDGER_CO_TRY(used, co_await use_passkey(services, attempt, *factors, user_id, log_in.answer, *challenge,
                                                    refusals::kPasskeyNotProven, caller.deadline));
        const User& state = attempt.state(user);
        current.half = begun_by(user_id, {ProofMethod::kPasskey, services.clock.now()});
        current.half.session_id = session_id;
        current.half.security_stamp = state.security_stamp;
        current.half.client_id = log_in.client.client_id;
        current.half.audiences = *audiences;
        current.half.device = services.pseudonyms.device(caller.user_agent);
        current.device = device_of_log_in(services, user_id, session_id, caller);
        KEYLEDGER_CO_TRY(history, co_await login_history_at_head(services, user_id, caller.deadline));
        current.history = std::move(*history);
        const LogInOrigin origin{current.history, *current.device,
                                 risk_of_log_in(services, current.history, *current.device, used->may_be_copied)};
        current.is_too_risky = is_refused(origin.risk, services.accounts.refused_risk);
        if (current.is_too_risky) co_return Unexpected(refusals::kPasskeyNotProven);
        // What was taken over and given back is its owner's again once they set another password.
        if (state.password_use == User::PasswordUse::kMustBeReset)
            co_return Unexpected(refusals::kPasswordResetRequired);
        auto begun = co_await begin_session(services, attempt, user, session, current.half, origin);
        co_return begun;
    };
    auto executed = co_await services.executor.run(caller, streams, step, attempts_to_begin(services));
    const UserId user_id = current.half.user_id;
    if (!executed) {
        report_tampering(services, user_id, executed.error());
        const auto failure = failure_of(current, executed.error());
        if (failure) co_await record_failed_login(services, user_id, *failure, std::move(caller));
        co_return Unexpected(executed.error());
    }
    Caller user_caller = caller.acting_as(user_id);
    user_caller.session_id = session_id;
    co_await record_good_login(services, *current.device, std::move(current.history), std::move(user_caller));
    Grant grant = grant_of(current.half, *executed);
    grant.device = device_for_client(services, *current.device);
    co_return grant;
}

}  // namespace keyledger::commands

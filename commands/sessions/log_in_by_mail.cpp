#include "commands/sessions/log_in_by_mail.hpp"

#include "commands/account_services.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {
namespace {

bool is_offered(const Services& services, ChallengePurpose purpose) {
    const LogInByMail& offered = services.accounts.log_in_by_mail;
    return purpose == ChallengePurpose::kLogInByLink ? offered.by_link : offered.by_code;
}

}  // namespace

Answer<AskedChallenge> ask_log_in_by_mail(Services& services, ChallengeAsk ask, Caller caller) {
    if (!is_offered(services, ask.purpose)) co_return Unexpected(refusals::kLogInByMailOff);
    auto asked = co_await ask_challenge(services, std::move(ask), std::move(caller));
    co_return asked;
}

Answer<Grant> log_in_by_mail(Services& services, MailedLogIn log_in, Caller caller) {
    if (!is_offered(services, log_in.presented.purpose)) co_return Unexpected(refusals::kLogInByMailOff);
    KEYLEDGER_CO_TRY(audiences, audiences_for(log_in.client, services.settings.issuer, log_in.resource));
    const SessionId session_id{services.identifiers.next()};
    std::optional<LogInDevice> device;
    std::optional<LoginHistory> history;
    bool is_too_risky = false;
    std::optional<CommandError> go_on;  // the proof is used up, and leads to half a log-in
    HalfLogin half;
    const Earning earning = [&](Attempt& attempt, const StreamOf<User>& user, const OpenedProof&) -> StepResult {
        const User& state = attempt.state(user);
        go_on.reset();
        half = begun_by(user.id, {ProofMethod::kMail, services.clock.now()});
        half.session_id = session_id;
        half.security_stamp = state.security_stamp;
        half.client_id = log_in.client.client_id;
        half.audiences = *audiences;
        half.device = services.pseudonyms.device(caller.user_agent);
        device = device_of_log_in(services, user.id, session_id, caller);
        KEYLEDGER_CO_TRY(known, co_await login_history_at_head(services, user.id, caller.deadline));
        history = std::move(*known);
        const LogInOrigin origin{*history, *device, risk_of_log_in(services, *history, *device)};
        is_too_risky = is_refused(origin.risk, services.accounts.refused_risk);
        if (is_too_risky) co_return Unexpected(refusals::kNotProven);
        Streams more;
        const auto session = more.begin<Session>(session_id);
        KEYLEDGER_CO_TRY(read, co_await attempt.also_read(std::move(more)));
        KEYLEDGER_CO_TRY(verified, attempt.decide_and_append(user, VerifyEmail{}));
        auto begun = co_await begin_session(services, attempt, user, session, half, origin);
        if (!begun && begun.error().go_on) {
            go_on = begun.error();
            begun = Result<void, CommandError>{};
        }
        co_return begun;
    };
    const auto proven = co_await prove_user(services, std::move(log_in.presented), caller, earning, session_id);
    if (!proven && is_too_risky)
        co_await record_failed_login(services, half.user_id, LoginFailure::kTooRisky, std::move(caller));
    if (!proven) co_return Unexpected(proven.error());
    if (go_on) co_return Unexpected(*go_on);
    Caller user_caller = caller.acting_as(proven->user_id);
    user_caller.session_id = session_id;
    co_await record_good_login(services, *device, std::move(*history), std::move(user_caller));
    Grant grant = grant_of(half, {proven->position, false, proven->position, proven->occurred_at});
    grant.device = device_for_client(services, *device);
    co_return grant;
}

}  // namespace keyledger::commands

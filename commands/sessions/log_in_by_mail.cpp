#include "commands/sessions/log_in_by_mail.hpp"

#include "commands/account_services.hpp"
#include "commands/credentials/reset_password.hpp"
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
    std::int64_t security_stamp = 0;
    const Earning earning = [&](Attempt& attempt, const StreamOf<User>& user, const OpenedProof&) -> StepResult {
        const User& state = attempt.state(user);
        if (state.second_factor == User::SecondFactor::kOn) co_return Unexpected(refusals::kSecondFactorNeeded);
        security_stamp = state.security_stamp;
        StartSession command;
        command.user_id = user.id;
        command.client_id = log_in.client.client_id;
        command.audiences = *audiences;
        command.device = services.pseudonyms.device(caller.user_agent);
        command.verified_sha256 = state.sealed_sha256;
        command.now = services.clock.now();
        command.lifetimes = services.settings.lifetimes;
        command.methods = {ProofMethod::kMail};
        Streams more;
        const auto session = more.begin<Session>(session_id);
        KEYLEDGER_CO_TRY(read, co_await attempt.also_read(std::move(more)));
        KEYLEDGER_CO_TRY(verified, attempt.decide_and_append(user, VerifyEmail{}));
        co_return attempt.decide_and_append(session, session_id, state, command);
    };
    KEYLEDGER_CO_TRY(proven, co_await prove_user(services, std::move(log_in.presented), caller, earning, session_id));
    Grant grant{proven->user_id, session_id, log_in.client.client_id, *audiences, *audiences, security_stamp, 1};
    grant.generated_at = proven->occurred_at;
    grant.position = proven->position;
    co_return grant;
}

}  // namespace keyledger::commands

#include "commands/credentials/change_password.hpp"

#include "commands/access/step_up.hpp"
#include "commands/credentials/password_history.hpp"
#include "commands/credentials/passwords.hpp"

namespace keyledger::commands {
Answer<Receipt> change_password(Services& services, PasswordChange change, Caller caller) {
    const Bearer bearer = change.bearer;
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    bool was_wrong = false;
    const Step step = [&](Attempt& attempt) -> StepResult {
        const std::vector<ProofMethod> proven_now{ProofMethod::kPassword};  // once it is checked
        KEYLEDGER_CO_TRY(recent, require_step_up(attempt, actor, bearer, services, StepUpFor::kAccount, proven_now));
        auto checked = co_await check_own_password(services, attempt, actor.user, change.current_password, caller);
        if (!checked) {
            was_wrong = was_wrong || checked.error().refusal == refusals::kWrongPassword;
            co_return Unexpected(checked.error());
        }
        const User& user_state = attempt.state(actor.user);
        KEYLEDGER_CO_TRY(judged, co_await judge_password(services, change.new_password.clone(), identity_of(user_state),
                                                         caller.deadline));
        KEYLEDGER_CO_TRY(held,
                         co_await hold_against_history(services, attempt, actor.user, change.new_password, caller));
        KEYLEDGER_CO_TRY(hash, co_await hash_password(services, change.new_password.clone(),
                                                      HashingRequester::Kind::kAccount, caller));
        const std::string verified = user_state.sealed_sha256;
        KEYLEDGER_CO_TRY(password, co_await put_password(services, attempt, bearer.user_id, user_state.credential_id,
                                                         checked->revision, std::move(*hash)));
        const ChangePassword command{verified, *password, bearer.session_id};
        co_return attempt.decide_and_append(actor.user, command);
    };
    CommandSteps steps(require_actor(services, actor, bearer), step);
    auto executed = co_await services.executor.run(caller, streams, std::move(steps));
    if (!executed) {
        report_tampering(services, bearer.user_id, executed.error());
        if (was_wrong) co_await record_failed_login(services, bearer.user_id, LoginFailure::kWrongPassword, caller);
        co_return Unexpected(executed.error());
    }
    co_return Receipt{executed->position, executed->repeated};
}

}  // namespace keyledger::commands

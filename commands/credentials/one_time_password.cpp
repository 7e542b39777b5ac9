#include "commands/credentials/one_time_password.hpp"

#include "commands/access/administer.hpp"
#include "commands/claim_owner.hpp"
#include "commands/credentials/password_history.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/credentials/typed_name.hpp"
#include "commands/credentials/unlock_by_mail.hpp"
#include "commands/factors/reset_second_factor.hpp"
#include "commands/sessions/log_in.hpp"

namespace keyledger::commands {
namespace {

struct Chosen {
    Secret password;
    bool is_made = false;
    Instant expires_at;
};
Chosen choose(Services& services, std::optional<Secret> given) {
    const bool is_made = !given.has_value();
    Secret password = is_made ? one_time_password_of(services.identifiers.next_secret()) : std::move(*given);
    return {std::move(password), is_made, services.clock.now() + kOneTimePasswordLife};
}

StepResult put_chosen(Services& services, Attempt& attempt, StreamOf<User> user, const Chosen& chosen,
                      const Caller& caller) {
    const User& state = attempt.state(user);
    if (!chosen.is_made) {
        KEYLEDGER_CO_TRY(
            judged, co_await judge_password(services, chosen.password.clone(), identity_of(state), caller.deadline));
    }
    KEYLEDGER_CO_TRY(place, co_await place_of_password(services, user.id, state.credential_id, caller.deadline));
    KEYLEDGER_CO_TRY(
        hash, co_await hash_password(services, chosen.password.clone(), HashingRequester::Kind::kAccount, caller));
    KEYLEDGER_CO_TRY(password, co_await put_password(services, attempt, user.id, place->credential_id, place->revision,
                                                     std::move(*hash)));
    // What was linked lately may be somebody's who had the password.
    KEYLEDGER_CO_TRY(unlinked, attempt.decide_and_append(user, UnlinkIdentitiesSince{services.clock.now()}));
    co_return attempt.decide_and_append(user, SetOneTimePassword{*password, chosen.expires_at});
}

OneTimePasswordReceipt receipt_of(const ExecutionReceipt& executed, Chosen chosen) {
    OneTimePasswordReceipt receipt{executed.position, executed.repeated, std::nullopt, {}};
    if (executed.repeated) return receipt;
    receipt.expires_at = chosen.expires_at;
    if (chosen.is_made) receipt.made = std::move(chosen.password);
    return receipt;
}

}  // namespace

Result<void, RefusalRef> opens_session(const User& user, Instant now) {
    Result<void, RefusalRef> opens;
    switch (user.password_use) {
        case User::PasswordUse::kLogsIn: break;
        case User::PasswordUse::kMustBeChanged:
            opens = Unexpected(RefusalRef(now < user.password_expires_at ? refusals::kPasswordChangeRequired
                                                                         : refusals::kOneTimePasswordExpired));
            break;
        case User::PasswordUse::kMustBeReset: opens = Unexpected(RefusalRef(refusals::kPasswordResetRequired)); break;
    }
    return opens;
}

// Five bits a character, of the first twenty bytes.
Secret one_time_password_of(const Secret& random) {
    static constexpr std::string_view kAlphabet = "abcdefghjkmnpqrstuvwxyz023456789";
    static_assert(kAlphabet.size() == 32);
    constexpr std::size_t kGroups = 4;
    constexpr std::size_t kOfAGroup = 5;
    std::string text;
    for (std::size_t i = 0; i < kGroups * kOfAGroup; ++i) {
        if (i > 0 && i % kOfAGroup == 0) text += '-';
        text += kAlphabet[static_cast<unsigned char>(random.reveal()[i]) % kAlphabet.size()];
    }
    return Secret::take(std::move(text));
}

Answer<OneTimePasswordReceipt> set_one_time_password(Services& services, UserId user_id, OneTimePassword password,
                                                     Caller caller) {
    if (user_id == password.bearer.user_id) co_return Unexpected(refusals::kNotOnOneself);
    Chosen chosen = choose(services, std::move(password.given));
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        auto put = co_await put_chosen(services, on.attempt, on.user, chosen, caller);
        co_return put;
    };
    RequiredAuthority required{password.bearer, kWriteUsers, Subject::user(user_id)};
    KEYLEDGER_CO_TRY(executed, co_await run_administration(services, std::move(required), caller, step));
    co_return receipt_of(*executed, std::move(chosen));
}

Answer<OneTimePasswordReceipt> recover_user_as_operator(Services& services, UserId user_id, Caller caller) {
    Chosen chosen = choose(services, std::nullopt);
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        if (!attempt.state(user).exists()) co_return Unexpected(refusals::kUserUnknown);
        KEYLEDGER_CO_TRY(put, co_await put_chosen(services, attempt, user, chosen, caller));
        KEYLEDGER_CO_TRY(taken, co_await take_all_factors_for_good(services, attempt, user, caller.deadline));
        auto unlocked = co_await unlock_proven(services, attempt, user_id);
        co_return unlocked;
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(caller, streams, step));
    co_return receipt_of(*executed, std::move(chosen));
}

Answer<Receipt> replace_one_time_password(Services& services, PasswordReplacement replacement, Caller caller) {
    caller.idempotency.reset();
    const TypedName name = typed_name(replacement.email, replacement.username);
    KEYLEDGER_CO_TRY(
        found, co_await credential_of_claim(services, name.kind, name.looked_for, kPasswordKind, caller.deadline));
    if (!found->has_value() || name.key.empty()) {
        auto refused = co_await refuse_unknown_name(services, std::move(replacement.password), caller);
        co_return refused;
    }
    const UserId user_id{found->value().owner};
    Streams streams;
    const auto user = streams.read<User>(user_id);
    std::optional<LoginFailure> failure;
    const Step step = [&](Attempt& attempt) -> StepResult {
        failure.reset();
        const User& state = attempt.state(user);
        KEYLEDGER_CO_TRY(checked, co_await check_password(services, attempt, user, replacement.password.clone(), caller,
                                                          found->value().credential));
        if (!checked->check.matches || !goes_by(state, name)) {
            failure = LoginFailure::kWrongPassword;
            co_return Unexpected(refusals::kInvalidCredentials);
        }
        KEYLEDGER_CO_TRY(attempts, co_await attempts_at_head(services, user_id, caller.deadline));
        const std::string network = services.pseudonyms.network(user_id, caller.network);
        const bool may = may_try(*attempts, network, services.settings.attempts, services.clock.now());
        if (!may) failure = LoginFailure::kTooManyFailures;
        // Of one that is too old the log-in says so.
        const bool is_one_time =
            state.password_use == User::PasswordUse::kMustBeChanged && services.clock.now() < state.password_expires_at;
        if (!may || !is_one_time) co_return Unexpected(refusals::kInvalidCredentials);
        KEYLEDGER_CO_TRY(judged, co_await judge_password(services, replacement.new_password.clone(), identity_of(state),
                                                         caller.deadline));
        const bool is_same = equal(replacement.password, replacement.new_password);
        if (is_same) co_return Unexpected(refusals::kSamePassword);
        KEYLEDGER_CO_TRY(held,
                         co_await hold_against_history(services, attempt, user, replacement.new_password, caller));
        KEYLEDGER_CO_TRY(hash, co_await hash_password(services, replacement.new_password.clone(),
                                                      HashingRequester::Kind::kAccount, caller));
        const std::string verified = state.sealed_sha256;
        KEYLEDGER_CO_TRY(password, co_await put_password(services, attempt, user_id, state.credential_id,
                                                         checked->revision, std::move(*hash)));
        co_return attempt.decide_and_append(user, ChangePassword{verified, *password, std::nullopt});
    };
    auto executed = co_await services.executor.run(caller.acting_as(user_id), streams, step);
    if (!executed) {
        report_tampering(services, user_id, executed.error());
        if (failure) co_await record_failed_login(services, user_id, *failure, std::move(caller));
        co_return Unexpected(executed.error());
    }
    co_return Receipt{executed->position, executed->repeated};
}

}  // namespace keyledger::commands

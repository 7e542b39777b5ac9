#include "commands/sessions/half_log_in.hpp"

#include <algorithm>

#include "commands/access/authority.hpp"
#include "commands/account_services.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/factors/factors_at_log_in.hpp"
#include "commands/runtime/spending.hpp"
#include "commands/sessions/begin_session.hpp"
#include "domain/sessions/session.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::commands {
namespace {

using Purpose = HalfLogin::Purpose;

template <class Kind>
std::vector<std::string> names_of(const std::vector<Kind>& kinds) {
    std::vector<std::string> names;
    for (const Kind kind : kinds) names.emplace_back(stored_name(kind));
    return names;
}

CommandError go_on_with(Services& services, HalfLogin half, const Refusal& needed, std::vector<std::string> kinds) {
    const std::string token = services.accounts.half_logins->seal(half);
    CommandError error(needed);
    error.go_on = std::make_shared<const GoOn>(GoOn{token, std::move(kinds)});
    return error;
}

bool proved_more_than_mail(const HalfLogin& half) {
    return std::ranges::any_of(half.proven, [](const Proof& one) {
        return one.method == ProofMethod::kPassword || one.method == ProofMethod::kProvider;
    });
}

// What of the ladder's answer is no "granted".
Result<void, CommandError> granted(Services& services, const NextStep& next, HalfLogin so_far) {
    Result<void, CommandError> let_in;
    if (const auto* refused = std::get_if<LadderRefused>(&next)) {
        let_in = Unexpected(CommandError(refused->why));
    } else if (const auto* needs = std::get_if<NeedsProof>(&next)) {
        so_far.purpose = Purpose::kSecondFactor;
        let_in = Unexpected(
            go_on_with(services, std::move(so_far), refusals::kSecondFactorNeeded, names_of(needs->methods)));
    } else if (std::holds_alternative<MustEnrol>(next) && !proved_more_than_mail(so_far)) {
        let_in = Unexpected(CommandError(refusals::kEnrolmentNeedsPassword));
    } else if (const auto* must = std::get_if<MustEnrol>(&next)) {
        so_far.purpose = Purpose::kEnrol;
        let_in = Unexpected(go_on_with(services, std::move(so_far), refusals::kEnrolmentNeeded, names_of(must->kinds)));
    }
    return let_in;
}

std::optional<HalfLogin> open(Services& services, const Secret& token) {
    auto half = services.accounts.half_logins->open(token);
    if (half && services.clock.now() >= half->expires_at) half.reset();
    return half;
}

// Whether the log-in can still go on: the user is active, and no session of theirs was ended since it began.
Result<void, CommandError> goes_on(const User& user, const HalfLogin& half) {
    Result<void, CommandError> good;
    if (user.status != User::Status::kActive || user.security_stamp != half.security_stamp)
        good = Unexpected(CommandError(refusals::kHalfLoginOver));
    return good;
}

// The token is good once.
eventstore::SpentValue use_of(const HalfLogin& half) {
    const ValueLife life{half.made_at, half.expires_at};
    return spent_value("half log-in", {security::view_of(half.session_id)}, life);
}

Step while_it_goes_on(StreamOf<User> user, const HalfLogin& half) {
    return [user, &half](Attempt& attempt) -> StepResult { co_return goes_on(attempt.state(user), half); };
}

std::vector<ProofMethod> methods_of(const std::vector<Proof>& proven) {
    std::vector<ProofMethod> methods;
    for (const Proof& proof : proven) methods.push_back(proof.method);
    return methods;
}

StepResult start(Services& services, Attempt& attempt, StreamOf<User> user, StreamOf<Session> session,
                 const HalfLogin& half, LogInOrigin origin) {
    const User& state = attempt.state(user);
    StartSession command{half.user_id,
                         half.client_id,
                         half.audiences,
                         half.device,
                         state.sealed_sha256,
                         services.clock.now(),
                         services.settings.lifetimes};
    command.methods = methods_of(half.proven);
    command.authenticated_at = half.proven.front().at;
    put_device(command, origin.history, origin.device, origin.risk);
    auto started = co_await start_session(services, attempt, session, user, command);
    co_return started;
}

// The stream of the factors is read of those alone whose own stream says that there are any.
Answer<NextStep> ask_the_ladder(Services& services, Attempt& attempt, StreamOf<User> user, const HalfLogin& so_far,
                                const LogInOrigin& origin) {
    using Device = LoginCircumstances::Device;
    LoginCircumstances circumstances;
    circumstances.now = services.clock.now();
    circumstances.device = is_known(origin.history, origin.device) ? Device::kKnown : Device::kNew;
    circumstances.risk = origin.risk.points;
    const SecondFactorPolicy& policy = services.accounts.second_factors.policy;
    if (attempt.state(user).second_factor == User::SecondFactor::kOff) {
        if (!policy.of_roles.empty()) {
            KEYLEDGER_CO_TRY(roles, co_await roles_of(attempt, user.id));
            circumstances.roles = std::move(*roles);
        }
        co_return next_step(attempt.state(user), Factors(), policy, so_far.proven, circumstances);
    }
    Streams more;
    const auto factors = more.read<Factors>(factors_of(user.id));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(std::move(more)));
    co_return next_step(attempt.state(user), attempt.state(factors), policy, so_far.proven, circumstances);
}

}  // namespace

LinkIdentity link_of(Services& services, const IdentityToLink& identity) {
    LinkIdentity command{LinkedIdentityId{services.identifiers.next()},
                         identity.provider,
                         identity.issuer,
                         identity.subject,
                         std::nullopt,
                         LinkedBy::kAddress};
    if (!identity.shown_as.empty()) command.shown_as = identity.shown_as;
    return command;
}

HalfLogin begun_by(const UserId& user_id, const Proof& proof) {
    HalfLogin half;
    half.user_id = user_id;
    half.proven.assign(1, proof);
    half.made_at = proof.at;
    half.expires_at = proof.at + kHalfLoginLasts;
    return half;
}

Grant grant_of(const HalfLogin& whole, const ExecutionReceipt& begun) {
    Grant grant{
        whole.user_id, whole.session_id, whole.client_id, whole.audiences, whole.audiences, whole.security_stamp, 1};
    grant.generated_at = begun.occurred_at;
    grant.position = begun.position;
    grant.proofs = whole.proven;
    return grant;
}

StepResult begin_session(Services& services, Attempt& attempt, StreamOf<User> user, StreamOf<Session> session,
                         HalfLogin so_far, LogInOrigin origin) {
    KEYLEDGER_CO_TRY(next, co_await ask_the_ladder(services, attempt, user, so_far, origin));
    KEYLEDGER_CO_TRY(let_in, granted(services, *next, so_far));
    auto started = co_await start(services, attempt, user, session, so_far, origin);
    co_return started;
}

Answer<BegunEnrolment> enrol_while_logging_in(Services& services, Secret token, std::string name, Caller caller) {
    const auto half = open(services, token);
    if (!half || half->purpose != Purpose::kEnrol) co_return Unexpected(refusals::kHalfLoginOver);
    KEYLEDGER_CO_TRY(named, factor_name(name));
    const UserId user_id = half->user_id;
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const auto factors = streams.read<Factors>(factors_of(user_id));
    NewEnrolment enrolled;
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(good, goes_on(attempt.state(user), *half));
        // Who has one since then shows it.
        if (attempt.state(user).second_factor == User::SecondFactor::kOn)
            co_return Unexpected(refusals::kHalfLoginOver);
        KEYLEDGER_CO_TRY(put, co_await put_enrolment(services, attempt, attempt.state(user), factors, user_id,
                                                     std::nullopt, *named, caller.deadline));
        enrolled = std::move(*put);
        co_return Result<void, CommandError>{};
    };
    Caller user_caller = caller.acting_as(user_id);
    user_caller.idempotency.reset();
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(user_caller, streams, step, kMaxFactorRuns));
    co_return shown(services, enrolled, executed->position);
}

Answer<FactorsAtLogIn> factors_at_log_in(Services& services, Secret token, Caller caller) {
    const auto half = open(services, token);
    if (!half || half->purpose != Purpose::kSecondFactor) co_return Unexpected(refusals::kHalfLoginOver);
    const UserId user_id = half->user_id;
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const auto factors = streams.read<Factors>(factors_of(user_id));
    FactorsAtLogIn held;
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(good, goes_on(attempt.state(user), *half));
        const auto has = [&](FactorKind kind) {
            const auto& enrolled = attempt.state(factors).enrolled;
            return std::ranges::find(enrolled, kind, &Factors::Enrolled::kind) != enrolled.end();
        };
        held = {};
        held.has_app = has(FactorKind::kTotp);
        if (!has(FactorKind::kPasskey) || !offers_passkeys(services)) co_return Result<void, CommandError>{};
        KEYLEDGER_CO_TRY(made, co_await ask_for_passkey_of(services, attempt, factors, user_id,
                                                           half->session_id.to_string(), caller.deadline));
        held.passkey = std::move(*made);
        co_return Result<void, CommandError>{};
    };
    Caller user_caller = caller.acting_as(user_id);
    user_caller.idempotency.reset();
    auto executed = co_await services.executor.run(user_caller, streams, step);
    if (!executed) {
        report_tampering(services, user_id, executed.error());
        co_return Unexpected(executed.error());
    }
    co_return std::move(held);
}

Answer<AskedPasskey> ask_for_passkey_while_logging_in(Services& services, Secret token, Caller caller) {
    if (!offers_passkeys(services)) co_return Unexpected(refusals::kPasskeysOff);
    KEYLEDGER_CO_TRY(held, co_await factors_at_log_in(services, std::move(token), std::move(caller)));
    if (!held->passkey) co_return Unexpected(refusals::kFactorUnknown);
    co_return std::move(*held->passkey);
}

Answer<CompletedLogIn> complete_log_in(Services& services, SecondStep second, Caller caller) {
    const auto half = open(services, second.token);
    if (!half) co_return Unexpected(refusals::kHalfLoginOver);
    // Of an app that is being enrolled there is nothing but its code.
    if (half->purpose == Purpose::kEnrol && second.present.method != ProofMethod::kTotp)
        co_return Unexpected(refusals::kWrongSecondFactor);
    const UserId user_id = half->user_id;
    Caller user_caller = caller.acting_as(user_id);
    user_caller.idempotency.reset();
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const Step allowed = while_it_goes_on(user, *half);
    KEYLEDGER_CO_TRY(
        taken, co_await take_factor_attempt(services, user_id, second.present.method, streams, allowed, user_caller));
    const LogInDevice device = device_of_log_in(services, user_id, half->session_id, caller);
    KEYLEDGER_CO_TRY(history, co_await login_history_at_head(services, user_id, caller.deadline));
    const auto factors = streams.read<Factors>(factors_of(user_id));
    const auto session = streams.begin<Session>(half->session_id);
    CompletedLogIn completed;
    HalfLogin whole;
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(good, goes_on(attempt.state(user), *half));
        if (attempt.state(session).status != Session::Status::kAbsent) co_return Unexpected(refusals::kHalfLoginOver);
        LogInOrigin origin{*history, device, risk_of_log_in(services, *history, device)};
        whole = *half;
        whole.proven.push_back({second.present.method, services.clock.now()});
        if (half->purpose == Purpose::kEnrol) {
            KEYLEDGER_CO_TRY(used, co_await use_code_of_pending(services, attempt, factors, user_id,
                                                                second.present.code, user_caller));
            KEYLEDGER_CO_TRY(on, put_confirmation(services, attempt, user, factors, completed.recovery_codes));
        } else {
            KEYLEDGER_CO_TRY(next, co_await ask_the_ladder(services, attempt, user, whole, origin));
            KEYLEDGER_CO_TRY(let_in, granted(services, *next, whole));
            KEYLEDGER_CO_TRY(used,
                             co_await use_factor(services, attempt, factors, user_id, second.present, user_caller));
            origin.risk = risk_of_log_in(services, *history, device, used->may_be_copied);
        }
        attempt.spend(use_of(*half), refusals::kHalfLoginOver);
        if (half->links) {
            KEYLEDGER_CO_TRY(linked, attempt.decide_and_append(user, link_of(services, *half->links)));
        }
        auto started = co_await start(services, attempt, user, session, whole, origin);
        co_return started;
    };
    user_caller.session_id = half->session_id;
    auto executed = co_await services.executor.run(user_caller, streams, step, kMaxFactorRuns);
    if (!executed) {
        report_tampering(services, user_id, executed.error());
        co_return Unexpected(executed.error());
    }
    co_await record_good_login(services, device, std::move(*history), user_caller);
    completed.grant = grant_of(whole, *executed);
    completed.grant.device = device_for_client(services, device);
    co_return std::move(completed);
}

}  // namespace keyledger::commands

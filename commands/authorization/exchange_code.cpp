#include "commands/authorization/exchange_code.hpp"

#include "commands/access/authority.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/authorization/device_code.hpp"
#include "commands/runtime/spending.hpp"
#include "commands/sessions/session_grounds.hpp"
#include "domain/applications/application_lifetimes.hpp"
#include "domain/ladder/assurance.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {
namespace {

constexpr Duration kLostAnswer = seconds(10);
// Of a repeated exchange whose first one showed no key: its answer may have been lost. Never told.
constexpr Refusal kBegunWithoutKey = told_as(refusals::kCodeNotGood);

// RFC 7636 section 4.6, S256. The challenge is known to whoever sees the browser's address; there is nothing to time.
// Without a challenge there is no verifier either: who brings one had it taken out on the way (RFC 9700 section 4.8.2).
bool fits(const Secret& verifier, const std::string& challenge) {
    if (challenge.empty()) return verifier.reveal().empty();
    constexpr std::size_t kMinVerifierBytes = 43;  // section 4.1
    if (verifier.reveal().size() < kMinVerifierBytes) return false;
    const auto digest = security::sha256(verifier.reveal());
    return security::base64url_encode(security::view_of(digest)) == challenge;
}

bool is_whole(const CodeExchange& exchange, Instant now) {
    const AuthorizationCode& code = exchange.code;
    return code.application_id == exchange.application_id && code.redirect_uri == exchange.redirect_uri &&
           fits(exchange.code_verifier, code.code_challenge) && now < code.expires_at + kCodeReuseNoticed &&
           (code.key_thumbprint.empty() || code.key_thumbprint == exchange.key_thumbprint);
}

struct ExchangeStreams {
    StreamOf<Session> session;
    StreamOf<User> user;
    StreamOf<Application> application;
    StreamOf<Consent> consent;
    StreamOf<Session> browser_session;
};

// Whether what the browser's user was asked still holds.
bool still_holds(const Attempt& attempt, const ExchangeStreams& streams, const AuthorizationCode& code, GrantType by,
                 const Services& services) {
    const SessionLifetimes& lifetimes = services.settings.lifetimes;
    const Application& application = attempt.state(streams.application);
    const User& user = attempt.state(streams.user);
    std::vector<std::string> resources = code.audiences;
    std::erase(resources, userinfo_audience(services.settings));
    if (user.security_stamp != code.security_stamp) return false;
    if (!may_have(application, code.scope, resources, by)) return false;
    if (by == GrantType::kAuthorizationCode && code.code_challenge.empty() && application.is_public()) return false;
    if (application.tokens_ended_before > code.given_at) return false;
    if (!application.is_first_party()) {
        const Consent& consent = attempt.state(streams.consent);
        if (!consent.covers(code.scope, resources) || consent.sessions_ended_before > code.given_at) return false;
    }
    const Session& browser_session = attempt.state(streams.browser_session);
    return check_session(browser_session, code.browser_session_id, user, lifetimes, services.clock.now()).has_value();
}

StartSession session_of(const Attempt& attempt, const ExchangeStreams& streams, const AuthorizationCode& code,
                        const SessionLifetimes& lifetimes, Instant now) {
    const Assurance assurance = assurance_of(attempt.state(streams.browser_session).proofs);
    StartSession command{code.user_id,
                         code.application_id.to_string(),
                         code.audiences,
                         {},
                         attempt.state(streams.user).sealed_sha256,
                         now,
                         lifetimes_of(attempt.state(streams.application).definition, lifetimes)};
    command.methods = assurance.methods;
    command.authenticated_at = assurance.authenticated_at;
    command.scope = code.scope;
    const bool offline = std::ranges::find(code.scope, kScopeOfflineAccess) != code.scope.end();
    if (!offline) command.browser_session_id = code.browser_session_id;
    return command;
}

// The first exchange may not have been answered: its very tokens are made again. An age below zero is of two clocks
// that differ.
bool is_lost_answer(const Session& session, const Application& application, Instant now) {
    const Duration age = now - session.started_at;
    return session.status == Session::Status::kLive && application.is_public() && session.generation == 1 &&
           age >= Duration() && age <= kLostAnswer;
}

// That a session was begun without a key, which nothing else remembers. Where it was begun with one, whoever has code
// and verifier, and not that key, gets no tokens that are bound to none.
eventstore::SpentValue beginning_without_key(const AuthorizationCode& code, GrantType by) {
    const Duration lasts = by == GrantType::kDeviceCode ? kDeviceCodeLasts : kCodeLasts;
    const ValueLife life{code.expires_at - lasts, code.expires_at + kCodeReuseNoticed};
    return spent_value("session of a code begun without a key", {security::view_of(code.session_id)}, life);
}

Grant grant_of(const Session& session, const AuthorizationCode& code) {
    Grant grant{code.user_id,      code.session_id,     session.client_id, session.audiences,
                session.audiences, code.security_stamp, session.generation};
    grant.generated_at = session.refreshed_at;
    grant.proofs = session.proofs;
    grant.scope = session.scope;
    return grant;
}

}  // namespace

Answer<CodeGrant> exchange_code(Services& services, CodeExchange exchange, Caller caller) {
    if (!is_whole(exchange, services.clock.now())) co_return Unexpected(refusals::kCodeNotGood);
    auto granted = co_await exchange_checked(services, std::move(exchange.code), GrantType::kAuthorizationCode,
                                             std::move(exchange.key_thumbprint), std::move(caller));
    co_return granted;
}

Answer<CodeGrant> exchange_checked(Services& services, AuthorizationCode code, GrantType by, std::string key_thumbprint,
                                   Caller caller) {
    Streams all;
    // The code's session is most likely not begun yet: where it is, its append conflicts, and it is read then.
    const ExchangeStreams streams{
        all.begin<Session>(code.session_id), all.read<User>(code.user_id), all.read<Application>(code.application_id),
        StreamOf<Consent>{consent_of(code.user_id, code.application_id)}, all.read<Session>(code.browser_session_id)};
    bool reused = false;
    bool is_first = false;
    Session session;
    Application application;
    const std::string device = services.pseudonyms.device(caller.user_agent);
    const Step step = [&](Attempt& attempt) -> StepResult {
        const Instant now = services.clock.now();
        reused = false;
        is_first = false;
        session = attempt.state(streams.session);
        application = attempt.state(streams.application);
        const bool wants_key = application.definition.token_binding == TokenBinding::kDpop;
        if (wants_key && key_thumbprint.empty()) co_return Unexpected(refusals::kPossessionWanted);
        // A code of the operator's own application begins its session without one, and mostly there is none to read.
        if (!application.is_first_party() || session.status != Session::Status::kAbsent) {
            Streams asked;
            asked.read<Consent>(streams.consent.id);
            KEYLEDGER_CO_TRY(read, co_await attempt.also_read(asked));
        }
        if (session.status == Session::Status::kAbsent) {
            if (now >= code.expires_at || !still_holds(attempt, streams, code, by, services))
                co_return Unexpected(refusals::kCodeNotGood);
            StartSession command = session_of(attempt, streams, code, services.settings.lifetimes, now);
            command.device = device;
            KEYLEDGER_CO_TRY(events, decide(session, code.session_id, attempt.state(streams.user), command));
            session = evolve(std::move(session), events->front(), {0, now});
            attempt.append(streams.session, *events);
            if (application.is_public() && key_thumbprint.empty())
                attempt.spend(beginning_without_key(code, by), refusals::kCodeNotGood);
            is_first = true;
            co_return Result<void, CommandError>{};
        }
        // The store alone knows which it is, and says it of this very append: either the session ends, or it was begun
        // without a key, and nothing is written.
        if (key_thumbprint.empty() && is_lost_answer(session, application, now) &&
            still_holds(attempt, streams, code, by, services) &&
            holds(session, {application, attempt.state(streams.consent), attempt.state(streams.browser_session)}))
            attempt.spend(beginning_without_key(code, by), kBegunWithoutKey);
        reused = true;
        const EndSession command{code.user_id, SessionEndReason::kCodeReused};
        co_return attempt.decide_and_append(streams.session, code.session_id, attempt.state(streams.user), command);
    };
    Caller user_caller = caller.acting_as(code.user_id);
    user_caller.session_id = code.session_id;
    user_caller.idempotency.reset();
    const auto executed = co_await services.executor.run(std::move(user_caller), all, step);
    const bool again = !executed && executed.error().refusal == kBegunWithoutKey;
    if (!executed && !again) co_return Unexpected(executed.error());
    if (reused && !again) co_return Unexpected(refusals::kCodeNotGood);
    CodeGrant granted;
    granted.grant = grant_of(session, code);
    if (is_first) {
        granted.grant.position = executed->position;
        granted.grant.generated_at = executed->occurred_at;
    }
    granted.nonce = code.nonce;
    granted.grant.id_token_algorithm = application.definition.id_token_algorithm;
    granted.is_public = application.is_public();
    granted.refreshes = application.definition.has(GrantType::kRefreshToken);
    co_return granted;
}

}  // namespace keyledger::commands

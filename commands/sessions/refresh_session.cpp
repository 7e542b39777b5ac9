#include "commands/sessions/refresh_session.hpp"

#include <algorithm>

#include "commands/clients/service_tokens.hpp"
#include "commands/limits/rates.hpp"
#include "commands/sessions/session_grounds.hpp"
#include "domain/applications/application_lifetimes.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {
namespace {

// The session names its user for ever, so that a cached fold of any age will do.
Answer<UserId> user_of_session(Services& services, SessionId session_id, Deadline deadline) {
    Streams streams;
    streams.read<Session>(session_id);
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kCached, deadline));
    const auto& state = state_of<Session>(folds->front());
    if (state.status == Session::Status::kAbsent) co_return Unexpected(refusals::kInvalidGrant);
    co_return state.user_id;
}

struct RefreshVerdict {
    std::int64_t generation = 0;
    Instant generated_at;
    std::int64_t security_stamp = 0;
    std::vector<std::string> session_audiences;
    std::vector<Proof> proofs;  // as they were: a refresh proves nothing
    std::vector<std::string> scope;
    bool refused = false;
};

struct ApplicationTerms {
    SessionLifetimes lifetimes;
    TokenBinding token_binding = TokenBinding::kOptional;
    RefreshTokens refresh_tokens = RefreshTokens::kRotate;
    KeyAlgorithm id_token_algorithm = KeyAlgorithm::kRs256;
};

RefreshVerdict judge(const Session& session, const User& user, const std::vector<SessionEvent>& events) {
    RefreshVerdict verdict{session.generation,
                           session.refreshed_at,
                           user.security_stamp,
                           session.audiences,
                           session.proofs,
                           session.scope,
                           false};
    if (events.empty()) return verdict;
    if (const auto* refreshed = std::get_if<SessionRefreshed>(&events.front()))
        verdict.generation = refreshed->generation;
    else verdict.refused = true;
    return verdict;
}

// Whether what the session of an application rests on still holds, and how its refresh tokens are.
Answer<ApplicationTerms> check_grounds(Attempt& attempt, const Session& session, const SessionLifetimes& lifetimes) {
    Streams more;
    const auto grounds = read_grounds(more, session);
    ApplicationTerms terms{lifetimes};
    if (!grounds) co_return terms;
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
    const auto state = [&](const auto& stream) -> const auto& { return attempt.state(stream); };
    if (!grounds_hold(session, grounds, state)) co_return Unexpected(refusals::kInvalidGrant);
    const Application& application = attempt.state(grounds->application);
    if (!application.definition.has(GrantType::kRefreshToken)) co_return Unexpected(refusals::kInvalidGrant);
    terms.lifetimes = lifetimes_of(application.definition, lifetimes);
    if (!application.is_public()) terms.refresh_tokens = RefreshTokens::kStay;
    terms.id_token_algorithm = application.definition.id_token_algorithm;
    terms.token_binding = application.definition.token_binding;
    co_return terms;
}

bool is_within(const std::optional<std::vector<std::string>>& asked, const std::vector<std::string>& held) {
    return !asked || std::ranges::all_of(
                         *asked, [&](const std::string& word) { return std::ranges::find(held, word) != held.end(); });
}

// The clocks of two nodes always differ a little. Without this an application that asks both at once would be taken
// for a thief; with it the grace is longer by no more than this.
constexpr Duration kClockDifference = seconds(1);

Instant moment_of(const Session& session, Instant now) {
    const Duration behind = session.refreshed_at - now;
    return behind > Duration() && behind <= kClockDifference ? session.refreshed_at : now;
}

}  // namespace

Answer<Grant> refresh_session(Services& services, Refresh request, Caller caller) {
    caller.idempotency.reset();
    if (request.token.client_id != request.client.client_id) co_return Unexpected(refusals::kInvalidGrant);
    const bool is_bound = !request.token.key_thumbprint.empty();
    if (is_bound && request.key_thumbprint != request.token.key_thumbprint)
        co_return Unexpected(refusals::kInvalidGrant);
    KEYLEDGER_CO_TRY(taken, admit_refresh(services, request.token.session_id));
    KEYLEDGER_CO_TRY(audiences, audiences_for(request.client, services.settings.issuer, request.resource));
    const SessionId session_id = request.token.session_id;
    KEYLEDGER_CO_TRY(user_id, co_await user_of_session(services, session_id, caller.deadline));

    Streams streams;
    const auto session = streams.read<Session>(session_id);
    const auto user = streams.read<User>(*user_id);
    const std::string device = services.pseudonyms.device(caller.user_agent);
    RefreshVerdict verdict;
    KeyAlgorithm id_token_algorithm = KeyAlgorithm::kRs256;
    Step step = [&](Attempt& attempt) -> StepResult {
        const Instant now = moment_of(attempt.state(session), services.clock.now());
        const Session& before = attempt.state(session);
        KEYLEDGER_CO_TRY(terms, co_await check_grounds(attempt, before, services.settings.lifetimes));
        id_token_algorithm = terms->id_token_algorithm;
        if (terms->token_binding == TokenBinding::kDpop && request.key_thumbprint.empty())
            co_return Unexpected(refusals::kPossessionWanted);
        if (is_bound) terms->refresh_tokens = RefreshTokens::kStay;
        if (!is_within(request.scope, before.scope)) co_return Unexpected(refusals::kInvalidScope);
        // RFC 8707 section 2.2: what was granted, and not all that the application could have asked for.
        const auto& granted = before.audiences;
        if (request.client.application && request.resource &&
            std::ranges::find(granted, *request.resource) == granted.end())
            co_return Unexpected(refusals::kInvalidTarget);
        const RefreshSession command{request.token.generation, request.client.client_id, device, now,
                                     terms->lifetimes,         terms->refresh_tokens};
        auto events = decide(attempt.state(session), session_id, attempt.state(user), command);
        if (!events) co_return Unexpected(refusals::kInvalidGrant);
        verdict = judge(attempt.state(session), attempt.state(user), *events);
        attempt.append(session, *events);
        co_return Result<void, CommandError>{};
    };
    Caller user_caller = std::move(caller).acting_as(*user_id);
    user_caller.session_id = session_id;
    KEYLEDGER_CO_TRY(executed,
                     co_await services.executor.run(std::move(user_caller), std::move(streams), std::move(step)));
    if (verdict.refused) co_return Unexpected(refusals::kInvalidGrant);
    if (!request.resource) *audiences = verdict.session_audiences;
    if (executed->position > 0) verdict.generated_at = executed->occurred_at;
    Grant grant{*user_id,
                session_id,
                std::move(request.client.client_id),
                std::move(*audiences),
                std::move(verdict.session_audiences),
                verdict.security_stamp,
                verdict.generation,
                verdict.generated_at,
                executed->position};
    grant.proofs = std::move(verdict.proofs);
    grant.id_token_algorithm = id_token_algorithm;
    grant.scope = std::move(request.scope ? *request.scope : verdict.scope);
    co_return grant;
}

}  // namespace keyledger::commands

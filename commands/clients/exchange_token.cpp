#include "commands/clients/exchange_token.hpp"

#include <algorithm>
#include <array>

#include "commands/access/access_reader.hpp"
#include "commands/access/authority.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/sessions/session_grounds.hpp"
#include "domain/access/exchanged_access.hpp"
#include "domain/applications/application_lifetimes.hpp"

namespace keyledger::commands {
namespace {

bool has(const std::vector<std::string>& texts, std::string_view text) {
    return std::ranges::find(texts, text) != texts.end();
}

// Resource servers that the account is, or calls. This service is none of them, whatever it was registered with: what
// opens the own account or userinfo is for the client that its user logged in with.
bool is_of_account(const std::string& audience, const ServiceAccount& account, const Settings& settings) {
    return audience != settings.issuer && audience != userinfo_audience(settings) && has(account.audiences, audience);
}

// ---- may it be exchanged? --------------------------------------------------------------------------------------
// Somebody else's token is not for the account to use, however it came by it: it must have been issued to the account,
// or be meant for a resource server that the account is.
Result<void, CommandError> check_subject(const AccessClaims& subject, const ServiceAccountId& account_id,
                                         const ServiceAccount& account, const Settings& settings) {
    const bool is_meant = subject.client_id == account_id.to_string() ||
                          std::ranges::any_of(subject.audiences, [&](const std::string& audience) {
                              return is_of_account(audience, account, settings);
                          });
    if (subject.service || !is_meant) return Unexpected(refusals::kSubjectTokenNotGood);
    if (subject.exchanges.size() >= kMaxTokenExchanges) return Unexpected(refusals::kExchangedTooOften);
    return {};
}

Result<void, CommandError> check_keys(const TokenExchange& request) {
    const auto is_shown = [&](const AccessClaims& claims) {
        return claims.key_thumbprint.empty() || claims.key_thumbprint == request.key_thumbprint;
    };
    if (!is_shown(*request.subject) || (request.actor && !is_shown(*request.actor)))
        return Unexpected(refusals::kExchangeWantsKey);
    return {};
}

Result<TokenExchangeKind, CommandError> kind_of(const AccessRules& held, bool has_actor) {
    if (!has_actor && held.covers(kImpersonateUsers)) return TokenExchangeKind::kImpersonation;
    if (held.covers(kDelegateTokens)) return TokenExchangeKind::kDelegation;
    return Unexpected(refusals::kMayNotExchange);
}

// Nobody acts but who authenticated: another's token would lend the account a name that is not its own.
Answer<void> check_actor(Services& services, const TokenExchange& request, const ServiceAccountId& account_id,
                         Deadline deadline) {
    if (!request.has_actor) co_return Result<void, CommandError>{};
    const AccessClaims* actor = request.actor ? &*request.actor : nullptr;
    const bool is_its_own = actor != nullptr && actor->service && actor->service->account_id == account_id &&
                            actor->audiences == std::vector<std::string>{services.settings.issuer};
    if (!is_its_own) co_return Unexpected(refusals::kActorTokenNotGood);
    auto access = co_await access_of_service_token(services, *actor->service, deadline);
    if (access) co_return Result<void, CommandError>{};
    if (access.error().refusal == refusals::kInvalidToken) co_return Unexpected(refusals::kActorTokenNotGood);
    co_return Unexpected(access.error());
}

// ---- what does it get? -----------------------------------------------------------------------------------------
Result<std::string, CommandError> target_of(const std::vector<std::string>& targets, const ServiceAccount& account,
                                            const Settings& settings) {
    // With two, one of the resource servers could use it at the other.
    const bool is_one =
        !targets.empty() && std::ranges::all_of(targets, [&](const auto& one) { return one == targets.front(); });
    if (!is_one || !is_of_account(targets.front(), account, settings)) return Unexpected(refusals::kTargetNotOfAccount);
    return targets.front();
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        std::string word(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!word.empty() && !has(words, word)) words.push_back(std::move(word));
    }
    return words;
}

// What no exchange gives: a refresh token there is none, and the service's own API is not for others' tokens.
bool is_kept_back(std::string_view word) {
    constexpr std::array kKeptBack{kScopeOfflineAccess, kScopeAccount, kScopeAdmin};
    return std::ranges::find(kKeptBack, word) != kKeptBack.end();
}

// Of a token that has a scope: of an application, or one that was narrowed before.
Result<std::vector<std::string>, CommandError> narrowed(std::vector<std::string> scope,
                                                        const std::optional<std::string>& asked) {
    std::erase_if(scope, is_kept_back);
    if (!asked) return scope;
    std::vector<std::string> words = words_of(*asked);
    const bool fits = !words.empty() && std::ranges::all_of(words, [&](const auto& word) { return has(scope, word); });
    if (!fits) return Unexpected(refusals::kScopeNotOfSubject);
    return words;
}

// Of one without, which is for all that its user may do: permissions that they hold.
Result<std::vector<std::string>, CommandError> narrowed(const AccessRules& held, std::string_view asked) {
    const std::vector<std::string> words = words_of(asked);
    for (const std::string& word : words) {
        const auto permission = parse_permission(word);
        const bool fits = permission && !is_reserved(permission->resource) && held.covers(*permission);
        if (!fits) return Unexpected(refusals::kScopeNotOfSubject);
    }
    if (words.empty()) return Unexpected(refusals::kScopeNotOfSubject);
    return PermissionSet::of_texts(words).texts();
}

std::size_t bytes_of(const std::vector<std::string>& scope) {
    std::size_t bytes = 0;
    for (const std::string& word : scope) bytes += word.size() + 1;
    return bytes;
}

// ---- the user's side -------------------------------------------------------------------------------------------
struct SubjectState {
    bool is_application = false;  // that holds the session
    Instant ends_at;              // of the session, if nobody refreshes it
};

// Whether the shown token holds, by streams that are guarded from then on; those of earlier exchanges are asked at the
// head, for the new token ends with each of them anyway.
Answer<SubjectState> state_of_subject(Services& services, Attempt& attempt, const AccessClaims& subject,
                                      Deadline deadline) {
    Streams own;
    const ActorStreams holder = read_actor(own, subject.bearer);
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(own));
    const Session session = attempt.state(holder.session);
    Streams theirs;
    const auto grounds = read_grounds(theirs, session);
    read = co_await attempt.also_read(theirs);
    if (!read) co_return Unexpected(read.error());
    SessionLifetimes lifetimes = services.settings.lifetimes;
    const bool holds =
        token_holds(session, attempt.state(holder.user), subject.bearer, lifetimes, services.clock.now()) &&
        grounds_hold(session, grounds, [&]<class Aggregate>(const StreamOf<Aggregate>& stream) -> const Aggregate& {
            return attempt.state(stream);
        });
    if (!holds) co_return Unexpected(refusals::kSubjectTokenNotGood);
    if (!subject.exchanges.empty()) {
        auto access = co_await access_of_exchanged(services, subject, deadline);
        if (!access && access.error().refusal == refusals::kInvalidToken)
            co_return Unexpected(refusals::kSubjectTokenNotGood);
        if (!access) co_return Unexpected(access.error());
    }
    if (grounds) lifetimes = lifetimes_of(attempt.state(grounds->application).definition, lifetimes);
    co_return SubjectState{grounds.has_value(),
                           session_ends_at(session.refreshed_at, session.expires_at, lifetimes.idle)};
}

Answer<std::vector<std::string>> scope_of(Attempt& attempt, const AccessClaims& subject, bool is_application,
                                          const std::optional<std::string>& asked) {
    auto scope = narrowed(subject.scope, asked);
    // A session that no application holds has no scope, and is for all that its user may do.
    if (!is_application && subject.scope.empty()) {
        scope = std::vector<std::string>();
        if (asked) {
            const Subject user = Subject::user(subject.bearer.user_id);
            KEYLEDGER_CO_TRY(holdings, co_await holdings_of(attempt, user, HoldingsScope::kGroups));
            scope = narrowed(holdings->rules, *asked);
        }
    }
    // Nothing is left, and a token without a scope is for everything.
    const bool is_bounded = is_application || !subject.scope.empty();
    if (scope && scope->empty() && is_bounded) co_return Unexpected(refusals::kScopeNotOfSubject);
    if (scope && bytes_of(*scope) > kMaxScopeBytes) co_return Unexpected(refusals::kScopeNotOfSubject);
    co_return scope;
}

// ---- the new token ---------------------------------------------------------------------------------------------
AccessClaims claims_of(const TokenExchange& request, const ServiceBearer& own, TokenExchangeKind kind) {
    const AccessClaims& subject = *request.subject;
    AccessClaims claims;
    claims.bearer = subject.bearer;
    claims.client_id = own.account_id.to_string();
    claims.token_id = own.token_id.to_string();
    claims.authenticated_at = subject.authenticated_at;
    claims.methods = subject.methods;
    claims.strength = subject.strength;
    claims.key_thumbprint = request.key_thumbprint;
    claims.exchanges = subject.exchanges;
    claims.exchanges.insert(claims.exchanges.begin(), own);
    claims.actors = subject.actors;
    if (kind == TokenExchangeKind::kDelegation) claims.actors.insert(claims.actors.begin(), own.account_id);
    return claims;
}

ExchangeToken command_of(const AccessClaims& claims, const AccessClaims& subject, TokenExchangeKind kind,
                         std::string credential) {
    ExchangeToken command;
    command.service_account_id = claims.exchanges.front().account_id;
    command.kind = kind;
    command.user_id = claims.bearer.user_id;
    command.session_id = claims.bearer.session_id;
    command.subject_token_id = subject.token_id;
    for (const ServiceBearer& exchange : subject.exchanges) command.earlier_exchanges.push_back(exchange.token_id);
    command.actors = claims.actors;
    command.audiences = claims.audiences;
    command.scope = claims.scope;
    command.credential = std::move(credential);
    command.expires_at = claims.expires_at;
    return command;
}

// Not set: nothing is left of what was shown.
Instant end_of(const TokenExchange& request, Instant session_ends_at, Instant now, Duration lifetime) {
    Instant ends_at = std::min({now + lifetime, request.subject->expires_at, session_ends_at});
    if (request.actor) ends_at = std::min(ends_at, request.actor->expires_at);
    ends_at = Instant::at_second(ends_at.whole_seconds());
    return ends_at.whole_seconds() > now.whole_seconds() ? ends_at : Instant();
}

StepResult decide_exchange(Services& services, Attempt& attempt, const TokenExchange& request,
                           const StreamOf<ServiceAccount>& account, const StreamOf<ServiceToken>& token,
                           std::string credential, AccessClaims& claims, Deadline deadline) {
    const AccessClaims& subject = *request.subject;
    const Settings& settings = services.settings;
    KEYLEDGER_CO_TRY(meant, check_subject(subject, account.id, attempt.state(account), settings));
    KEYLEDGER_CO_TRY(keys, check_keys(request));
    const Subject itself = Subject::service_account(account.id);
    KEYLEDGER_CO_TRY(holdings, co_await holdings_of(attempt, itself, HoldingsScope::kGroups));
    KEYLEDGER_CO_TRY(kind, kind_of(holdings->rules, request.has_actor));
    KEYLEDGER_CO_TRY(actor, co_await check_actor(services, request, account.id, deadline));
    KEYLEDGER_CO_TRY(of_subject, co_await state_of_subject(services, attempt, subject, deadline));
    KEYLEDGER_CO_TRY(target, target_of(request.targets, attempt.state(account), settings));
    KEYLEDGER_CO_TRY(scope, co_await scope_of(attempt, subject, of_subject->is_application, request.scope));
    claims = claims_of(request, {account.id, token.id}, *kind);
    claims.audiences.assign(1, *target);
    claims.scope = std::move(*scope);
    claims.issued_at = services.clock.now();
    claims.expires_at = end_of(request, of_subject->ends_at, claims.issued_at, settings.access_token_lifetime);
    if (!claims.expires_at.is_set()) co_return Unexpected(refusals::kSubjectTokenNotGood);
    if (request.proof.assertion) attempt.spend(use_of(request.proof), refusals::kAssertionUsed);
    const ExchangeToken command = command_of(claims, subject, *kind, std::move(credential));
    co_return attempt.decide_and_append(token, attempt.state(account), command);
}

}  // namespace

Answer<ExchangedToken> exchange_token(Services& services, TokenExchange request, Caller caller) {
    const ServiceAccountId account_id{request.proof.client_id};
    KEYLEDGER_CO_TRY(admitted, co_await admit_client(services, request.proof, caller));
    ExchangedToken made;
    Streams streams;
    const auto account = streams.read<ServiceAccount>(account_id);
    const auto token = streams.begin<ServiceToken>(ServiceTokenId{services.identifiers.next()});
    // Who has not proven who they are is told nothing of the tokens, and nothing is read for them.
    const Step step = [&](Attempt& attempt) -> StepResult {
        const KnownClient client = known_client(attempt.state(account));
        KEYLEDGER_CO_TRY(credential, co_await prove_client(services, client, request.proof, caller.deadline));
        if (!request.subject) co_return Unexpected(refusals::kSubjectTokenNotGood);
        auto deciding = decide_exchange(services, attempt, request, account, token, std::move(*credential), made.claims,
                                        caller.deadline);
        auto decided = co_await std::move(deciding);
        co_return decided;
    };
    Caller client = acting_as_client(caller, account_id.to_string());
    auto executed = co_await services.executor.run(std::move(client), streams, step);
    if (!executed) {
        CommandError counted = co_await judge_client(services, request.proof, caller, executed.error());
        co_return Unexpected(std::move(counted));
    }
    made.position = executed->position;
    co_return made;
}

// ---- at the head -----------------------------------------------------------------------------------------------
namespace {

// The permission that the newest exchange took follows from what the token says; those before it took one of the two.
bool may_still(const AccessClaims& claims, std::size_t place, const AccessRules& held) {
    const bool is_named = !claims.actors.empty() && claims.actors.front() == claims.exchanges[place].account_id;
    if (place == 0) return held.covers(is_named ? kDelegateTokens : kImpersonateUsers);
    return held.covers(kDelegateTokens) || held.covers(kImpersonateUsers);
}

}  // namespace

Answer<ExchangedUse> access_of_exchanged(Services& services, const AccessClaims& claims, Deadline deadline) {
    const Bearer& bearer = claims.bearer;
    ExchangedSubject subject{bearer.user_id, bearer.session_id, {}};
    for (const ServiceBearer& exchange : claims.exchanges)
        subject.exchanges.push_back({exchange.account_id, exchange.token_id});
    KEYLEDGER_CO_TRY(access, co_await services.access.read_exchanged(std::move(subject), deadline));
    const Instant now = services.clock.now();
    SubjectAccess& user = access->user;
    user.active =
        user.grounds_hold && token_holds(user.session(), user.user(), bearer, services.settings.lifetimes, now);
    for (std::size_t place = 0; place < access->exchanges.size(); ++place) {
        const ServiceAccess& account = access->exchanges[place];
        const bool is_good = holds(account.token, claims.exchanges[place].account_id, account.account(), now) &&
                             may_still(claims, place, account.held.rules());
        user.active = user.active && is_good;
    }
    if (!user.active) co_return Unexpected(refusals::kInvalidToken);
    ExchangedUse use{std::move(user), claims.scope};
    if (application_of(use.user.session())) co_return use;
    if (use.scope.empty()) use.scope = use.user.scope().texts();
    std::erase_if(use.scope, [held = use.user.rules()](const std::string& text) {
        const auto permission = parse_permission(text);
        return !permission || !held.covers(*permission);
    });
    co_return use;
}

}  // namespace keyledger::commands

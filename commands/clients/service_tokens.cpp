#include "commands/clients/service_tokens.hpp"

#include <algorithm>

#include "commands/access/access_reader.hpp"
#include "commands/access/authority.hpp"
#include "commands/limits/rates.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/subject_access.hpp"

namespace keyledger::commands {
namespace {

// ---- what does it get? -----------------------------------------------------------------------------------------
Result<std::vector<std::string>, CommandError> audiences_of(const Services& services, const ServiceAccount& account,
                                                            std::vector<std::string> resources) {
    std::sort(resources.begin(), resources.end());
    resources.erase(std::unique(resources.begin(), resources.end()), resources.end());
    if (resources.empty()) resources.push_back(services.settings.issuer);
    // No token is for the issuer and for another: who is handed it there could replay it here.
    if (resources.size() == 1 && resources.front() == services.settings.issuer) return resources;
    const auto allowed = [&](const std::string& resource) {
        return std::find(account.audiences.begin(), account.audiences.end(), resource) != account.audiences.end();
    };
    if (resources.size() > kMaxTokenAudiences || !std::all_of(resources.begin(), resources.end(), allowed))
        return Unexpected(refusals::kInvalidTarget);
    return resources;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

std::size_t bytes_of(const std::vector<std::string>& scope) {
    std::size_t bytes = 0;
    for (const std::string& permission : scope) bytes += permission.size() + 1;
    return bytes;
}

Result<std::vector<std::string>, CommandError> scope_of(const AccessRules& held,
                                                        const std::optional<std::string>& asked) {
    std::vector<std::string> scope;
    if (!asked) {
        scope = held.without_exceptions().texts();
    } else {
        for (const std::string& word : words_of(*asked)) {
            const auto permission = parse_permission(word);
            if (!permission || !held.covers(*permission)) return Unexpected(refusals::kInvalidScope);
        }
        const auto words = words_of(*asked);
        scope = PermissionSet::of_texts(words).texts();
    }
    if (bytes_of(scope) > kMaxScopeBytes) return Unexpected(refusals::kInvalidScope);
    return scope;
}

void make_good(ServiceGrant& grant, const Services& services) {
    grant.issued_at = services.clock.now();
    grant.expires_at = Instant::at_second(grant.issued_at.whole_seconds()) + services.settings.access_token_lifetime;
}

ServiceGrant grant_for(Services& services, const ServiceLogIn& request) {
    ServiceGrant grant;
    grant.account_id = ServiceAccountId{request.proof.client_id};
    grant.token_id = ServiceTokenId{services.identifiers.next()};
    return grant;
}

// ---- with a record ---------------------------------------------------------------------------------------------
// Account, roles and groups are guarded by the append.
Answer<ServiceGrant> log_in_with_record(Services& services, ServiceLogIn request, Caller caller) {
    KEYLEDGER_CO_TRY(admitted, co_await admit_client(services, request.proof, caller));
    ServiceGrant grant = grant_for(services, request);
    const ServiceAccountId account_id = grant.account_id;
    Streams streams;
    const auto account = streams.read<ServiceAccount>(account_id);
    const auto token = streams.begin<ServiceToken>(grant.token_id);
    bool has_roles = false;
    const Step step = [&](Attempt& attempt) -> StepResult {
        const KnownClient client = known_client(attempt.state(account));
        KEYLEDGER_CO_TRY(credential, co_await prove_client(services, client, request.proof, caller.deadline));
        KEYLEDGER_CO_TRY(audiences, audiences_of(services, attempt.state(account), request.resources));
        const Subject subject = Subject::service_account(account_id);
        KEYLEDGER_CO_TRY(holdings, co_await holdings_of(attempt, subject, HoldingsScope::kGroups));
        const Assignments& assignments = attempt.state(StreamOf<Assignments>{assignments_of(account_id)});
        has_roles = !assignments.roles.empty() || !assignments.groups.empty();
        KEYLEDGER_CO_TRY(scope, scope_of(holdings->rules, request.scope));
        make_good(grant, services);
        grant.audiences = std::move(*audiences);
        grant.scope = std::move(*scope);
        if (request.proof.assertion) attempt.spend(use_of(request.proof), refusals::kAssertionUsed);
        const IssueServiceToken command{account_id, grant.audiences, grant.scope, *credential, grant.expires_at};
        co_return attempt.decide_and_append(token, attempt.state(account), command);
    };
    Caller client = acting_as_client(caller, account_id.to_string());
    auto executed = co_await services.executor.run(std::move(client), streams, step);
    if (!executed) {
        CommandError counted = co_await judge_client(services, request.proof, caller, executed.error());
        co_return Unexpected(std::move(counted));
    }
    // An account without roles has no such stream. That is remembered too, or each of its log-ins would read it.
    if (!has_roles) services.executor.ports().cache.put(assignments_of(account_id), empty_fold<Assignments>());
    grant.position = executed->position;
    co_return grant;
}

// ---- without ---------------------------------------------------------------------------------------------------
// What is judged is the account as of one position at the head. What comes behind it ends the token when it is asked
// about, so nothing is guarded.
Answer<ServiceGrant> grant_at_head(Services& services, const ServiceLogIn& request, const ServiceAccess& access,
                                   const Caller& caller) {
    const KnownClient client = known_client(access.account());
    KEYLEDGER_CO_TRY(credential, co_await prove_client(services, client, request.proof, caller.deadline));
    KEYLEDGER_CO_TRY(audiences, audiences_of(services, access.account(), request.resources));
    KEYLEDGER_CO_TRY(scope, scope_of(access.held.rules(), request.scope));
    if (request.proof.assertion) {
        KEYLEDGER_CO_TRY(spent, co_await spend_assertion<ServiceAccount>(services, request.proof, *credential, caller));
    }
    ServiceGrant grant = grant_for(services, request);
    make_good(grant, services);
    grant.audiences = std::move(*audiences);
    grant.scope = std::move(*scope);
    grant.record = CarriedRecord{std::move(*credential), access.held.position, grant.expires_at};
    co_return grant;
}

// A secret that can't be read may have been removed since the account was looked at: then that is looked at once more.
constexpr int kLooksAtAccount = 2;

Answer<ServiceGrant> log_in_without_record(Services& services, ServiceLogIn request, Caller caller) {
    KEYLEDGER_CO_TRY(admitted, co_await admit_failing_client(services, request.proof, caller));
    const ServiceAccountId account_id{request.proof.client_id};
    CommandError refused(refusals::kInvalidClient);
    for (int look = 0; look < kLooksAtAccount; ++look) {
        KEYLEDGER_CO_TRY(access, co_await access_of_service(services, account_id, caller.deadline));
        auto grant = co_await grant_at_head(services, request, *access, caller);
        if (grant) co_return grant;
        refused = grant.error();
        if (refused.refusal != refusals::kCredentialTampered) break;
    }
    CommandError counted = co_await judge_client(services, request.proof, caller, refused);
    co_return Unexpected(std::move(counted));
}

}  // namespace

Answer<ServiceGrant> log_in_service(Services& services, ServiceLogIn request, Caller caller) {
    auto logging_in = request.records == ServiceTokenRecords::kEach
                          ? log_in_with_record(services, std::move(request), std::move(caller))
                          : log_in_without_record(services, std::move(request), std::move(caller));
    auto grant = co_await std::move(logging_in);
    co_return grant;
}

// ---- at the head -----------------------------------------------------------------------------------------------
Answer<ServiceAccess> access_of_service(Services& services, ServiceAccountId account_id, Deadline deadline) {
    const ServiceSubject subject{account_id, std::nullopt};
    KEYLEDGER_CO_TRY(access, co_await services.access.read_service(subject, deadline));
    access->held.active = access->account().status == ServiceAccount::Status::kEnabled;
    co_return std::move(*access);
}

Answer<ServiceAccess> access_of_service_token(Services& services, ServiceBearer bearer, Deadline deadline) {
    const ServiceSubject subject{bearer.account_id, bearer.token_id};
    KEYLEDGER_CO_TRY(access, co_await services.access.read_service(subject, deadline));
    access->token = with_carried(std::move(access->token), bearer.account_id, bearer.record);
    // In one history no answer is of before the position of an earlier one. Where the log is shorter than that, it has
    // lost events (a failover, a restore), among them perhaps what ended the token.
    const bool is_reached = !bearer.record || bearer.record->position <= access->held.position;
    access->held.active =
        is_reached && holds(access->token, bearer.account_id, access->account(), services.clock.now());
    if (!access->held.active) co_return Unexpected(refusals::kInvalidToken);
    co_return std::move(*access);
}

Client client_of(const ServiceAccountId& account_id, const ServiceAccess& access, const AccessRules& rules) {
    Client client;
    client.client_id = account_id.to_string();
    client.audiences = access.account().audiences;
    if (rules.covers(kIntrospectTokens)) {
        client.introspection_right = IntrospectionRight::kAllTokens;
        client.role_disclosure = RoleDisclosure::kAll;
    }
    if (rules.covers(kRevokeTokens)) client.revocation_right = RevocationRight::kAllTokens;
    if (auto name = parse_role_name(access.account().name)) client.namespaces.push_back(std::move(name->key));
    if (rules.covers(kEvaluateAccess)) client.evaluation_right = EvaluationRight::kAnybody;
    client.service_account = account_id;
    return client;
}

Answer<Receipt> revoke_service_token(Services& services, ServiceBearer bearer, Client client, Caller caller) {
    const bool may =
        client.client_id == bearer.account_id.to_string() || client.revocation_right == RevocationRight::kAllTokens;
    if (!may) co_return Receipt{};
    // These could be made in any number without an append, and their revocations are remembered.
    if (bearer.record) {
        KEYLEDGER_CO_TRY(admitted, admit_revocation(services, client.client_id));
    }
    Streams streams;
    const auto token = streams.read<ServiceToken>(bearer.token_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        const ServiceToken known = with_carried(attempt.state(token), bearer.account_id, bearer.record);
        KEYLEDGER_CO_TRY(events, decide(known, ServiceAccount{}, RevokeServiceToken{}));
        attempt.append(token, *events);
        co_return Result<void, CommandError>{};
    };
    Caller acting = acting_as_client(std::move(caller), client.client_id);
    auto executed = co_await services.executor.run(std::move(acting), streams, step);
    co_return done(executed);
}

}  // namespace keyledger::commands

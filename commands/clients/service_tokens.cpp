#include "commands/clients/service_tokens.hpp"

#include <algorithm>

#include "commands/access/access_reader.hpp"
#include "commands/access/authority.hpp"
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

}  // namespace

Answer<ServiceGrant> log_in_service(Services& services, ServiceLogIn request, Caller caller) {
    const ServiceAccountId account_id{request.proof.client_id};
    KEYLEDGER_CO_TRY(admitted, co_await admit_client(services, request.proof, caller));
    ServiceGrant grant;
    grant.account_id = account_id;
    grant.token_id = ServiceTokenId{services.identifiers.next()};
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
        grant.issued_at = services.clock.now();
        grant.expires_at =
            Instant::at_second(grant.issued_at.whole_seconds()) + services.settings.access_token_lifetime;
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

// ---- at the head -----------------------------------------------------------------------------------------------
namespace {

Answer<ServiceAccess> read_access(Services& services, ServiceAccountId account_id,
                                  std::optional<ServiceTokenId> token_id, Deadline deadline) {
    const ServiceSubject subject{account_id, token_id};
    KEYLEDGER_CO_TRY(access, co_await services.access.read_service(subject, deadline));
    access->held.active = access->account.status == ServiceAccount::Status::kEnabled;
    if (token_id) access->held.active = holds(access->token, account_id, access->account, services.clock.now());
    co_return std::move(*access);
}

}  // namespace

Answer<ServiceAccess> access_of_service(Services& services, ServiceAccountId account_id, Deadline deadline) {
    auto access = co_await read_access(services, account_id, std::nullopt, deadline);
    co_return access;
}

Answer<ServiceAccess> access_of_service_token(Services& services, ServiceBearer bearer, Deadline deadline) {
    auto access = co_await read_access(services, bearer.account_id, bearer.token_id, deadline);
    if (access && !access->held.active) co_return Unexpected(refusals::kInvalidToken);
    co_return access;
}

Client client_of(const ServiceAccountId& account_id, const ServiceAccess& access, const AccessRules& rules) {
    Client client;
    client.client_id = account_id.to_string();
    client.audiences = access.account.audiences;
    if (rules.covers(kIntrospectTokens)) {
        client.introspection_right = IntrospectionRight::kAllTokens;
        client.role_disclosure = RoleDisclosure::kAll;
    }
    if (rules.covers(kRevokeTokens)) client.revocation_right = RevocationRight::kAllTokens;
    if (auto name = parse_role_name(access.account.name)) client.namespaces.push_back(std::move(name->key));
    if (rules.covers(kEvaluateAccess)) client.evaluation_right = EvaluationRight::kAnybody;
    client.service_account = account_id;
    return client;
}

Answer<Receipt> revoke_service_token(Services& services, ServiceBearer bearer, Client client, Caller caller) {
    const bool may =
        client.client_id == bearer.account_id.to_string() || client.revocation_right == RevocationRight::kAllTokens;
    if (!may) co_return Receipt{};
    Streams streams;
    const auto token = streams.read<ServiceToken>(bearer.token_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        co_return attempt.decide_and_append(token, ServiceAccount{}, RevokeServiceToken{});
    };
    Caller acting = acting_as_client(std::move(caller), client.client_id);
    auto executed = co_await services.executor.run(std::move(acting), streams, step);
    co_return done(executed);
}

}  // namespace keyledger::commands

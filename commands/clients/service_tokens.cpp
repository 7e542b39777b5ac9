#include "commands/clients/service_tokens.hpp"

#include <algorithm>

#include "commands/access/access_reader.hpp"
#include "commands/access/authority.hpp"
#include "commands/credentials/named_credential.hpp"
#include "commands/limits/rates.hpp"
#include "commands/limits/request_limits.hpp"
#include "commands/runtime/spending.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/subject_access.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::commands {
namespace {

// ---- who is it? ------------------------------------------------------------------------------------------------
// The digest of one of the account's secrets: remembered, or read and opened if it is what the log names.
Answer<security::Digest> stored_digest(Services& services, ServiceAccountId account_id,
                                       ServiceAccount::NamedSecret named, Deadline deadline) {
    if (auto known = services.client_secret_cache.find(named.sealed_sha256)) co_return *known;
    CredentialName name{account_id, client_secret_kind(named.id), named.sealed_sha256};
    KEYLEDGER_CO_TRY(stored, co_await read_named_credential(services, std::move(name), std::nullopt, deadline));
    KEYLEDGER_CO_TRY(key, co_await services.executor.ports().keys.find(account_id, deadline));
    KEYLEDGER_CO_TRY(opened, open_credential(services, key->key, *stored));
    security::Digest digest{};
    if (opened->size() != digest.size()) co_return Unexpected(refusals::kCredentialTampered);
    std::copy_n(opened->reveal().begin(), digest.size(), digest.begin());
    services.client_secret_cache.put(named.sealed_sha256, digest);
    co_return digest;
}

// What is wrong with an assertion by itself, whatever the account; empty: nothing.
std::string fault_of(const Services& services, const ClientAssertions::Claims& claims) {
    const Instant now = services.clock.now();
    if (claims.audience != services.settings.issuer)
        return "The client assertion must have the issuer as its only 'aud': " + services.settings.issuer;
    if (claims.expires_at <= now - kAssertionSkew)
        return "The client assertion has expired: its 'exp' is not after the time of this server.";
    if (claims.expires_at > now + kMaxAssertionLife + kAssertionSkew)
        return "The client assertion has an 'exp' too far ahead: let it expire within an hour.";
    if (claims.issued_at && *claims.issued_at > now + kAssertionSkew)
        return "The client assertion has an 'iat' ahead of the time of this server.";
    if (claims.not_before && *claims.not_before > now + kAssertionSkew)
        return "The client assertion has an 'nbf' ahead of the time of this server.";
    return {};
}

std::string_view noted(ClientFault fault) {
    switch (fault) {
        case ClientFault::kUnknown: return "there is no such service account";
        case ClientFault::kDisabled: return "it is disabled";
        case ClientFault::kNoSuchSecret: return "it has no such secret";
        case ClientFault::kOtherSecret: return "its secret is another one";
        case ClientFault::kNotOfNow: return "its assertion is not of now";
        case ClientFault::kNoSuchKey: return "no key of it has the 'kid' and the algorithm that its assertion names";
        case ClientFault::kNotItsOwn: return "its assertion was not signed by its key";
        case ClientFault::kAssertionUsed: return "its assertion was used before";
        case ClientFault::kUnproved:
        case ClientFault::kNone: break;
    }
    return "it is no good client (any more)";
}

// The key that signed it, of those whose algorithm it names.
asio::awaitable<Result<std::string, ClientFault>> key_that_signed(const Services& services,
                                                                  const ServiceAccount& account,
                                                                  const ClientProof& proof) {
    const auto& claims = *proof.assertion;
    if (!fault_of(services, claims).empty()) co_return Unexpected(ClientFault::kNotOfNow);
    ClientFault fault = ClientFault::kNoSuchKey;
    for (const auto& key : account.keys) {
        if (key.algorithm != claims.algorithm || (claims.key_id && !key.is_named(*claims.key_id))) continue;
        const bool is_signed = co_await services.assertions.is_signed_by(proof.assertion_text, key);
        if (is_signed) co_return key.id;
        fault = ClientFault::kNotItsOwn;
    }
    co_return Unexpected(fault);
}

// The id of the credential that proves it; kInvalidClient.
Answer<std::string> prove(Services& services, const ServiceAccount& account, const ClientProof& proof,
                          Deadline deadline) {
    if (!account.exists()) co_return Unexpected(CommandError(ClientFault::kUnknown));
    if (account.status != ServiceAccount::Status::kEnabled) co_return Unexpected(CommandError(ClientFault::kDisabled));
    if (proof.assertion) {
        auto key_id = co_await key_that_signed(services, account, proof);
        if (!key_id) co_return Unexpected(CommandError(key_id.error()));
        co_return std::move(*key_id);
    }
    const auto* named = proof.secret ? account.secret(proof.secret->secret_id) : nullptr;
    if (named == nullptr) co_return Unexpected(CommandError(ClientFault::kNoSuchSecret));
    KEYLEDGER_CO_TRY(digest, co_await stored_digest(services, proof.account_id, *named, deadline));
    if (!Secret::equal(security::view_of(*digest), security::view_of(proof.secret->digest)))
        co_return Unexpected(CommandError(ClientFault::kOtherSecret));
    co_return proof.secret->secret_id.to_string();
}

// An assertion is good once, whatever it is used for (RFC 7523 section 3, of `jti`). One that does not say when it was
// issued is as old as it can be.
eventstore::SpentValue use_of(const ClientProof& proof) {
    const auto& claims = *proof.assertion;
    const Instant oldest = claims.expires_at - kMaxAssertionLife;
    const Instant made_at = std::max(Instant(), claims.issued_at.value_or(oldest));
    const ValueLife life{made_at - kAssertionSkew, claims.expires_at + kAssertionSkew};
    return spent_value("client assertion", {security::view_of(proof.account_id), claims.id}, life);
}

std::optional<ServiceAccount> remembered(Services& services, const ServiceAccountId& account_id) {
    const auto fold = services.executor.ports().cache.find(account_id);
    const auto* account = fold ? eventstore::state_in<ServiceAccount>(*fold->state) : nullptr;
    return account ? std::optional(*account) : std::nullopt;
}

// Failures are counted, and slowed down; an operator hears of a credential that was swapped. Ids that no account has
// are not counted: there are as many as anybody likes.
asio::awaitable<CommandError> judged(Services& services, const ClientProof& proof, const Caller& caller,
                                     CommandError error) {
    if (error.refusal == refusals::kAssertionUsed) error = CommandError(ClientFault::kAssertionUsed);
    if (error.refusal == refusals::kCredentialTampered)
        services.operator_log.warning("the stored client secret is not the one that the log names, or can't be opened",
                                      proof.account_id);
    if (error.refusal != refusals::kInvalidClient) co_return error;
    const auto account = remembered(services, proof.account_id);
    std::optional<ServiceAccountId> account_id;
    if (account && account->exists()) account_id = proof.account_id;
    CommandError counted = co_await count_client_failure(services, caller, account_id);
    if (counted.refusal != refusals::kInvalidClient) co_return counted;
    services.operator_log.warning(std::string("a client was refused: ").append(noted(error.client)), proof.account_id);
    // Whoever comes with a used assertion has shown that the client signed it. Else nobody learns which
    // clients there are.
    const bool signed_it = error.client == ClientFault::kAssertionUsed;
    if (proof.assertion) counted.client = signed_it ? error.client : ClientFault::kUnproved;
    co_return counted;
}

// What memory makes of a proof, for an account that may be old: what it finds wrong may be right.
enum class ClientStatusInMemory { kGood, kBad, kUnknown };
asio::awaitable<ClientStatusInMemory> seems(Services& services, const ServiceAccount& account,
                                            const ClientProof& proof) {
    if (account.status != ServiceAccount::Status::kEnabled) co_return ClientStatusInMemory::kBad;
    if (proof.assertion) {
        const auto key_id = co_await key_that_signed(services, account, proof);
        co_return key_id ? ClientStatusInMemory::kGood : ClientStatusInMemory::kBad;
    }
    const auto* named = proof.secret ? account.secret(proof.secret->secret_id) : nullptr;
    if (named == nullptr) co_return ClientStatusInMemory::kBad;
    const auto digest = services.client_secret_cache.find(named->sealed_sha256);
    if (!digest) co_return ClientStatusInMemory::kUnknown;
    const bool same = Secret::equal(security::view_of(*digest), security::view_of(proof.secret->digest));
    co_return same ? ClientStatusInMemory::kGood : ClientStatusInMemory::kBad;
}

// Where failures are many, of a network or as an account: nothing is read, and what memory does not find right has to
// wait. It is told nothing that could be old, and what is right passes.
Answer<void> admit_from_memory(Services& services, const ClientProof& proof, const Caller& caller, Duration wait) {
    const Result<void, CommandError> admitted{};
    const CommandError too_early(refusals::kTooManyAttempts, wait);
    const auto account = remembered(services, proof.account_id);
    ClientStatusInMemory by_then = ClientStatusInMemory::kUnknown;
    if (account) by_then = co_await seems(services, *account, proof);
    if (by_then == ClientStatusInMemory::kGood) co_return admitted;
    if (!services.access.answers_from_memory()) co_return Unexpected(too_early);
    const ServiceSubject subject{proof.account_id, std::nullopt};
    auto states = co_await services.access.read_service(subject, caller.deadline);
    if (!states || (by_then == ClientStatusInMemory::kBad && states->account == account))
        co_return Unexpected(too_early);
    const ClientStatusInMemory at_head = co_await seems(services, states->account, proof);
    if (at_head == ClientStatusInMemory::kBad) co_return Unexpected(too_early);
    co_return admitted;
}

// Before anything is read for it. An id that no account has costs no read where all accounts are remembered. Who is not
// remembered here may be right nevertheless: for what others do elsewhere the log is asked.
Answer<void> admit(Services& services, const ClientProof& proof, const Caller& caller) {
    Duration wait = network_retry_after(services, caller);
    if (services.access.answers_from_memory()) wait = std::max(wait, account_retry_after(services, proof.account_id));
    if (wait > Duration()) {
        auto passed = co_await admit_from_memory(services, proof, caller, wait);
        co_return passed;
    }
    const Result<void, CommandError> admitted{};
    if (remembered(services, proof.account_id) || !services.access.answers_from_memory()) co_return admitted;
    const ServiceSubject subject{proof.account_id, std::nullopt};
    auto states = co_await services.access.read_service(subject, caller.deadline);
    // A memory that fell behind says nothing, and the log is asked.
    if (!states || states->account.exists()) co_return admitted;
    CommandError counted = co_await judged(services, proof, caller, CommandError(ClientFault::kUnknown));
    co_return Unexpected(std::move(counted));
}

Caller acting_as_client(Caller caller, const std::string& client_id) {
    caller.idempotency.reset();
    caller.actor_type = eventstore::ActorType::kClient;
    caller.actor_id = client_id;
    return caller;
}

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

ClientProof proof_of_secret(const ServiceAccountId& account_id, const Secret& secret) {
    ClientProof proof;
    proof.account_id = account_id;
    proof.secret = read_client_secret(secret);
    return proof;
}

Result<ClientProof, RejectedAssertion> proof_of_assertion(Services& services, std::string_view assertion) {
    auto claims = services.assertions.read(assertion);
    if (!claims) return Unexpected(RejectedAssertion{claims.error()});
    const auto account_id = ServiceAccountId::parse(claims->subject);
    if (!account_id || ServiceAccountId::parse(claims->issuer) != account_id)
        return Unexpected(
            RejectedAssertion{"The client assertion must have the client's id as its 'iss' and its 'sub'."});
    if (std::string why = fault_of(services, *claims); !why.empty())
        return Unexpected(RejectedAssertion{std::move(why), *account_id});
    return ClientProof{*account_id, std::nullopt, std::move(*claims), std::string(assertion)};
}

void log_rejected_assertion(Services& services, const RejectedAssertion& unfit, const Caller& caller) {
    const std::string& network = caller.network.empty() ? caller.client_address : caller.network;
    const auto rate = bucket_of("unfit assertions of", network, services.settings.limits.passwords);
    if (services.limits.take_local({rate}).wait == Duration())
        services.operator_log.warning(unfit.why, unfit.account_id);
}

Answer<ServiceGrant> log_in_service(Services& services, ServiceLogIn request, Caller caller) {
    const ServiceAccountId account_id = request.proof.account_id;
    KEYLEDGER_CO_TRY(admitted, co_await admit(services, request.proof, caller));
    ServiceGrant grant;
    grant.account_id = account_id;
    grant.token_id = ServiceTokenId{services.identifiers.next()};
    Streams streams;
    const auto account = streams.read<ServiceAccount>(account_id);
    const auto token = streams.begin<ServiceToken>(grant.token_id);
    bool has_roles = false;
    const Step step = [&](Attempt& attempt) -> StepResult {
        const ServiceAccount& state = attempt.state(account);
        KEYLEDGER_CO_TRY(credential, co_await prove(services, state, request.proof, caller.deadline));
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
        CommandError counted = co_await judged(services, request.proof, caller, executed.error());
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

// An assertion that earns no token is good once like any other: it is spent, and nothing else is written.
Answer<Receipt> spend(Services& services, const ClientProof& proof, std::string credential, Caller caller) {
    Streams streams;
    const auto account = streams.read<ServiceAccount>(proof.account_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        Result<void, CommandError> spent{};
        if (attempt.state(account).authenticates_by(credential)) attempt.spend(use_of(proof), refusals::kAssertionUsed);
        else spent = Unexpected(CommandError(refusals::kInvalidClient));
        co_return spent;
    };
    Caller client = acting_as_client(std::move(caller), proof.account_id.to_string());
    auto executed = co_await services.executor.run(std::move(client), streams, step);
    co_return done(executed);
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

Answer<Client> authenticate_service(Services& services, ClientProof proof, Caller caller) {
    if (const Duration wait = network_retry_after(services, caller); wait > Duration()) {
        KEYLEDGER_CO_TRY(passed, co_await admit_from_memory(services, proof, caller, wait));
    }
    KEYLEDGER_CO_TRY(access, co_await read_access(services, proof.account_id, std::nullopt, caller.deadline));
    auto credential = co_await prove(services, access->account, proof, caller.deadline);
    if (credential && proof.assertion) {
        auto spent = co_await spend(services, proof, *credential, caller);
        if (!spent) credential = Unexpected(spent.error());
    }
    if (!credential) {
        CommandError counted = co_await judged(services, proof, caller, credential.error());
        co_return Unexpected(std::move(counted));
    }
    co_return client_of(proof.account_id, *access, access->held.rules());
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

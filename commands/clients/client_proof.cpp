#include "commands/clients/client_proof.hpp"

#include <algorithm>

#include "commands/access/access_reader.hpp"
#include "commands/clients/service_tokens.hpp"
#include "commands/credentials/named_credential.hpp"
#include "commands/limits/rates.hpp"
#include "commands/limits/request_limits.hpp"
#include "commands/runtime/spending.hpp"
#include "domain/access/subject_access.hpp"
#include "domain/applications/application.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::commands {
namespace {

// The digest of one of the client's secrets: remembered, or read and opened if it is what the log names.
Answer<security::Digest> stored_digest(Services& services, SubjectId client_id, ClientCredentials::NamedSecret named,
                                       Deadline deadline) {
    if (auto known = services.client_secret_cache.find(named.sealed_sha256)) co_return *known;
    CredentialName name{client_id, client_secret_kind(named.id), named.sealed_sha256};
    KEYLEDGER_CO_TRY(stored, co_await read_named_credential(services, std::move(name), std::nullopt, deadline));
    KEYLEDGER_CO_TRY(key, co_await services.executor.ports().keys.find(client_id, deadline));
    KEYLEDGER_CO_TRY(opened, open_credential(services, key->key, *stored));
    security::Digest digest{};
    if (opened->size() != digest.size()) co_return Unexpected(refusals::kCredentialTampered);
    std::copy_n(opened->reveal().begin(), digest.size(), digest.begin());
    services.client_secret_cache.put(named.sealed_sha256, digest);
    co_return digest;
}

// What is wrong with an assertion by itself, whatever the client; empty: nothing.
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
        case ClientFault::kUnknown: return "there is no such client";
        case ClientFault::kDisabled: return "it is disabled";
        case ClientFault::kNoSuchSecret: return "it has no such secret";
        case ClientFault::kOtherSecret: return "its secret is another one";
        case ClientFault::kNotOfNow: return "its assertion is not of now";
        case ClientFault::kNoSuchKey: return "no key of it has the 'kid' and the algorithm that its assertion names";
        case ClientFault::kNotItsOwn: return "its assertion was not signed by its key";
        case ClientFault::kAssertionUsed: return "its assertion was used before";
        case ClientFault::kUnproved: return "it authenticated in another way than it is registered with";
        case ClientFault::kNone: break;
    }
    return "it is no good client (any more)";
}

// The key that signed it, of those whose algorithm it names.
asio::awaitable<Result<std::string, ClientFault>> key_that_signed(const Services& services,
                                                                  const ClientCredentials& credentials,
                                                                  const ClientProof& proof) {
    const auto& claims = *proof.assertion;
    if (!fault_of(services, claims).empty()) co_return Unexpected(ClientFault::kNotOfNow);
    ClientFault fault = ClientFault::kNoSuchKey;
    for (const auto& key : credentials.keys) {
        if (key.algorithm != claims.algorithm || (claims.key_id && !key.is_named(*claims.key_id))) continue;
        const bool is_signed = co_await services.assertions.is_signed_by(proof.assertion_text, key);
        if (is_signed) co_return key.id;
        fault = ClientFault::kNotItsOwn;
    }
    co_return Unexpected(fault);
}

// The state keeps what it is held against alive.
struct RememberedClient {
    eventstore::AnyStatePtr state;
    KnownClient client;
};
std::optional<RememberedClient> remembered(Services& services, const Uuid& client_id) {
    const auto fold = services.executor.ports().cache.find(client_id);
    if (!fold) return std::nullopt;
    if (const auto* account = eventstore::state_in<ServiceAccount>(*fold->state))
        return RememberedClient{fold->state, known_client(*account)};
    if (const auto* application = eventstore::state_in<Application>(*fold->state))
        return RememberedClient{fold->state, known_client(*application)};
    return std::nullopt;
}
bool is_as_remembered(const RememberedClient& client, const ServiceAccess& now) {
    const auto* account = eventstore::state_in<ServiceAccount>(*client.state);
    if (account) return *account == now.account();
    const auto* application = eventstore::state_in<Application>(*client.state);
    return application && now.application && *application == *now.application;
}

bool is_another_way(const KnownClient& client, const ClientProof& proof) {
    return client.way && *client.way != proof.way;
}

// What memory makes of a proof, for a client that may be old: what it finds wrong may be right.
enum class ClientStatusInMemory { kGood, kBad, kUnknown };
asio::awaitable<ClientStatusInMemory> seems(Services& services, KnownClient client, const ClientProof& proof) {
    if (client.status != KnownClient::Status::kEnabled || is_another_way(client, proof))
        co_return ClientStatusInMemory::kBad;
    if (proof.assertion) {
        const auto key_id = co_await key_that_signed(services, *client.credentials, proof);
        co_return key_id ? ClientStatusInMemory::kGood : ClientStatusInMemory::kBad;
    }
    if (client.way == ClientAuthentication::kNone) co_return ClientStatusInMemory::kGood;
    const auto* named = proof.secret ? client.credentials->secret(proof.secret->secret_id) : nullptr;
    if (named == nullptr) co_return ClientStatusInMemory::kBad;
    const auto digest = services.client_secret_cache.find(named->sealed_sha256);
    if (!digest) co_return ClientStatusInMemory::kUnknown;
    const bool same = Secret::equal(security::view_of(*digest), security::view_of(proof.secret->digest));
    co_return same ? ClientStatusInMemory::kGood : ClientStatusInMemory::kBad;
}

// Where failures are many, of a network or as a client: nothing is read, and what memory does not find right has to
// wait. It is told nothing that could be old, and what is right passes.
Answer<void> admit_from_memory(Services& services, const ClientProof& proof, const Caller& caller, Duration wait) {
    const Result<void, CommandError> admitted{};
    const CommandError too_early(refusals::kTooManyAttempts, wait);
    const auto client = remembered(services, proof.client_id);
    ClientStatusInMemory by_then = ClientStatusInMemory::kUnknown;
    if (client) by_then = co_await seems(services, client->client, proof);
    if (by_then == ClientStatusInMemory::kGood) co_return admitted;
    if (!services.access.answers_from_memory()) co_return Unexpected(too_early);
    const ServiceSubject subject{ServiceAccountId{proof.client_id}, std::nullopt};
    auto states = co_await services.access.read_service(subject, caller.deadline);
    if (!states || (by_then == ClientStatusInMemory::kBad && is_as_remembered(*client, *states)))
        co_return Unexpected(too_early);
    const ClientStatusInMemory at_head = co_await seems(services, known_client(*states), proof);
    if (at_head == ClientStatusInMemory::kBad) co_return Unexpected(too_early);
    co_return admitted;
}

Client client_of_application(const Uuid& client_id, const Application& application) {
    Client client;
    client.client_id = client_id.to_string();
    client.audiences = application.definition.audiences;
    client.application = ApplicationId{client_id};
    return client;
}

}  // namespace

KnownClient known_client(const ServiceAccount& account) {
    using Status = KnownClient::Status;
    if (!account.exists()) return {};
    return {account.status == ServiceAccount::Status::kEnabled ? Status::kEnabled : Status::kDisabled, &account};
}
KnownClient known_client(const Application& application) {
    using Status = KnownClient::Status;
    if (!application.exists()) return {};
    const bool enabled = application.status == Application::Status::kEnabled;
    return {enabled ? Status::kEnabled : Status::kDisabled, &application, application.definition.authentication};
}
KnownClient known_client(const ServiceAccess& access) {
    return access.application ? known_client(*access.application) : known_client(access.account());
}

ClientProof proof_of_secret(const Uuid& client_id, const Secret& secret, ClientAuthentication way) {
    ClientProof proof;
    proof.client_id = client_id;
    proof.way = way;
    proof.secret = read_client_secret(secret);
    return proof;
}

ClientProof proof_of_name(const Uuid& client_id) {
    ClientProof proof;
    proof.client_id = client_id;
    return proof;
}

Result<ClientProof, RejectedAssertion> proof_of_assertion(Services& services, std::string_view assertion) {
    auto claims = services.assertions.read(assertion);
    if (!claims) return Unexpected(RejectedAssertion{claims.error()});
    const auto client_id = Uuid::parse(claims->subject);
    if (!client_id || Uuid::parse(claims->issuer) != client_id)
        return Unexpected(
            RejectedAssertion{"The client assertion must have the client's id as its 'iss' and its 'sub'."});
    if (std::string why = fault_of(services, *claims); !why.empty())
        return Unexpected(RejectedAssertion{std::move(why), *client_id});
    return ClientProof{*client_id, ClientAuthentication::kPrivateKeyJwt, std::nullopt, std::move(*claims),
                       std::string(assertion)};
}

void log_rejected_assertion(Services& services, const RejectedAssertion& unfit, const Caller& caller) {
    const std::string& network = caller.network.empty() ? caller.client_address : caller.network;
    const auto rate = bucket_of("unfit assertions of", network, services.settings.limits.passwords);
    if (services.limits.take_local({rate}).wait == Duration())
        services.operator_log.warning(unfit.why, unfit.client_id);
}

// One that does not say when it was issued is as old as it can be.
eventstore::SpentValue use_of(const ClientProof& proof) {
    const auto& claims = *proof.assertion;
    const Instant oldest = claims.expires_at - kMaxAssertionLife;
    const Instant made_at = std::max(Instant(), claims.issued_at.value_or(oldest));
    const ValueLife life{made_at - kAssertionSkew, claims.expires_at + kAssertionSkew};
    return spent_value("client assertion", {security::view_of(proof.client_id), claims.id}, life);
}

template <class Aggregate>
Answer<Receipt> spend_assertion(Services& services, const ClientProof& proof, std::string credential, Caller caller) {
    Streams streams;
    const auto stream = streams.read<Aggregate>(Id<Aggregate>{proof.client_id});
    const Step step = [&](Attempt& attempt) -> StepResult {
        Result<void, CommandError> spent{};
        const KnownClient client = known_client(attempt.state(stream));
        const bool is_good = client.status == KnownClient::Status::kEnabled && !is_another_way(client, proof);
        if (is_good && client.credentials->has_credential(credential))
            attempt.spend(use_of(proof), refusals::kAssertionUsed);
        else spent = Unexpected(CommandError(refusals::kInvalidClient));
        co_return spent;
    };
    Caller client = acting_as_client(std::move(caller), proof.client_id.to_string());
    auto executed = co_await services.executor.run(std::move(client), streams, step);
    co_return done(executed);
}
template Answer<Receipt> spend_assertion<ServiceAccount>(Services&, const ClientProof&, std::string, Caller);
template Answer<Receipt> spend_assertion<Application>(Services&, const ClientProof&, std::string, Caller);

namespace {

// How long whoever is not found right has to wait, of the client's failures as of the network's.
Duration retry_after(Services& services, const ClientProof& proof, const Caller& caller) {
    const Duration wait = network_retry_after(services, caller);
    if (!services.access.answers_from_memory()) return wait;
    return std::max(wait, client_retry_after(services, proof.client_id));
}

}  // namespace

Answer<void> admit_failing_client(Services& services, const ClientProof& proof, const Caller& caller) {
    const Result<void, CommandError> admitted{};
    const Duration wait = retry_after(services, proof, caller);
    if (wait <= Duration()) co_return admitted;
    auto passed = co_await admit_from_memory(services, proof, caller, wait);
    co_return passed;
}

// Who is not remembered here may be right nevertheless: for what others do elsewhere the log is asked.
Answer<void> admit_client(Services& services, const ClientProof& proof, const Caller& caller) {
    const Duration wait = retry_after(services, proof, caller);
    if (wait > Duration()) {
        auto passed = co_await admit_from_memory(services, proof, caller, wait);
        co_return passed;
    }
    const Result<void, CommandError> admitted{};
    if (remembered(services, proof.client_id) || !services.access.answers_from_memory()) co_return admitted;
    const ServiceSubject subject{ServiceAccountId{proof.client_id}, std::nullopt};
    auto states = co_await services.access.read_service(subject, caller.deadline);
    // A memory that fell behind says nothing, and the log is asked.
    if (!states || states->account().exists() || states->application) co_return admitted;
    CommandError counted = co_await judge_client(services, proof, caller, CommandError(ClientFault::kUnknown));
    co_return Unexpected(std::move(counted));
}

Answer<void> admit_network(Services& services, const ClientProof& proof, const Caller& caller) {
    const Result<void, CommandError> admitted{};
    const Duration wait = network_retry_after(services, caller);
    if (wait <= Duration()) co_return admitted;
    auto passed = co_await admit_from_memory(services, proof, caller, wait);
    co_return passed;
}

Answer<std::string> prove_client(Services& services, KnownClient client, const ClientProof& proof, Deadline deadline) {
    if (client.status == KnownClient::Status::kUnknown) co_return Unexpected(CommandError(ClientFault::kUnknown));
    if (client.status == KnownClient::Status::kDisabled) co_return Unexpected(CommandError(ClientFault::kDisabled));
    if (is_another_way(client, proof)) co_return Unexpected(CommandError(ClientFault::kUnproved));
    if (client.way == ClientAuthentication::kNone) co_return std::string();
    if (proof.assertion) {
        auto key_id = co_await key_that_signed(services, *client.credentials, proof);
        if (!key_id) co_return Unexpected(CommandError(key_id.error()));
        co_return std::move(*key_id);
    }
    const auto* named = proof.secret ? client.credentials->secret(proof.secret->secret_id) : nullptr;
    if (named == nullptr) co_return Unexpected(CommandError(ClientFault::kNoSuchSecret));
    const SubjectId owner{proof.client_id};
    KEYLEDGER_CO_TRY(digest, co_await stored_digest(services, owner, *named, deadline));
    if (!Secret::equal(security::view_of(*digest), security::view_of(proof.secret->digest)))
        co_return Unexpected(CommandError(ClientFault::kOtherSecret));
    co_return proof.secret->secret_id.to_string();
}

asio::awaitable<CommandError> judge_client(Services& services, const ClientProof& proof, const Caller& caller,
                                           CommandError error) {
    if (error.refusal == refusals::kAssertionUsed) error = CommandError(ClientFault::kAssertionUsed);
    if (error.refusal == refusals::kCredentialTampered)
        services.operator_log.warning("the stored client secret is not the one that the log names, or can't be opened",
                                      proof.client_id);
    if (error.refusal != refusals::kInvalidClient) co_return error;
    const bool is_known = error.client != ClientFault::kUnknown && error.client != ClientFault::kNone;
    const auto client_id = is_known ? std::optional(proof.client_id) : std::nullopt;
    CommandError counted = co_await count_client_failure(services, caller, client_id);
    if (counted.refusal != refusals::kInvalidClient) co_return counted;
    services.operator_log.warning(std::string("a client was refused: ").append(noted(error.client)), proof.client_id);
    // Whoever comes with a used assertion has shown that the client signed it. Else nobody learns which
    // clients there are.
    const bool signed_it = error.client == ClientFault::kAssertionUsed;
    if (proof.assertion) counted.client = signed_it ? error.client : ClientFault::kUnproved;
    co_return counted;
}

Caller acting_as_client(Caller caller, const std::string& client_id) {
    caller.idempotency.reset();
    caller.actor_type = eventstore::ActorType::kClient;
    caller.actor_id = client_id;
    return caller;
}

Answer<Client> authenticate_client(Services& services, ClientProof proof, Caller caller) {
    KEYLEDGER_CO_TRY(admitted, co_await admit_network(services, proof, caller));
    const ServiceAccountId account_id{proof.client_id};
    KEYLEDGER_CO_TRY(access, co_await access_of_service(services, account_id, caller.deadline));
    auto credential = co_await prove_client(services, known_client(*access), proof, caller.deadline);
    if (credential && proof.assertion) {
        const bool is_application = access->application != nullptr;
        auto spending = is_application ? spend_assertion<Application>(services, proof, *credential, caller)
                                       : spend_assertion<ServiceAccount>(services, proof, *credential, caller);
        auto spent = co_await std::move(spending);
        if (!spent) credential = Unexpected(spent.error());
    }
    if (!credential) {
        CommandError counted = co_await judge_client(services, proof, caller, credential.error());
        co_return Unexpected(std::move(counted));
    }
    if (access->application) co_return client_of_application(proof.client_id, *access->application);
    co_return client_of(account_id, *access, access->held.rules());
}

}  // namespace keyledger::commands

#include "commands/applications/register_client.hpp"

#include "commands/access/authority.hpp"
#include "commands/access/register_permission.hpp"
#include "commands/clients/client_credentials.hpp"
#include "domain/access/permission.hpp"
#include "domain/access/subject.hpp"
#include "domain/access/subject_access.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/clients/service_token.hpp"

namespace keyledger::commands {
namespace {

struct BearerStreams {
    StreamOf<ServiceAccount> account;
    StreamOf<ServiceToken> token;
};
BearerStreams read_bearer(Streams& streams, const ServiceBearer& bearer) {
    return {streams.read<ServiceAccount>(bearer.account_id), streams.read<ServiceToken>(bearer.token_id)};
}

// The token holds, was made for this, and its account may still: all of it guarded.
StepResult authorise(Services& services, Attempt& attempt, BearerStreams streams, ServiceBearer bearer) {
    const ServiceToken token = with_carried(attempt.state(streams.token), bearer.account_id, bearer.record);
    if (!holds(token, bearer.account_id, attempt.state(streams.account), services.clock.now()))
        co_return Unexpected(refusals::kInvalidToken);
    const auto& scope = bearer.record ? bearer.scope : token.scope;
    if (!PermissionSet::of_texts(scope).covers(kRegisterClients)) co_return Unexpected(refusals::kForbidden);
    const Subject subject = Subject::service_account(bearer.account_id);
    auto holdings = co_await holdings_of(attempt, subject, HoldingsScope::kGroups);
    if (!holdings && holdings.error().refusal == refusals::kTooManyHoldings) co_return Unexpected(refusals::kForbidden);
    if (!holdings) co_return Unexpected(holdings.error());
    if (!holdings->rules.covers(kRegisterClients)) co_return Unexpected(refusals::kForbidden);
    co_return Result<void, CommandError>{};
}

// One application on its way into the log: each of its events is decided on what those before it made of it.
struct Making {
    Attempt& attempt;
    StreamOf<Application> stream;
    Application application;

    Result<void, CommandError> carry_out(const ApplicationCommand& command) {
        KEYLEDGER_TRY(events, decide(application, command));
        attempt.append(stream, *events);
        for (const ApplicationEvent& event : *events) application = evolve(std::move(application), event, Recorded{});
        return {};
    }
};

StepResult add_keys(Services& services, const std::vector<std::string>& keys, ClientAdministration& on,
                    std::string* fault) {
    if (keys.empty()) co_return Unexpected(refusals::kKeysMissing);
    if (keys.size() > kMaxKeysPerClient) co_return Unexpected(refusals::kTooManyKeys);
    for (const std::string& jwk : keys) {
        auto key = co_await services.assertions.read_key(jwk);
        if (!key && fault != nullptr) *fault = key.error();
        if (!key) co_return Unexpected(refusals::kInvalidKey);
        const AddClientKey command{key->id, key->algorithm, key->jwk, key->kid};
        KEYLEDGER_CO_TRY(added, on.carry_out(command));
    }
    co_return Result<void, CommandError>{};
}

}  // namespace

Answer<RegisteredClient> register_client(Services& services, ServiceBearer bearer, ClientRegistration registration,
                                         Caller caller, std::string* fault) {
    registration.definition.consent = ConsentRule::kRequired;
    registration.definition.audiences.clear();
    KEYLEDGER_CO_TRY(definition, checked(std::move(registration.definition)));
    // Whether the log reaches what a record names, no stream says that the append guards.
    if (bearer.record) {
        KEYLEDGER_CO_TRY(access, co_await access_of_service_token(services, bearer, caller.deadline));
    }
    RegisteredClient made;
    made.application_id = ApplicationId{services.identifiers.next()};
    Streams streams;
    const BearerStreams of_bearer = read_bearer(streams, bearer);
    const auto stream = streams.begin<Application>(made.application_id);
    const Caller client = acting_as_client(caller, bearer.account_id.to_string());
    // What it authenticates with goes into the same append.
    const ClientRun run = [&](ClientStep step) -> asio::awaitable<Outcome> {
        const Step whole = [&](Attempt& attempt) -> StepResult {
            KEYLEDGER_CO_TRY(may, co_await authorise(services, attempt, of_bearer, bearer));
            Making making{attempt, stream, attempt.state(stream)};
            const RegisterApplication command{*definition};
            KEYLEDGER_CO_TRY(registered, making.carry_out(command));
            const auto carry_out = [&](const CredentialCommand& credential) {
                return std::visit([&](const auto& one) { return making.carry_out(one); }, credential);
            };
            ClientAdministration on{attempt, carry_out};
            KEYLEDGER_CO_TRY(done, co_await step(on));
            made.application = std::move(making.application);
            co_return Result<void, CommandError>{};
        };
        auto executed = co_await services.executor.run(client, streams, whole);
        co_return executed;
    };
    const ClientAuthentication way = definition->authentication;
    if (way == ClientAuthentication::kSecretBasic || way == ClientAuthentication::kSecretPost) {
        KEYLEDGER_CO_TRY(added, co_await add_client_secret(services, made.application_id, run, caller.deadline));
        made.secret = std::move(added->secret);
        made.position = added->position;
    } else {
        const ClientStep step = [&](ClientAdministration& on) -> StepResult {
            if (way == ClientAuthentication::kNone) co_return Result<void, CommandError>{};
            auto keys = co_await add_keys(services, registration.keys, on, fault);
            co_return keys;
        };
        KEYLEDGER_CO_TRY(executed, co_await run(step));
        made.position = executed->position;
    }
    made.registered_at = services.clock.now();
    co_return made;
}

}  // namespace keyledger::commands

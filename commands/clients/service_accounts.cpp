#include "commands/clients/service_accounts.hpp"

#include <algorithm>

#include "commands/access/authority.hpp"
#include "commands/access/groups.hpp"
#include "commands/credentials/named_credential.hpp"
#include "commands/entity_tags.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::commands {
namespace {

constexpr std::int32_t kOnlyRevision = 1;  // a secret is never renewed

struct ParsedAccount {
    RoleName name;
    std::vector<std::string> audiences;
};

Result<ParsedAccount, CommandError> parse(const Services& services, AccountDefinition definition) {
    auto name = parse_role_name(definition.name);
    if (!name) return Unexpected(refusals::kInvalidAccountName);
    auto& audiences = definition.audiences;
    std::sort(audiences.begin(), audiences.end());
    audiences.erase(std::unique(audiences.begin(), audiences.end()), audiences.end());
    std::erase(audiences, services.settings.issuer);
    if (audiences.size() > kMaxAudiencesPerClient) return Unexpected(refusals::kTooManyAudiences);
    if (!std::all_of(audiences.begin(), audiences.end(), is_audience)) return Unexpected(refusals::kInvalidAudience);
    return ParsedAccount{std::move(*name), std::move(audiences)};
}

// One attempt at a command on an existing account, after the actor was authorised.
struct AccountAdministration {
    Attempt& attempt;
    StreamOf<ServiceAccount> stream;

    const ServiceAccount& state() const { return attempt.state(stream); }
    Result<void, CommandError> carry_out(const ServiceAccountCommand& command) {
        return attempt.decide_and_append(stream, command);
    }
};
using AccountStep = std::function<StepResult(AccountAdministration&)>;

asio::awaitable<Outcome> run_on_account(Services& services, Bearer bearer, ServiceAccountId account_id, Caller caller,
                                        AccountStep step) {
    Streams streams;
    read_actor(streams, bearer);
    const auto account = streams.read<ServiceAccount>(account_id);
    const Step authorise = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(held, co_await authorise_with(attempt, kWriteClients, bearer, services));
        const Subject subject = Subject::service_account(account_id);
        const HoldingsScope holdings_scope = holdings_scope_for(*held);
        KEYLEDGER_CO_TRY(holdings, co_await holdings_of(attempt, subject, holdings_scope));
        if (!held->covers(holdings->rules.allow)) co_return Unexpected(refusals::kExceedsAuthority);
        co_return Result<void, CommandError>{};
    };
    const Step carry_out = [&](Attempt& attempt) -> StepResult {
        if (!attempt.state(account).exists()) co_return Unexpected(refusals::kAccountUnknown);
        AccountAdministration on{attempt, account};
        auto decided = co_await step(on);
        co_return decided;
    };
    CommandSteps steps(authorise, carry_out);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(steps));
    co_return executed;
}

Answer<Receipt> change_account(Services& services, Bearer bearer, ServiceAccountId account_id, Caller caller,
                               AccountStep step) {
    auto executed = co_await run_on_account(services, bearer, account_id, std::move(caller), std::move(step));
    co_return done(executed);
}

Answer<ServiceAccount::PublicKey> key_of(Services& services, std::string jwk, std::string* fault) {
    auto key = co_await services.assertions.read_key(std::move(jwk));
    if (key) co_return std::move(*key);
    if (fault != nullptr) *fault = key.error();
    co_return Unexpected(refusals::kInvalidKey);
}

Answer<eventstore::RecordedEvent> first_event(Services& services, const ExecutionReceipt& executed, Deadline deadline) {
    KEYLEDGER_CO_TRY(events, co_await services.store.read_log(executed.first_position, 1, deadline));
    if (events->empty()) co_return Unexpected(refusals::kBroken);
    co_return std::move(events->front());
}

// What is kept is the secret's digest.
Answer<std::string> put_secret(Services& services, Attempt& attempt, ServiceAccountId account_id,
                               CredentialId secret_id, const Secret& text) {
    const auto digest = security::sha256(text.reveal());
    const Secret kept(security::view_of(digest));
    std::string kind = client_secret_kind(secret_id);
    auto sealed_sha256 = co_await put_credential(services, attempt, kept, secret_id, account_id, std::move(kind), 0);
    co_return sealed_sha256;
}

void take_secret(Attempt& attempt, const ServiceAccountId& account_id, const CredentialId& secret_id) {
    attempt.change_credential({secret_id, account_id, client_secret_kind(secret_id), kOnlyRevision, std::nullopt});
}

}  // namespace

Answer<AccountReceipt> register_service_account(Services& services, Bearer bearer, AccountDefinition definition,
                                                Caller caller) {
    KEYLEDGER_CO_TRY(parsed, parse(services, std::move(definition)));
    const Deadline deadline = caller.deadline;
    const ServiceAccountId account_id{services.identifiers.next()};
    Streams streams;
    read_actor(streams, bearer);
    const auto account = streams.begin<ServiceAccount>(account_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        AccountAdministration on{attempt, account};
        const RegisterServiceAccount command{parsed->name.text, parsed->audiences};
        co_return on.carry_out(command);
    };
    CommandSteps steps(require_permission(services, bearer, kWriteClients), step);
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, std::move(steps)));
    AccountReceipt registered{account_id, executed->position, executed->repeated};
    if (executed->repeated) {
        KEYLEDGER_CO_TRY(first, co_await first_event(services, *executed, deadline));
        registered.account_id = ServiceAccountId{first->stream_id};
    }
    co_return registered;
}

Answer<Receipt> change_service_account(Services& services, Bearer bearer, ServiceAccountId account_id,
                                       AccountDefinition definition, AccountStatus account_status, Caller caller) {
    KEYLEDGER_CO_TRY(parsed, parse(services, std::move(definition)));
    const Precondition precondition = caller.precondition;
    const AccountStep step = [&](AccountAdministration& on) -> StepResult {
        KEYLEDGER_CO_TRY(same, check_precondition(precondition, account_tag(on.state())));
        const ChangeServiceAccount command{parsed->name.text, parsed->audiences, account_status};
        co_return on.carry_out(command);
    };
    auto changed = co_await change_account(services, bearer, account_id, std::move(caller), step);
    co_return changed;
}

Answer<Receipt> delete_service_account(Services& services, Bearer bearer, ServiceAccountId account_id, Caller caller) {
    const Precondition precondition = caller.precondition;
    const AccountStep step = [&](AccountAdministration& on) -> StepResult {
        KEYLEDGER_CO_TRY(same, check_precondition(precondition, account_tag(on.state())));
        for (const auto& secret : on.state().secrets) take_secret(on.attempt, account_id, secret.id);
        KEYLEDGER_CO_TRY(destroyed, co_await on.attempt.destroy_key_of(account_id));
        const DeleteServiceAccount command;
        KEYLEDGER_CO_TRY(deleted, on.carry_out(command));
        auto left = co_await leave_all_groups(on.attempt, Subject::service_account(account_id));
        co_return left;
    };
    auto deleted = co_await change_account(services, bearer, account_id, std::move(caller), step);
    co_return deleted;
}

Answer<SecretReceipt> add_account_secret(Services& services, Bearer bearer, ServiceAccountId account_id,
                                         Caller caller) {
    const Deadline deadline = caller.deadline;
    SecretReceipt made;
    made.secret_id = CredentialId{services.identifiers.next()};
    const Secret random = services.identifiers.next_secret();
    Secret text = client_secret_text(made.secret_id, random);
    const AccountStep step = [&](AccountAdministration& on) -> StepResult {
        KEYLEDGER_CO_TRY(sealed_sha256, co_await put_secret(services, on.attempt, account_id, made.secret_id, text));
        const AddClientSecret command{made.secret_id, *sealed_sha256};
        co_return on.carry_out(command);
    };
    KEYLEDGER_CO_TRY(executed, co_await run_on_account(services, bearer, account_id, std::move(caller), step));
    made.position = executed->position;
    made.repeated = executed->repeated;
    if (!executed->repeated) {
        made.secret = std::move(text);
        co_return made;
    }
    KEYLEDGER_CO_TRY(first, co_await first_event(services, *executed, deadline));
    eventstore::NullFieldOpener opener;
    const auto decoded = eventstore::decode_any(*first, opener);
    const auto* event = eventstore::event_in<ServiceAccount>(*decoded);
    if (!event) co_return Unexpected(refusals::kBroken);
    made.secret_id = std::get<ServiceAccountSecretAdded>(*event).secret_id;
    co_return made;
}

Answer<Receipt> remove_account_secret(Services& services, Bearer bearer, ServiceAccountId account_id,
                                      CredentialId secret_id, Caller caller) {
    const AccountStep step = [&](AccountAdministration& on) -> StepResult {
        const RemoveClientSecret command{secret_id};
        auto removed = on.carry_out(command);
        if (removed) take_secret(on.attempt, account_id, secret_id);
        co_return removed;
    };
    auto removed = co_await change_account(services, bearer, account_id, std::move(caller), step);
    co_return removed;
}

Answer<KeyReceipt> add_account_key(Services& services, Bearer bearer, ServiceAccountId account_id, std::string jwk,
                                   Caller caller, std::string* fault) {
    std::optional<Result<ServiceAccount::PublicKey, CommandError>> key;
    // Looked at only for who may register it: it takes milliseconds.
    const AccountStep step = [&](AccountAdministration& on) -> StepResult {
        if (!key) key = co_await key_of(services, jwk, fault);
        if (!*key) co_return Unexpected(key->error());
        const ServiceAccount::PublicKey& read = **key;
        const AddClientKey command{read.id, read.algorithm, read.jwk, read.kid};
        co_return on.carry_out(command);
    };
    KEYLEDGER_CO_TRY(added, co_await change_account(services, bearer, account_id, std::move(caller), step));
    if (!key) key = co_await key_of(services, jwk, fault);  // a repeat: the first outcome, told again
    if (!*key) co_return Unexpected(key->error());
    co_return KeyReceipt{std::move(**key), added->position, added->repeated};
}

Answer<Receipt> remove_account_key(Services& services, Bearer bearer, ServiceAccountId account_id, std::string key_id,
                                   Caller caller) {
    const AccountStep step = [&](AccountAdministration& on) -> StepResult {
        const RemoveClientKey command{key_id};
        co_return on.carry_out(command);
    };
    auto removed = co_await change_account(services, bearer, account_id, std::move(caller), step);
    co_return removed;
}

}  // namespace keyledger::commands

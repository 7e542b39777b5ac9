#include "commands/clients/service_accounts.hpp"

#include <algorithm>

#include "commands/access/authority.hpp"
#include "commands/access/groups.hpp"
#include "commands/entity_tags.hpp"

namespace keyledger::commands {
namespace {

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

// Its secrets and keys, by what all clients have in common.
ClientRun run_for(Services& services, const Bearer& bearer, const ServiceAccountId& account_id, const Caller& caller) {
    return [&services, bearer, account_id, caller](ClientStep step) {
        AccountStep on_account = [step = std::move(step)](AccountAdministration& on) -> StepResult {
            const auto carry_out = [&](const CredentialCommand& command) {
                return std::visit([&](const auto& one) { return on.carry_out(one); }, command);
            };
            ClientAdministration client{on.attempt, carry_out};
            auto decided = co_await step(client);
            co_return decided;
        };
        return run_on_account(services, bearer, account_id, caller, std::move(on_account));
    };
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
        for (const auto& secret : on.state().secrets) take_client_secret(on.attempt, account_id, secret.id);
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
    return add_client_secret(services, account_id, run_for(services, bearer, account_id, caller), caller.deadline);
}

Answer<Receipt> remove_account_secret(Services& services, Bearer bearer, ServiceAccountId account_id,
                                      CredentialId secret_id, Caller caller) {
    return remove_client_secret(account_id, secret_id, run_for(services, bearer, account_id, caller));
}

Answer<KeyReceipt> add_account_key(Services& services, Bearer bearer, ServiceAccountId account_id, std::string jwk,
                                   Caller caller, std::string* fault) {
    return add_client_key(services, std::move(jwk), run_for(services, bearer, account_id, caller), fault);
}

Answer<Receipt> remove_account_key(Services& services, Bearer bearer, ServiceAccountId account_id, std::string key_id,
                                   Caller caller) {
    return remove_client_key(std::move(key_id), run_for(services, bearer, account_id, caller));
}

}  // namespace keyledger::commands

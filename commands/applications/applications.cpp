#include "commands/applications/applications.hpp"

#include "commands/access/authority.hpp"
#include "commands/clients/service_tokens.hpp"
#include "commands/entity_tags.hpp"
#include "domain/access/subject_access.hpp"

namespace keyledger::commands {
namespace {

// ---- its tag: whatever is declared of it -----------------------------------------------------------------------
void add(std::string& text, std::string_view value) {
    text.append(std::to_string(value.size())).append(":").append(value);
}
void add(std::string& text, Duration duration) { add(text, std::to_string(duration.ms())); }
template <class E>
    requires std::is_enum_v<E>
void add(std::string& text, E value) {
    add(text, stored_name(value));
}
template <class T>
void add(std::string& text, const std::optional<T>& value) {
    add(text, std::string_view(value ? "given" : "none"));
    if (value) add(text, *value);
}
template <class T>
void add(std::string& text, const std::vector<T>& values) {
    add(text, std::to_string(values.size()));
    for (const T& value : values) add(text, value);
}

// ---- who may, and what -----------------------------------------------------------------------------------------
// Nobody is asked for their consent to it.
bool is_trusted(const ApplicationDefinition& definition) { return definition.consent == ConsentRule::kFirstParty; }

Result<void, CommandError> check_authority(const AccessRules& held, bool concerns_trusted) {
    if (concerns_trusted && !held.covers(AccessRules::everything())) return Unexpected(refusals::kExceedsAuthority);
    return {};
}

Result<ApplicationDefinition, CommandError> parse(const Services& services, ApplicationDefinition definition) {
    std::erase(definition.audiences, services.settings.issuer);
    KEYLEDGER_TRY(parsed, checked(std::move(definition)));
    return std::move(*parsed);
}

// One attempt at a command on an existing application, after the actor was authorised.
struct ApplicationAdministration {
    Attempt& attempt;
    StreamOf<Application> stream;

    const Application& state() const { return attempt.state(stream); }
    Result<void, CommandError> carry_out(const ApplicationCommand& command) {
        return attempt.decide_and_append(stream, command);
    }
};
using ApplicationStep = std::function<StepResult(ApplicationAdministration&)>;

// `becomes`: what it is afterwards, where that is changed.
asio::awaitable<Outcome> run_on_application(Services& services, Bearer bearer, ApplicationId application_id,
                                            std::optional<ApplicationDefinition> becomes, Caller caller,
                                            ApplicationStep step) {
    Streams streams;
    read_actor(streams, bearer);
    const auto application = streams.read<Application>(application_id);
    const Step authorise = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(held, co_await authorise_with(attempt, kWriteClients, bearer, services));
        const bool is_now = is_trusted(attempt.state(application).definition);
        co_return check_authority(*held, is_now || (becomes && is_trusted(*becomes)));
    };
    const Step carry_out = [&](Attempt& attempt) -> StepResult {
        if (!attempt.state(application).exists()) co_return Unexpected(refusals::kApplicationUnknown);
        ApplicationAdministration on{attempt, application};
        auto decided = co_await step(on);
        co_return decided;
    };
    CommandSteps steps(authorise, carry_out);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(steps));
    co_return executed;
}

// Its secrets and keys, by what all clients have in common.
ClientRun run_for(Services& services, const Bearer& bearer, const ApplicationId& application_id, const Caller& caller) {
    return [&services, bearer, application_id, caller](ClientStep step) {
        ApplicationStep on_application = [step = std::move(step)](ApplicationAdministration& on) -> StepResult {
            const auto carry_out = [&](const CredentialCommand& command) {
                return std::visit([&](const auto& one) { return on.carry_out(one); }, command);
            };
            ClientAdministration client{on.attempt, carry_out};
            auto decided = co_await step(client);
            co_return decided;
        };
        return run_on_application(services, bearer, application_id, std::nullopt, caller, std::move(on_application));
    };
}

}  // namespace

Answer<ApplicationReceipt> register_application(Services& services, Bearer bearer, ApplicationDefinition definition,
                                                Caller caller) {
    KEYLEDGER_CO_TRY(parsed, parse(services, std::move(definition)));
    const Deadline deadline = caller.deadline;
    const ApplicationId application_id{services.identifiers.next()};
    Streams streams;
    read_actor(streams, bearer);
    const auto application = streams.begin<Application>(application_id);
    const Step authorise = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(held, co_await authorise_with(attempt, kWriteClients, bearer, services));
        co_return check_authority(*held, is_trusted(*parsed));
    };
    const Step carry_out = [&](Attempt& attempt) -> StepResult {
        const RegisterApplication command{*parsed};
        co_return attempt.decide_and_append(application, command);
    };
    CommandSteps steps(authorise, carry_out);
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, std::move(steps)));
    ApplicationReceipt registered{application_id, executed->position, executed->repeated};
    if (executed->repeated) {
        KEYLEDGER_CO_TRY(first, co_await first_event(services, *executed, deadline));
        registered.application_id = ApplicationId{first->stream_id};
    }
    co_return registered;
}

Answer<Receipt> change_application(Services& services, Bearer bearer, ApplicationId application_id,
                                   ApplicationDefinition definition, ApplicationStatus status, Caller caller) {
    KEYLEDGER_CO_TRY(parsed, parse(services, std::move(definition)));
    const Precondition precondition = caller.precondition;
    const ApplicationStep step = [&](ApplicationAdministration& on) -> StepResult {
        KEYLEDGER_CO_TRY(same, check_precondition(precondition, application_tag(on.state())));
        const ChangeApplication command{*parsed, status};
        co_return on.carry_out(command);
    };
    auto executed = co_await run_on_application(services, bearer, application_id, *parsed, std::move(caller), step);
    co_return done(executed);
}

Answer<Receipt> delete_application(Services& services, Bearer bearer, ApplicationId application_id, Caller caller) {
    const Precondition precondition = caller.precondition;
    const ApplicationStep step = [&](ApplicationAdministration& on) -> StepResult {
        KEYLEDGER_CO_TRY(same, check_precondition(precondition, application_tag(on.state())));
        for (const auto& secret : on.state().secrets) take_client_secret(on.attempt, application_id, secret.id);
        KEYLEDGER_CO_TRY(destroyed, co_await on.attempt.destroy_key_of(application_id));
        const DeleteApplication command;
        co_return on.carry_out(command);
    };
    auto executed =
        co_await run_on_application(services, bearer, application_id, std::nullopt, std::move(caller), step);
    co_return done(executed);
}

Answer<SecretReceipt> add_application_secret(Services& services, Bearer bearer, ApplicationId application_id,
                                             Caller caller) {
    return add_client_secret(services, application_id, run_for(services, bearer, application_id, caller),
                             caller.deadline);
}

Answer<Receipt> remove_application_secret(Services& services, Bearer bearer, ApplicationId application_id,
                                          CredentialId secret_id, Caller caller) {
    return remove_client_secret(application_id, secret_id, run_for(services, bearer, application_id, caller));
}

Answer<KeyReceipt> add_application_key(Services& services, Bearer bearer, ApplicationId application_id, std::string jwk,
                                       Caller caller, std::string* fault) {
    return add_client_key(services, std::move(jwk), run_for(services, bearer, application_id, caller), fault);
}

Answer<Receipt> remove_application_key(Services& services, Bearer bearer, ApplicationId application_id,
                                       std::string key_id, Caller caller) {
    return remove_client_key(std::move(key_id), run_for(services, bearer, application_id, caller));
}

std::string application_tag(const Application& application) {
    std::string text;
    const auto add_field = [&](const auto& field) { add(text, application.definition.*field.member); };
    std::apply([&](const auto&... field) { (add_field(field), ...); }, ApplicationDefinition::fields());
    add(text, stored_name(application.status));
    for (const auto& secret : application.secrets) add(text, secret.id.to_string());
    for (const auto& key : application.keys) add(text, key.jwk);
    return answer_tag(text);
}

Answer<ApplicationAtHead> find_application(Services& services, ApplicationId application_id, Deadline deadline) {
    const ServiceAccountId client_id{application_id.uuid};
    KEYLEDGER_CO_TRY(access, co_await access_of_service(services, client_id, deadline));
    if (!access->application) co_return Unexpected(refusals::kApplicationUnknown);
    co_return ApplicationAtHead{std::move(access->application), access->held.position};
}

}  // namespace keyledger::commands

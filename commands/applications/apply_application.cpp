#include "commands/applications/apply_application.hpp"

#include "commands/clients/service_tokens.hpp"

namespace keyledger::commands {
namespace {

using Events = std::vector<ApplicationEvent>;

ApplicationStatus status_of(const Application& application) {
    const bool is_enabled = application.status == Application::Status::kEnabled;
    return is_enabled ? ApplicationStatus::kEnabled : ApplicationStatus::kDisabled;
}

std::vector<std::string> differing(const Application& application, const WantedApplication& wanted) {
    std::vector<std::string> members;
    const auto compare = [&](const auto& field) {
        if (application.definition.*field.member != wanted.definition.*field.member) members.emplace_back(field.name);
    };
    std::apply([&](const auto&... field) { (compare(field), ...); }, ApplicationDefinition::fields());
    if (status_of(application) != wanted.status) members.emplace_back("status");
    return members;
}

// A file may say at once that there is one and that it is disabled.
Result<Events, RefusalRef> made(const Application& application, const WantedApplication& wanted) {
    if (application.status != Application::Status::kAbsent) return Unexpected(refusals::kApplicationUnknown);
    KEYLEDGER_TRY(events, decide(application, RegisterApplication{wanted.definition}));
    if (wanted.status == ApplicationStatus::kDisabled) events->push_back(ApplicationDisabled{});
    return std::move(*events);
}

struct Decided {
    Change change = Change::kNone;
    Events events{};
};
Result<Decided, RefusalRef> decided_of(const Application& application, const std::optional<WantedApplication>& wanted) {
    if (!wanted) {
        if (!application.exists()) return Decided{};
        KEYLEDGER_TRY(events, decide(application, DeleteApplication{}));
        return Decided{Change::kRemoved, std::move(*events)};
    }
    if (!application.exists()) {
        KEYLEDGER_TRY(events, made(application, *wanted));
        return Decided{Change::kMade, std::move(*events)};
    }
    KEYLEDGER_TRY(events, decide(application, ChangeApplication{wanted->definition, wanted->status}));
    if (events->empty()) return Decided{};
    return Decided{Change::kChanged, std::move(*events)};
}

}  // namespace

Answer<AppliedApplication> apply_application(Services& services, ApplicationId application_id,
                                             std::optional<WantedApplication> wanted, Trial trial, Caller caller) {
    if (wanted) {
        std::erase(wanted->definition.audiences, services.settings.issuer);
        KEYLEDGER_CO_TRY(parsed, checked(std::move(wanted->definition)));
        wanted->definition = std::move(*parsed);
    }
    AppliedApplication applied;
    Streams streams;
    const auto stream = streams.read<Application>(application_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        applied = AppliedApplication{};
        const Application& before = attempt.state(stream);
        KEYLEDGER_CO_TRY(decided, decided_of(before, wanted));
        applied.change = decided->change;
        if (applied.change == Change::kChanged) applied.members = differing(before, *wanted);
        if (trial == Trial::kYes || decided->events.empty()) co_return Result<void, CommandError>{};
        if (applied.change == Change::kRemoved) {
            for (const auto& secret : before.secrets) take_client_secret(attempt, application_id, secret.id);
            KEYLEDGER_CO_TRY(destroyed, co_await attempt.destroy_key_of(application_id));
        }
        attempt.append(stream, decided->events);
        co_return Result<void, CommandError>{};
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, step));
    applied.position = executed->position;
    co_return applied;
}

Answer<SecretReceipt> add_application_secret_as_operator(Services& services, ApplicationId application_id,
                                                         Caller caller) {
    const Deadline deadline = caller.deadline;
    const ClientRun run = [&services, application_id, caller](ClientStep step) -> asio::awaitable<Outcome> {
        Streams streams;
        const auto stream = streams.read<Application>(application_id);
        const Step on_stream = [&](Attempt& attempt) -> StepResult {
            if (!attempt.state(stream).exists()) co_return Unexpected(refusals::kApplicationUnknown);
            const auto carry_out = [&](const CredentialCommand& command) {
                return std::visit([&](const auto& one) { return attempt.decide_and_append(stream, one); }, command);
            };
            ClientAdministration client{attempt, carry_out};
            auto carried_out = co_await step(client);
            co_return carried_out;
        };
        auto executed = co_await services.executor.run(caller, streams, on_stream);
        co_return executed;
    };
    auto added = co_await add_client_secret(services, application_id, run, deadline);
    co_return added;
}

}  // namespace keyledger::commands

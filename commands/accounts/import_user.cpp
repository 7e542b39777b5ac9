#include "commands/accounts/import_user.hpp"

#include <algorithm>

#include "commands/access/administer.hpp"
#include "commands/access/roles.hpp"
#include "commands/accounts/new_identity.hpp"
#include "commands/claim_owner.hpp"
#include "commands/credentials/passwords.hpp"
#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/base/language_tag.hpp"

namespace keyledger::commands {
namespace {

constexpr std::string_view kRoleNames = "role_name";
constexpr int kImportAttempts = 16;  // administrators share a stream, and many lines are under way at once

Result<ImportUser, CommandError> command_of(const NewIdentity& identity, const UserImport& newcomer, Instant now) {
    const auto locale = newcomer.locale ? parse_language_tag(*newcomer.locale) : std::nullopt;
    if (newcomer.locale && !locale) return Unexpected(refusals::kInvalidLocale);
    if (newcomer.registered_at && (*newcomer.registered_at < Instant::at_ms(0) || *newcomer.registered_at > now))
        return Unexpected(refusals::kInvalidCreatedAt);
    ImportUser command;
    command.email = identity.email.text;
    if (identity.username) command.username = identity.username->text;
    command.name = identity.name;
    command.locale = locale;
    command.address = newcomer.address;
    command.status = newcomer.status;
    command.registered_at = newcomer.registered_at;
    return command;
}

Result<void, CommandError> assign_all(Attempt& attempt, const UserImport& newcomer, const UserId& user_id) {
    const auto everything = AccessRules::everything();
    const StreamOf<Assignments> assignments{assignments_of(user_id)};
    Assignments so_far;
    for (const RoleId& role_id : newcomer.roles) {
        const Role& role = attempt.state(StreamOf<Role>{role_id});
        if (role.status != Role::Status::kDefined) return Unexpected(refusals::kRoleUnknown);
        const AssignRole command{Subject::user(user_id), role_id, role.rules, everything, {}};
        KEYLEDGER_TRY(events, decide(so_far, command));
        attempt.append(assignments, *events);
        for (const AssignmentsEvent& event : *events) so_far = evolve(std::move(so_far), event, {});
    }
    if (!so_far.holds(kAdministratorRole) || newcomer.status != StatusAtImport::kActive) return {};
    return join_administrators(attempt, user_id, JoinReason::kByRole);
}

// Of a name that is taken: whether it is by them, from an earlier run.
Answer<ImportReceipt> who_was_there(Services& services, const std::string& email_key, RefusalRef taken,
                                    Deadline deadline) {
    KEYLEDGER_CO_TRY(owner, co_await owner_of_claim(services, "email", email_key, deadline));
    if (!owner->has_value()) co_return Unexpected(taken);
    const UserId user_id{owner->value()};
    Streams streams;
    streams.read<User>(user_id);
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    const User& known = state_of<User>(folds->front());
    if (known.origin != User::Origin::kImported) co_return Unexpected(refusals::kEmailTaken);
    co_return ImportReceipt{ImportReceipt::Outcome::kWasThere, user_id, 0};
}

}  // namespace

Answer<ImportReceipt> import_user(Services& services, const UserImport& newcomer, Caller caller) {
    KEYLEDGER_CO_TRY(identity, new_identity(newcomer.email, newcomer.username, newcomer.name));
    KEYLEDGER_CO_TRY(command, command_of(*identity, newcomer, services.clock.now()));
    const UserId user_id{services.identifiers.next()};
    const CredentialId credential_id{services.identifiers.next()};
    const Deadline deadline = caller.deadline;
    Streams streams;
    const auto user = streams.begin<User>(user_id);
    if (!newcomer.roles.empty()) streams.begin<Assignments>(assignments_of(user_id));
    for (const RoleId& role_id : newcomer.roles) streams.read<Role>(role_id);
    if (std::ranges::find(newcomer.roles, kAdministratorRole) != newcomer.roles.end())
        streams.read<Administrators>(kAdministratorsStream);
    const Step step = [&](Attempt& attempt) -> StepResult {
        if (newcomer.hash) {
            KEYLEDGER_CO_TRY(
                password, co_await put_password(services, attempt, user_id, credential_id, 0, newcomer.hash->clone()));
            command->password = *password;
        }
        KEYLEDGER_CO_TRY(imported, attempt.decide_and_append(user, *command));
        co_return assign_all(attempt, newcomer, user_id);
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step, kImportAttempts);
    if (executed) co_return ImportReceipt{ImportReceipt::Outcome::kImported, user_id, executed->position};
    const RefusalRef why = executed.error().refusal;
    if (why != refusals::kEmailTaken && why != refusals::kUsernameTaken) co_return Unexpected(executed.error());
    auto there = co_await who_was_there(services, identity->email.key, why, deadline);
    co_return there;
}

Answer<RoleId> role_named(Services& services, std::string name, Deadline deadline) {
    const auto parsed = parse_role_name(name);
    if (!parsed) co_return Unexpected(refusals::kInvalidRoleName);
    KEYLEDGER_CO_TRY(owner, co_await owner_of_claim(services, kRoleNames, parsed->key, deadline));
    if (!owner->has_value()) co_return Unexpected(refusals::kRoleUnknown);
    co_return RoleId{owner->value()};
}

}  // namespace keyledger::commands

#include "commands/access/roles.hpp"

#include "commands/access/administer.hpp"
#include "commands/access/groups.hpp"
#include "commands/claim_owner.hpp"
#include "commands/entity_tags.hpp"
#include "commands/first_stream.hpp"

namespace keyledger::commands {
namespace {

struct ParsedRole {
    RoleName name;
    AccessRules rules;
};

Result<ParsedRole, CommandError> parse(const RoleDefinition& definition) {
    auto name = parse_role_name(definition.name);
    if (!name) return Unexpected(refusals::kInvalidRoleName);
    if (definition.permissions.size() + definition.deny.size() > kMaxPermissionsPerRole)
        return Unexpected(refusals::kTooManyPermissions);
    for (const std::string& text : definition.permissions)
        if (!parse_permission(text)) return Unexpected(refusals::kInvalidPermission);
    for (const std::string& text : definition.deny) {
        const auto denied = parse_permission(text);
        if (!denied) return Unexpected(refusals::kInvalidPermission);
        if (is_reserved(denied->resource)) return Unexpected(refusals::kReservedPermission);
    }
    return ParsedRole{std::move(*name), AccessRules(PermissionSet::of_texts(definition.permissions),
                                                    PermissionSet::of_texts(definition.deny))};
}

// A command on a role by an actor who holds kWriteRoles; `command_of` gets the attempt and what the actor holds.
template <class CommandOf>
asio::awaitable<Outcome> run_on_role(Services& services, Bearer bearer, Streams streams, StreamOf<Role> role,
                                     Caller caller, CommandOf command_of) {
    const Precondition precondition = caller.precondition;
    RoleCommand command;
    const Step authorise = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(held, co_await authorise_with(attempt, kWriteRoles, bearer, services));
        command = command_of(attempt, std::move(*held));
        if (!has_authority(attempt.state(role), command)) co_return Unexpected(refusals::kExceedsAuthority);
        co_return Result<void, CommandError>{};
    };
    const Step carry_out = [&](Attempt& attempt) -> StepResult {
        const Role& before = attempt.state(role);
        const bool exists = before.status == Role::Status::kDefined;
        KEYLEDGER_CO_TRY(same, exists ? check_precondition(precondition, role_tag(before.name, before.rules))
                                      : Result<void, CommandError>());
        co_return attempt.decide_and_append(role, command);
    };
    CommandSteps steps(authorise, carry_out);
    auto executed = co_await services.executor.run(std::move(caller), std::move(streams), std::move(steps));
    co_return executed;
}

// What a role grants and denies; nothing once it is deleted.
ReadAffectedRules all_of_role(RoleId role_id) {
    return [role_id](Attempt& attempt, const AccessRules&) -> Answer<AccessRules> {
        Streams more;
        const auto role = more.read<Role>(role_id);
        KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
        co_return attempt.state(role).rules;
    };
}

}  // namespace

Answer<DefinitionReceipt<Role>> define_role(Services& services, Bearer bearer, RoleDefinition definition,
                                            Caller caller) {
    KEYLEDGER_CO_TRY(parsed, parse(definition));
    const Deadline deadline = caller.deadline;
    const RoleId role_id{services.identifiers.next()};
    Streams streams;
    read_actor(streams, bearer);
    const auto role = streams.begin<Role>(role_id);
    const auto command_of = [&](const Attempt&, AccessRules held) {
        return DefineRole{parsed->name.text, parsed->rules, std::move(held), RoleKind::kCustom};
    };
    KEYLEDGER_CO_TRY(executed, co_await run_on_role(services, bearer, streams, role, std::move(caller), command_of));
    DefinitionReceipt<Role> defined{role_id, executed->position, executed->repeated};
    if (executed->repeated) {
        KEYLEDGER_CO_TRY(first, co_await first_stream(services, executed->first_position, deadline));
        defined.id = RoleId{*first};
    }
    co_return defined;
}

Answer<Receipt> change_role(Services& services, Bearer bearer, RoleId role_id, RoleDefinition definition,
                            Caller caller) {
    KEYLEDGER_CO_TRY(parsed, parse(definition));
    Streams streams;
    read_actor(streams, bearer);
    const auto role = streams.read<Role>(role_id);
    read_default_roles(streams, parsed->rules);
    const auto command_of = [&](const Attempt& attempt, AccessRules held) {
        return ChangeRole{parsed->name.text, parsed->rules, std::move(held),
                          role_holders(attempt, role_id, parsed->rules)};
    };
    auto executed = co_await run_on_role(services, bearer, streams, role, std::move(caller), command_of);
    co_return done(executed);
}

Answer<Receipt> delete_role(Services& services, Bearer bearer, RoleId role_id, Caller caller) {
    Streams streams;
    read_actor(streams, bearer);
    const auto role = streams.read<Role>(role_id);
    const auto command_of = [](const Attempt&, AccessRules held) { return DeleteRole{std::move(held)}; };
    auto executed = co_await run_on_role(services, bearer, streams, role, std::move(caller), command_of);
    co_return done(executed);
}

Answer<Receipt> assign_role(Services& services, Bearer bearer, Subject subject, RoleId role_id, Caller caller) {
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        const Role& role = on.attempt.state(StreamOf<Role>{role_id});
        if (role.status != Role::Status::kDefined) co_return Unexpected(refusals::kRoleUnknown);
        const AssignRole command{subject, role_id, on.affected_rules, on.held, on.deleted_roles};
        KEYLEDGER_CO_TRY(events, decide(on.attempt.state(on.assignments), command));
        if (subject.id == kEveryone && !events->empty()) {
            KEYLEDGER_CO_TRY(founded, ensure_everyone_exists(on.attempt, on.group));
        }
        on.attempt.append(on.assignments, *events);
        if (role_id != kAdministratorRole) co_return Result<void, CommandError>{};
        const User& user_state = on.attempt.state(on.user);
        const bool counts = user_state.status == User::Status::kActive && !user_state.erasure_due_at;
        if (!counts) co_return Result<void, CommandError>{};
        co_return join_administrators(on.attempt, UserId{subject.id}, JoinReason::kByRole);
    };
    RequiredAuthority required{bearer, kWriteRoles, subject, all_of_role(role_id)};
    auto assigned = co_await administer(services, std::move(required), std::move(caller), step);
    if (!assigned && assigned.error().refusal == refusals::kGroupNameTaken)
        co_return Unexpected(refusals::kEveryoneNameTaken);
    co_return assigned;
}

Answer<Receipt> withdraw_role(Services& services, Bearer bearer, Subject subject, RoleId role_id, Caller caller) {
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        const WithdrawRole command{subject, role_id, on.affected_rules, on.held};
        KEYLEDGER_CO_TRY(withdrawn, on.attempt.decide_and_append(on.assignments, command));
        if (role_id != kAdministratorRole) co_return Result<void, CommandError>{};
        co_return leave_administrators(on.attempt, UserId{subject.id});
    };
    RequiredAuthority required{bearer, kWriteRoles, subject, all_of_role(role_id)};
    auto withdrawn = co_await administer(services, std::move(required), std::move(caller), step);
    co_return withdrawn;
}

void read_default_roles(Streams& streams, const AccessRules& rules) {
    if (rules.allow.reaches_administration()) streams.read<Assignments>(assignments_of(kEveryone));
}

RoleHolders role_holders(const Attempt& attempt, const RoleId& role_id, const AccessRules& rules) {
    const StreamOf<Assignments> defaults{assignments_of(kEveryone)};
    const bool everyones = rules.allow.reaches_administration() && attempt.state(defaults).holds(role_id);
    return everyones ? RoleHolders::kEveryone : RoleHolders::kSome;
}

void read_administrator_streams(Streams& streams, const UserId& user_id) {
    streams.read<Assignments>(assignments_of(user_id));
    streams.read<Role>(kAdministratorRole);
    streams.read<Administrators>(kAdministratorsStream);
}

Result<void, CommandError> define_administrator_role(Attempt& attempt, const UserId& user_id) {
    const StreamOf<Role> role{kAdministratorRole};
    const StreamOf<Assignments> assignments{assignments_of(user_id)};
    const auto everything = AccessRules::everything();
    const DefineRole define{std::string(kAdministratorRoleName), everything, everything, RoleKind::kBuiltIn};
    if (!attempt.decide_and_append(role, define)) return Unexpected(refusals::kAdministratorExists);
    const AssignRole assign{Subject::user(user_id), kAdministratorRole, everything, everything, {}};
    KEYLEDGER_TRY(assigned, attempt.decide_and_append(assignments, assign));
    return join_administrators(attempt, user_id, JoinReason::kByRole);
}

Answer<Receipt> assign_role_to_first_administrator(Services& services, Caller caller) {
    KEYLEDGER_CO_TRY(owner, co_await owner_of_claim(services, "first_administrator", "first", caller.deadline));
    if (!owner->has_value()) co_return Receipt{};
    const UserId user_id{**owner};
    Streams streams;
    const auto user = streams.read<User>(user_id);
    read_administrator_streams(streams, user_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        const bool is_assigned = attempt.state(StreamOf<Role>{kAdministratorRole}).status != Role::Status::kAbsent;
        if (is_assigned || attempt.state(user).privilege != UserPrivilege::kAdministrator)
            co_return Result<void, CommandError>{};
        co_return define_administrator_role(attempt, user_id);
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    co_return done(executed);
}

}  // namespace keyledger::commands

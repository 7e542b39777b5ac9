#include "commands/access/roles.hpp"

#include "commands/access/administer.hpp"
#include "commands/access/groups.hpp"
#include "commands/claim_owner.hpp"
#include "commands/entity_tags.hpp"
#include "commands/first_stream.hpp"

namespace keyledger::commands {
namespace {

struct Parsed {
    RoleName name;
    AccessRules rules;
};

Result<Parsed, CommandError> parse(const RoleDefinition& definition) {
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
    return Parsed{std::move(*name), AccessRules(PermissionSet::of_texts(definition.permissions),
                                                PermissionSet::of_texts(definition.deny))};
}

// A command upon a role by somebody who holds kWriteRoles; `command_of` is given the attempt and what they hold.
template <class CommandOf>
asio::awaitable<Outcome> upon_role(Services& services, Bearer bearer, Streams streams, StreamOf<Role> role,
                                   Caller caller, CommandOf command_of) {
    const OnlyIf only_if = caller.only_if;
    RoleCommand command;
    const Step authorise = [&](Attempt& attempt) -> Decided {
        KEYLEDGER_CO_TRY(held, co_await authorise_with(attempt, kWriteRoles, bearer, services));
        command = command_of(attempt, std::move(*held));
        if (!has_authority(attempt.state(role), command)) co_return Unexpected(refusals::kExceedsAuthority);
        co_return Result<void, CommandError>{};
    };
    const Step carry_out = [&](Attempt& attempt) -> Decided {
        const Role& before = attempt.state(role);
        const bool exists = before.status == Role::Status::kDefined;
        KEYLEDGER_CO_TRY(
            same, exists ? still_is(only_if, role_tag(before.name, before.rules)) : Result<void, CommandError>());
        co_return attempt.decide_and_append(role, command);
    };
    Order order(authorise, carry_out);
    auto executed = co_await services.executor.run(std::move(caller), std::move(streams), std::move(order));
    co_return executed;
}

// What a role grants and denies; nothing once it is deleted.
Moves all_of_role(Uuid role_id) {
    return [role_id](Attempt& attempt, const AccessRules&) -> Answer<AccessRules> {
        Streams more;
        const auto role = more.read<Role>(role_id);
        KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
        co_return attempt.state(role).rules;
    };
}

}  // namespace

Answer<Defined> define_role(Services& services, Bearer bearer, RoleDefinition definition, Caller caller) {
    KEYLEDGER_CO_TRY(parsed, parse(definition));
    const Deadline deadline = caller.deadline;
    const Uuid role_id = services.identifiers.next();
    Streams streams;
    read_actor(streams, bearer);
    const auto role = streams.begin<Role>(role_id);
    const auto command_of = [&](const Attempt&, AccessRules held) {
        return DefineRole{parsed->name.text, parsed->rules, std::move(held), RoleKind::kCustom};
    };
    KEYLEDGER_CO_TRY(executed, co_await upon_role(services, bearer, streams, role, std::move(caller), command_of));
    Defined defined{role_id, executed->position, executed->repeated};
    if (executed->repeated) {
        KEYLEDGER_CO_TRY(first, co_await first_stream(services, executed->first_position, deadline));
        defined.id = *first;
    }
    co_return defined;
}

Answer<Done> change_role(Services& services, Bearer bearer, Uuid role_id, RoleDefinition definition, Caller caller) {
    KEYLEDGER_CO_TRY(parsed, parse(definition));
    Streams streams;
    read_actor(streams, bearer);
    const auto role = streams.read<Role>(role_id);
    read_default_roles(streams, parsed->rules);
    const auto command_of = [&](const Attempt& attempt, AccessRules held) {
        return ChangeRole{parsed->name.text, parsed->rules, std::move(held), held_by(attempt, role_id, parsed->rules)};
    };
    auto executed = co_await upon_role(services, bearer, streams, role, std::move(caller), command_of);
    co_return done(executed);
}

Answer<Done> delete_role(Services& services, Bearer bearer, Uuid role_id, Caller caller) {
    Streams streams;
    read_actor(streams, bearer);
    const auto role = streams.read<Role>(role_id);
    const auto command_of = [](const Attempt&, AccessRules held) { return DeleteRole{std::move(held)}; };
    auto executed = co_await upon_role(services, bearer, streams, role, std::move(caller), command_of);
    co_return done(executed);
}

Answer<Done> assign_role(Services& services, Bearer bearer, Subject subject, Uuid role_id, Caller caller) {
    const Act act = [&](Administration& on) -> Decided {
        const Role& role = on.attempt.state(StreamOf<Role>{role_id});
        if (role.status != Role::Status::kDefined) co_return Unexpected(refusals::kRoleUnknown);
        const AssignRole command{subject, role_id, on.moved, on.held, on.deleted_roles};
        KEYLEDGER_CO_TRY(events, decide(on.attempt.state(on.assignments), command));
        if (subject.id == kEveryone && !events->empty()) {
            KEYLEDGER_CO_TRY(founded, found_everyone(on.attempt, on.group));
        }
        on.attempt.append(on.assignments, *events);
        if (role_id != kAdministratorRole) co_return Result<void, CommandError>{};
        const User& him = on.attempt.state(on.user);
        const bool counts = him.status == User::Status::kActive && !him.erasure_due_at_ms;
        if (!counts) co_return Result<void, CommandError>{};
        co_return join_administrators(on.attempt, subject.id, Joining::kByRole);
    };
    Errand errand{bearer, kWriteRoles, subject, all_of_role(role_id)};
    auto assigned = co_await administer(services, std::move(errand), std::move(caller), act);
    if (!assigned && assigned.error().refusal == refusals::kGroupNameTaken)
        co_return Unexpected(refusals::kEveryoneNameTaken);
    co_return assigned;
}

Answer<Done> withdraw_role(Services& services, Bearer bearer, Subject subject, Uuid role_id, Caller caller) {
    const Act act = [&](Administration& on) -> Decided {
        const WithdrawRole command{subject, role_id, on.moved, on.held};
        KEYLEDGER_CO_TRY(withdrawn, on.attempt.decide_and_append(on.assignments, command));
        if (role_id != kAdministratorRole) co_return Result<void, CommandError>{};
        co_return leave_administrators(on.attempt, subject.id);
    };
    Errand errand{bearer, kWriteRoles, subject, all_of_role(role_id)};
    auto withdrawn = co_await administer(services, std::move(errand), std::move(caller), act);
    co_return withdrawn;
}

void read_default_roles(Streams& streams, const AccessRules& rules) {
    if (rules.allow.reaches_administration()) streams.read<Assignments>(assignments_of(kEveryone));
}

HeldBy held_by(const Attempt& attempt, const Uuid& role_id, const AccessRules& rules) {
    const StreamOf<Assignments> defaults{assignments_of(kEveryone)};
    const bool everyones = rules.allow.reaches_administration() && attempt.state(defaults).holds(role_id);
    return everyones ? HeldBy::kEveryone : HeldBy::kSome;
}

void read_administration(Streams& streams, const Uuid& user_id) {
    streams.read<Assignments>(assignments_of(user_id));
    streams.read<Role>(kAdministratorRole);
    streams.read<Administrators>(kAdministratorsStream);
}

Result<void, CommandError> found_administration(Attempt& attempt, const Uuid& user_id) {
    const StreamOf<Role> role{kAdministratorRole};
    const StreamOf<Assignments> assignments{assignments_of(user_id)};
    const auto everything = AccessRules::everything();
    const DefineRole define{std::string(kAdministratorRoleName), everything, everything, RoleKind::kBuiltIn};
    if (!attempt.decide_and_append(role, define)) return Unexpected(refusals::kAdministratorExists);
    const AssignRole assign{Subject::user(user_id), kAdministratorRole, everything, everything, {}};
    KEYLEDGER_TRY(assigned, attempt.decide_and_append(assignments, assign));
    return join_administrators(attempt, user_id, Joining::kByRole);
}

Answer<Done> adopt_first_administrator(Services& services, Caller caller) {
    KEYLEDGER_CO_TRY(owner, co_await owner_of_claim(services, "first_administrator", "first", caller.deadline));
    if (!owner->has_value()) co_return Done{};
    const Uuid user_id = **owner;
    Streams streams;
    const auto user = streams.read<User>(user_id);
    read_administration(streams, user_id);
    const Step step = [&](Attempt& attempt) -> Decided {
        const bool adopted = attempt.state(StreamOf<Role>{kAdministratorRole}).status != Role::Status::kAbsent;
        if (adopted || attempt.state(user).standing != Standing::kAdministrator) co_return Result<void, CommandError>{};
        co_return found_administration(attempt, user_id);
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    co_return done(executed);
}

}  // namespace keyledger::commands

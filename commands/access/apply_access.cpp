#include "commands/access/apply_access.hpp"

#include "commands/claim_owner.hpp"

namespace keyledger::commands {
namespace {

constexpr std::string_view kRoleNames = "role_name";

AccessRules rules_of(const RoleDefinition& definition) {
    return {PermissionSet::of_texts(definition.permissions), PermissionSet::of_texts(definition.deny)};
}

RoleCommand command_for(const Attempt& attempt, StreamOf<Role> stream, const std::string& name,
                        const std::optional<RoleDefinition>& definition) {
    const auto everything = AccessRules::everything();
    if (!definition) return DeleteRole{everything};
    const AccessRules rules = rules_of(*definition);
    if (attempt.state(stream).status == Role::Status::kDefined)
        return ChangeRole{name, rules, everything, role_holders(attempt, stream.id, rules)};
    return DefineRole{name, rules, everything, RoleKind::kCustom};
}

bool is_called(const Role& role, const std::string& key) {
    const auto name = parse_role_name(role.name);
    return role.status == Role::Status::kDefined && name && name->key == key;
}

Change change_of(const RoleEvent& event) {
    if (std::holds_alternative<RoleDefined>(event)) return Change::kMade;
    return std::holds_alternative<RoleDeleted>(event) ? Change::kRemoved : Change::kChanged;
}

}  // namespace

Answer<AppliedRole> apply_role(Services& services, std::string name, std::optional<RoleDefinition> definition,
                               DryRun* dry_run, Caller caller) {
    const auto parsed = parse_role_name(name);
    if (!parsed) co_return Unexpected(refusals::kInvalidRoleName);
    KEYLEDGER_CO_TRY(owner, co_await owner_of_claim(services, kRoleNames, parsed->key, caller.deadline));
    AppliedRole applied;
    if (!*owner && !definition) co_return applied;
    const RoleId role_id{owner->value_or(services.identifiers.next())};
    Streams streams;
    const auto role = *owner ? streams.read<Role>(role_id) : streams.begin<Role>(role_id);
    if (definition) read_default_roles(streams, rules_of(*definition));
    const Step step = [&](Attempt& attempt) -> StepResult {
        applied = AppliedRole{};
        const Role& before = attempt.state(role);
        if (*owner && !is_called(before, parsed->key))
            co_return Unexpected(refusals::kBusy);  // deleted or renamed since it was found by its name
        applied.before = before.rules;
        applied.after = before.rules;
        const RoleCommand command = command_for(attempt, role, parsed->text, definition);
        KEYLEDGER_CO_TRY(events, decide(before, command));
        if (events->empty()) co_return Result<void, CommandError>{};
        applied.change = change_of(events->front());
        applied.after = definition ? rules_of(*definition) : AccessRules();
        if (dry_run != nullptr) co_return Result<void, CommandError>{};
        attempt.append(role, *events);
        co_return Result<void, CommandError>{};
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, step));
    if (dry_run != nullptr && definition) {
        if (applied.change == Change::kMade) dry_run->roles[parsed->key] = role_id;
        dry_run->rules[role_id] = rules_of(*definition);
    }
    applied.position = executed->position;
    co_return applied;
}

}  // namespace keyledger::commands

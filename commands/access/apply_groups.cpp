#include "commands/access/apply_access.hpp"
#include "commands/access/groups.hpp"
#include "commands/claim_owner.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "domain/clients/service_account.hpp"

namespace keyledger::commands {
namespace {

constexpr std::string_view kGroupNames = "group_name";
constexpr std::string_view kAccountNames = "service_account_name";

template <class Of>
struct Target {  // a role or a group that the file names within a group
    std::string name;
    Id<Of> id;
    bool is_made_by_file = false;  // as far as it is tried: nothing can be read of it
};

template <class Of>
const std::map<std::string, Id<Of>>& made_by(const DryRun& dry_run) {
    if constexpr (std::is_same_v<Of, Group>) return dry_run.groups;
    else return dry_run.roles;
}

// Of the log, or of those that the file makes.
template <class Of>
Answer<std::vector<Target<Of>>> find_all(Services& services, std::vector<std::string> names, const DryRun* dry_run,
                                         Deadline deadline) {
    constexpr bool kOfGroups = std::is_same_v<Of, Group>;
    std::vector<Target<Of>> targets;
    for (std::string& name : names) {
        const auto parsed = parse_role_name(name);
        if (!parsed) co_return Unexpected(refusals::kInvalidGroupName);
        KEYLEDGER_CO_TRY(owner, co_await owner_of_claim(services, Of::kNameKinds.front(), parsed->key, deadline));
        Target<Of> target{std::move(name), Id<Of>{owner->value_or(Uuid{})}};
        if (dry_run != nullptr) {
            const auto& made = made_by<Of>(*dry_run);
            const auto of_file = made.find(parsed->key);
            target.is_made_by_file = of_file != made.end();
            if (target.is_made_by_file) target.id = of_file->second;
        }
        if (target.id.is_nil())
            co_return Unexpected(CommandError(kOfGroups ? refusals::kGroupUnknown : refusals::kRoleUnknown));
        targets.push_back(std::move(target));
    }
    co_return targets;
}

template <class Of>
bool is_among(const std::vector<Target<Of>>& targets, const Id<Of>& id) {
    return std::ranges::find(targets, id, &Target<Of>::id) != targets.end();
}

std::vector<GroupId> children_of(const Nestings& nestings, const GroupId& parent_id) {
    std::vector<GroupId> children;
    for (const auto& [child, parents] : nestings.parents)
        if (std::find(parents.begin(), parents.end(), parent_id) != parents.end()) children.push_back(child);
    return children;
}

// Decides one command after another, each on the state that the one before left.
template <class Aggregate, class Command>
Result<void, CommandError> decide_and_apply(Aggregate& state, std::vector<typename Aggregate::Event>& events,
                                            const Command& command) {
    KEYLEDGER_TRY(decided, decide(state, command));
    for (auto& event : *decided) {
        state = evolve(std::move(state), event, Recorded{});
        events.push_back(std::move(event));
    }
    return {};
}

struct GroupStreams {
    GroupId id;
    StreamOf<Group> group;
    StreamOf<Assignments> assignments;
    StreamOf<Nestings> nestings;
};
GroupStreams read_group(Streams& streams, const GroupId& id, bool is_new) {
    const auto group = is_new ? streams.begin<Group>(id) : streams.read<Group>(id);
    return {id, group, streams.read<Assignments>(assignments_of(id)), streams.read<Nestings>(kNestingsStream)};
}

// Of a role that see_targets() has read, or as the file would have it.
const AccessRules& rules_of(const Attempt& attempt, const Target<Role>& role, const DryRun* dry_run) {
    if (dry_run != nullptr)
        if (const auto of_file = dry_run->rules.find(role.id); of_file != dry_run->rules.end()) return of_file->second;
    return attempt.state(StreamOf<Role>{role.id}).rules;
}

const Nestings& nestings_of(const Attempt& attempt, const GroupStreams& on, const DryRun* dry_run) {
    return dry_run != nullptr && dry_run->nestings ? *dry_run->nestings : attempt.state(on.nestings);
}

// What the group is given and loses, of roles.
Result<std::vector<AssignmentsEvent>, CommandError> settle_roles(const Attempt& attempt, const GroupStreams& on,
                                                                 const std::vector<Target<Role>>& wanted,
                                                                 const DryRun* dry_run) {
    const auto everything = AccessRules::everything();
    const Subject subject = Subject::group(on.id);
    Assignments state = attempt.state(on.assignments);
    std::vector<AssignmentsEvent> events;
    const std::vector<RoleId> before = state.roles;
    for (const RoleId& role : before) {
        if (is_among(wanted, role)) continue;
        KEYLEDGER_TRY(decided,
                      decide_and_apply(state, events, AssignmentsCommand(WithdrawRole{subject, role, {}, everything})));
    }
    for (const Target<Role>& role : wanted) {
        const AssignRole give{subject, role.id, rules_of(attempt, role, dry_run), everything, {}};
        KEYLEDGER_TRY(decided, decide_and_apply(state, events, AssignmentsCommand(give)));
    }
    return events;
}

struct Nested {
    std::vector<NestingsEvent> events;
    Nestings after;
};
// The same of groups under it.
Result<Nested, CommandError> settle_nestings(const Nestings& before, const GroupId& group_id,
                                             const std::vector<Target<Group>>& wanted) {
    const auto everything = AccessRules::everything();
    Nested nested{{}, before};
    for (const GroupId& child : children_of(before, group_id)) {
        if (is_among(wanted, child)) continue;
        const NestingsCommand unnest = UnnestGroup{group_id, child, {}, everything};
        KEYLEDGER_TRY(decided, decide_and_apply(nested.after, nested.events, unnest));
    }
    for (const Target<Group>& child : wanted) {
        const NestingsCommand nest = NestGroup{group_id, child.id, {}, everything};
        KEYLEDGER_TRY(decided, decide_and_apply(nested.after, nested.events, nest));
    }
    return nested;
}

template <class Of>
struct Inside {
    Id<Of> id;
    std::string label;  // as an operator is told
};
struct GroupContents {
    std::vector<Inside<Role>> roles;
    std::vector<Inside<Group>> groups;
};
// What is in the group by now, but for roles that are deleted.
Answer<GroupContents> look_inside(Attempt& attempt, GroupStreams on) {
    const std::vector<RoleId> roles = attempt.state(on.assignments).roles;
    const std::vector<GroupId> children = children_of(attempt.state(on.nestings), on.id);
    Streams more;
    for (const RoleId& role : roles) more.read<Role>(role);
    for (const GroupId& child : children) more.read<Group>(child);
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
    GroupContents inside;
    for (const RoleId& role : roles) {
        const Role& state = attempt.state(StreamOf<Role>{role});
        if (state.status == Role::Status::kDefined) inside.roles.push_back({role, "role " + state.name});
    }
    for (const GroupId& child : children)
        inside.groups.push_back({child, "group " + attempt.state(StreamOf<Group>{child}).name});
    co_return inside;
}

// What the file names and is not inside.
template <class Of>
void tell_added(std::vector<std::string>& added, const std::vector<Inside<Of>>& inside,
                const std::vector<Target<Of>>& wanted, const std::string& kind) {
    for (const Target<Of>& target : wanted)
        if (std::ranges::find(inside, target.id, &Inside<Of>::id) == inside.end()) added.push_back(kind + target.name);
}
// And what is inside and the file does not name.
template <class Of>
void tell_removed(std::vector<std::string>& removed, const std::vector<Inside<Of>>& inside,
                  const std::vector<Target<Of>>& wanted) {
    for (const Inside<Of>& one : inside)
        if (!is_among(wanted, one.id)) removed.push_back(one.label);
}

bool is_called(const Group& group, const std::string& key) {
    const auto name = parse_role_name(group.name);
    return group.status == Group::Status::kDefined && name && name->key == key;
}

void tell_respelt(AppliedGroup& applied, const std::string& before, const std::string& after) {
    applied.added.push_back("name " + after);
    applied.removed.push_back("name " + before);
}

StepResult remove(Attempt& attempt, GroupStreams on) {
    auto deleted = decide(attempt.state(on.group), GroupCommand(DeleteGroup{on.id}));
    auto withdrawn = decide(attempt.state(on.assignments), AssignmentsCommand(WithdrawAllRoles{Subject::group(on.id)}));
    auto unnested = decide(attempt.state(on.nestings), NestingsCommand(RemoveAllNestings{on.id}));
    if (!deleted || !withdrawn || !unnested) co_return Unexpected(refusals::kGroupUnknown);
    attempt.append(on.group, *deleted);
    attempt.append(on.assignments, *withdrawn);
    attempt.append(on.nestings, *unnested);
    co_return Result<void, CommandError>{};
}

// What the file names is read, and so guarded: it may have been deleted since it was found by its name.
StepResult see_targets(Attempt& attempt, std::vector<Target<Role>> roles, std::vector<Target<Group>> groups) {
    std::erase_if(roles, [](const Target<Role>& role) { return role.is_made_by_file; });
    std::erase_if(groups, [](const Target<Group>& group) { return group.is_made_by_file; });
    Streams more;
    for (const Target<Role>& role : roles) more.read<Role>(role.id);
    for (const Target<Group>& group : groups) more.read<Group>(group.id);
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
    for (const Target<Role>& role : roles)
        if (attempt.state(StreamOf<Role>{role.id}).status != Role::Status::kDefined)
            co_return Unexpected(refusals::kRoleUnknown);
    for (const Target<Group>& group : groups)
        if (attempt.state(StreamOf<Group>{group.id}).status != Group::Status::kDefined)
            co_return Unexpected(refusals::kGroupUnknown);
    co_return Result<void, CommandError>{};
}

// Of a group that is deleted.
Nestings without(Nestings nestings, const GroupId& group_id) {
    std::vector<NestingsEvent> events;
    static_cast<void>(decide_and_apply(nestings, events, NestingsCommand(RemoveAllNestings{group_id})));
    return nestings;
}

struct AccountStreams {
    StreamOf<ServiceAccount> account;
    StreamOf<Assignments> assignments;
};

bool is_called(const ServiceAccount& account, const std::string& key) {
    const auto name = parse_role_name(account.name);
    return account.exists() && name && name->key == key;
}

// The groups that it is in, by name; those that are deleted apart.
struct GroupsOfAccount {
    std::vector<Inside<Group>> defined;
    std::vector<GroupId> deleted;
};
Answer<GroupsOfAccount> look_around(Attempt& attempt, AccountStreams on) {
    const std::vector<GroupId> groups = attempt.state(on.assignments).groups;
    Streams more;
    for (const GroupId& group : groups) more.read<Group>(group);
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
    GroupsOfAccount around;
    for (const GroupId& group : groups) {
        const Group& state = attempt.state(StreamOf<Group>{group});
        if (state.status == Group::Status::kDefined) around.defined.push_back({group, "group " + state.name});
        else around.deleted.push_back(group);
    }
    co_return around;
}

// What it joins and leaves. Of deleted groups it leaves none for its own sake.
Result<std::vector<AssignmentsEvent>, CommandError> settle_groups(const Attempt& attempt, const AccountStreams& on,
                                                                  const GroupsOfAccount& around,
                                                                  const std::vector<Target<Group>>& wanted) {
    const auto everything = AccessRules::everything();
    const Subject subject = Subject::service_account(on.account.id);
    Assignments state = attempt.state(on.assignments);
    std::vector<AssignmentsEvent> events;
    for (const Inside<Group>& group : around.defined) {
        if (is_among(wanted, group.id)) continue;
        const AssignmentsCommand leave = RemoveMember{subject, group.id, {}, everything};
        KEYLEDGER_TRY(decided, decide_and_apply(state, events, leave));
    }
    for (const Target<Group>& group : wanted) {
        const AssignmentsCommand join = AddMember{subject, group.id, {}, everything, around.deleted};
        KEYLEDGER_TRY(decided, decide_and_apply(state, events, join));
    }
    return events;
}

// That the name of everyone can be taken, which the append decides where it is for good.
Answer<Receipt> everyones_name_is_free(Services& services, Deadline deadline) {
    const auto parsed = parse_role_name(kEveryoneName);
    KEYLEDGER_CO_TRY(owner, co_await owner_of_claim(services, kGroupNames, parsed->key, deadline));
    if (*owner && GroupId{**owner} != kEveryone) co_return Unexpected(refusals::kEveryoneNameTaken);
    co_return Receipt{};
}

}  // namespace

Answer<AppliedGroup> apply_group(Services& services, std::string name, std::optional<GroupDefinition> definition,
                                 DryRun* dry_run, Caller caller) {
    const auto parsed = parse_role_name(name);
    if (!parsed) co_return Unexpected(refusals::kInvalidGroupName);
    if (is_reserved_group_name(name)) co_return Unexpected(refusals::kGroupNameReserved);
    KEYLEDGER_CO_TRY(owner, co_await owner_of_claim(services, kGroupNames, parsed->key, caller.deadline));
    AppliedGroup applied;
    if (!*owner && !definition) co_return applied;
    const GroupDefinition wanted = definition.value_or(GroupDefinition{});
    KEYLEDGER_CO_TRY(roles, co_await find_all<Role>(services, wanted.roles, dry_run, caller.deadline));
    KEYLEDGER_CO_TRY(groups, co_await find_all<Group>(services, wanted.groups, dry_run, caller.deadline));
    Streams streams;
    const bool is_new = !owner->has_value();
    const GroupId group_id{owner->value_or(services.identifiers.next())};
    const GroupStreams on = read_group(streams, group_id, is_new);
    Nestings nestings_after;
    const Step step = [&](Attempt& attempt) -> StepResult {
        applied = AppliedGroup{};
        const std::string before = attempt.state(on.group).name;
        if (!is_new && !is_called(attempt.state(on.group), parsed->key))
            co_return Unexpected(refusals::kBusy);  // deleted or renamed since it was found by its name
        KEYLEDGER_CO_TRY(seen, co_await see_targets(attempt, *roles, *groups));
        KEYLEDGER_CO_TRY(inside, co_await look_inside(attempt, on));
        tell_added(applied.added, inside->roles, *roles, "role ");
        tell_added(applied.added, inside->groups, *groups, "group ");
        tell_removed(applied.removed, inside->roles, *roles);
        tell_removed(applied.removed, inside->groups, *groups);
        if (!definition) {
            applied.change = Change::kRemoved;
            nestings_after = without(nestings_of(attempt, on, dry_run), group_id);
            if (dry_run != nullptr) co_return Result<void, CommandError>{};
            auto removed = co_await remove(attempt, on);
            co_return removed;
        }
        KEYLEDGER_CO_TRY(assigned, settle_roles(attempt, on, *roles, dry_run));
        KEYLEDGER_CO_TRY(nested, settle_nestings(nestings_of(attempt, on, dry_run), group_id, *groups));
        nestings_after = std::move(nested->after);
        const bool respelt = !is_new && before != parsed->text;
        if (respelt) tell_respelt(applied, before, parsed->text);
        if (!applied.added.empty() || !applied.removed.empty()) applied.change = Change::kChanged;
        if (is_new) applied.change = Change::kMade;
        if (dry_run != nullptr) co_return Result<void, CommandError>{};
        if (is_new) {
            const std::vector<GroupEvent> defined{GroupDefined{parsed->text}};
            attempt.append(on.group, defined);
        }
        if (respelt) {
            const std::vector<GroupEvent> renamed{GroupRenamed{parsed->text}};
            attempt.append(on.group, renamed);
        }
        attempt.append(on.assignments, *assigned);
        attempt.append(on.nestings, nested->events);
        co_return Result<void, CommandError>{};
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, step));
    if (dry_run != nullptr) dry_run->nestings = std::move(nestings_after);
    if (dry_run != nullptr && is_new) dry_run->groups[parsed->key] = group_id;
    applied.position = executed->position;
    co_return applied;
}

Answer<AppliedGroup> apply_account_groups(Services& services, std::string account, std::vector<std::string> names,
                                          DryRun* dry_run, Caller caller) {
    const auto parsed = parse_role_name(account);
    if (!parsed) co_return Unexpected(refusals::kInvalidAccountName);
    KEYLEDGER_CO_TRY(owner, co_await owner_of_claim(services, kAccountNames, parsed->key, caller.deadline));
    if (!*owner) co_return Unexpected(refusals::kAccountUnknown);
    KEYLEDGER_CO_TRY(groups, co_await find_all<Group>(services, std::move(names), dry_run, caller.deadline));
    AppliedGroup applied;
    Streams streams;
    const ServiceAccountId account_id{**owner};
    const AccountStreams on{streams.read<ServiceAccount>(account_id),
                            streams.read<Assignments>(assignments_of(account_id))};
    const std::vector<Target<Role>> no_roles;
    const Step step = [&](Attempt& attempt) -> StepResult {
        applied = AppliedGroup{};
        if (!is_called(attempt.state(on.account), parsed->key))
            co_return Unexpected(refusals::kBusy);  // deleted or renamed since it was found by its name
        KEYLEDGER_CO_TRY(seen, co_await see_targets(attempt, no_roles, *groups));
        KEYLEDGER_CO_TRY(around, co_await look_around(attempt, on));
        tell_added(applied.added, around->defined, *groups, "group ");
        tell_removed(applied.removed, around->defined, *groups);
        KEYLEDGER_CO_TRY(settled, settle_groups(attempt, on, *around, *groups));
        if (!applied.added.empty() || !applied.removed.empty()) applied.change = Change::kChanged;
        if (dry_run == nullptr) attempt.append(on.assignments, *settled);
        co_return Result<void, CommandError>{};
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, step));
    applied.position = executed->position;
    co_return applied;
}

Answer<AppliedGroup> apply_default_roles(Services& services, std::vector<std::string> names, DryRun* dry_run,
                                         Caller caller) {
    KEYLEDGER_CO_TRY(roles, co_await find_all<Role>(services, std::move(names), dry_run, caller.deadline));
    auto free = co_await everyones_name_is_free(services, caller.deadline);
    if (!free && !roles->empty()) co_return Unexpected(free.error());
    AppliedGroup applied;
    Streams streams;
    const GroupStreams on = read_group(streams, kEveryone, false);
    const std::vector<Target<Group>> no_groups;
    const Step step = [&](Attempt& attempt) -> StepResult {
        applied = AppliedGroup{};
        KEYLEDGER_CO_TRY(seen, co_await see_targets(attempt, *roles, no_groups));
        KEYLEDGER_CO_TRY(inside, co_await look_inside(attempt, on));
        tell_added(applied.added, inside->roles, *roles, "role ");
        tell_removed(applied.removed, inside->roles, *roles);
        KEYLEDGER_CO_TRY(assigned, settle_roles(attempt, on, *roles, dry_run));
        if (!applied.added.empty() || !applied.removed.empty()) applied.change = Change::kChanged;
        if (dry_run != nullptr || assigned->empty()) co_return Result<void, CommandError>{};
        KEYLEDGER_CO_TRY(founded, ensure_everyone_exists(attempt, on.group));
        attempt.append(on.assignments, *assigned);
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    if (!executed && executed.error().refusal == refusals::kGroupNameTaken)
        co_return Unexpected(refusals::kEveryoneNameTaken);
    if (!executed) co_return Unexpected(executed.error());
    applied.position = executed->position;
    co_return applied;
}

}  // namespace keyledger::commands

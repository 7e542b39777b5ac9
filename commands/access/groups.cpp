#include "commands/access/groups.hpp"

#include "commands/access/administer.hpp"
#include "commands/entity_tags.hpp"
#include "commands/first_stream.hpp"
#include "domain/access/nestings.hpp"

namespace keyledger::commands {
namespace {

Result<RoleName, CommandError> parse(const std::string& name) {
    auto parsed = parse_role_name(name);
    if (!parsed) return Unexpected(refusals::kInvalidGroupName);
    return std::move(*parsed);
}

StepResult append_nestings(Attempt& attempt, NestingsCommand command) {
    Streams more;
    const auto nestings = more.read<Nestings>(kNestingsStream);
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
    co_return attempt.decide_and_append(nestings, command);
}

// All that the group grants and denies its members, unless the actor holds everything anyway.
ReadAffectedRules all_of_group(GroupId group_id) {
    return [group_id](Attempt& attempt, const AccessRules& held) -> Answer<AccessRules> {
        const Subject subject = Subject::group(group_id);
        KEYLEDGER_CO_TRY(holdings, co_await holdings_of(attempt, subject, holdings_scope_for(held)));
        co_return std::move(holdings->rules);
    };
}

StepResult must_be_defined(Attempt& attempt, GroupId group_id) {
    Streams more;
    const auto group = more.read<Group>(group_id);
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
    if (attempt.state(group).status != Group::Status::kDefined && group_id != kEveryone)
        co_return Unexpected(refusals::kGroupUnknown);
    co_return Result<void, CommandError>{};
}

std::string tag_of_group(const Administration& on) {
    const Group& group = on.attempt.state(on.group);
    const bool is_defined = group.status == Group::Status::kDefined;
    return group_tag(is_defined ? group.name : std::string(kEveryoneName));
}

// Of those that a subject is in: known only once there is no room for another.
Answer<std::vector<GroupId>> deleted_among(Attempt& attempt, std::vector<GroupId> groups) {
    std::vector<GroupId> deleted;
    if (groups.size() < kMaxGroupsPerSubject) co_return deleted;
    Streams more;
    for (const GroupId& group_id : groups) more.read<Group>(group_id);
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
    for (const GroupId& group_id : groups)
        if (attempt.state(StreamOf<Group>{group_id}).status == Group::Status::kDeleted) deleted.push_back(group_id);
    co_return deleted;
}

}  // namespace

Answer<DefinitionReceipt<Group>> define_group(Services& services, Bearer bearer, std::string name, Caller caller) {
    KEYLEDGER_CO_TRY(parsed, parse(name));
    const Deadline deadline = caller.deadline;
    const GroupId group_id{services.identifiers.next()};
    Streams streams;
    read_actor(streams, bearer);
    const auto group = streams.begin<Group>(group_id);
    const Step define = [&](Attempt& attempt) -> StepResult {
        co_return attempt.decide_and_append(group, DefineGroup{group_id, parsed->text});
    };
    CommandSteps steps(require_permission(services, bearer, kWriteGroups), define);
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(std::move(caller), streams, std::move(steps)));
    DefinitionReceipt<Group> defined{group_id, executed->position, executed->repeated};
    if (executed->repeated) {
        KEYLEDGER_CO_TRY(first, co_await first_stream(services, executed->first_position, deadline));
        defined.id = GroupId{*first};
    }
    co_return defined;
}

Answer<Receipt> rename_group(Services& services, Bearer bearer, GroupId group_id, std::string name, Caller caller) {
    KEYLEDGER_CO_TRY(parsed, parse(name));
    const Precondition precondition = caller.precondition;
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        KEYLEDGER_CO_TRY(same, check_precondition(precondition, tag_of_group(on)));
        co_return on.attempt.decide_and_append(on.group, RenameGroup{group_id, parsed->text});
    };
    RequiredAuthority required{bearer, kWriteGroups, Subject::group(group_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

Answer<Receipt> delete_group(Services& services, Bearer bearer, GroupId group_id, Caller caller) {
    const Precondition precondition = caller.precondition;
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        KEYLEDGER_CO_TRY(same, check_precondition(precondition, tag_of_group(on)));
        KEYLEDGER_CO_TRY(deleted, on.attempt.decide_and_append(on.group, DeleteGroup{group_id}));
        KEYLEDGER_CO_TRY(withdrawn, on.attempt.decide_and_append(on.assignments, WithdrawAllRoles{on.subject}));
        NestingsCommand unnest = RemoveAllNestings{group_id};
        auto unnested = co_await append_nestings(on.attempt, std::move(unnest));
        co_return unnested;
    };
    RequiredAuthority required{bearer, kWriteGroups, Subject::group(group_id), all_of_group(group_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

Answer<Receipt> add_member(Services& services, Bearer bearer, Subject member, GroupId group_id, Caller caller) {
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        KEYLEDGER_CO_TRY(defined, co_await must_be_defined(on.attempt, group_id));
        std::vector<GroupId> groups = on.attempt.state(on.assignments).groups;
        KEYLEDGER_CO_TRY(deleted, co_await deleted_among(on.attempt, std::move(groups)));
        co_return on.attempt.decide_and_append(on.assignments,
                                               AddMember{member, group_id, on.affected_rules, on.held, *deleted});
    };
    RequiredAuthority required{bearer, kWriteGroups, member, all_of_group(group_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

Answer<Receipt> remove_member(Services& services, Bearer bearer, Subject member, GroupId group_id, Caller caller) {
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        KEYLEDGER_CO_TRY(defined, co_await must_be_defined(on.attempt, group_id));
        co_return on.attempt.decide_and_append(on.assignments,
                                               RemoveMember{member, group_id, on.affected_rules, on.held});
    };
    RequiredAuthority required{bearer, kWriteGroups, member, all_of_group(group_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

Answer<Receipt> nest_group(Services& services, Bearer bearer, Nesting nesting, Caller caller) {
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        KEYLEDGER_CO_TRY(defined, co_await must_be_defined(on.attempt, nesting.parent_id));
        NestingsCommand nest = NestGroup{nesting.parent_id, nesting.child_id, on.affected_rules, on.held};
        auto nested = co_await append_nestings(on.attempt, std::move(nest));
        co_return nested;
    };
    RequiredAuthority required{bearer, kWriteGroups, Subject::group(nesting.child_id), all_of_group(nesting.parent_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

Answer<Receipt> unnest_group(Services& services, Bearer bearer, Nesting nesting, Caller caller) {
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        KEYLEDGER_CO_TRY(defined, co_await must_be_defined(on.attempt, nesting.parent_id));
        NestingsCommand unnest = UnnestGroup{nesting.parent_id, nesting.child_id, on.affected_rules, on.held};
        auto unnested = co_await append_nestings(on.attempt, std::move(unnest));
        co_return unnested;
    };
    RequiredAuthority required{bearer, kWriteGroups, Subject::group(nesting.child_id), all_of_group(nesting.parent_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

Result<void, CommandError> ensure_everyone_exists(Attempt& attempt, StreamOf<Group> everyone) {
    if (attempt.state(everyone).status == Group::Status::kDefined) return {};
    const std::string name(kEveryoneName);
    return attempt.decide_and_append(everyone, DefineGroup{kEveryone, name});
}

StepResult leave_all_groups(Attempt& attempt, Subject member) {
    Streams more;
    const auto assignments = more.read<Assignments>(assignments_of(member.id));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
    co_return attempt.decide_and_append(assignments, LeaveAllGroups{member});
}

}  // namespace keyledger::commands

#include "commands/access/administer.hpp"

#include "domain/clients/service_account.hpp"

namespace keyledger::commands {
namespace {

Result<void, CommandError> change_administrators(Attempt& attempt, const AdministratorsCommand& command) {
    const StreamOf<Administrators> stream{kAdministratorsStream};
    return attempt.decide_and_append(stream, command);
}

// The streams of the one that the errand is about: of the three there is the one that its type says.
struct SubjectStreams {
    StreamOf<User> user;
    StreamOf<ServiceAccount> account;
    StreamOf<Group> group;
};
SubjectStreams read_subject(Streams& streams, const Subject& subject) {
    const SubjectStreams on{{UserId{subject.id}}, {ServiceAccountId{subject.id}}, {GroupId{subject.id}}};
    if (subject.type == SubjectType::kUser) streams.read<User>(on.user.id);
    if (subject.type == SubjectType::kServiceAccount) streams.read<ServiceAccount>(on.account.id);
    if (subject.type == SubjectType::kGroup) streams.read<Group>(on.group.id);
    return on;
}

Result<void, CommandError> must_exist(const Attempt& attempt, const Subject& subject, const SubjectStreams& on) {
    const auto require = [](bool is_there, RefusalRef refusal) -> Result<void, CommandError> {
        if (is_there) return {};
        return Unexpected(refusal);
    };
    switch (subject.type) {
        case SubjectType::kUser: return require(attempt.state(on.user).exists(), refusals::kUserUnknown);
        case SubjectType::kServiceAccount:
            return require(attempt.state(on.account).exists(), refusals::kAccountUnknown);
        case SubjectType::kGroup: break;
    }
    const bool is_everyone = subject.id == kEveryone;  // always there
    const bool is_there = is_everyone || attempt.state(on.group).status == Group::Status::kDefined;
    return require(is_there, refusals::kGroupUnknown);
}

struct AuthorityVerdict {
    AccessRules held;
    AccessRules affected_rules;
    std::vector<RoleId> deleted_roles;
};

// What the actor holds, if it is enough for the errand.
Answer<AuthorityVerdict> judge(Services& services, const RequiredAuthority& required, Attempt& attempt) {
    KEYLEDGER_CO_TRY(held, co_await authorise_with(attempt, required.needed, required.bearer, services));
    const HoldingsScope holdings_scope = holdings_scope_for(*held);
    KEYLEDGER_CO_TRY(holdings, co_await holdings_of(attempt, required.subject, holdings_scope));
    // Denials of the subject do not count: the actor must cover what is allowed to it at all.
    if (!held->covers(holdings->rules.allow)) co_return Unexpected(refusals::kExceedsAuthority);
    AuthorityVerdict verdict{std::move(*held), {}, std::move(holdings->deleted_roles)};
    if (!required.read_affected_rules) co_return verdict;
    KEYLEDGER_CO_TRY(affected_rules, co_await required.read_affected_rules(attempt, verdict.held));
    const bool affects_many = required.subject.type == SubjectType::kGroup;
    const bool may =
        affects_many ? verdict.held.covers_for_many(*affected_rules) : verdict.held.covers(*affected_rules);
    if (!may) co_return Unexpected(refusals::kExceedsAuthority);
    verdict.affected_rules = std::move(*affected_rules);
    co_return verdict;
}

}  // namespace

asio::awaitable<Outcome> run_administration(Services& services, RequiredAuthority required, Caller caller,
                                            AdministrationStep step) {
    Streams streams;
    read_actor(streams, required.bearer);
    const Subject subject = required.subject;
    const SubjectStreams on = read_subject(streams, subject);
    const auto assignments = streams.read<Assignments>(assignments_of(subject.id));
    const auto administrators = streams.read<Administrators>(kAdministratorsStream);
    AuthorityVerdict verdict;
    const Step authorise = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(now, co_await judge(services, required, attempt));
        verdict = std::move(*now);
        co_return Result<void, CommandError>{};
    };
    const Step carry_out = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(exists, must_exist(attempt, subject, on));
        Administration administration{attempt,     verdict.held,   subject,
                                      on.user,     on.group,       verdict.affected_rules,
                                      assignments, administrators, verdict.deleted_roles};
        auto decided = co_await step(administration);
        co_return decided;
    };
    CommandSteps steps(authorise, carry_out);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(steps));
    co_return executed;
}

Answer<Receipt> administer(Services& services, RequiredAuthority required, Caller caller, AdministrationStep step) {
    auto executed = co_await run_administration(services, std::move(required), std::move(caller), std::move(step));
    co_return done(executed);
}

Result<void, CommandError> join_administrators(Attempt& attempt, const UserId& user_id, JoinReason join_reason) {
    return change_administrators(attempt, JoinAdministrators{user_id, join_reason});
}
Result<void, CommandError> leave_administrators(Attempt& attempt, const UserId& user_id) {
    return change_administrators(attempt, LeaveAdministrators{user_id});
}

}  // namespace keyledger::commands

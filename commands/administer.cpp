#include "commands/administer.hpp"

namespace keyledger::commands {
namespace {

Result<void, CommandError> change_administrators(Attempt& attempt, const AdministratorsCommand& command) {
    const StreamOf<Administrators> stream{kAdministratorsStream};
    auto events = decide(attempt.state(stream), command);
    if (!events) return Unexpected(CommandError(refusal_of(events.error())));
    attempt.append(stream, *events);
    return {};
}

}  // namespace

asio::awaitable<Outcome> run_errand(Services& services, Errand errand, Caller caller, Act act) {
    Streams streams;
    read_actor(streams, errand.bearer);
    const Subject subject = errand.subject;
    const bool is_user = subject.type == SubjectType::kUser;
    const StreamOf<User> user{subject.id};
    if (is_user) streams.read<User>(subject.id);
    const bool is_service = subject.type == SubjectType::kServiceAccount;
    const StreamOf<ServiceAccount> account{subject.id};
    if (is_service) streams.read<ServiceAccount>(subject.id);
    const bool is_group = subject.type == SubjectType::kGroup;
    const StreamOf<Group> group{subject.id};
    if (is_group) streams.read<Group>(subject.id);
    const auto assignments = streams.read<Assignments>(assignments_of(subject.id));
    const auto administrators = streams.read<Administrators>(kAdministratorsStream);
    const Step step = [&](Attempt& attempt) -> Decided {
        auto held = co_await authorise_with(attempt, errand.needed, errand.bearer, services);
        if (!held) co_return Unexpected(held.error());
        if (is_user && !attempt.state(user).exists())
            co_return Unexpected(CommandError(Refusal::kUserUnknown));
        if (is_service && !attempt.state(account).exists())
            co_return Unexpected(CommandError(Refusal::kAccountUnknown));
        const bool is_everyone = is_group && subject.id == kEveryone;  // always there
        if (is_group && !is_everyone && attempt.state(group).status != Group::Status::kDefined)
            co_return Unexpected(CommandError(Refusal::kGroupUnknown));
        const Through through = through_for(*held);
        auto holdings = co_await holdings_of(attempt, subject, through);
        if (!holdings) co_return Unexpected(holdings.error());
        // Of what is denied him nothing can be got by him.
        if (!held->covers(holdings->rules.allow))
            co_return Unexpected(CommandError(Refusal::kExceedsAuthority));
        Administration administration{attempt,
                                      std::move(*held),
                                      subject,
                                      user,
                                      group,
                                      std::move(holdings->rules),
                                      assignments,
                                      administrators,
                                      std::move(holdings->deleted_roles)};
        auto decided = co_await act(administration);
        co_return decided;
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    co_return executed;
}

Answer<Done> administer(Services& services, Errand errand, Caller caller, Act act) {
    auto executed = co_await run_errand(services, std::move(errand), std::move(caller), std::move(act));
    if (!executed) co_return Unexpected(executed.error());
    co_return Done{executed->position};
}

Result<void, CommandError> join_administrators(Attempt& attempt, const Uuid& user_id, Joining joining) {
    return change_administrators(attempt, JoinAdministrators{user_id, joining});
}
Result<void, CommandError> leave_administrators(Attempt& attempt, const Uuid& user_id) {
    return change_administrators(attempt, LeaveAdministrators{user_id});
}

}  // namespace keyledger::commands

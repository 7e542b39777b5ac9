#include "commands/access/administer.hpp"

namespace keyledger::commands {
namespace {

Result<void, CommandError> change_administrators(Attempt& attempt, const AdministratorsCommand& command) {
    const StreamOf<Administrators> stream{kAdministratorsStream};
    auto events = decide(attempt.state(stream), command);
    if (!events) return Unexpected(CommandError(refusal_of(events.error())));
    attempt.append(stream, *events);
    return {};
}

// The streams of the one that the errand is about.
struct SubjectStreams {
    StreamOf<User> user;
    StreamOf<ServiceAccount> account;
    StreamOf<Group> group;
};
SubjectStreams read_subject(Streams& streams, const Subject& subject) {
    if (subject.type == SubjectType::kUser) streams.read<User>(subject.id);
    if (subject.type == SubjectType::kServiceAccount) streams.read<ServiceAccount>(subject.id);
    if (subject.type == SubjectType::kGroup) streams.read<Group>(subject.id);
    return {{subject.id}, {subject.id}, {subject.id}};
}

Result<void, CommandError> must_exist(const Attempt& attempt, const Subject& subject, const SubjectStreams& on) {
    const auto require = [](bool is_there, Refusal refusal) -> Result<void, CommandError> {
        if (is_there) return {};
        return Unexpected(CommandError(refusal));
    };
    switch (subject.type) {
        case SubjectType::kUser: return require(attempt.state(on.user).exists(), Refusal::kUserUnknown);
        case SubjectType::kServiceAccount: return require(attempt.state(on.account).exists(), Refusal::kAccountUnknown);
        case SubjectType::kGroup: break;
    }
    const bool is_everyone = subject.id == kEveryone;  // always there
    const bool is_there = is_everyone || attempt.state(on.group).status == Group::Status::kDefined;
    return require(is_there, Refusal::kGroupUnknown);
}

struct Judged {
    AccessRules held;
    AccessRules moved;
    std::vector<Uuid> deleted_roles;
};

// What the actor holds, if it is enough for the errand.
Answer<Judged> judge(Services& services, const Errand& errand, Attempt& attempt) {
    auto held = co_await authorise_with(attempt, errand.needed, errand.bearer, services);
    if (!held) co_return Unexpected(held.error());
    const Through through = through_for(*held);
    auto holdings = co_await holdings_of(attempt, errand.subject, through);
    if (!holdings) co_return Unexpected(holdings.error());
    // Of what is denied to somebody nothing can be got by them.
    if (!held->covers(holdings->rules.allow)) co_return Unexpected(CommandError(Refusal::kExceedsAuthority));
    Judged judged{std::move(*held), {}, std::move(holdings->deleted_roles)};
    if (!errand.moves) co_return judged;
    auto moved = co_await errand.moves(attempt, judged.held);
    if (!moved) co_return Unexpected(moved.error());
    const bool upon_many = errand.subject.type == SubjectType::kGroup;
    const bool may = upon_many ? judged.held.covers_for_many(*moved) : judged.held.covers(*moved);
    if (!may) co_return Unexpected(CommandError(Refusal::kExceedsAuthority));
    judged.moved = std::move(*moved);
    co_return judged;
}

}  // namespace

asio::awaitable<Outcome> run_errand(Services& services, Errand errand, Caller caller, Act act) {
    Streams streams;
    read_actor(streams, errand.bearer);
    const Subject subject = errand.subject;
    const SubjectStreams on = read_subject(streams, subject);
    const auto assignments = streams.read<Assignments>(assignments_of(subject.id));
    const auto administrators = streams.read<Administrators>(kAdministratorsStream);
    Judged judged;
    const Step authorise = [&](Attempt& attempt) -> Decided {
        auto now = co_await judge(services, errand, attempt);
        if (!now) co_return Unexpected(now.error());
        judged = std::move(*now);
        co_return Result<void, CommandError>{};
    };
    const Step carry_out = [&](Attempt& attempt) -> Decided {
        auto exists = must_exist(attempt, subject, on);
        if (!exists) co_return exists;
        Administration administration{attempt,     judged.held,    subject,
                                      on.user,     on.group,       judged.moved,
                                      assignments, administrators, judged.deleted_roles};
        auto decided = co_await act(administration);
        co_return decided;
    };
    Order order(authorise, carry_out);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(order));
    co_return executed;
}

Answer<Done> administer(Services& services, Errand errand, Caller caller, Act act) {
    auto executed = co_await run_errand(services, std::move(errand), std::move(caller), std::move(act));
    if (!executed) co_return Unexpected(executed.error());
    co_return Done{executed->position, executed->repeated};
}

Result<void, CommandError> join_administrators(Attempt& attempt, const Uuid& user_id, Joining joining) {
    return change_administrators(attempt, JoinAdministrators{user_id, joining});
}
Result<void, CommandError> leave_administrators(Attempt& attempt, const Uuid& user_id) {
    return change_administrators(attempt, LeaveAdministrators{user_id});
}

}  // namespace keyledger::commands

#include "commands/access/administer.hpp"

namespace keyledger::commands {
namespace {

Result<void, CommandError> change_administrators(Attempt& attempt, const AdministratorsCommand& command) {
    const StreamOf<Administrators> stream{kAdministratorsStream};
    return attempt.decide_and_append(stream, command);
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

struct Judged {
    AccessRules held;
    AccessRules moved;
    std::vector<Uuid> deleted_roles;
};

// What the actor holds, if it is enough for the errand.
Answer<Judged> judge(Services& services, const Errand& errand, Attempt& attempt) {
    KEYLEDGER_CO_TRY(held, co_await authorise_with(attempt, errand.needed, errand.bearer, services));
    const Through through = through_for(*held);
    KEYLEDGER_CO_TRY(holdings, co_await holdings_of(attempt, errand.subject, through));
    // Of what is denied to somebody nothing can be got by them.
    if (!held->covers(holdings->rules.allow)) co_return Unexpected(refusals::kExceedsAuthority);
    Judged judged{std::move(*held), {}, std::move(holdings->deleted_roles)};
    if (!errand.moves) co_return judged;
    KEYLEDGER_CO_TRY(moved, co_await errand.moves(attempt, judged.held));
    const bool upon_many = errand.subject.type == SubjectType::kGroup;
    const bool may = upon_many ? judged.held.covers_for_many(*moved) : judged.held.covers(*moved);
    if (!may) co_return Unexpected(refusals::kExceedsAuthority);
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
        KEYLEDGER_CO_TRY(now, co_await judge(services, errand, attempt));
        judged = std::move(*now);
        co_return Result<void, CommandError>{};
    };
    const Step carry_out = [&](Attempt& attempt) -> Decided {
        KEYLEDGER_CO_TRY(exists, must_exist(attempt, subject, on));
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
    co_return done(executed);
}

Result<void, CommandError> join_administrators(Attempt& attempt, const Uuid& user_id, Joining joining) {
    return change_administrators(attempt, JoinAdministrators{user_id, joining});
}
Result<void, CommandError> leave_administrators(Attempt& attempt, const Uuid& user_id) {
    return change_administrators(attempt, LeaveAdministrators{user_id});
}

}  // namespace keyledger::commands

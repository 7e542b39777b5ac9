#include "commands/update_profile.hpp"

#include "commands/authority.hpp"
#include "domain/user/identity.hpp"

namespace keyledger::commands {
namespace {

using Op = eventstore::ClaimChange::Op;

std::string key_of_username(const std::optional<std::string>& username) {
    auto parsed = username ? parse_username(*username) : std::nullopt;
    return parsed ? parsed->key : std::string();
}

// Only where the name differs by more than case: the claim of one's own name is kept.
void move_claim(Services& services, Attempt& attempt, const Uuid& user_id, const std::string& from,
                const std::string& to) {
    if (from == to) return;
    if (!from.empty())
        attempt.change_claims(Op::kRelease, "username", user_id, services.pseudonyms.claim("username", from));
    if (!to.empty())
        attempt.change_claims(Op::kTake, "username", user_id, services.pseudonyms.claim("username", to));
}

}  // namespace

Answer<Done> update_profile(Services& services, ProfileUpdate update, Caller caller) {
    if (update.username && !parse_username(*update.username))
        co_return Unexpected(CommandError(Refusal::kInvalidUsername));
    if (update.name) {
        update.name = parse_name(*update.name);
        if (!update.name) co_return Unexpected(CommandError(Refusal::kInvalidName));
    }
    Streams streams;
    const ActorStreams actor = read_actor(streams, update.bearer);
    const Step step = [&](Attempt& attempt) -> Decided {
        auto allowed = authorise(attempt, actor, update.bearer, services);
        if (!allowed) co_return allowed;
        const User& him = attempt.state(actor.user);
        const UpdateProfile command{update.username, update.name};
        auto events = decide(him, command);
        if (!events) co_return Unexpected(CommandError(refusal_of(events.error())));
        attempt.append(actor.user, *events);
        if (!events->empty())
            move_claim(services, attempt, update.bearer.user_id, key_of_username(him.username),
                       key_of_username(update.username));
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    if (!executed) co_return Unexpected(executed.error());
    co_return Done{executed->position};
}

}  // namespace keyledger::commands

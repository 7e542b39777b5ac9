#include "commands/accounts/update_profile.hpp"

#include "commands/access/administer.hpp"
#include "commands/entity_tags.hpp"
#include "domain/base/language_tag.hpp"
#include "domain/base/scripts.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::commands {
namespace {

Result<void, CommandError> check(ProfileUpdate& update) {
    if (update.username) {
        auto username = parse_username(*update.username);
        if (!username) return Unexpected(refused_text(refusals::kInvalidUsername, username.error()));
        update.username = std::move(username->text);
    }
    if (update.name) {
        auto name = parse_name(*update.name);
        if (!name) return Unexpected(refused_text(refusals::kInvalidName, name.error()));
        update.name = std::move(*name);
    }
    if (update.locale) {
        auto locale = parse_language_tag(*update.locale);
        if (!locale) return Unexpected(refusals::kInvalidLocale);
        update.locale = std::move(*locale);
    }
    return {};
}

Result<void, CommandError> write(Attempt& attempt, StreamOf<User> user, const ProfileUpdate& profile,
                                 const Precondition& precondition) {
    KEYLEDGER_TRY(same, check_precondition(precondition, user_tag(attempt.state(user))));
    // Whoever has such a name from before may keep it.
    const bool is_chosen = profile.username && profile.username != attempt.state(user).username;
    if (is_chosen && mixes_scripts(*profile.username))
        return Unexpected(refused_text(refusals::kInvalidUsername, TextFault::kMixedScripts));
    const User& before = attempt.state(user);
    KEYLEDGER_TRY(events, decide(before, UpdateProfile{profile.username, profile.name}));
    KEYLEDGER_TRY(chosen, decide(before, ChooseLocale{profile.locale}));
    events->insert(events->end(), chosen->begin(), chosen->end());
    attempt.append(user, *events);
    return {};
}

}  // namespace

Answer<Receipt> update_profile(Services& services, ProfileUpdate update, Caller caller) {
    KEYLEDGER_CO_TRY(checked, check(update));
    const Precondition precondition = caller.precondition;
    Streams streams;
    const ActorStreams actor = read_actor(streams, update.bearer);
    const Step step = [&](Attempt& attempt) -> StepResult {
        co_return write(attempt, actor.user, update, precondition);
    };
    CommandSteps steps(require_actor(services, actor, update.bearer), step);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(steps));
    co_return done(executed);
}

Answer<Receipt> update_user(Services& services, UserId user_id, ProfileUpdate update, Caller caller) {
    KEYLEDGER_CO_TRY(checked, check(update));
    const Precondition precondition = caller.precondition;
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        co_return write(on.attempt, on.user, update, precondition);
    };
    RequiredAuthority required{update.bearer, kWriteUsers, Subject::user(user_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

}  // namespace keyledger::commands

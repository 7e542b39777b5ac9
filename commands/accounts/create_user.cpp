#include "commands/accounts/create_user.hpp"

#include "commands/access/authority.hpp"
#include "commands/accounts/invite_user.hpp"
#include "commands/accounts/new_identity.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/first_stream.hpp"
#include "domain/base/language_tag.hpp"

namespace keyledger::commands {
namespace {

struct ParsedUser {
    NewIdentity identity;
    std::optional<std::string> locale;
};
Result<ParsedUser, CommandError> parse(const NewUser& user) {
    KEYLEDGER_TRY(identity, new_identity(user.email, user.username, user.name));
    ParsedUser parsed{std::move(*identity), std::nullopt};
    if (!user.locale) return parsed;
    parsed.locale = parse_language_tag(*user.locale);
    if (!parsed.locale) return Unexpected(refusals::kInvalidLocale);
    return parsed;
}

Result<std::vector<UserEvent>, RefusalRef> decide_on_new(const ParsedUser& parsed,
                                                         std::optional<UserOneTimePasswordSet> password) {
    RegisterUser command{parsed.identity.email.text, std::nullopt, parsed.identity.name, std::nullopt};
    if (parsed.identity.username) command.username = parsed.identity.username->text;
    KEYLEDGER_TRY(events, decide(User{}, std::move(command)));
    if (password) events->push_back(std::move(*password));
    if (parsed.locale) events->push_back(UserLocaleChosen{{parsed.locale}});
    return std::move(*events);
}

Answer<CreatedUser> create(Services& services, Streams streams, const Step& authorise, NewUser wanted, Caller caller) {
    KEYLEDGER_CO_TRY(parsed, parse(wanted));
    const bool is_made = !wanted.one_time_password && !wanted.is_invited;
    if (wanted.one_time_password) {
        KEYLEDGER_CO_TRY(judged, co_await judge_password(services, wanted.one_time_password->clone(),
                                                         password_identity(parsed->identity), caller.deadline));
    }
    Secret password = is_made ? one_time_password_of(services.identifiers.next_secret())
                              : std::move(wanted.one_time_password).value_or(Secret());
    CreatedUser created{UserId{services.identifiers.next()}, {}};
    created.password.expires_at = services.clock.now() + (wanted.is_invited ? kInvitationLife : kOneTimePasswordLife);
    const CredentialId credential_id{services.identifiers.next()};
    const auto user = streams.begin<User>(created.user_id);
    const auto challenge = streams.begin<Challenge>(ChallengeId{services.identifiers.next()});
    const Step invite = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(events, decide_on_new(*parsed, std::nullopt));
        attempt.append(user, *events);
        co_return put_invitation(services, attempt, challenge, created.user_id, parsed->identity.email.text,
                                 ChallengePurpose::kInvite);
    };
    const Step give_password = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(hash,
                         co_await hash_password(services, password.clone(), HashingRequester::Kind::kAccount, caller));
        KEYLEDGER_CO_TRY(kept,
                         co_await put_password(services, attempt, created.user_id, credential_id, 0, std::move(*hash)));
        const UserOneTimePasswordSet set{kept->credential_id, kept->sealed_sha256, created.password.expires_at};
        KEYLEDGER_CO_TRY(events, decide_on_new(*parsed, set));
        attempt.append(user, *events);
        co_return Result<void, CommandError>{};
    };
    CommandSteps steps(authorise, wanted.is_invited ? invite : give_password);
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(caller, std::move(streams), std::move(steps)));
    created.password.position = executed->position;
    created.password.repeated = executed->repeated;
    if (executed->repeated) {
        KEYLEDGER_CO_TRY(first, co_await first_stream(services, executed->first_position, caller.deadline));
        created.user_id = UserId{*first};
    } else if (is_made) {
        created.password.made = std::move(password);
    }
    co_return created;
}

}  // namespace

Answer<CreatedUser> create_user(Services& services, Bearer bearer, NewUser user, Caller caller) {
    Streams streams;
    read_actor(streams, bearer);
    const Step authorise = require_permission(services, bearer, kWriteUsers);
    auto created = co_await create(services, std::move(streams), authorise, std::move(user), std::move(caller));
    co_return created;
}

Answer<CreatedUser> create_user_as_operator(Services& services, NewUser user, Caller caller) {
    const Step whoever = [](Attempt&) -> StepResult { co_return Result<void, CommandError>{}; };
    Streams none;
    auto created = co_await create(services, std::move(none), whoever, std::move(user), std::move(caller));
    co_return created;
}

}  // namespace keyledger::commands

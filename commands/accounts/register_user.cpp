#include "commands/accounts/register_user.hpp"

#include "commands/access/roles.hpp"
#include "commands/claim_owner.hpp"
#include "commands/credentials/passwords.hpp"
#include "domain/base/scripts.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::commands {
namespace {

struct Identity {
    Identifier email;
    std::optional<Identifier> username;
    std::optional<std::string> name;
};

Result<Identity, CommandError> identity_of(const Registration& registration) {
    Identity identity;
    auto email = parse_email(registration.email);
    if (!email) return Unexpected(CommandError(Refusal::kInvalidEmail));
    identity.email = std::move(*email);
    if (registration.username) {
        auto username = parse_username(*registration.username);
        if (!username) return Unexpected(refused_text(Refusal::kInvalidUsername, username.error()));
        if (mixes_scripts(username->text))
            return Unexpected(refused_text(Refusal::kInvalidUsername, TextFault::kMixedScripts));
        identity.username = std::move(*username);
    }
    if (registration.name) {
        auto name = parse_name(*registration.name);
        if (!name) return Unexpected(refused_text(Refusal::kInvalidName, name.error()));
        identity.name = std::move(*name);
    }
    return identity;
}

RegisterUser command_of(const Identity& identity, NewCredential password) {
    RegisterUser command{identity.email.text, std::nullopt, identity.name, std::move(password)};
    if (identity.username) command.username = identity.username->text;
    return command;
}

// Spares the hash where the address is taken already; the append decides.
Answer<Done> refuse_taken(Services& services, std::string kind, std::string key, Refusal refusal, Deadline deadline) {
    auto owner = co_await owner_of_claim(services, kind, key, deadline);
    if (!owner) co_return Unexpected(owner.error());
    if (owner->has_value()) co_return Unexpected(CommandError(refusal));
    co_return Done{};
}

}  // namespace

Answer<Registered> register_user(Services& services, Registration registration, Caller caller) {
    auto identity = identity_of(registration);
    if (!identity) co_return Unexpected(identity.error());
    const PasswordIdentity made_of{identity->email.text, identity->username ? identity->username->text : "",
                                   identity->name.value_or("")};
    auto judged = co_await judge_password(services, registration.password.clone(), made_of, caller.deadline);
    if (!judged) co_return Unexpected(judged.error());

    const Uuid user_id = services.identifiers.next();
    const Uuid credential_id = services.identifiers.next();
    if (registration.standing == Standing::kUser) caller = caller.acting_as(user_id);
    Streams streams;
    const auto user = streams.begin<User>(user_id);
    if (registration.standing == Standing::kAdministrator) read_administration(streams, user_id);
    const Step step = [&](Attempt& attempt) -> Decided {
        Result<Done, CommandError> free = Done{};
        if (registration.standing == Standing::kAdministrator) {
            free = co_await refuse_taken(services, "first_administrator", "first", Refusal::kAdministratorExists,
                                         caller.deadline);
            if (!free) co_return Unexpected(free.error());
        }
        free = co_await refuse_taken(services, "email", identity->email.key, Refusal::kEmailTaken, caller.deadline);
        if (!free) co_return Unexpected(free.error());
        if (identity->username) {
            free = co_await refuse_taken(services, "username", identity->username->key, Refusal::kUsernameTaken,
                                         caller.deadline);
            if (!free) co_return Unexpected(free.error());
        }
        auto hash =
            co_await hash_password(services, registration.password.clone(), HashingFor::Kind::kRegistration, caller);
        if (!hash) co_return Unexpected(hash.error());
        auto password = co_await put_password(services, attempt, user_id, credential_id, 0, std::move(*hash));
        if (!password) co_return Unexpected(password.error());
        auto events = decide(attempt.state(user), command_of(*identity, *password));
        if (!events) co_return Unexpected(CommandError(refusal_of(events.error())));
        attempt.append(user, *events);
        if (registration.standing == Standing::kUser) co_return Result<void, CommandError>{};
        // Before those of names: that there is an administrator matters more than whose address is it.
        attempt.take_claim("first_administrator", user_id, services.pseudonyms.claim("first_administrator", "first"));
        co_return found_administration(attempt, user_id);
    };
    auto executed = co_await services.executor.run(caller, streams, step);
    if (!executed) co_return Unexpected(executed.error());
    co_return Registered{user_id, executed->position};
}

}  // namespace keyledger::commands

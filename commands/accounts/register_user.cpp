#include "commands/accounts/register_user.hpp"

#include "commands/access/roles.hpp"
#include "commands/accounts/new_identity.hpp"
#include "commands/claim_owner.hpp"
#include "commands/credentials/passwords.hpp"
#include "domain/access/administrators.hpp"

namespace keyledger::commands {
namespace {

RegisterUser command_of(const NewIdentity& identity, NewCredential password) {
    RegisterUser command{identity.email.text, std::nullopt, identity.name, std::move(password)};
    if (identity.username) command.username = identity.username->text;
    return command;
}

// Spares the hash where the address is taken already; the append decides.
Answer<Receipt> refuse_taken(Services& services, std::string kind, std::string key, RefusalRef refusal,
                             Deadline deadline) {
    KEYLEDGER_CO_TRY(owner, co_await owner_of_claim(services, kind, key, deadline));
    if (owner->has_value()) co_return Unexpected(refusal);
    co_return Receipt{};
}

}  // namespace

Answer<RegistrationReceipt> register_user(Services& services, RegistrationRequest registration, Caller caller) {
    KEYLEDGER_CO_TRY(identity, new_identity(registration.email, registration.username, registration.name));
    KEYLEDGER_CO_TRY(judged, co_await judge_password(services, registration.password.clone(),
                                                     password_identity(*identity), caller.deadline));

    const UserId user_id{services.identifiers.next()};
    const CredentialId credential_id{services.identifiers.next()};
    if (registration.privilege == UserPrivilege::kUser) caller = caller.acting_as(user_id);
    Streams streams;
    const auto user = streams.begin<User>(user_id);
    if (registration.privilege == UserPrivilege::kAdministrator) read_administrator_streams(streams, user_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        Result<Receipt, CommandError> free = Receipt{};
        if (registration.privilege == UserPrivilege::kAdministrator) {
            free = co_await refuse_taken(services, "first_administrator", "first", refusals::kAdministratorExists,
                                         caller.deadline);
            if (!free) co_return Unexpected(free.error());
        }
        free = co_await refuse_taken(services, "email", identity->email.key, refusals::kEmailTaken, caller.deadline);
        if (!free) co_return Unexpected(free.error());
        if (identity->username) {
            free = co_await refuse_taken(services, "username", identity->username->key, refusals::kUsernameTaken,
                                         caller.deadline);
            if (!free) co_return Unexpected(free.error());
        }
        KEYLEDGER_CO_TRY(hash, co_await hash_password(services, registration.password.clone(),
                                                      HashingRequester::Kind::kRegistration, caller));
        KEYLEDGER_CO_TRY(password,
                         co_await put_password(services, attempt, user_id, credential_id, 0, std::move(*hash)));
        KEYLEDGER_CO_TRY(registered, attempt.decide_and_append(user, command_of(*identity, *password)));
        if (registration.privilege == UserPrivilege::kUser) co_return Result<void, CommandError>{};
        // Before the claims of names: "there is an administrator" is the more important answer.
        attempt.take_claim("first_administrator", user_id, services.pseudonyms.claim("first_administrator", "first"),
                           refusals::kAdministratorExists);
        co_return define_administrator_role(attempt, user_id);
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(caller, streams, step));
    co_return RegistrationReceipt{user_id, executed->position};
}

}  // namespace keyledger::commands

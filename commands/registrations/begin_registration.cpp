#include "commands/registrations/begin_registration.hpp"

#include "commands/account_services.hpp"
#include "commands/accounts/new_identity.hpp"
#include "commands/credentials/named_credential.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/registrations/registration_limits.hpp"
#include "commands/registrations/registration_secrets.hpp"

namespace keyledger::commands {
namespace {

BeginRegistration command_of(const NewIdentity& identity, std::optional<std::string> locale,
                             CredentialId credential_id) {
    BeginRegistration command;
    command.email = identity.email.text;
    if (identity.username) command.username = identity.username->text;
    command.name = identity.name;
    command.locale = std::move(locale);
    command.credential_id = credential_id;
    return command;
}

}  // namespace

Answer<BegunRegistration> begin_registration(Services& services, RegistrationRequest request,
                                             std::optional<std::string> locale, Caller caller) {
    KEYLEDGER_CO_TRY(identity, new_identity(request.email, request.username, request.name));
    KEYLEDGER_CO_TRY(judged, co_await judge_password(services, request.password.clone(), password_identity(*identity),
                                                     caller.deadline));
    AddressDigests address = digests_of_address(services.pseudonyms, identity->email.key);
    KEYLEDGER_CO_TRY(admitted, co_await admit_registration(services, address, caller));

    const RegistrationId registration_id{services.identifiers.next()};
    const SubjectId owner{registration_id.uuid};
    BeginRegistration command = command_of(*identity, std::move(locale), CredentialId{services.identifiers.next()});
    command.code_key = services.accounts.challenge_secrets->current_key();
    command.expires_at = services.clock.now() + kRegistrationLife;
    Streams streams;
    const auto registration = streams.begin<Registration>(registration_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(hash, co_await hash_password(services, request.password.clone(),
                                                      HashingRequester::Kind::kRegistration, caller));
        std::string kind(kPasswordKind);
        KEYLEDGER_CO_TRY(sealed_sha256, co_await put_credential(services, attempt, *hash, command.credential_id, owner,
                                                                std::move(kind), 0));
        command.sealed_sha256 = std::move(*sealed_sha256);
        co_return attempt.decide_and_append(registration, command);
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(caller, streams, step));
    const auto handle = registration_handle(registration_id, command.expires_at, std::move(address));
    co_return BegunRegistration{services.accounts.challenge_secrets->seal(handle), command.expires_at};
}

Answer<BegunRegistration> begin_registration_by_provider(Services& services, ProviderRegistration request,
                                                         Caller caller) {
    const auto email = parse_email(request.email);
    if (!email) co_return Unexpected(refusals::kInvalidEmail);
    AddressDigests address = digests_of_address(services.pseudonyms, email->key);
    KEYLEDGER_CO_TRY(admitted, co_await admit_registration(services, address, caller));
    const RegistrationId registration_id{services.identifiers.next()};
    const BeginRegistrationByProvider command{email->text,
                                              std::move(request.name),
                                              std::move(request.locale),
                                              std::move(request.identity),
                                              services.accounts.challenge_secrets->current_key(),
                                              services.clock.now() + kRegistrationLife};
    Streams streams;
    const auto registration = streams.begin<Registration>(registration_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        co_return attempt.decide_and_append(registration, command);
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(caller, streams, step));
    const auto handle = registration_handle(registration_id, command.expires_at, std::move(address));
    co_return BegunRegistration{services.accounts.challenge_secrets->seal(handle), command.expires_at};
}

BegunRegistration pretended_registration(Services& services, const Identifier& email) {
    const Instant expires_at = services.clock.now() + kRegistrationLife;
    const RegistrationId nobodys{services.identifiers.next()};
    auto handle = registration_handle(nobodys, expires_at, digests_of_address(services.pseudonyms, email.key));
    return {services.accounts.challenge_secrets->seal(handle), expires_at};
}

Answer<BegunRegistration> ask_for_registration_mail(Services& services, std::string handle, Caller caller) {
    const auto opened = services.accounts.challenge_secrets->open_handle(ChallengePurpose::kVerifyEmail, handle);
    if (!opened) co_return Unexpected(refusals::kRegistrationOver);
    KEYLEDGER_CO_TRY(admitted, co_await admit_registration_mail(services, opened->address, caller));
    Streams streams;
    const auto registration = streams.read<Registration>(RegistrationId{opened->subject});
    const AskForRegistrationMail command{services.accounts.challenge_secrets->current_key(), services.clock.now()};
    const Step step = [&](Attempt& attempt) -> StepResult {
        co_return attempt.decide_and_append(registration, command);
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(caller, streams, step));
    co_return BegunRegistration{std::move(handle), opened->expires_at};
}

Answer<Receipt> erase_registration(Services& services, RegistrationId registration_id, Caller caller) {
    Streams streams;
    const auto registration = streams.read<Registration>(registration_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        const Registration& before = attempt.state(registration);
        const EraseRegistration command{services.clock.now()};
        KEYLEDGER_CO_TRY(events, decide(before, command));
        if (events->empty()) co_return Result<void, CommandError>{};
        if (before.has_password()) {
            const SubjectId owner{registration_id.uuid};
            KEYLEDGER_CO_TRY(
                taken, co_await take_all_credentials(services, attempt, owner, before.credential_id, caller.deadline));
        }
        KEYLEDGER_CO_TRY(destroyed, co_await attempt.destroy_key_of(registration_id));
        attempt.append(registration, *events);
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(caller, streams, step);
    co_return done(executed);
}

}  // namespace keyledger::commands

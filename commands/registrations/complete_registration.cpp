#include "commands/registrations/complete_registration.hpp"

#include "commands/account_services.hpp"
#include "commands/accounts/new_identity.hpp"
#include "commands/credentials/named_credential.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/registrations/registration_limits.hpp"
#include "commands/registrations/registration_secrets.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {
namespace {

using Purpose = ChallengePurpose;

// Which registration it is about, and what is still to be compared; none: handle and link, which both name it.
struct Presented {
    RegistrationId registration_id;
    std::optional<RegistrationProof> compared;
    AddressDigests address;
};

Result<Presented, CommandError> read_proof(Services& services, const AddressProof& proof) {
    ChallengeSecrets& secrets = *services.accounts.challenge_secrets;
    std::optional<ChallengeHandle> handle;
    if (!proof.handle.empty()) {
        handle = secrets.open_handle(Purpose::kVerifyEmail, proof.handle);
        if (!handle) return Unexpected(refusals::kRegistrationOver);
    }
    if (proof.token.empty()) {
        if (!handle) return Unexpected(refusals::kRegistrationOver);
        return Presented{RegistrationId{handle->subject}, RegistrationProof::kCode, handle->address};
    }
    const auto link = secrets.open_link(Purpose::kVerifyEmail, proof.token);
    if (!link || !link->challenge_id.is_nil()) return Unexpected(refusals::kRegistrationOver);
    Presented presented{RegistrationId{link->about}, std::nullopt, {}};
    if (handle && handle->subject != link->about) return Unexpected(refusals::kRegistrationOver);
    if (!handle) presented.compared = RegistrationProof::kPassword;
    return presented;
}

// The hash that was made when they registered, as the log names it.
Answer<Secret> registered_hash(Services& services, Attempt& attempt, const StreamOf<Registration>& stream,
                               Deadline deadline) {
    const SubjectId owner{stream.id.uuid};
    CredentialName name{owner, std::string(kPasswordKind), attempt.state(stream).sealed_sha256};
    KEYLEDGER_CO_TRY(credential, co_await read_named_credential(services, std::move(name), std::nullopt, deadline));
    KEYLEDGER_CO_TRY(key, co_await attempt.key_of(stream.id));
    KEYLEDGER_CO_TRY(hash, open_credential(services, *key, *credential));
    co_return std::move(*hash);
}

struct Completion {
    Services& services;
    const AddressProof& proof;
    const Presented& presented;
    const Caller& caller;
    UserId user_id;
    CredentialId credential_id;
    std::optional<std::string> username;  // another one than was registered

    // kRegistrationCodeWrong, kRegistrationPasswordWrong: then it counts.
    Answer<Receipt> compare(const RegistrationId& id, const Registration& registration, const Secret& hash) const;
    StepResult begin_user(Attempt& attempt, const StreamOf<Registration>& stream, const StreamOf<User>& user,
                          Secret hash) const;
    // The password moves from the registration to the user; of one by a provider there is none.
    Answer<std::optional<NewCredential>> moved_password(Attempt& attempt, const StreamOf<Registration>& stream,
                                                        Secret hash) const;
};

Answer<Receipt> Completion::compare(const RegistrationId& id, const Registration& registration,
                                    const Secret& hash) const {
    if (!presented.compared) co_return Receipt{};
    if (*presented.compared == RegistrationProof::kCode) {
        const auto source = code_source(id, registration, presented.address);
        const auto code = services.accounts.challenge_secrets->code(source);
        const bool right = code && equal(Secret(*code), proof.code);
        if (!right) co_return Unexpected(refusals::kRegistrationCodeWrong);
        co_return Receipt{};
    }
    KEYLEDGER_CO_TRY(check, co_await check_against_hash(services, proof.password.clone(), hash.clone(), caller));
    if (!check->matches) co_return Unexpected(refusals::kRegistrationPasswordWrong);
    co_return Receipt{};
}

Answer<std::optional<NewCredential>> Completion::moved_password(Attempt& attempt, const StreamOf<Registration>& stream,
                                                                Secret hash) const {
    const Registration& registration = attempt.state(stream);
    if (!registration.has_password()) co_return std::optional<NewCredential>();
    const SubjectId owner{stream.id.uuid};
    KEYLEDGER_CO_TRY(
        taken, co_await take_all_credentials(services, attempt, owner, registration.credential_id, caller.deadline));
    KEYLEDGER_CO_TRY(password, co_await put_password(services, attempt, user_id, credential_id, 0, std::move(hash)));
    co_return std::optional<NewCredential>(std::move(*password));
}

StepResult Completion::begin_user(Attempt& attempt, const StreamOf<Registration>& stream, const StreamOf<User>& user,
                                  Secret hash) const {
    const Registration& registration = attempt.state(stream);
    KEYLEDGER_CO_TRY(completed, decide(registration, CompleteRegistration{user_id, services.clock.now()}));
    KEYLEDGER_CO_TRY(password, co_await moved_password(attempt, stream, std::move(hash)));
    KEYLEDGER_CO_TRY(destroyed, co_await attempt.destroy_key_of(stream.id));
    RegisterUser command{*registration.email, username ? username : registration.username, registration.name,
                         std::move(*password)};
    KEYLEDGER_CO_TRY(registered, decide(attempt.state(user), std::move(command)));
    registered->push_back(UserEmailVerified{});
    if (registration.locale) registered->push_back(UserLocaleChosen{{registration.locale}});
    if (const auto& identity = registration.identity)
        registered->push_back(UserIdentityLinked{LinkedIdentityId{services.identifiers.next()},
                                                 identity->provider,
                                                 {identity->issuer},
                                                 {identity->subject},
                                                 {identity->shown_as},
                                                 LinkedBy::kRegistration});
    attempt.act_as(user_id);
    attempt.append(stream, *completed);
    attempt.append(user, *registered);
    co_return Result<void, CommandError>{};
}

bool is_wrong_proof(const CommandError& error) {
    return error.refusal == refusals::kRegistrationCodeWrong || error.refusal == refusals::kRegistrationPasswordWrong;
}

}  // namespace

Answer<UserId> complete_registration(Services& services, AddressProof proof, Caller caller) {
    KEYLEDGER_CO_TRY(presented, read_proof(services, proof));
    Completion completion{services,
                          proof,
                          *presented,
                          caller,
                          UserId{services.identifiers.next()},
                          CredentialId{services.identifiers.next()},
                          std::nullopt};
    if (proof.username) {
        KEYLEDGER_CO_TRY(chosen, new_username(*proof.username));
        completion.username = std::move(chosen->text);
    }
    if (presented->compared == RegistrationProof::kCode) {
        KEYLEDGER_CO_TRY(admitted, co_await admit_registration_code(services, presented->address, caller.deadline));
    }
    Streams streams;
    const auto registration = streams.read<Registration>(presented->registration_id);
    const auto user = streams.begin<User>(completion.user_id);
    // A wrong proof is an event, so that those of all nodes count one after the other: it is answered once it is there.
    std::optional<CommandError> wrong;
    const Step step = [&](Attempt& attempt) -> StepResult {
        wrong.reset();
        const Registration& state = attempt.state(registration);
        const Instant now = services.clock.now();
        if (presented->compared) {
            KEYLEDGER_CO_TRY(may, may_try(state, *presented->compared, now));
        } else if (!state.is_open(now)) {
            co_return Unexpected(refusals::kRegistrationOver);
        }
        if (!state.email || !(state.has_password() || state.identity))
            co_return Unexpected(refusals::kCredentialTampered);  // its key is wrapped by what is not here
        Secret hash;
        if (state.has_password()) {
            KEYLEDGER_CO_TRY(read, co_await registered_hash(services, attempt, registration, caller.deadline));
            hash = std::move(*read);
        }
        const auto compared = co_await completion.compare(registration.id, state, hash);
        if (!compared && !is_wrong_proof(compared.error())) co_return Unexpected(compared.error());
        if (!compared) {
            wrong = compared.error();
            co_return attempt.decide_and_append(registration, FailRegistrationProof{*presented->compared, now});
        }
        auto begun = co_await completion.begin_user(attempt, registration, user, std::move(hash));
        co_return begun;
    };
    KEYLEDGER_CO_TRY(executed, co_await services.executor.run(caller, streams, step));
    if (wrong) co_return Unexpected(*wrong);
    co_return completion.user_id;
}

}  // namespace keyledger::commands

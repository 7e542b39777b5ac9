#include "domain/registrations/registration.hpp"

namespace keyledger {
namespace {

using Events = std::vector<RegistrationEvent>;
using Status = Registration::Status;

RegistrationDecision decide_on(const Registration& registration, const BeginRegistration& command) {
    if (registration.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    return Events{RegistrationBegun{{command.email},
                                    {command.username},
                                    {command.name},
                                    {command.locale},
                                    command.credential_id,
                                    command.sealed_sha256,
                                    command.code_key,
                                    command.expires_at}};
}

RegistrationDecision decide_on(const Registration& registration, const BeginRegistrationByProvider& command) {
    if (registration.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    const RegisteredIdentity& identity = command.identity;
    return Events{RegistrationBegunByProvider{{command.email},
                                              {command.name},
                                              {command.locale},
                                              identity.provider,
                                              {identity.issuer},
                                              {identity.subject},
                                              {identity.shown_as},
                                              command.code_key,
                                              command.expires_at}};
}

RegistrationDecision decide_on(const Registration& registration, const AskForRegistrationMail& command) {
    if (!registration.is_open(command.now)) return Unexpected(refusals::kRegistrationOver);
    const bool just_now = command.now < registration.mailed_at + kLeastBetweenMails;
    if (just_now || registration.mails >= kMostMailsOfRegistration) return Events{};
    return Events{RegistrationMailAsked{command.code_key}};
}

RegistrationDecision decide_on(const Registration& registration, const FailRegistrationProof& command) {
    KEYLEDGER_TRY(may, may_try(registration, command.proof, command.now));
    return Events{RegistrationProofFailed{command.proof}};
}

RegistrationDecision decide_on(const Registration& registration, const CompleteRegistration& command) {
    if (!registration.is_open(command.now)) return Unexpected(refusals::kRegistrationOver);
    return Events{RegistrationCompleted{command.user_id}};
}

RegistrationDecision decide_on(const Registration& registration, const EraseRegistration& command) {
    if (registration.status != Status::kOpen || command.now < registration.expires_at) return Events{};
    return Events{RegistrationErased{}};
}

Registration mailed(Registration registration, const std::string& code_key, Instant at) {
    registration.code_key = code_key;
    registration.mailed_at = at;
    registration.mails += 1;
    registration.wrong_codes = 0;
    return registration;
}

// What is left of it says that it was.
Registration over(Status status) {
    Registration registration;
    registration.status = status;
    return registration;
}

Registration apply(Registration registration, const RegistrationBegun& event, const Recorded& recorded) {
    registration.status = Status::kOpen;
    registration.email = event.email.value;
    registration.username = event.username.value;
    registration.name = event.name.value;
    registration.locale = event.locale.value;
    registration.credential_id = event.credential_id;
    registration.sealed_sha256 = event.sealed_sha256;
    registration.expires_at = event.expires_at;
    return mailed(std::move(registration), event.code_key, recorded.occurred_at);
}
Registration apply(Registration registration, const RegistrationBegunByProvider& event, const Recorded& recorded) {
    registration.status = Status::kOpen;
    registration.email = event.email.value;
    registration.name = event.name.value;
    registration.locale = event.locale.value;
    if (event.issuer.value && event.subject.value)
        registration.identity =
            RegisteredIdentity{event.provider, *event.issuer.value, *event.subject.value, event.shown_as.value};
    registration.expires_at = event.expires_at;
    return mailed(std::move(registration), event.code_key, recorded.occurred_at);
}
Registration apply(Registration registration, const RegistrationMailAsked& event, const Recorded& recorded) {
    return mailed(std::move(registration), event.code_key, recorded.occurred_at);
}
Registration apply(Registration registration, const RegistrationProofFailed& event, const Recorded&) {
    switch (event.proof) {
        case RegistrationProof::kCode: registration.wrong_codes += 1; break;
        case RegistrationProof::kPassword: registration.wrong_passwords += 1; break;
    }
    return registration;
}
Registration apply(const Registration&, const RegistrationCompleted&, const Recorded&) {
    return over(Status::kCompleted);
}
Registration apply(const Registration&, const RegistrationErased&, const Recorded&) { return over(Status::kErased); }

}  // namespace

Result<void, RefusalRef> may_try(const Registration& registration, RegistrationProof proof, Instant now) {
    if (!registration.is_open(now)) return Unexpected(refusals::kRegistrationOver);
    bool may = false;
    switch (proof) {
        case RegistrationProof::kCode:
            may = now < registration.mailed_at + kRegistrationCodeLife &&
                  registration.wrong_codes < kMostWrongCodesOfMail;
            if (!may) return Unexpected(refusals::kRegistrationCodeOver);
            break;
        case RegistrationProof::kPassword:
            if (!registration.has_password()) return Unexpected(refusals::kRegistrationOver);  // no link was mailed
            may = registration.wrong_passwords < kMostWrongPasswordsOfRegistration;
            if (!may) return Unexpected(refusals::kRegistrationLinkOver);
            break;
    }
    return {};
}

RegistrationDecision decide(const Registration& registration, const RegistrationCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(registration, c); }, command);
}

Registration evolve(Registration registration, const RegistrationEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(std::move(registration), e, recorded); }, event);
}

}  // namespace keyledger

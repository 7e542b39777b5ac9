#pragma once
// What a registration is known by outside: its handle, its code, its link. Commands and the mail make them of the same.
#include "commands/challenges/challenge_secrets.hpp"
#include "domain/registrations/registration.hpp"

namespace keyledger::commands {

// Each mail has a code of its own. `registration` is one whose address can be read.
inline CodeSource code_source(const RegistrationId& registration_id, const Registration& registration,
                              const AddressDigests& address) {
    CodeSource source;
    source.purpose = ChallengePurpose::kVerifyEmail;
    source.key_id = registration.code_key;
    source.subject = registration_id;
    source.security_stamp = registration.mails;
    source.address_digest = address_digest(address);
    return source;
}

inline MailLink registration_link(const RegistrationId& registration_id, const Registration& registration,
                                  const AddressDigests& address) {
    MailLink link;
    link.purpose = ChallengePurpose::kVerifyEmail;
    link.about = registration_id;
    link.subject = registration_id;
    link.address_digest = address_digest(address);
    link.expires_at = std::min(registration.mailed_at + kRegistrationLinkLife, registration.expires_at);
    return link;
}

inline ChallengeHandle registration_handle(const RegistrationId& registration_id, Instant expires_at,
                                           AddressDigests address) {
    ChallengeHandle handle;
    handle.purpose = ChallengePurpose::kVerifyEmail;
    handle.subject = registration_id;
    handle.address = std::move(address);
    handle.expires_at = expires_at;
    return handle;
}

}  // namespace keyledger::commands

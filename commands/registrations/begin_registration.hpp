#pragma once
// Registration where addresses have to be proven (design section 16): nobody is a user, and no name is taken, before.
// Whoever asks is answered alike, whosever address and user name they are: neither is looked up here, and every call
// hashes once and appends one event. What the address gets by mail is decided when that is sent (reactors/).
#include <optional>
#include <string>

#include "commands/accounts/register_user.hpp"
#include "commands/services.hpp"
#include "domain/registrations/registration.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::commands {

inline constexpr std::int64_t kMostOpenRegistrations = 10'000;

// What the asker keeps: with it a code from the mail proves the address.
struct BegunRegistration {
    std::string handle;
    Instant expires_at;
};

// `locale`: a language tag that they read, if one is known. kTooManyAttempts: the address, or the installation, was
// asked for too often, or too many registrations are open; the same for everybody.
Answer<BegunRegistration> begin_registration(Services& services, RegistrationRequest request,
                                             std::optional<std::string> locale, Caller caller);

// Of somebody whom another provider knows, and of whose address it says nothing that is believed: without a password.
// As above, and no hash.
struct ProviderRegistration {
    std::string email;
    std::optional<std::string> name;    // as parse_name() gives it
    std::optional<std::string> locale;  // a language tag
    RegisteredIdentity identity;
};
Answer<BegunRegistration> begin_registration_by_provider(Services& services, ProviderRegistration request,
                                                         Caller caller);

// What a registration of that address would be answered with; there is none, and nothing comes of the handle.
BegunRegistration pretended_registration(Services& services, const Identifier& email);

// Sends the mail again, with another code, but not within a minute, nor more than a few times; quiet then. Of a handle
// that is none: kRegistrationOver.
Answer<BegunRegistration> ask_for_registration_mail(Services& services, std::string handle, Caller caller);

// With key and credential, of one whose time is over; quiet where it is not, or was completed. By the system.
Answer<Receipt> erase_registration(Services& services, RegistrationId registration_id, Caller caller);

}  // namespace keyledger::commands

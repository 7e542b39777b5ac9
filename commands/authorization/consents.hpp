#pragma once
// What a user lets applications have, as of the head of the log: for a list of their own.
#include <vector>

#include "commands/services.hpp"
#include "domain/applications/application.hpp"
#include "domain/consents/consent.hpp"

namespace keyledger::commands {

struct GivenConsent {
    Application application;
    Consent consent;
};
// Of these applications those that the user lets have something, in their order; an application that was deleted has
// nothing. One read of the store.
Answer<std::vector<GivenConsent>> given_consents(Services& services, UserId user_id,
                                                 std::vector<ApplicationId> applications, Deadline deadline);

}  // namespace keyledger::commands

#pragma once
// What a file says of applications, one at a time, by the operator at the machine: operators hold everything, because
// they can read the keyring. The command line alone comes here; no route does.
#include <optional>
#include <string>
#include <vector>

#include "commands/access/apply_access.hpp"
#include "commands/clients/client_credentials.hpp"
#include "commands/services.hpp"
#include "domain/applications/application.hpp"

namespace keyledger::commands {

struct WantedApplication {
    ApplicationDefinition definition;
    ApplicationStatus status = ApplicationStatus::kEnabled;
};
enum class Trial { kNo, kYes };  // yes: decided, and not done
struct AppliedApplication {
    Change change = Change::kNone;
    std::vector<std::string> members;  // of the definition that are other ones; empty where it is made or removed
    Position position = 0;
};
// The application of this client id becomes as it is wanted, under this very id where there is none; or there is none
// where nothing is wanted. What checked() refuses; kApplicationUnknown: the id was one, and is used up.
Answer<AppliedApplication> apply_application(Services& services, ApplicationId application_id,
                                             std::optional<WantedApplication> wanted, Trial trial, Caller caller);

// As add_application_secret. kApplicationUnknown, kProvesNothing.
Answer<SecretReceipt> add_application_secret_as_operator(Services& services, ApplicationId application_id,
                                                         Caller caller);

}  // namespace keyledger::commands

#pragma once
#include "commands/services.hpp"
#include "domain/base/application_id.hpp"

namespace keyledger::commands {

// What the application was registered with; none: as the service's. As memory has it: no read where it is cached.
struct TokenLifetimes {
    std::optional<Duration> access_token;
    std::optional<Duration> id_token;
};
Answer<TokenLifetimes> token_lifetimes_of(Services& services, ApplicationId application_id, Deadline deadline);

}  // namespace keyledger::commands

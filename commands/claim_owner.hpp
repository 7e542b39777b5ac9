#pragma once
// Who owns a name.
#include "commands/services.hpp"

namespace keyledger::commands {

// nullopt: nobody's. As of now: any decision about the owner is made on the owner's streams.
Answer<std::optional<Uuid>> owner_of_claim(Services& services, std::string_view kind, const std::string& key,
                                           Deadline deadline);
// And that owner's credential of a kind, in the same read.
Answer<std::optional<eventstore::ClaimedCredential>> credential_of_claim(Services& services, std::string_view kind,
                                                                         const std::string& key,
                                                                         std::string_view credential_kind,
                                                                         Deadline deadline);

}  // namespace keyledger::commands

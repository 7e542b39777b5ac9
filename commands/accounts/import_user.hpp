#pragma once
#include "commands/services.hpp"
#include "domain/users/identity.hpp"
#include "domain/users/user.hpp"

namespace keyledger::refusals {

inline constexpr Refusal kInvalidCreatedAt = invalid_field("created_at", "Use a time from 1970 until now (RFC 3339).");

}  // namespace keyledger::refusals

namespace keyledger::commands {

// Somebody whom another service knew. Addresses and names are held to the same rules as at registration.
struct UserImport {
    std::string email;
    std::optional<std::string> username;
    std::optional<std::string> name;
    std::optional<std::string> locale;
    std::optional<Secret> hash;  // as a credential holds it (security/passwords/imported_hash.hpp); empty: no password
    EmailAtImport address = EmailAtImport::kUnproven;
    StatusAtImport status = StatusAtImport::kActive;
    std::optional<Instant> registered_at;  // there
    std::vector<RoleId> roles;
};
struct ImportReceipt {
    enum class Outcome { kImported, kWasThere } outcome = Outcome::kImported;
    UserId user_id;
    Position position = 0;
};

// At the machine, by its operator, who has authority over every role. User, credential, names and roles are one append:
// an import that is interrupted between two users has lost and doubled nobody. Whoever has the address and was imported
// too stays as they are (kWasThere), so that a file can be imported again from its start; it is kEmailTaken where they
// came by themselves. No mail follows. kRoleUnknown; and what the roles' rules say. `newcomer` outlives the answer.
Answer<ImportReceipt> import_user(Services& services, const UserImport& newcomer, Caller caller);

// The role of that name, or kInvalidRoleName, kRoleUnknown.
Answer<RoleId> role_named(Services& services, std::string name, Deadline deadline);

}  // namespace keyledger::commands

#pragma once
// What Keyledger's own commands and lists ask for. Roles grant them like any other permission; administrators hold all.
#include <vector>

#include "domain/access/permission.hpp"

namespace keyledger::commands {

inline const Permission kReadUsers{"keyledger.users", "read"};
inline const Permission kWriteUsers{"keyledger.users", "write"};  // edit, disable, enable, end sessions, erase
inline const Permission kReadRoles{"keyledger.roles", "read"};
inline const Permission kWriteRoles{"keyledger.roles", "write"};  // define, change, delete, assign, withdraw
inline const Permission kReadClients{"keyledger.clients", "read"};
inline const Permission kWriteClients{"keyledger.clients", "write"};  // register, change, delete; secrets and keys
inline const Permission kIntrospectTokens{"keyledger.tokens", "introspect"};  // a service: everybody's
inline const Permission kRevokeTokens{"keyledger.tokens", "revoke"};          // a service: everybody's
// A service: an exchange of a user's token (RFC 8693) for one in which it acts for them, or is not told from them.
inline const Permission kDelegateTokens{"keyledger.tokens", "delegate"};
inline const Permission kImpersonateUsers{"keyledger.tokens", "impersonate"};
inline const Permission kEvaluateAccess{"keyledger.access", "evaluate"};  // a service: of anybody
inline const Permission kReadGroups{"keyledger.groups", "read"};
inline const Permission kWriteGroups{"keyledger.groups", "write"};  // define, rename, delete, nest, members
inline const Permission kReadAudit{"keyledger.audit", "read"};

inline const std::vector<Permission>& keyledgers_own_permissions() {
    static const std::vector<Permission> kAll{kReadUsers,      kWriteUsers,       kReadRoles,        kWriteRoles,
                                              kReadClients,    kWriteClients,     kIntrospectTokens, kRevokeTokens,
                                              kDelegateTokens, kImpersonateUsers, kEvaluateAccess,   kReadGroups,
                                              kWriteGroups,    kReadAudit};
    return kAll;
}

}  // namespace keyledger::commands

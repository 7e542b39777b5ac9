#include "commands/runtime/errors.hpp"

namespace keyledger::commands {

CommandError refused_text(Refusal refusal, TextFault fault) {
    CommandError error(refusal);
    error.text = fault;
    return error;
}

Refusal refusal_of(UserError error) {
    switch (error) {
        case UserError::kAlreadyRegistered: return Refusal::kBroken;
        case UserError::kUnknown: return Refusal::kUserUnknown;
        case UserError::kNotActive: return Refusal::kUserDisabled;
        case UserError::kPasswordMoved: return Refusal::kCredentialTampered;
    }
    return Refusal::kBroken;
}

Refusal refusal_of(SessionError error) {
    switch (error) {
        case SessionError::kAlreadyStarted: return Refusal::kBroken;
        case SessionError::kUnknown: return Refusal::kSessionUnknown;
        case SessionError::kEnded: return Refusal::kInvalidToken;
        case SessionError::kExpired: return Refusal::kInvalidToken;
        case SessionError::kOtherClient: return Refusal::kInvalidToken;
        case SessionError::kUserNotActive: return Refusal::kUserDisabled;
        case SessionError::kPasswordMoved: return Refusal::kCredentialTampered;
    }
    return Refusal::kBroken;
}

Refusal refusal_of(RoleError error) {
    switch (error) {
        case RoleError::kAlreadyDefined: return Refusal::kBroken;
        case RoleError::kUnknown: return Refusal::kRoleUnknown;
        case RoleError::kBuiltIn: return Refusal::kRoleBuiltIn;
        case RoleError::kLacksPermission: return Refusal::kExceedsAuthority;
        case RoleError::kNotForEveryone: return Refusal::kNotForEveryone;
    }
    return Refusal::kBroken;
}

Refusal refusal_of(AssignmentsError error) {
    switch (error) {
        case AssignmentsError::kLacksPermission: return Refusal::kExceedsAuthority;
        case AssignmentsError::kNoUser: return Refusal::kAdministratorsAreUsers;
        case AssignmentsError::kTooManyGroups: return Refusal::kTooManyGroups;
        case AssignmentsError::kTooManyRoles: return Refusal::kTooManyRoles;
        case AssignmentsError::kNotForEveryone: return Refusal::kNotForEveryone;
        case AssignmentsError::kBuiltInGroup: return Refusal::kGroupBuiltIn;
    }
    return Refusal::kBroken;
}

Refusal refusal_of(AdministratorsError error) {
    switch (error) {
        case AdministratorsError::kLast: return Refusal::kLastAdministrator;
        case AdministratorsError::kTooMany: return Refusal::kTooManyAdministrators;
    }
    return Refusal::kBroken;
}

Refusal refusal_of(ServiceAccountError error) {
    switch (error) {
        case ServiceAccountError::kAlreadyRegistered: return Refusal::kBroken;
        case ServiceAccountError::kUnknown: return Refusal::kAccountUnknown;
        case ServiceAccountError::kTooManySecrets: return Refusal::kTooManySecrets;
        case ServiceAccountError::kTooManyKeys: return Refusal::kTooManyKeys;
        case ServiceAccountError::kCredentialUnknown: return Refusal::kCredentialUnknown;
        case ServiceAccountError::kKeyKnown: return Refusal::kKeyKnown;
        case ServiceAccountError::kKeyIdTaken: return Refusal::kKeyIdTaken;
    }
    return Refusal::kBroken;
}

Refusal refusal_of(GroupError error) {
    switch (error) {
        case GroupError::kAlreadyDefined: return Refusal::kBroken;
        case GroupError::kUnknown: return Refusal::kGroupUnknown;
        case GroupError::kBuiltIn: return Refusal::kGroupBuiltIn;
        case GroupError::kNameKept: return Refusal::kGroupNameKept;
    }
    return Refusal::kBroken;
}

// Whoever presents them is told no more than that they prove nothing.
Refusal refusal_of(ServiceTokenError error) {
    switch (error) {
        case ServiceTokenError::kUsed: return Refusal::kInvalidClient;
        case ServiceTokenError::kAccountNotGood: return Refusal::kInvalidClient;
        case ServiceTokenError::kUnknown: return Refusal::kInvalidToken;
    }
    return Refusal::kBroken;
}

Refusal refusal_of(NestingsError error) {
    switch (error) {
        case NestingsError::kCycle: return Refusal::kGroupCycle;
        case NestingsError::kTooDeep: return Refusal::kGroupsTooDeep;
        case NestingsError::kTooManyAbove: return Refusal::kTooManyGroupsAbove;
        case NestingsError::kTooMany: return Refusal::kTooManyNestings;
        case NestingsError::kLacksPermission: return Refusal::kExceedsAuthority;
        case NestingsError::kBuiltIn: return Refusal::kGroupBuiltIn;
    }
    return Refusal::kBroken;
}

Refusal refusal_of(eventstore::StoreError error) {
    using eventstore::StoreError;
    switch (error) {
        case StoreError::kUnavailable: return Refusal::kUnavailable;
        case StoreError::kDeadline: return Refusal::kOverloaded;
        case StoreError::kOutcomeUnknown: return Refusal::kOutcomeUnknown;
        case StoreError::kBadData: return Refusal::kBroken;
    }
    return Refusal::kBroken;
}

}  // namespace keyledger::commands

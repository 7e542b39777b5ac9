#include "domain/access/search.hpp"

#include <algorithm>

namespace keyledger {
namespace {

constexpr std::string_view kAny = "*";

Owner owner_by(const AccessQuestion& question, const SubjectId& subject_id) {
    if (!question.owner) return Owner::kUnknown;
    return SubjectId::parse(*question.owner) == subject_id ? Owner::kRequester : Owner::kSomebodyElse;
}

// The same of each instance that the permissions name.
std::vector<RequestedPermission> named_in(const PermissionSet& permissions, const RequestedPermission& wanted) {
    std::vector<RequestedPermission> named;
    for (const Permission& permission : permissions.permissions()) {
        if (permission.instance.empty() || permission.resource != wanted.resource) continue;
        named.push_back(wanted);
        named.back().instance = permission.instance;
    }
    return named;
}

bool concerns(const Permission& permission, std::string_view resource) {
    return permission.resource == resource || permission.resource == kAny;
}

}  // namespace

bool permits(RoleSpan roles, const SubjectId& subject_id, const AccessQuestion& question) {
    const RequestedPermission wanted{question.resource, question.action, question.instance,
                                     owner_by(question, subject_id), question.qualified};
    bool allowed = false;
    for (const auto& role : roles) {
        if (role->rules.deny.denies(wanted)) return false;
        allowed = allowed || role->rules.allow.allows(wanted);
    }
    return allowed;
}

std::optional<std::vector<std::string>> permitted_instances(RoleSpan roles, const SubjectId& subject_id,
                                                            AccessQuestion question) {
    question.instance = {};
    if (permits(roles, subject_id, question)) return std::nullopt;
    const RequestedPermission wanted{
        question.resource, question.action, {}, owner_by(question, subject_id), question.qualified};
    // Each role is asked about what it names itself, and not about what all others do.
    std::set<std::string_view> permitted;
    for (const auto& role : roles) {
        if (role->rules.deny.denies(wanted)) return std::vector<std::string>{};
        for (const RequestedPermission& one : named_in(role->rules.allow, wanted))
            if (role->rules.allow.allows(one)) permitted.insert(one.instance);
    }
    for (const auto& role : roles)
        for (const RequestedPermission& one : named_in(role->rules.deny, wanted))
            if (role->rules.deny.denies(one)) permitted.erase(one.instance);
    return std::vector<std::string>(permitted.begin(), permitted.end());
}

std::vector<std::string> permitted_actions(RoleSpan roles, const SubjectId& subject_id, AccessQuestion question,
                                           const std::set<std::string>& actions) {
    std::vector<std::string> permitted;
    for (const std::string& action : actions) {
        question.action = action;
        if (permits(roles, subject_id, question)) permitted.push_back(action);
    }
    return permitted;
}

void add_actions(std::set<std::string>& actions, const AccessRules& rules, std::string_view resource) {
    for (const PermissionSet* set : {&rules.allow, &rules.deny})
        for (const Permission& permission : set->permissions())
            if (concerns(permission, resource) && permission.action != kAny)
                actions.emplace(unqualified(permission.action));
}

}  // namespace keyledger

#include "domain/access/subject_access.hpp"

#include "domain/sessions/session.hpp"

namespace keyledger {

const User& SubjectAccess::user() const {
    static const User kAbsent;
    return found_user ? *found_user : kAbsent;
}

const Session& SubjectAccess::session() const {
    static const Session kAbsent;
    return found_session ? *found_session : kAbsent;
}

bool SubjectAccess::decide(const AccessQuestion& question) const {
    return active && permits(roles, subject_id, question);
}

AccessRules SubjectAccess::rules() const {
    AccessRules all;
    for (const auto& role : roles) all.add(role->rules);
    return all;
}

const ServiceAccount& ServiceAccess::account() const {
    static const ServiceAccount kAbsent;
    return found_account ? *found_account : kAbsent;
}

std::vector<std::string> ServiceAccess::still_held(const std::vector<std::string>& scope) const {
    const AccessRules rules = held.rules();
    std::vector<std::string> still;
    for (const std::string& text : scope) {
        const auto permission = parse_permission(text);
        if (permission && rules.covers(*permission)) still.push_back(text);
    }
    return still;
}

}  // namespace keyledger

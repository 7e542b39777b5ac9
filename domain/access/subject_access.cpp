#include "domain/access/subject_access.hpp"

#include <algorithm>

#include "domain/sessions/session.hpp"

namespace keyledger {
namespace {

bool is_limited(const std::vector<std::shared_ptr<const Role>>& roles, const Permission& permission) {
    return std::ranges::any_of(roles, [&](const auto& role) { return role->rules.deny.limits(permission); });
}

}  // namespace

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

bool SubjectAccess::covers(const Permission& wanted) const {
    const auto allows = [&](const auto& role) { return role->rules.allow.covers(wanted); };
    return std::ranges::any_of(roles, allows) && !is_limited(roles, wanted);
}

std::vector<std::string> SubjectAccess::scope_texts(const std::function<bool(const Permission&)>& is_wanted) const {
    std::vector<std::string> texts;
    for (const auto& role : roles)
        for (const Permission& permission : role->rules.allow.permissions())
            if (is_wanted(permission) && !is_limited(roles, permission)) texts.push_back(permission.text());
    std::ranges::sort(texts);
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    return texts;
}

const ServiceAccount& ServiceAccess::account() const {
    static const ServiceAccount kAbsent;
    return found_account ? *found_account : kAbsent;
}

std::vector<std::string> ServiceAccess::still_held(const std::vector<std::string>& scope) const {
    std::vector<std::string> still;
    for (const std::string& text : scope) {
        const auto permission = parse_permission(text);
        if (permission && held.covers(*permission)) still.push_back(text);
    }
    return still;
}

}  // namespace keyledger

#pragma once
// What is asked about access, and who or what the answer is yes for (OpenID AuthZEN 1.0, sections 6 and 8).
// Pure: over all roles of a subject, direct ones and those of its groups. A search finds exactly what the same
// question, asked for that one thing, is answered yes for.
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/access/role.hpp"
#include "domain/access/subject.hpp"
#include "domain/base/id.hpp"

namespace keyledger {

// What somebody is asked to be allowed: one action on one resource. The texts live as long as the question is
// asked.
struct AccessQuestion {
    std::string_view resource;
    std::string_view action;
    std::string_view instance = {};               // empty: none is named
    std::optional<std::string_view> owner = {};   // of the resource, if that is known
    std::span<const std::string> qualified = {};  // the action with each of its properties; sorted
};
using RoleSpan = std::span<const std::shared_ptr<const Role>>;

// One of the roles allows it and none denies it.
bool permits(RoleSpan roles, const SubjectId& subject_id, const AccessQuestion& question);

// The instances by name, sorted, on which the subject may do it; the question's own instance is ignored. nullopt:
// they can't be listed, because some permission holds for instances that no permission names.
std::optional<std::vector<std::string>> permitted_instances(RoleSpan roles, const SubjectId& subject_id,
                                                            AccessQuestion question);

// Those of these actions that the subject may do, without a property; the question's own action is ignored.
std::vector<std::string> permitted_actions(RoleSpan roles, const SubjectId& subject_id, AccessQuestion question,
                                           const std::set<std::string>& actions);
// Adds the actions that a role names, in what it allows or denies, for a resource or for all; without properties.
void add_actions(std::set<std::string>& actions, const AccessRules& rules, std::string_view resource);

// Which users or service accounts may do it.
struct SubjectSearch {
    SubjectType type = SubjectType::kUser;  // no groups
    std::string resource;
    std::string action;
    std::string instance;
    std::optional<std::string> owner;
    std::vector<std::string> qualified = {};  // sorted

    AccessQuestion question() const { return {resource, action, instance, owner, qualified}; }
};
// How far a search has come. The order is the same on all nodes, and for as long as there are the subjects.
struct SubjectPlace {
    std::uint32_t part = 0;
    SubjectId after;  // in that part
};
struct SubjectPage {
    std::vector<SubjectId> ids;
    std::optional<SubjectPlace> next;  // where to go on; none: all were looked at
    Position position = 0;             // all that had happened up to here is in it; of what came later, some may be
};

}  // namespace keyledger

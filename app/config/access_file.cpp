#include "app/config/access_file.hpp"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <stdexcept>

#include "app/config/yaml.hpp"
#include "domain/access/permission.hpp"

namespace keyledger::app {
namespace {

using Kind = YamlNode::Kind;

struct Wrong : std::runtime_error {
    Wrong(const YamlNode& where, const std::string& what)
        : std::runtime_error("line " + std::to_string(where.line) + ": " + what) {}
};

struct NestingCycle : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// nullptr: it is not there, or null.
const YamlNode* member(const YamlNode& map, std::string_view name) {
    for (const auto& [its_name, node] : map.members)
        if (its_name == name && node.kind != Kind::kNothing) return &node;
    return nullptr;
}

void allow_members(const YamlNode& map, const std::string& what, std::initializer_list<std::string_view> known) {
    if (map.kind != Kind::kMap) throw Wrong(map, what + " is not a map of names to values");
    for (const auto& [name, node] : map.members) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        std::string all;
        for (const std::string_view one : known) all.append(all.empty() ? "" : ", ").append(one);
        throw Wrong(node, what + " has a member '" + name + "'; known are: " + all);
    }
}

// Whether there must be no such thing. Only who says so means it: a value that was forgotten deletes nothing.
bool is_absent(const YamlNode& node, const std::string& what, std::initializer_list<std::string_view> members) {
    if (node.kind == Kind::kNothing && node.text.empty())
        throw Wrong(node, what + " has no value; write null or {state: absent} to delete it, {} to give it nothing");
    if (node.kind == Kind::kNothing) return true;
    allow_members(node, what, members);
    const auto state = std::ranges::find_if(node.members, [](const auto& one) { return one.first == "state"; });
    if (state == node.members.end()) return false;
    const std::string& text = state->second.text;
    if (text != "absent" && text != "present") throw Wrong(state->second, "state is 'absent' or 'present'");
    if (text == "absent" && node.members.size() > 1)
        throw Wrong(node, what + " is to be absent, and has other members");
    return text == "absent";
}

std::vector<std::string> texts(const YamlNode& map, std::string_view name) {
    std::vector<std::string> texts;
    const auto found = std::ranges::find_if(map.members, [&](const auto& one) { return one.first == name; });
    if (found == map.members.end()) return texts;
    const YamlNode* list = &found->second;
    if (list->kind == Kind::kNothing) throw Wrong(*list, std::string(name) + " has no value; write [] for none");
    if (list->kind != Kind::kList) throw Wrong(*list, std::string(name) + " is not a list");
    for (const YamlNode& item : list->items) {
        if (item.kind != Kind::kScalar) throw Wrong(item, "an item of " + std::string(name) + " is not a text");
        texts.push_back(item.text);
    }
    return texts;
}

void check_name(const YamlNode& where, const std::string& name, const std::string& what) {
    if (!parse_role_name(name))
        throw Wrong(where, "'" + name + "' is no name of a " + what + ": 1 to " + std::to_string(kMaxRoleNameBytes) +
                               " letters, digits, '.', '_' and '-', a letter or digit first");
}

void check_permissions(const YamlNode& role, const std::string& name, const std::vector<std::string>& texts) {
    for (const std::string& text : texts)
        if (!parse_permission(text))
            throw Wrong(role, "role '" + name + "': '" + text +
                                  "' is no permission; write resource:action, resource/instance:action or "
                                  "resource:action@own, '*' for all resources or actions");
}

RoleEntry read_role(const std::string& name, const YamlNode& node) {
    check_name(node, name, "role");
    if (parse_role_name(name)->key == kAdministratorRoleName)
        throw Wrong(node, "the role 'administrator' is built in; it is neither changed nor deleted");
    if (is_absent(node, "role '" + name + "'", {"permissions", "deny", "state"})) return {name, std::nullopt};
    commands::RoleDefinition definition;
    definition.name = name;
    definition.permissions = texts(node, "permissions");
    definition.deny = texts(node, "deny");
    if (definition.permissions.size() + definition.deny.size() > kMaxPermissionsPerRole)
        throw Wrong(node, "role '" + name + "' has more than " + std::to_string(kMaxPermissionsPerRole) +
                              " permissions and denials");
    check_permissions(node, name, definition.permissions);
    check_permissions(node, name, definition.deny);
    for (const std::string& text : definition.deny)
        if (is_reserved(parse_permission(text)->resource))
            throw Wrong(node, "role '" + name + "' denies '" + text + "': what is Keyledger's own is not denied");
    return {name, std::move(definition)};
}

constexpr const char* kHintOfDefaults =
    "'everyone' is the built-in group of all users; name its roles under default_roles: at the top, as a "
    "list";

// Of those that the file defines, none may make administrators of all users; of others the command says so.
std::optional<std::vector<std::string>> read_default_roles(const YamlNode& file, const std::vector<RoleEntry>& roles) {
    const auto at = std::ranges::find_if(file.members, [](const auto& one) { return one.first == "default_roles"; });
    if (at == file.members.end()) return std::nullopt;
    const YamlNode& list = at->second;
    std::vector<std::string> names = texts(file, "default_roles");
    if (names.size() > kMaxRolesPerGroup)
        throw Wrong(list, "more than " + std::to_string(kMaxRolesPerGroup) + " default roles");
    for (const std::string& name : names) {
        check_name(list, name, "role");
        const std::string key = parse_role_name(name)->key;
        if (key == kAdministratorRoleName) throw Wrong(list, "the role 'administrator' is not for everyone");
        for (const RoleEntry& role : roles) {
            if (parse_role_name(role.name)->key != key) continue;
            if (!role.definition) throw Wrong(list, "the default role '" + name + "' is to be deleted by this file");
            if (PermissionSet::of_texts(role.definition->permissions).reaches_administration())
                throw Wrong(list, "the role '" + name +
                                      "' would let all users administer Keyledger "
                                      "(keyledger.... or a resource '*')");
        }
    }
    return names;
}

GroupEntry read_group(const std::string& name, const YamlNode& node) {
    check_name(node, name, "group");
    if (is_reserved_group_name(name)) throw Wrong(node, kHintOfDefaults);
    if (is_absent(node, "group '" + name + "'", {"roles", "groups", "state"})) return {name, std::nullopt};
    commands::GroupDefinition definition{texts(node, "roles"), texts(node, "groups")};
    for (const std::string& role : definition.roles) check_name(node, role, "role");
    for (const std::string& group : definition.groups) {
        check_name(node, group, "group");
        if (is_reserved_group_name(group)) throw Wrong(node, kHintOfDefaults);
    }
    return {name, std::move(definition)};
}

MembershipEntry read_account(const std::string& name, const YamlNode& node) {
    check_name(node, name, "service account");
    const std::string what = "service account '" + name + "'";
    if (node.kind == Kind::kNothing)
        throw Wrong(node, what + " has no value; a file deletes none: write {groups: []} for one that is in no group");
    allow_members(node, what, {"groups"});
    if (node.members.empty()) throw Wrong(node, what + " has no 'groups'; write [] for none");
    MembershipEntry wanted{name, texts(node, "groups")};
    if (wanted.groups.size() > kMaxGroupsPerSubject)
        throw Wrong(node, what + " is in more than " + std::to_string(kMaxGroupsPerSubject) + " groups");
    for (const std::string& group : wanted.groups) {
        check_name(node, group, "group");
        if (is_reserved_group_name(group))
            throw Wrong(node, "'everyone' is the group of all users; no service account is in it");
    }
    return wanted;
}

std::string key_of(const std::string& name) { return parse_role_name(name)->key; }

// What a group has, or a service account is in, must not be deleted by the same file.
template <class Wanted>
void refuse_deleted(const std::vector<Wanted>& wanted, const std::vector<std::string>& names, const YamlNode& where,
                    const std::string& what) {
    for (const std::string& name : names)
        for (const Wanted& one : wanted)
            if (!one.definition && parse_role_name(one.name)->key == parse_role_name(name)->key)
                throw Wrong(where, what + " '" + name + "', which this file deletes");
}
void refuse_deleted(const AccessFile& file, const YamlNode& where) {
    for (const GroupEntry& group : file.groups) {
        if (!group.definition) continue;
        refuse_deleted(file.roles, group.definition->roles, where, "group '" + group.name + "' has the role");
        refuse_deleted(file.groups, group.definition->groups, where, "group '" + group.name + "' has the group");
    }
    for (const MembershipEntry& account : file.accounts)
        refuse_deleted(file.groups, account.groups, where, "service account '" + account.account + "' is in the group");
}

// Each behind those that are nested in it.
std::vector<GroupEntry> children_first(std::vector<GroupEntry> groups) {
    std::set<std::string> waiting;
    for (const GroupEntry& group : groups)
        if (group.definition) waiting.insert(key_of(group.name));
    std::vector<GroupEntry> ordered;
    while (!waiting.empty()) {
        const std::size_t before = ordered.size();
        for (const GroupEntry& group : groups) {
            const auto waits_for = [&](const std::string& child) { return waiting.contains(key_of(child)); };
            if (!waiting.contains(key_of(group.name))) continue;
            if (std::ranges::any_of(group.definition->groups, waits_for)) continue;
            ordered.push_back(group);
            waiting.erase(key_of(group.name));
        }
        if (ordered.size() == before)
            throw NestingCycle("groups stand in a circle, of which '" + *waiting.begin() + "' is one, or under one");
    }
    for (GroupEntry& group : groups)
        if (!group.definition) ordered.push_back(std::move(group));
    return ordered;
}

// Names are unique without regard to case.
template <class Wanted, class Read>
std::vector<Wanted> read_all(const YamlNode& file, std::string_view what, Read read) {
    std::vector<Wanted> all;
    const YamlNode* map = member(file, what);
    if (map == nullptr) return all;
    if (map->kind != Kind::kMap) throw Wrong(*map, std::string(what) + " is not a map of names");
    std::set<std::string> keys;
    for (const auto& [name, node] : map->members) {
        all.push_back(read(name, node));
        if (!keys.insert(parse_role_name(name)->key).second)
            throw Wrong(node, "'" + name + "' is given twice; case does not make names differ");
    }
    return all;
}

}  // namespace

Result<AccessFile, std::string> read_access_file(std::string_view text) {
    auto parsed = parse_yaml(text);
    if (!parsed) return Unexpected(parsed.error());
    try {
        allow_members(*parsed, "the file", {"roles", "default_roles", "groups", "service_accounts"});
        AccessFile file;
        file.roles = read_all<RoleEntry>(*parsed, "roles", read_role);
        std::ranges::stable_partition(file.roles, [](const RoleEntry& role) { return role.definition.has_value(); });
        file.default_roles = read_default_roles(*parsed, file.roles);
        auto groups = read_all<GroupEntry>(*parsed, "groups", read_group);
        if (groups.size() > kMaxGroupsOfAFile)
            throw Wrong(*parsed, "more than " + std::to_string(kMaxGroupsOfAFile) + " groups");
        file.groups = children_first(std::move(groups));
        file.accounts = read_all<MembershipEntry>(*parsed, "service_accounts", read_account);
        if (file.accounts.size() > kMaxAccountsOfAFile)
            throw Wrong(*parsed, "more than " + std::to_string(kMaxAccountsOfAFile) + " service accounts");
        refuse_deleted(file, *parsed);
        return file;
    } catch (const Wrong& wrong) {
        return Unexpected(std::string(wrong.what()));
    } catch (const NestingCycle& circle) {
        return Unexpected(std::string("line 1: ") + circle.what());
    }
}

}  // namespace keyledger::app

#include "domain/access/permission.hpp"

#include <algorithm>

#include "domain/base/plain_text.hpp"

namespace keyledger {
namespace {

constexpr std::string_view kAny = "*";
constexpr std::string_view kOwnSuffix = "@own";
constexpr std::string_view kReserved = "keyledger.";
constexpr std::string_view kPropertyMark = "%3F";  // '?' and '=', as parts of a permission have them
constexpr std::string_view kEqualMark = "%3D";

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_mark(char c) { return c == '.' || c == '_' || c == '-'; }

bool is_in_name(char c) { return is_lower_or_digit(c) || is_upper(c) || is_mark(c); }
bool is_in_instance(char c) { return is_in_name(c) || c == '~'; }

std::string escaped(std::string_view text, bool (*is_plain)(char), bool marks_first) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string part;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_plain(c) && (marks_first || !part.empty() || !is_mark(c))) part.push_back(c);
        else part.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
    return part;
}

// Nothing is escaped that need not be, and what is escaped makes plain text.
bool is_part(std::string_view text, std::size_t max_bytes, std::string (*in_permission)(std::string_view)) {
    if (text.empty() || text.size() > max_bytes) return false;
    const std::string means = text_of_part(text);
    return in_permission(means) == text && is_plain_text(means);
}
bool is_name(std::string_view text) { return is_part(text, kMaxSegmentBytes, name_in_permission); }
bool is_segment(std::string_view text) { return text == kAny || is_name(text); }
bool is_instance(std::string_view text) { return is_part(text, kMaxInstanceBytes, instance_in_permission); }

bool holds(std::string_view segment, std::string_view wanted) { return segment == kAny || segment == wanted; }
bool meets(std::string_view one, std::string_view other) { return holds(one, other) || other == kAny; }

// An action, and what qualifies it: `delete`, `soft`, `true`. As parts of a permission.
struct ActionParts {
    std::string_view name;
    std::string_view property;  // empty: none does
    std::string_view value;
};
ActionParts parts_of(std::string_view action) {
    const auto mark = action.find(kPropertyMark);
    if (mark == std::string_view::npos || mark == 0) return {action, {}, {}};
    const auto property = action.substr(mark + kPropertyMark.size());
    const auto equal = property.find(kEqualMark);
    if (equal == std::string_view::npos || equal == 0) return {action, {}, {}};
    return {action.substr(0, mark), property.substr(0, equal), property.substr(equal + kEqualMark.size())};
}

bool holds_action(std::string_view wide, std::string_view narrow) {
    return holds(wide, narrow) || wide == parts_of(narrow).name;
}
// Something may have both properties, unless they are one with two values.
bool meets_action(std::string_view one, std::string_view other) {
    if (meets(one, other)) return true;
    const ActionParts first = parts_of(one);
    const ActionParts second = parts_of(other);
    return first.name == second.name && (first.property != second.property || first.value == second.value);
}

// The parts that a permission and a question have in common, the resource aside.
bool applies(const Permission& permission, const RequestedPermission& wanted) {
    const bool holds_here =
        holds(permission.action, wanted.action) || std::ranges::binary_search(wanted.qualified, permission.action);
    return holds_here && (permission.instance.empty() || permission.instance == wanted.instance);
}

bool contains(const Permission& wide, const Permission& narrow) {
    return holds(wide.resource, narrow.resource) && holds_action(wide.action, narrow.action) &&
           (wide.instance.empty() || wide.instance == narrow.instance) &&
           (wide.ownership == OwnershipScope::kAnyOwner || narrow.ownership == OwnershipScope::kOwn);
}

// Whether there may be something that both are about.
bool overlaps(const Permission& one, const Permission& other) {
    return meets(one.resource, other.resource) && meets_action(one.action, other.action) &&
           (one.instance.empty() || other.instance.empty() || one.instance == other.instance);
}

}  // namespace

std::string Permission::text() const {
    std::string text = resource;
    if (!instance.empty()) text.append("/").append(instance);
    text.append(":").append(action);
    if (ownership == OwnershipScope::kOwn) text.append(kOwnSuffix);
    return text;
}

std::optional<Permission> parse_permission(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto resource = text.substr(0, colon);
    auto action = text.substr(colon + 1);
    Permission permission;
    if (action.ends_with(kOwnSuffix)) {
        action.remove_suffix(kOwnSuffix.size());
        permission.ownership = OwnershipScope::kOwn;
    }
    if (const auto slash = resource.find('/'); slash != std::string_view::npos) {
        const auto instance = resource.substr(slash + 1);
        resource = resource.substr(0, slash);
        if (!is_name(resource) || !is_instance(instance)) return std::nullopt;
        permission.instance = instance;
    }
    if (!is_segment(resource) || !is_segment(action)) return std::nullopt;
    permission.resource = resource;
    permission.action = action;
    return permission;
}

std::string name_in_permission(std::string_view text) { return escaped(text, is_in_name, false); }
std::string instance_in_permission(std::string_view text) { return escaped(text, is_in_instance, true); }

std::string text_of_part(std::string_view part) {
    const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'A' + 10; };
    std::string text;
    for (std::size_t i = 0; i < part.size(); ++i) {
        const bool escape = part[i] == '%' && part.size() - i > 2;
        text.push_back(escape ? static_cast<char>(value(part[i + 1]) << 4 | value(part[i + 2])) : part[i]);
        if (escape) i += 2;
    }
    return text;
}

std::string_view unqualified(std::string_view action) { return parts_of(action).name; }

std::optional<std::string> qualified_action(std::string_view name, std::string_view property, std::string_view value) {
    if (name.empty() || property.empty() || name.find('?') != name.npos || property.find('=') != property.npos)
        return std::nullopt;
    if (name.size() + property.size() + value.size() > kMaxSegmentBytes) return std::nullopt;
    std::string text(name);
    text.append("?").append(property).append("=").append(value);
    std::string action = name_in_permission(text);
    return is_name(action) ? std::optional(std::move(action)) : std::nullopt;
}

bool is_reserved(std::string_view resource) { return resource.starts_with(kReserved); }

std::optional<RoleName> parse_role_name(std::string_view text) {
    if (text.empty() || text.size() > kMaxRoleNameBytes) return std::nullopt;
    RoleName name{std::string(text), {}};
    for (const char c : text) {
        if (!is_lower_or_digit(c) && !is_upper(c) && !is_mark(c)) return std::nullopt;
        name.key.push_back(is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c);
    }
    if (!is_lower_or_digit(name.key.front())) return std::nullopt;
    return name;
}

std::vector<ClaimedName> held_as(std::string_view kind, std::string_view text, RefusalRef taken) {
    const auto parsed = parse_role_name(text);
    if (!parsed) return {};
    return {ClaimedName{kind, parsed->key, taken}};
}

// ---- sets -------------------------------------------------------------------------------------------------
PermissionSet::PermissionSet(std::vector<Permission> permissions) : permissions_(std::move(permissions)) {
    std::sort(permissions_.begin(), permissions_.end());
    permissions_.erase(std::unique(permissions_.begin(), permissions_.end()), permissions_.end());
}

PermissionSet PermissionSet::of_texts(std::span<const std::string> texts) {
    std::vector<Permission> permissions;
    for (const std::string& text : texts)
        if (auto permission = parse_permission(text)) permissions.push_back(std::move(*permission));
    return PermissionSet(std::move(permissions));
}

// Sorted by resource first: those of one stand together.
std::span<const Permission> PermissionSet::of_resource(std::string_view resource) const {
    const auto before = [](const Permission& permission, std::string_view name) { return permission.resource < name; };
    const auto after = [](std::string_view name, const Permission& permission) { return name < permission.resource; };
    const auto first = std::lower_bound(permissions_.begin(), permissions_.end(), resource, before);
    const auto last = std::upper_bound(first, permissions_.end(), resource, after);
    return {first, last};
}

bool PermissionSet::allows(const RequestedPermission& wanted) const {
    const auto allows = [&](const Permission& one) {
        return applies(one, wanted) &&
               (one.ownership == OwnershipScope::kAnyOwner || wanted.owner == Owner::kRequester);
    };
    return std::ranges::any_of(of_resource(kAny), allows) || std::ranges::any_of(of_resource(wanted.resource), allows);
}

bool PermissionSet::denies(const RequestedPermission& wanted) const {
    if (permissions_.empty() || is_reserved(wanted.resource)) return false;
    const auto denies = [&](const Permission& one) {
        return applies(one, wanted) &&
               (one.ownership == OwnershipScope::kAnyOwner || wanted.owner != Owner::kSomebodyElse);
    };
    return std::ranges::any_of(of_resource(kAny), denies) || std::ranges::any_of(of_resource(wanted.resource), denies);
}

bool PermissionSet::covers(const Permission& wanted) const {
    return std::ranges::any_of(permissions_, [&](const Permission& one) { return contains(one, wanted); });
}

bool PermissionSet::covers(const PermissionSet& wanted) const {
    return std::ranges::all_of(wanted.permissions_, [&](const Permission& permission) { return covers(permission); });
}

bool PermissionSet::reaches_administration() const {
    return std::ranges::any_of(permissions_,
                               [](const Permission& one) { return one.resource == kAny || is_reserved(one.resource); });
}

bool PermissionSet::limits(const Permission& wanted) const {
    if (is_reserved(wanted.resource)) return false;
    return std::ranges::any_of(permissions_, [&](const Permission& one) { return overlaps(one, wanted); });
}

void PermissionSet::add(const PermissionSet& more) {
    if (more.empty()) return;
    if (empty()) {
        *this = more;
        return;
    }
    std::vector<Permission> both = permissions_;
    both.insert(both.end(), more.permissions_.begin(), more.permissions_.end());
    *this = PermissionSet(std::move(both));
}

std::vector<std::string> PermissionSet::texts() const {
    std::vector<std::string> texts;
    for (const Permission& permission : permissions_) texts.push_back(permission.text());
    std::sort(texts.begin(), texts.end());  // the order of the parts is another one
    return texts;
}

bool AccessRules::covers(const PermissionSet& wanted) const {
    return std::ranges::all_of(wanted.permissions(), [&](const Permission& permission) { return covers(permission); });
}

PermissionSet AccessRules::without_exceptions() const {
    if (deny.empty()) return allow;
    std::vector<Permission> plain;
    for (const Permission& permission : allow.permissions())
        if (!deny.limits(permission)) plain.push_back(permission);
    return PermissionSet(std::move(plain));
}

void AccessRules::add(const AccessRules& more) {
    allow.add(more.allow);
    deny.add(more.deny);
}

}  // namespace keyledger

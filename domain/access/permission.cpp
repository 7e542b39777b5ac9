#include "domain/access/permission.hpp"

#include <algorithm>

namespace keyledger {
namespace {

constexpr std::string_view kAny = "*";

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_mark(char c) { return c == '.' || c == '_' || c == '-'; }

bool is_name(std::string_view text) {
    if (text.empty() || text.size() > kMaxSegmentBytes || !is_lower_or_digit(text.front())) return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return is_lower_or_digit(c) || is_mark(c); });
}
bool is_segment(std::string_view text) { return text == kAny || is_name(text); }

}  // namespace

std::optional<Permission> parse_permission(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto resource = text.substr(0, colon);
    const auto action = text.substr(colon + 1);
    if (!is_segment(resource) || !is_segment(action)) return std::nullopt;
    return Permission{std::string(resource), std::string(action)};
}

std::optional<Permission> concrete_permission(std::string_view resource, std::string_view action) {
    if (!is_name(resource) || !is_name(action)) return std::nullopt;
    return Permission{std::string(resource), std::string(action)};
}

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

bool PermissionSet::covers(const Permission& wanted) const {
    const std::string any(kAny);
    const auto holds = [&](const std::string& resource, const std::string& action) {
        return std::binary_search(permissions_.begin(), permissions_.end(), Permission{resource, action});
    };
    return holds(wanted.resource, wanted.action) || holds(wanted.resource, any) || holds(any, wanted.action) ||
           holds(any, any);
}

bool PermissionSet::covers(const PermissionSet& wanted) const {
    return std::all_of(wanted.permissions_.begin(), wanted.permissions_.end(),
                       [&](const Permission& permission) { return covers(permission); });
}

void PermissionSet::add(const PermissionSet& more) {
    std::vector<Permission> both = permissions_;
    both.insert(both.end(), more.permissions_.begin(), more.permissions_.end());
    *this = PermissionSet(std::move(both));
}

std::vector<std::string> PermissionSet::texts() const {
    std::vector<std::string> texts;
    for (const Permission& permission : permissions_) texts.push_back(permission.text());
    return texts;
}

}  // namespace keyledger

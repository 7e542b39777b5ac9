#pragma once
// Permissions: what roles are made of and what is asked for. Grammar and limits of all that is access. Pure.
//
//     permission = segment ":" segment          ; resource and action, such as invoices:read
//     segment    = "*" / name                   ; "*" stands for the whole segment: invoices:*, *:read, *:*
//     name       = 1*64( a-z / 0-9 / "." / "_" / "-" ), a letter or digit first
//
// One spelling for one permission: no capitals, no spaces, no partial wildcards. Names that begin with "keyledger."
// are for what Keyledger itself asks for.
#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keyledger {

inline constexpr std::size_t kMaxSegmentBytes = 64;
inline constexpr std::size_t kMaxPermissionBytes = 2 * kMaxSegmentBytes + 1;
inline constexpr std::size_t kMaxPermissionsPerRole = 128;  // an event holds them all
inline constexpr std::size_t kMaxRoleNameBytes = 64;
inline constexpr std::size_t kMaxRolesPerUser = 24;  // a check folds them all, and an append guards two users'
inline constexpr std::size_t kMaxAdministrators = 256;

struct Permission {
    std::string resource;
    std::string action;
    auto operator<=>(const Permission&) const = default;
    std::string text() const { return resource + ":" + action; }
};

// nullopt: not of the grammar.
std::optional<Permission> parse_permission(std::string_view text);
// Of what is asked for, which has no wildcard: `resource.type` and `action.name` of an evaluation.
std::optional<Permission> concrete_permission(std::string_view resource, std::string_view action);

struct RoleName {
    std::string text;  // as typed
    std::string key;   // ASCII lower case: what is unique
};
// Letters, digits, '.', '_' and '-', a letter or digit first, at most kMaxRoleNameBytes.
std::optional<RoleName> parse_role_name(std::string_view text);

// What somebody may do: the union of permissions, sorted, each once.
class PermissionSet {
public:
    PermissionSet() = default;
    explicit PermissionSet(std::vector<Permission> permissions);
    // Of what an event holds; texts that are not of the grammar grant nothing.
    static PermissionSet of_texts(std::span<const std::string> texts);
    static PermissionSet everything() { return PermissionSet(std::vector{Permission{"*", "*"}}); }

    // Held as it is, or by a wildcard in the place of either segment. A wanted wildcard is covered by a wildcard only.
    bool covers(const Permission& wanted) const;
    bool covers(const PermissionSet& wanted) const;
    void add(const PermissionSet& more);

    const std::vector<Permission>& permissions() const { return permissions_; }
    std::vector<std::string> texts() const;
    bool operator==(const PermissionSet&) const = default;

private:
    std::vector<Permission> permissions_;
};

}  // namespace keyledger

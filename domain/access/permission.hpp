#pragma once
// Permissions, which roles are made of. Grammar and limits of everything about access. Pure.
//
//     permission = resource ":" segment [ "@own" ]
//     resource   = segment / name "/" instance   ; invoices, *, invoices/42
//     segment    = "*" / name                    ; "*" stands for the whole segment: invoices:*, *:read, *:*
//     name       = 1*64( A-Z / a-z / 0-9 / "." / "_" / "-" / escape ), none of the three marks first; case counts
//     instance   = 1*128( A-Z / a-z / 0-9 / "." / "_" / "~" / "-" / escape )   ; one resource, case counts
//     escape     = "%" 2( 0-9 / A-F )   ; a byte of UTF-8 that can't stand there itself
//
// "@own": only on resources that the subject owns. One spelling for one permission: no spaces, no partial wildcards,
// nothing escaped that need not be. Names that begin with "keyledger." are for what Keyledger itself asks for.
//
// AuthZEN requests may name resources and actions by any text (AuthZEN 1.0): `GET`, `Record`, `urn:example:doc`. As
// parts of a permission, which is how they are kept and compared, these are GET, Record, urn%3Aexample%3Adoc.
//
// A request may qualify an action by a property, `delete?soft=true`: a permission for records:delete%3Fsoft%3Dtrue
// holds for deletions with that property, one for records:delete with or without.
#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/held_name.hpp"

namespace keyledger {

inline constexpr std::size_t kMaxSegmentBytes = 64;
inline constexpr std::size_t kMaxInstanceBytes = 128;
inline constexpr std::size_t kMaxPermissionBytes = 2 * kMaxSegmentBytes + kMaxInstanceBytes + 6;
inline constexpr std::size_t kMaxPermissionsPerRole = 128;  // allowed and denied; an event holds them all
inline constexpr std::size_t kMaxRoleNameBytes = 64;
inline constexpr std::size_t kMaxRolesPerUser = 24;  // a check folds them all, and an append guards two users'
inline constexpr std::size_t kMaxRolesPerGroup = 8;
inline constexpr std::size_t kMaxGroupsPerSubject = 8;  // in which it is itself
inline constexpr std::size_t kMaxAdministrators = 256;

enum class OwnershipScope { kAnyOwner, kOwn };

struct Permission {
    std::string resource;
    std::string action;
    std::string instance = {};  // empty: all of them
    OwnershipScope ownership = OwnershipScope::kAnyOwner;

    auto operator<=>(const Permission&) const = default;
    std::string text() const;
};

// nullopt: not of the grammar.
std::optional<Permission> parse_permission(std::string_view text);
// What a permission calls a resource or action of that name, and an instance of that id: any text, never a wildcard.
std::string name_in_permission(std::string_view text);
std::string instance_in_permission(std::string_view text);
// The text that was made such a part.
std::string text_of_part(std::string_view part);
// A permission's action without the property that qualifies it.
std::string_view unqualified(std::string_view action);
// The action with that property, as permissions name it; nullopt: no permission can.
std::optional<std::string> qualified_action(std::string_view name, std::string_view property, std::string_view value);
// Whether it is one of Keyledger's own resources. Denials do not apply to these: otherwise the last administrator
// could be denied.
bool is_reserved(std::string_view resource);

struct RoleName {
    std::string text;  // as typed
    std::string key;   // ASCII lower case: what is unique
};
// Letters, digits, '.', '_' and '-', a letter or digit first, at most kMaxRoleNameBytes.
std::optional<RoleName> parse_role_name(std::string_view text);
// What the owner of a name of this grammar holds; nothing where the text is no such name.
std::vector<ClaimedName> held_as(std::string_view kind, std::string_view text, RefusalRef taken);

// ---- what is asked ----------------------------------------------------------------------------------------
enum class Owner { kUnknown, kRequester, kSomebodyElse };  // of the resource

// An action on one resource. The texts must outlive it.
struct RequestedPermission {
    std::string_view resource;
    std::string_view action;
    std::string_view instance = {};  // empty: none is named
    Owner owner = Owner::kUnknown;
    std::span<const std::string> qualified = {};  // the action with each of its properties; sorted
};

// ---- sets -------------------------------------------------------------------------------------------------
// The union of permissions, sorted, each once.
class PermissionSet {
public:
    PermissionSet() = default;
    explicit PermissionSet(std::vector<Permission> permissions);
    // From the texts of an event; texts that are not of the grammar are ignored.
    static PermissionSet of_texts(std::span<const std::string> texts);
    static PermissionSet everything() { return PermissionSet(std::vector{Permission{"*", "*"}}); }

    // Whether one of them allows exactly this. `@own` allows only if the owner is known.
    bool allows(const RequestedPermission& wanted) const;
    // Whether one of them denies this. `@own` denies also if the owner is not known. Nothing that is_reserved() is
    // ever denied.
    bool denies(const RequestedPermission& wanted) const;

    // One of these grants everything that `wanted` grants. Only a wildcard covers a wildcard, and `@own` never covers
    // a permission without it.
    bool covers(const Permission& wanted) const;
    bool covers(const PermissionSet& wanted) const;
    // Whether one of them grants something that Keyledger itself asks for, by name or by wildcard.
    bool reaches_administration() const;
    // As denials: whether one of them limits what `wanted` allows.
    bool limits(const Permission& wanted) const;
    void add(const PermissionSet& more);

    bool empty() const { return permissions_.empty(); }
    const std::vector<Permission>& permissions() const { return permissions_; }
    std::vector<std::string> texts() const;
    bool operator==(const PermissionSet&) const = default;

private:
    std::span<const Permission> of_resource(std::string_view resource) const;

    std::vector<Permission> permissions_;
};

// What a role says, or all roles of somebody together: a denial wins over whatever allows the same.
struct AccessRules {
    PermissionSet allow;
    PermissionSet deny;

    AccessRules() = default;
    AccessRules(PermissionSet allowed, PermissionSet denied = {})
        : allow(std::move(allowed)), deny(std::move(denied)) {}
    static AccessRules everything() { return PermissionSet::everything(); }

    bool allows(const RequestedPermission& wanted) const { return allow.allows(wanted) && !deny.denies(wanted); }
    // Allowed as a whole, and not limited by any denial.
    bool covers(const Permission& wanted) const { return allow.covers(wanted) && !deny.limits(wanted); }
    bool covers(const PermissionSet& wanted) const;
    // What may be given to others and taken from them: to deny something, or to lift a denial, one must hold it.
    bool covers(const AccessRules& wanted) const { return covers(wanted.allow) && covers(wanted.deny); }
    // The same for changes that concern many people through a role or a group. A denial there also limits what each
    // of them has from elsewhere, so it takes authority over everybody.
    bool covers_for_many(const AccessRules& wanted) const {
        return covers(wanted) && (wanted.deny.empty() || covers(everything()));
    }
    // The allowed permissions that no denial limits.
    PermissionSet without_exceptions() const;
    void add(const AccessRules& more);

    bool operator==(const AccessRules&) const = default;
};

}  // namespace keyledger

#pragma once
// The aggregate `role`: a named set of permissions and of denials. Pure. Stream id = role id. Names are
// unique without regard to case (claims of kind "role_name"); names and permissions are of the grammar of
// domain/access/permission.hpp before they come here. People only grant what they hold: every command carries what
// its actor holds.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/access/permission.hpp"
#include "domain/base/declare.hpp"
#include "domain/base/held_name.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
enum class RoleKind { kCustom, kBuiltIn };  // a built-in role is neither changed nor deleted
constexpr auto enum_names(RoleKind) {
    return std::array{EnumName{RoleKind::kCustom, "custom"}, EnumName{RoleKind::kBuiltIn, "built_in"}};
}
struct RoleDefined {
    std::string name;
    std::vector<std::string> permissions;  // sorted, each once
    RoleKind kind = RoleKind::kCustom;
    std::vector<std::string> deny = {};  // of version 2
    static constexpr std::string_view kType = "role.defined";
    static constexpr int kSchema = 2;
    static constexpr std::string_view kMeaning = "There is a role of this name from now on, which nobody has yet.";
    static constexpr auto fields() {
        using E = RoleDefined;
        return std::tuple{
            Field{"name", &E::name, "unique without regard to case"},
            Field{"permissions", &E::permissions,
                  "what it allows, sorted: `resource:action`, `resource/instance:action`; `*` stands for every "
                  "resource or action; `@own` behind it: only what is the subject's own"},
            Field{"kind", &E::kind, "`built_in`: neither changed nor deleted"},
            Field{"deny", &E::deny, "what it denies, in the same words; a denial wins. Version 1 had none"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(name); }
};
struct RoleChanged {  // the whole role as it is from now on
    std::string name;
    std::vector<std::string> permissions;
    std::vector<std::string> deny = {};  // of version 2
    static constexpr std::string_view kType = "role.changed";
    static constexpr int kSchema = 2;
    static constexpr std::string_view kMeaning = "The whole role as it is from now on, for everybody who has it.";
    static constexpr auto fields() {
        using E = RoleChanged;
        return std::tuple{Field{"name", &E::name, "unique without regard to case"},
                          Field{"permissions", &E::permissions, "what it allows, sorted"},
                          Field{"deny", &E::deny, "what it denies, sorted. Version 1 had none"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(name); }
};
struct RoleDeleted {  // it grants nothing any more, whoever is assigned to it
    static constexpr std::string_view kType = "role.deleted";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "It grants nothing any more to whoever has it; no `role.withdrawn` follows.";
    static constexpr auto fields() { return std::tuple{}; }
};
using RoleEvent = std::variant<RoleDefined, RoleChanged, RoleDeleted>;

// ---- commands --------------------------------------------------------------------------------------------------
struct DefineRole {
    std::string name;
    AccessRules rules;
    AccessRules held;  // by whoever defines it
    RoleKind kind = RoleKind::kCustom;
};
enum class RoleHolders { kSome, kEveryone };  // kEveryone: it is a default role
struct ChangeRole {
    std::string name;
    AccessRules rules;
    AccessRules held;
    RoleHolders role_holders = RoleHolders::kSome;  // asked for only where `rules` reach administration
};
struct DeleteRole {
    AccessRules held;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kInvalidRoleName =
    invalid_field("name", "Use 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first.");
inline constexpr Refusal kInvalidPermission = invalid_field(
    "permissions",
    "Write each as resource:action or resource/instance:action, such as invoices:read or invoices/42:read, "
    "and @own behind it for what is one's own. Resource and action: 1 to 64 letters, digits, '.', '_' or '-', a "
    "letter or digit first, or '*'. Instance: 1 to 128 letters, digits, '.', '_', '~' or '-', of a resource that has "
    "a name. Any other byte of a name is written as '%' and two capital hexadecimal digits.");
// A denial of what Keyledger itself asks for.
inline constexpr Refusal kReservedPermission = invalid_field(
    "deny", "What Keyledger itself asks for (keyledger....) can't be denied. Withdraw the role that grants it.");
inline constexpr Refusal kTooManyPermissions =
    invalid_field("permissions", "A role has at most 128 permissions, denials among them. Split it in two.");
inline constexpr Refusal kRoleUnknown{RefusalKind::kUnknown, "role-unknown", "No such role",
                                      "There is no role with this id."};
inline constexpr Refusal kRoleNameTaken{RefusalKind::kConflict, "role-name-taken", "Role name in use",
                                        "There is a role of this name. Choose another one."};
inline constexpr Refusal kRoleBuiltIn{RefusalKind::kConflict, "role-built-in", "Built-in role",
                                      "This role is built in: it is neither changed nor deleted."};
// Everybody would hold something of Keyledger's own.
inline constexpr Refusal kNotForEveryone{
    RefusalKind::kConflict, "group-built-in", "Built-in group",
    "The role would let every user do what administers Keyledger (keyledger.... or a resource '*'). Give that to "
    "groups or users of their own."};
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct Role {
    enum class Status { kAbsent, kDefined, kDeleted };
    friend constexpr auto enum_names(Status) {
        return std::array{EnumName{Status::kAbsent, "absent"}, EnumName{Status::kDefined, "defined"},
                          EnumName{Status::kDeleted, "deleted"}};
    }
    Status status = Status::kAbsent;
    std::string name;
    AccessRules rules;  // empty once deleted
    RoleKind kind = RoleKind::kCustom;

    static constexpr std::array<std::string_view, 1> kNameKinds{"role_name"};
    std::vector<ClaimedName> held_names() const;

    static constexpr std::string_view kStreamType = "role";
    static constexpr std::string_view kTitle = "Roles";
    static constexpr std::string_view kMeaning =
        "One a role; the stream's id is the role's. The administrator's role has the same id in every log, "
        "`6b65796c-6564-8065-8072-6f6c65000001`. In Kafka these events have the role as their subject.";
    static constexpr About kAbout = About::stream();
    using Event = RoleEvent;
    static constexpr int kFold = 1;  // as Session's
};

// The role that administrators hold: it grants everything. Its id is the same in every log.
inline constexpr RoleId kAdministratorRole{Uuid{{0x6b, 0x65, 0x79, 0x6c, 0x65, 0x64, 0x80, 0x65,  //
                                                 0x80, 0x72, 0x6f, 0x6c, 0x65, 0x00, 0x00, 0x01}}};
inline constexpr std::string_view kAdministratorRoleName = "administrator";

// ---- rules -----------------------------------------------------------------------------------------------------
using RoleDecision = Result<std::vector<RoleEvent>, RefusalRef>;
using RoleCommand = std::variant<DefineRole, ChangeRole, DeleteRole>;

// Whether the actor holds what the command takes, whatever else there is to say of it: else decide() refuses it with
// kLacksPermission.
bool has_authority(const Role& role, const RoleCommand& command);
RoleDecision decide(const Role& role, const RoleCommand& command);
Role evolve(Role role, const RoleEvent& event, const Recorded& recorded);

}  // namespace keyledger

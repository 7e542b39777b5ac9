#pragma once
// The aggregate `administrators`: the active users who hold the administrator's role, as one set with one stream.
// Every command that can take somebody off it (withdraw the role, disable, erase) writes it, so that two at once
// conflict and the last administrator stays. Pure.
#include <variant>
#include <vector>

#include "domain/access/permission.hpp"
#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
struct AdministratorsJoined {
    UserId user_id;
    static constexpr std::string_view kType = "administrators.joined";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "An active user got the role, or one who has it was enabled.";
    static constexpr auto fields() {
        return std::tuple{Field{"user_id", &AdministratorsJoined::user_id, "who is one from now on"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
struct AdministratorsLeft {
    UserId user_id;
    static constexpr std::string_view kType = "administrators.left";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "An administrator lost the role, or was disabled.";
    static constexpr auto fields() { return std::tuple{Field{"user_id", &AdministratorsLeft::user_id, "who was one"}}; }
    constexpr About about() const { return About::account(user_id); }
};
using AdministratorsEvent = std::variant<AdministratorsJoined, AdministratorsLeft>;

// ---- commands --------------------------------------------------------------------------------------------------
enum class JoinReason { kByRole, kEnabledAgain };  // the limit is for the former: nobody stays locked out by it
struct JoinAdministrators {
    UserId user_id;
    JoinReason join_reason = JoinReason::kByRole;
};
struct LeaveAdministrators {
    UserId user_id;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kLastAdministrator{RefusalKind::kConflict, "last-administrator",
                                            "An administrator must remain",
                                            "This is the last active administrator. Make another one first."};
inline constexpr Refusal kAdministratorExists = told_as(kLastAdministrator);  // of the first, who founds the set
inline constexpr Refusal kTooManyAdministrators =
    limit_reached("There are at most 256 administrators. Withdraw the role from one first.");
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct Administrators {
    std::vector<UserId> users;

    bool include(const UserId& user_id) const;

    static constexpr std::string_view kStreamType = "administrators";
    static constexpr std::string_view kTitle = "Administrators";
    static constexpr std::string_view kMeaning =
        "One in each log: the active users who have the administrator's role. It says nothing that `role.assigned`, "
        "`role.withdrawn`, `user.disabled` and `user.enabled` do not say; it is there so that the last of them can't "
        "leave. In Kafka these events have the user as their subject.";
    using Event = AdministratorsEvent;
    static constexpr int kFold = 1;  // as Session's
    static constexpr auto fields() { return std::tuple{Field{"users", &Administrators::users}}; }
};
// The one stream, the same in every log.
inline constexpr Id<Administrators> kAdministratorsStream{Uuid{{0x6b, 0x65, 0x79, 0x6c, 0x65, 0x64, 0x80, 0x67,  //
                                                                0x80, 0x61, 0x64, 0x6d, 0x69, 0x6e, 0x73, 0x01}}};

// ---- rules -----------------------------------------------------------------------------------------------------
using AdministratorsDecision = Result<std::vector<AdministratorsEvent>, RefusalRef>;
using AdministratorsCommand = std::variant<JoinAdministrators, LeaveAdministrators>;

AdministratorsDecision decide(const Administrators& administrators, const AdministratorsCommand& command);
Administrators evolve(Administrators administrators, const AdministratorsEvent& event, const Recorded& recorded);

}  // namespace keyledger

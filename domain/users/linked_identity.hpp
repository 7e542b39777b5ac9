#pragma once
// Who somebody is at another provider of log-ins, and that they are a user here: what of the aggregate `user`
// (user.hpp) is about that. Somebody there is issuer and `sub` (OpenID Connect Core section 2), never an address or a
// name: those change hands. Each is one user's at most.
#include <array>
#include <optional>
#include <string>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/time.hpp"
#include "domain/users/consequences.hpp"

namespace keyledger {

struct LinkedIdentity;
using LinkedIdentityId = Id<LinkedIdentity>;

inline constexpr std::size_t kMaxLinkedIdentities = 20;  // of one user

// By whom the two came to be known as one.
enum class LinkedBy { kRegistration, kAddress, kUser };
constexpr auto enum_names(LinkedBy) {
    return std::array{EnumName{LinkedBy::kRegistration, "registration"}, EnumName{LinkedBy::kAddress, "address"},
                      EnumName{LinkedBy::kUser, "user"}};
}

// ---- events ----------------------------------------------------------------------------------------------------
struct UserIdentityLinked {
    LinkedIdentityId identity_id;
    std::string provider;
    Personal<std::string> issuer;
    Personal<std::string> subject;
    Personal<std::string> shown_as;
    LinkedBy linked_by = LinkedBy::kUser;
    static constexpr std::string_view kType = "user.identity_linked";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The user is known as somebody whom another provider knows, and logs in by that provider, too.";
    static constexpr auto fields() {
        using E = UserIdentityLinked;
        return std::tuple{
            Field{"identity_id", &E::identity_id, "of this link"},
            Field{"provider", &E::provider, "the provider's name in the configuration of then"},
            Field{"issuer", &E::issuer, "with `subject`: who it is there. It may name a tenant"},
            Field{"subject", &E::subject, "`sub` of the provider's ID tokens"},
            Field{"shown_as", &E::shown_as, "the verified address or the name there; `null` if none is known"},
            Field{
                "linked_by", &E::linked_by,
                "`registration`: the account began with it; `address`: the provider said that the account's address is "
                "theirs; `user`: they did it themselves"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(provider); }
};
struct UserIdentityUnlinked {
    LinkedIdentityId identity_id;
    std::optional<SessionId> kept_session;
    static constexpr std::string_view kType = "user.identity_unlinked";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "That somebody opens nothing here any more, and may be linked with another user. Ends every session that began "
        "before it, except the one it keeps: it may have begun by that.";
    static constexpr auto fields() {
        using E = UserIdentityUnlinked;
        return std::tuple{Field{"identity_id", &E::identity_id, "which link"},
                          Field{"kept_session", &E::kept_session, "the session that goes on, or `null`"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(identity_id.to_string()); }
    constexpr EndOfSessions ends_sessions() const { return {"identity_unlinked", kept_session}; }
};

// ---- commands --------------------------------------------------------------------------------------------------
// Somebody proved at the provider that it is them. Quiet where it is linked with this very user.
struct LinkIdentity {
    LinkedIdentityId identity_id;
    std::string provider;
    std::string issuer;
    std::string subject;
    std::optional<std::string> shown_as;
    LinkedBy linked_by = LinkedBy::kUser;
};
// Whoever asks looks first whether another way in is left.
struct UnlinkIdentity {
    LinkedIdentityId identity_id;
    std::optional<SessionId> kept_session{};
};
struct UnlinkIdentitiesSince {  // quiet where there are none
    Instant since;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
// By another user. Told to whoever proved that it is them.
inline constexpr Refusal kIdentityTaken = limit_reached(
    "Whoever you are at this provider is linked with another user here. Log in as that user to unlink it.");
inline constexpr Refusal kTooManyIdentities =
    limit_reached("20 accounts at other providers are linked already. Unlink one first.");
inline constexpr Refusal kIdentityUnknown{RefusalKind::kUnknown, "identity-unknown", "No such linked account",
                                          "No account at another provider with this id is linked."};
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct LinkedIdentity {
    LinkedIdentityId id;
    std::string provider;
    std::string issuer;
    std::string subject;
    std::optional<std::string> shown_as;
    LinkedBy linked_by = LinkedBy::kUser;
    Instant linked_at;
    static constexpr auto fields() {
        using I = LinkedIdentity;
        return std::tuple{Field{"id", &I::id},
                          Field{"provider", &I::provider},
                          Field{"issuer", &I::issuer},
                          Field{"subject", &I::subject},
                          Field{"shown_as", &I::shown_as},
                          Field{"linked_by", &I::linked_by},
                          Field{"linked_at_ms", &I::linked_at}};
    }
};
// What is unique of somebody. No issuer has a blank in it.
inline std::string identity_key(std::string_view issuer, std::string_view subject) {
    return std::string(issuer) + ' ' + std::string(subject);
}

}  // namespace keyledger

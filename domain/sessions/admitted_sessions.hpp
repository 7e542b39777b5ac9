#pragma once
// The aggregate `admitted_sessions`: which sessions of a user were let in under a limit on how many they may have at
// once. Pure. Every log-in of the user writes this one stream while the limit is on, so that no two of them can both
// be the last that fits. Without a limit nothing reads or writes it.
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"
#include "domain/sessions/lifetime.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
struct SessionAdmitted {
    UserId user_id;
    SessionId session_id;
    std::vector<SessionId> displaced;
    std::vector<SessionId> over;
    static constexpr std::string_view kType = "session.admitted";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The session began within the limit on how many the user may have at once. Those that it displaces end with "
        "it.";
    static constexpr auto fields() {
        using E = SessionAdmitted;
        return std::tuple{Field{"user_id", &E::user_id, "whose sessions are counted"},
                          Field{"session_id", &E::session_id, "the one that began"},
                          Field{"displaced", &E::displaced, "the oldest ones, which had to make room for it"},
                          Field{"over", &E::over, "those that are not counted any more: they were over before it"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
using AdmittedSessionsEvent = std::variant<SessionAdmitted>;

// ---- commands --------------------------------------------------------------------------------------------------
struct AdmitSession {
    UserId user_id;
    SessionId session_id;
    std::vector<SessionId> over;  // of those that were admitted, by their own streams
    SessionLimit limit;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kTooManySessions{
    RefusalKind::kForbidden, "too-many-sessions", "Too many sessions",
    "You are logged in as often as you may be. Log out elsewhere, or wait until a session is over."};
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct AdmittedSessions {
    std::vector<SessionId> sessions;  // the oldest first; some may be over. Not more than the limit was at the last one

    static constexpr std::string_view kStreamType = "admitted_sessions";
    static constexpr std::string_view kTitle = "Admitted sessions";
    static constexpr std::string_view kMeaning =
        "One a user, while there is a limit on how many sessions one may have at once; the stream's id is derived from "
        "the user's. In Kafka these events have the user as their subject.";
    using Event = AdmittedSessionsEvent;
    static constexpr int kFold = 1;  // as Session's
    static constexpr auto fields() { return std::tuple{Field{"sessions", &AdmittedSessions::sessions}}; }
};
// The user's id as a UUID of version 8 (RFC 9562 section 5.8) with the bits of its last seven bytes turned over: the
// stream of assignments has them as they are.
constexpr Id<AdmittedSessions> admitted_sessions_of(const UserId& user_id) {
    Uuid id = user_id;
    id.bytes[6] = static_cast<std::uint8_t>(0x80 | (id.bytes[6] & 0x0F));
    for (std::size_t at = 9; at < id.bytes.size(); ++at) id.bytes[at] = static_cast<std::uint8_t>(id.bytes[at] ^ 0xFF);
    return Id<AdmittedSessions>{id};
}

// ---- rules -----------------------------------------------------------------------------------------------------
// kTooManySessions where the limit refuses; otherwise one event, which says whom the session displaces.
Result<std::vector<AdmittedSessionsEvent>, RefusalRef> decide(const AdmittedSessions& admitted,
                                                              const AdmitSession& command);
AdmittedSessions evolve(AdmittedSessions admitted, const AdmittedSessionsEvent& event, const Recorded& recorded);

}  // namespace keyledger

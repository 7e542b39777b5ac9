#pragma once
// The aggregate `session`: one log-in, from its start over each refresh to its end. Pure. Stream id = session id.
// A session also ends by an event on its user (User::ended_session): whoever asks about a session folds both. One that
// an application holds rests on more (domain/sessions/grounds.hpp).
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/device_id.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/time.hpp"
#include "domain/ladder/proofs.hpp"
#include "domain/sessions/lifetime.hpp"
#include "domain/users/user.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
struct SessionStarted {  // refresh token generation 1
    UserId user_id;
    std::string client_id;
    std::vector<std::string> audiences;
    std::int64_t security_stamp = 0;
    std::string device;  // keyed digest of the user agent: it can be recognised, not read
    Instant expires_at;  // absolute: no refresh moves it
    std::vector<ProofMethod> methods{};
    Instant authenticated_at{};  // not set: of before schema 2, whose sessions began when they were proven
    std::optional<DeviceId> device_id{};
    Personal<std::string> country{};
    Personal<std::string> city{};
    std::int64_t risk = 0;
    std::vector<std::string> scope{};
    std::optional<SessionId> browser_session_id{};
    static constexpr std::string_view kType = "session.started";
    static constexpr int kSchema = 3;
    static constexpr std::string_view kMeaning = "Somebody logged in. The first refresh token is of generation 1.";
    static constexpr auto fields() {
        using E = SessionStarted;
        return std::tuple{
            Field{"user_id", &E::user_id, "whose session it is"},
            Field{"client_id", &E::client_id, "the client that holds it"},
            Field{"audiences", &E::audiences, "the resource servers its access tokens were asked for, or the issuer"},
            Field{"security_stamp", &E::security_stamp, "how often the user's sessions had been ended together"},
            Field{"device", &E::device, "a keyed digest of the user agent: it can be recognised, not read"},
            Field{"expires_at_ms", &E::expires_at, "when it ends at the latest"},
            Field{"methods", &E::methods,
                  "what was proven, by the names of RFC 8176 where it has one; empty: recorded "
                  "by an older version"},
            Field{"authenticated_at_ms", &E::authenticated_at, "when; of several, the first; 0 likewise"},
            Field{"device_id", &E::device_id,
                  "a keyed digest of the user and of the device that keeps an id; `null`: none was known"},
            Field{"country", &E::country, "where the address was, by ISO 3166-1; `null`: nobody knew"},
            Field{"city", &E::city, "likewise, by name"},
            Field{"risk", &E::risk, "how much the log-in looked like somebody else's, 0 to 100 (docs/devices.md)"},
            Field{"scope", &E::scope,
                  "what an application may do with it (RFC 6749 section 3.3); empty: no application holds it"},
            Field{"browser_session_id", &E::browser_session_id,
                  "the session of the browser in which the application got it, whose end ends it, too; `null`: none"}};
    }
    constexpr About about() const { return About::account(user_id); }
    constexpr Uuid sealed_for() const { return user_id; }
};
struct SessionRefreshed {
    std::int64_t generation = 0;  // of the refresh token that is good from now on
    std::string device;
    static constexpr std::string_view kType = "session.refreshed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "New tokens were handed out, and the refresh tokens of earlier generations are not good any more.";
    static constexpr auto fields() {
        using E = SessionRefreshed;
        return std::tuple{Field{"generation", &E::generation, "of the refresh token that is good from now on"},
                          Field{"device", &E::device, "a keyed digest of what the client said of itself"}};
    }
};
struct SessionReauthenticated {
    std::vector<ProofMethod> methods;
    static constexpr std::string_view kType = "session.reauthenticated";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Whoever holds the session proved again who they are, at the time of the event. Its tokens stay as they are.";
    static constexpr auto fields() {
        return std::tuple{Field{"methods", &SessionReauthenticated::methods,
                                "what was proven, by the names of RFC 8176 where it has one"}};
    }
};
struct SessionRefreshRefused {  // a token of a generation that was never handed out: somebody forges
    std::int64_t presented_generation = 0;
    static constexpr std::string_view kType = "session.refresh_refused";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "A refresh token of a generation that was never handed out was presented: somebody forges, and so has a "
        "sealing key. The session goes on.";
    static constexpr auto fields() {
        return std::tuple{
            Field{"presented_generation", &SessionRefreshRefused::presented_generation, "what the token said"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::failure("unknown_generation"); }
};
enum class SessionEndReason {
    kLoggedOut,
    kRevoked,
    kRefreshTokenReused,
    kDisplaced,
    kCodeReused,
    // Of what the session of an application rested on (domain/sessions/grounds.hpp):
    kUserSessionsEnded,
    kBrowserSessionEnded,
    kConsentWithdrawn,
    kApplicationEnded,
};
constexpr auto enum_names(SessionEndReason) {
    using R = SessionEndReason;
    return std::array{EnumName{R::kLoggedOut, "logged_out"},
                      EnumName{R::kRevoked, "revoked"},
                      EnumName{R::kRefreshTokenReused, "refresh_token_reused"},
                      EnumName{R::kDisplaced, "displaced"},
                      EnumName{R::kCodeReused, "code_reused"},
                      EnumName{R::kUserSessionsEnded, "user_sessions_ended"},
                      EnumName{R::kBrowserSessionEnded, "browser_session_ended"},
                      EnumName{R::kConsentWithdrawn, "consent_withdrawn"},
                      EnumName{R::kApplicationEnded, "application_ended"}};
}
struct SessionEnded {
    SessionEndReason reason = SessionEndReason::kLoggedOut;
    static constexpr std::string_view kType = "session.ended";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The session is over, and all its tokens with it.";
    static constexpr auto fields() {
        return std::tuple{Field{
            "reason", &SessionEnded::reason,
            "`refresh_token_reused` is a stolen token, or a client that lost track, and `code_reused` the same of "
            "an authorization code; `displaced`: the user may have so many at once, and began another; the last four "
            "say what an application's session rested on, which was over before"}};
    }
    // Of something that was used again: a refused request, which happens to end the session.
    AuditOutcome outcome() const {
        const bool refused = reason == SessionEndReason::kRefreshTokenReused || reason == SessionEndReason::kCodeReused;
        return {!refused, std::string(stored_name(reason))};
    }
};
using SessionEvent =
    std::variant<SessionStarted, SessionRefreshed, SessionRefreshRefused, SessionEnded, SessionReauthenticated>;

// ---- commands --------------------------------------------------------------------------------------------------
struct StartSession {
    UserId user_id;
    std::string client_id;
    std::vector<std::string> audiences;
    std::string device;
    std::string verified_sha256;  // of the sealed credential that the password was checked against
    Instant now;
    SessionLifetimes lifetimes;
    std::vector<ProofMethod> methods{ProofMethod::kPassword};
    Instant authenticated_at{};  // not set: now
    std::optional<DeviceId> device_id{};
    std::optional<std::string> country{};
    std::optional<std::string> city{};
    std::int64_t risk = 0;
    std::vector<std::string> scope{};
    std::optional<SessionId> browser_session_id{};
};
// Of a client that proves who it is, a refresh token is no more worth to a thief when it is used again, and may stay
// (FAPI 2.0 Security Profile section 5.3.2.1).
enum class RefreshTokens { kRotate, kStay };
struct RefreshSession {
    std::int64_t presented_generation = 0;
    std::string client_id;
    std::string device;
    Instant now;
    SessionLifetimes lifetimes;
    RefreshTokens refresh_tokens = RefreshTokens::kRotate;
};
struct ReauthenticateSession {
    std::vector<ProofMethod> methods;  // that were checked just now
    Instant now;
    SessionLifetimes lifetimes;
};
struct EndSession {
    UserId user_id;  // on whose behalf; another user's session is as good as unknown
    SessionEndReason reason = SessionEndReason::kLoggedOut;
};
// Says in the session's own stream that it is over, which it was by what it rested on. One that ended is left alone.
struct RecordEndOfSession {
    SessionEndReason reason = SessionEndReason::kUserSessionsEnded;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kSessionUnknown{RefusalKind::kUnknown, "session-unknown", "No such session",
                                         "You have no session with this id."};
inline constexpr Refusal kSessionEnded = told_as(kInvalidToken);
inline constexpr Refusal kSessionExpired = told_as(kInvalidToken);
inline constexpr Refusal kSessionOfOtherClient = told_as(kInvalidToken);
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct Session {
    enum class Status { kAbsent, kLive, kEnded };
    friend constexpr auto enum_names(Status) {
        return std::array{EnumName{Status::kAbsent, "absent"}, EnumName{Status::kLive, "live"},
                          EnumName{Status::kEnded, "ended"}};
    }
    Status status = Status::kAbsent;
    UserId user_id;
    std::string client_id;
    std::vector<std::string> audiences;
    std::int64_t security_stamp = 0;
    std::string device;
    std::int64_t generation = 0;
    Position first_position = 0;
    Instant started_at;
    Instant refreshed_at;  // the start counts as the first refresh
    Instant expires_at;
    std::vector<Proof> proofs{};  // of each method the newest
    std::optional<DeviceId> device_id{};
    std::vector<std::string> scope{};
    std::optional<SessionId> browser_session_id{};

    static constexpr std::string_view kStreamType = "session";
    static constexpr std::string_view kTitle = "Sessions";
    static constexpr std::string_view kMeaning =
        "One a log-in; the stream's id is the session's. In Kafka these events have the user as their subject.";
    static constexpr About kAbout = About::as_begun();
    using Event = SessionEvent;
    // For snapshots. kFold grows whenever `evolve` makes another state of the same events, or a field changes.
    static constexpr int kFold = 4;
    static constexpr auto fields() {
        using S = Session;
        return std::tuple{Field{"status", &S::status},
                          Field{"user_id", &S::user_id},
                          Field{"client_id", &S::client_id},
                          Field{"audiences", &S::audiences},
                          Field{"security_stamp", &S::security_stamp},
                          Field{"device", &S::device},
                          Field{"generation", &S::generation},
                          Field{"first_position", &S::first_position},
                          Field{"started_at_ms", &S::started_at},
                          Field{"refreshed_at_ms", &S::refreshed_at},
                          Field{"expires_at_ms", &S::expires_at},
                          Field{"proofs", &S::proofs},
                          Field{"device_id", &S::device_id},
                          Field{"scope", &S::scope},
                          Field{"browser_session_id", &S::browser_session_id}};
    }
};

// ---- rules -----------------------------------------------------------------------------------------------------
// Whether the session is good at `now`, by its own stream and its user's: the one answer to "is it live?".
Result<void, RefusalRef> check_session(const Session& session, const SessionId& session_id, const User& user,
                                       const SessionLifetimes& lifetimes, Instant now);

using SessionDecision = Result<std::vector<SessionEvent>, RefusalRef>;
using SessionCommand =
    std::variant<StartSession, RefreshSession, EndSession, ReauthenticateSession, RecordEndOfSession>;

// A refresh that decides SessionEnded or SessionRefreshRefused must be answered as a refusal. One that decides
// nothing is a repeat after a lost answer: the current generation's token is given again, byte for byte.
SessionDecision decide(const Session& session, const SessionId& session_id, const User& user,
                       const SessionCommand& command);
Session evolve(Session session, const SessionEvent& event, const Recorded& recorded);

}  // namespace keyledger

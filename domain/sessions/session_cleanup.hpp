#pragma once
// The aggregate `session_cleanup`: up to when sessions that are over were cleaned up, which means that they are not
// listed any more. One stream in every log. Pure. It ends nothing: whether a session lives, its own stream and its
// user's say, with or without a row.
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
struct SessionsCleanedUp {
    Instant over_before;
    static constexpr std::string_view kType = "sessions.cleaned_up";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Sessions that had ended before that time, or whose absolute lifetime had passed by then, are not listed any "
        "more. Their events stay.";
    static constexpr auto fields() {
        return std::tuple{Field{"over_before_ms", &SessionsCleanedUp::over_before, "up to when"}};
    }
};
using SessionCleanupEvent = std::variant<SessionsCleanedUp>;

// ---- commands --------------------------------------------------------------------------------------------------
// The clocks of nodes differ: what is over by one of them and not by another is left for the next time.
inline constexpr Duration kCleanedUpWhenOverFor = hours(1);
inline constexpr Duration kCleanedUpAgainAfter = minutes(1);

struct CleanUpSessions {
    Instant now;
};

// ---- state -----------------------------------------------------------------------------------------------------
struct SessionCleanup {
    Instant over_before;

    static constexpr std::string_view kStreamType = "session_cleanup";
    static constexpr std::string_view kTitle = "Clean-up of sessions";
    static constexpr std::string_view kMeaning =
        "One in each log: up to when sessions that are over are not listed any more. In Kafka these events have the "
        "stream as their subject.";
    static constexpr About kAbout = About::stream();
    using Event = SessionCleanupEvent;
    static constexpr int kFold = 1;  // as Session's
    static constexpr auto fields() { return std::tuple{Field{"over_before_ms", &SessionCleanup::over_before}}; }
};
inline constexpr Id<SessionCleanup> kSessionCleanupStream{Uuid{{0x6b, 0x65, 0x79, 0x6c, 0x65, 0x64, 0x80, 0x67,  //
                                                                0x80, 0x73, 0x65, 0x73, 0x73, 0x69, 0x6f, 0x01}}};

// ---- rules -----------------------------------------------------------------------------------------------------
// Empty: it was done a moment ago.
std::vector<SessionCleanupEvent> decide(const SessionCleanup& cleanup, const CleanUpSessions& command);
SessionCleanup evolve(SessionCleanup cleanup, const SessionCleanupEvent& event, const Recorded& recorded);

}  // namespace keyledger
